"""The clock's entry for paper: the weekly batch of each school on its own Thursday morning (R9.1)."""

from __future__ import annotations

from diary.access.viewer import Nobody
from diary.kit import clock
from diary.paper import weekly

CLOCK = Nobody(route="CLOCK")
NAME = "weekly paper"


async def queue() -> str:
    """Queue what is due and not queued yet; return how much, in one line."""
    queued = await weekly.queue_weekly(CLOCK, now=clock.now())
    return f"weekly sheets queued: {queued}" if queued else ""
