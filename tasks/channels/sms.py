"""Short messages through a gateway over HTTP; the shape that it must speak is in docs/operations.md."""

from __future__ import annotations

from tasks.channels.channel import (
    Delivered,
    Outcome,
    Parcel,
    Permanent,
    RetryAfter,
    Uncertain,
    as_message,
    in_one_line,
)
from tasks.channels.http import Answer, Patience, by_status, waiting
from tasks.channels.provider import HttpProvider

#: Five parts of 67 letters: whatever is longer costs more than it tells.
LONGEST_TEXT = 335

#: The gateway's codes for a number that is no use any more, for a parcel it will not carry, and for another time.
DEAD = {"BAD_NUMBER", "BLOCKED"}
REFUSED = {"REJECTED", "TOO_LONG"}
LATER = {"BUSY", "NO_MONEY", "UNAVAILABLE"}


class Sms(HttpProvider):
    """The gateway of this machine's operator."""

    def __init__(self, *, url: str, token: str | None, sender: str, patience: Patience | None = None) -> None:
        super().__init__(patience=patience)
        self._url = url
        self._sender = sender
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def send(self, parcel: Parcel) -> Outcome:
        """Send the parcel as one message."""
        facts = {
            "id": str(parcel.id),
            "to": parcel.address,
            "text": as_message(parcel, most=LONGEST_TEXT),
        }
        if self._sender:
            facts["from"] = self._sender
        headers = {**self._headers, "Idempotency-Key": str(parcel.id)}
        answer = await self._client.post(self._url, json=facts, headers=headers)
        return _understood(answer) if isinstance(answer, Answer) else answer


def _understood(answer: Answer) -> Outcome:
    facts = answer.facts or {}
    error, taken_as = facts.get("error"), facts.get("id")
    if isinstance(error, str) and error:
        reason = in_one_line(f"SMS_{error}")
        if error in DEAD | REFUSED:
            return Permanent(reason, contact_is_dead=error in DEAD)
        if error in LATER:
            told = waiting(facts.get("retry_after"))
            return RetryAfter(answer.wait if told is None else told, reason)
        return Uncertain(reason) if answer.is_good else by_status(answer, error)
    # 409: this id was taken before, so the message is on its way already.
    if (answer.is_good or answer.status == 409) and isinstance(taken_as, str) and taken_as:
        return Delivered(in_one_line(taken_as), f"HTTP_{answer.status}")
    return by_status(answer)
