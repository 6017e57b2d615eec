"""The clock's entry for duties: opened up front, warned of, breached at their instant, outage or not (D6)."""

from __future__ import annotations

from diary.access.viewer import Nobody
from diary.delivery import duties, escalation
from diary.kit import clock, schedule

CLOCK = Nobody(route="CLOCK")
NAME = "duties"


class DutiesNotKeptError(Exception):
    """The duties of some schools could not be kept: the run has failed, and the next one looks back as far again."""


async def keep() -> str:
    """Keep the ledger of duties true, from the last run that succeeded up to now; return what changed, in one line.

    Raises DutiesNotKeptError after everything was done that could be.
    """
    now = clock.now()
    kept = await duties.keep(CLOCK, now=now, since=await schedule.last_success(NAME))
    warned = await escalation.warn(CLOCK, now=now)
    if kept.failed:
        raise DutiesNotKeptError("; ".join(f"school {school}: {problem}" for school, problem in kept.failed.items()))
    found = {
        "duties opened": kept.opened,
        "duties cancelled": kept.cancelled,
        "duties breached": kept.breached,
        "warnings": warned,
    }
    return ", ".join(f"{what}: {number}" for what, number in found.items() if number)
