"""The Bot API of MAX: a family starts the school's bot first, and its number at MAX is the contact."""

from __future__ import annotations

from tasks.channels.channel import Delivered, Outcome, Parcel, Permanent, as_message, in_one_line
from tasks.channels.http import Answer, by_status
from tasks.channels.messenger import Messenger

LONGEST_TEXT = 4000
#: Error codes that begin so speak of the one who is written to.
ABOUT_THE_CONTACT = ("chat.", "dialog.", "user.")


class Max(Messenger):
    """The school's bot."""

    per_second = 25.0

    async def _post(self, parcel: Parcel) -> Answer | Outcome:
        return await self._client.post(
            f"{self._url}/messages",
            params={"user_id": parcel.address, "disable_link_preview": "true"},
            headers={"Authorization": self._token},
            json={"text": as_message(parcel, most=LONGEST_TEXT)},
        )

    def _understood(self, answer: Answer) -> Outcome:
        facts = answer.facts or {}
        message = facts.get("message")
        if answer.is_good and isinstance(message, dict):
            body = message.get("body")
            mid = body.get("mid") if isinstance(body, dict) else None
            if isinstance(mid, str) and mid:
                return Delivered(in_one_line(mid), "ok")
        code = facts.get("code")
        if not isinstance(code, str):
            return by_status(answer)
        if answer.status in {403, 404} and code.startswith(ABOUT_THE_CONTACT):
            reason = in_one_line(f"MAX_{answer.status} {code} {facts.get('message', '')}")
            return Permanent(reason, contact_is_dead=True)
        return by_status(answer, f"{code} {facts.get('message', '')}")
