"""Keeping a provider's pace: so many parcels a second and no more, so that it has nothing to refuse."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Lets callers through one after the other, evenly."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def keep(self) -> None:
        """Wait for the caller's turn."""
        turn = max(self._next, time.monotonic())
        self._next = turn + self._gap
        await asyncio.sleep(turn - time.monotonic())
