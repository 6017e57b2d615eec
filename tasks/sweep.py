"""The sweep: nothing that is owed stays behind, whatever was lost on the way (D7)."""

from __future__ import annotations

from diary.access import sign_in_delay
from diary.access.viewer import Nobody
from diary.delivery import outbox
from diary.kit import clock, schedule
from diary.paper import retries

CLOCK = Nobody(route="CLOCK")


async def sweep() -> str:
    """Settle what dead workers left, and forget what nobody needs; return what was found, in one line."""
    expired = await outbox.expire_leases(CLOCK)
    failed_jobs = await retries.fail_abandoned(CLOCK)
    await schedule.forget_old(now=clock.now())
    await sign_in_delay.forget_old()
    found = {
        "letters uncertain": expired.uncertain,
        "sheets queued again": expired.queued_again,
        "sheets failed": max(expired.failed, failed_jobs),
    }
    return ", ".join(f"{what}: {number}" for what, number in found.items() if number)
