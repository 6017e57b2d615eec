"""Two transactions at once: waiting until one really waits for the other, not for a while."""

from __future__ import annotations

import asyncio

from diary.kit import database

#: A machine may be busy; what waits for a lock does so long before. In looks, 10 ms apart.
PATIENCE = 3_000


async def until_somebody_waits() -> None:
    """Return as soon as a transaction waits for a lock of another."""
    for _look in range(PATIENCE):
        if await database.fetch("SELECT FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("nobody waits for a lock")
