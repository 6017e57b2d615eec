"""What the messengers' channels have in common: a base address, a token, and a pace that their rules ask for."""

from __future__ import annotations

from abc import abstractmethod

from tasks.channels.channel import BAD_ADDRESS, Outcome, Parcel, Permanent
from tasks.channels.http import Answer, Patience
from tasks.channels.provider import HttpProvider


class Messenger(HttpProvider):
    """A messenger's bot that writes to families."""

    per_second = 20.0

    def __init__(self, *, url: str, token: str, patience: Patience | None = None) -> None:
        super().__init__(patience=patience)
        self._url = url.rstrip("/")
        self._token = token

    async def send(self, parcel: Parcel) -> Outcome:
        """Send the parcel as one message."""
        if not (parcel.address.isascii() and parcel.address.isdigit()):
            return Permanent(BAD_ADDRESS, contact_is_dead=True)
        answer = await self._post(parcel)
        return self._understood(answer) if isinstance(answer, Answer) else answer

    @abstractmethod
    async def _post(self, parcel: Parcel) -> Answer | Outcome:
        """Post the message the way the provider wants it."""

    @abstractmethod
    def _understood(self, answer: Answer) -> Outcome:
        """Return what the provider's answer means."""
