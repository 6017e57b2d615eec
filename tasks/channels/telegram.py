"""Telegram's Bot API: a family writes to the school's bot first, and its chat's number is the contact."""

from __future__ import annotations

from tasks.channels.channel import Delivered, Outcome, Parcel, Permanent, RetryAfter, as_message, in_one_line
from tasks.channels.http import Answer, by_status, waiting
from tasks.channels.messenger import Messenger

LONGEST_TEXT = 4096
#: What Telegram says with code 400 of chats that are no more.
GONE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "bot was kicked")


class Telegram(Messenger):
    """The school's bot."""

    per_second = 25.0

    async def _post(self, parcel: Parcel) -> Answer | Outcome:
        return await self._client.post(
            f"{self._url}/bot{self._token}/sendMessage",
            json={
                "chat_id": int(parcel.address),
                "text": as_message(parcel, most=LONGEST_TEXT),
                "link_preview_options": {"is_disabled": True},
            },
        )

    def _understood(self, answer: Answer) -> Outcome:
        facts = answer.facts or {}
        result, code = facts.get("result"), facts.get("error_code")
        if answer.is_good and facts.get("ok") is True and isinstance(result, dict) and "message_id" in result:
            return Delivered(in_one_line(str(result["message_id"])), "ok")
        if facts.get("ok") is not False or not isinstance(code, int):
            return by_status(answer)
        told = str(facts.get("description", ""))
        reason = in_one_line(f"TELEGRAM_{code} {told}")
        if code == 403:
            return Permanent(reason, contact_is_dead=True)
        if code == 400:
            return Permanent(reason, contact_is_dead=any(words in told.lower() for words in GONE))
        # 429 names its pause; 401 and 404 are about the token, 5xx about Telegram itself, which says that it refused.
        parameters = facts.get("parameters")
        return RetryAfter(waiting(parameters.get("retry_after")) if isinstance(parameters, dict) else None, reason)
