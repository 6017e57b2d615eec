"""Nudges: Dramatiq messages for rows that wait; a lost one is sent again, a double one does no harm (D7)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from dramatiq.brokers.redis import RedisBroker

from diary.delivery import outbox
from diary.delivery.tables import OutboxKind
from tasks import broker as line

#: No more messages than this wait in Valkey, so that ten thousand letters are no burden to it.
WAITING_AT_MOST = 1_000
#: A row that still waits after this time is nudged again: its message may be lost, seconds.
AGAIN_AFTER = 15.0


class Nudges:
    """What the clock has told the workers lately."""

    def __init__(self, broker: RedisBroker, kinds: Sequence[OutboxKind]) -> None:
        self._broker = broker
        self._kinds = kinds
        self._lately: dict[OutboxKind, dict[UUID, float]] = {}

    async def send(self) -> bool:
        """Nudge the workers about the rows that wait; return whether more rows are left than may wait at once."""
        now, left = time.monotonic(), False
        for kind in self._kinds:
            waiting = await asyncio.to_thread(line.waiting, self._broker, kind)
            lately = self._told_lately(kind, now) if waiting else {}
            room = max(WAITING_AT_MOST - waiting, 0)
            due = await outbox.due(kind, limit=room + 1, apart_from=list(lately))
            left = left or len(due) > room
            await asyncio.to_thread(line.send, self._broker, kind, due[:room])
            self._lately[kind] = lately | dict.fromkeys(due[:room], now)
        return left

    def _told_lately(self, kind: OutboxKind, now: float) -> dict[UUID, float]:
        """Return the rows whose messages are probably still on their way; with no message left, none is."""
        return {row: at for row, at in self._lately.get(kind, {}).items() if now - at < AGAIN_AFTER}
