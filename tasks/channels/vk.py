"""VK's messages from a community: a family allows them first, and its number at VK is the contact."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from tasks.channels.channel import Delivered, Outcome, Parcel, Permanent, RetryAfter, as_message, in_one_line
from tasks.channels.http import Answer, by_status
from tasks.channels.messenger import Messenger

LONGEST_TEXT = 4096
VERSION = "5.199"

#: The person is gone, has shut the community out, or has never let it in.
GONE = {18, 113, 900, 901, 902, 917}
#: Too many requests per second, a flood of the same, a spent quota, VK's own trouble: seconds to leave it alone.
LATER = {1: None, 6: 1.0, 9: 600.0, 10: None, 29: 3600.0}
#: The community's token, rights or settings, which the operator puts right.
OPERATORS = {2, 3, 5, 7, 8, 14, 15, 17, 27, 28, 203, 915, 916, 1116}


class Vk(Messenger):
    """The school's community."""

    per_second = 18.0

    async def _post(self, parcel: Parcel) -> Answer | Outcome:
        return await self._client.post(
            f"{self._url}/method/messages.send",
            data={
                "user_id": parcel.address,
                "random_id": str(random_id(parcel.id)),
                "message": as_message(parcel, most=LONGEST_TEXT),
                "dont_parse_links": "1",
                "v": VERSION,
                "access_token": self._token,
            },
        )

    def _understood(self, answer: Answer) -> Outcome:
        facts = answer.facts or {}
        sent, error = facts.get("response"), facts.get("error")
        if answer.is_good and isinstance(sent, int) and not isinstance(sent, bool):
            return Delivered(str(sent), "ok")
        code = error.get("error_code") if isinstance(error, dict) else None
        if not isinstance(error, dict) or not isinstance(code, int):
            return by_status(answer)
        reason = in_one_line(f"VK_{code} {error.get('error_msg', '')}")
        if code in LATER or code in OPERATORS:
            return RetryAfter(LATER.get(code), reason)
        return Permanent(reason, contact_is_dead=code in GONE)


def random_id(parcel_id: UUID) -> int:
    """Return the number by which VK folds doubles of one message, the same at every attempt and never 0."""
    return int.from_bytes(sha256(parcel_id.bytes).digest()[:4]) & 0x7FFF_FFFF or 1
