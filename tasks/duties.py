"""The clock's entry for duties: opened up front, warned of, breached at their instant, outage or not (D6)."""

from __future__ import annotations

from diary.access.viewer import Nobody
from diary.delivery import duties, escalation
from diary.delivery.isolation import require_none
from diary.kit import clock, schedule

CLOCK = Nobody(route="CLOCK")
NAME = "duties"


async def keep() -> str:
    """Keep the ledger of duties true, from the last run that succeeded up to now; return what changed, in one line.

    Raises SchoolsFailedError after everything was done that could be: the next run looks back as far again.
    """
    now = clock.now()
    kept = await duties.keep(CLOCK, now=now, since=await schedule.last_success(NAME))
    warned = await escalation.warn(CLOCK, now=now)
    require_none(kept.failed)
    found = {
        "duties opened": kept.opened,
        "duties cancelled": kept.cancelled,
        "duties breached": kept.breached,
        "warnings": warned,
    }
    return ", ".join(f"{what}: {number}" for what, number in found.items() if number)
