"""What all providers over HTTP have in common: a client, maybe a pace, and no connection before there is a parcel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from tasks.channels.channel import Channel, Outcome, Parcel, RetryAfter
from tasks.channels.http import Client, Patience
from tasks.channels.pace import Pace


class HttpProvider(ABC):
    """A provider that takes each parcel by one request."""

    #: The provider bears so many parcels a second; none when it has named no number.
    per_second: float | None = None

    def __init__(self, *, patience: Patience | None = None, tls: SSLContext | None = None) -> None:
        self._patience = patience or Patience()
        self._client = Client(patience=self._patience, tls=tls)
        self._pace = Pace(self.per_second) if self.per_second else None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Channel | RetryAfter]:
        """Lend the provider when it is its turn; the connection is made with the parcel."""
        if self._pace is not None:
            await self._pace.keep()
        yield self

    async def close(self) -> None:
        """Drop what is open."""
        await self._client.close()

    @abstractmethod
    async def send(self, parcel: Parcel) -> Outcome:
        """Hand the parcel over by one request."""
