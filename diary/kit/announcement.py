"""After-commit announcements: they only wake listeners, the truth stays in PostgreSQL (D7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "diary:announcements"
#: An announcement is never waited for longer than this, seconds: a lost one costs a few seconds, not the news.
PATIENCE = 0.5
RECONNECT_AFTER = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a committed transaction touched: whose feeds grew, whose sessions ended, whether letters or sheets wait."""

    pupils: frozenset[str] = frozenset()
    accounts: frozenset[int] = frozenset()
    outbox: bool = False

    def __bool__(self) -> bool:
        return bool(self.pupils or self.accounts or self.outbox)

    def encoded(self) -> bytes:
        """Return the announcement as it travels: ids only, no personal data."""
        return orjson.dumps({"pupils": sorted(self.pupils), "accounts": sorted(self.accounts), "outbox": self.outbox})

    @classmethod
    def decoded(cls, data: bytes) -> Announcement:
        """Read what `encoded` wrote."""
        fields: dict[str, Any] = orjson.loads(data)
        return cls(
            pupils=frozenset(fields["pupils"]), accounts=frozenset(fields["accounts"]), outbox=bool(fields["outbox"])
        )


Listener = Callable[[Announcement], None]


class Announcements:
    """The process's ear and mouth: local listeners hear at once, other processes through Redis."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._redis: redis.Redis | None = None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener for every announcement until the returned function is called."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def announce(self, announcement: Announcement) -> None:
        """Wake everybody who listens; never fails, because what happened is already committed."""
        if not announcement:
            return
        self._tell(announcement)
        if self._redis is None:
            return
        try:
            await asyncio.wait_for(self._redis.publish(CHANNEL, announcement.encoded()), PATIENCE)
        except (RedisError, OSError, TimeoutError) as problem:
            log.warning("an announcement was lost, listeners will notice within seconds: %s", problem)

    @asynccontextmanager
    async def connected(self, redis_url: str | None, *, hear: bool) -> AsyncIterator[None]:
        """Speak through Redis, and hear others when asked to, until the block ends."""
        if redis_url is None:
            yield
            return
        self._redis = redis.from_url(redis_url, socket_connect_timeout=PATIENCE)
        hearing = asyncio.create_task(self._hear(self._redis)) if hear else None
        try:
            yield
        finally:
            if hearing:
                hearing.cancel()
                with suppress(asyncio.CancelledError):
                    await hearing
            await self._redis.aclose()
            self._redis = None

    async def _hear(self, connection: redis.Redis) -> None:
        while True:
            try:
                async with connection.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        self._hear_one(message["data"])
            except (RedisError, OSError) as problem:
                log.warning("announcements cannot be heard, polling goes on: %s", problem)
            await asyncio.sleep(RECONNECT_AFTER)

    def _hear_one(self, data: bytes) -> None:
        try:
            announcement = Announcement.decoded(data)
        except (ValueError, TypeError, KeyError, AttributeError):
            # Another release may speak otherwise during an upgrade; whoever polls notices what it meant.
            log.warning("an announcement that this release does not understand was left out")
            return
        self._tell(announcement)

    def _tell(self, announcement: Announcement) -> None:
        for listener in tuple(self._listeners):
            listener(announcement)


announcements = Announcements()
