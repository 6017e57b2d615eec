"""What the messengers' channels have in common: a base address, a token, and a pace that their rules ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.channels.channel import BAD_ADDRESS, Channel, Outcome, Parcel, Permanent, RetryAfter
from tasks.channels.http import Answer, Client, Patience
from tasks.channels.pace import Pace


class Messenger(ABC):
    """A messenger's bot that writes to families."""

    #: The provider bears so many messages a second.
    per_second = 20.0

    def __init__(self, *, url: str, token: str, patience: Patience | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._client = Client(patience=patience)
        self._pace = Pace(self.per_second)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Channel | RetryAfter]:
        """Lend the bot when it is its turn; the connection is made with the message."""
        await self._pace.keep()
        yield self

    async def close(self) -> None:
        """Drop what is open."""
        await self._client.close()

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
