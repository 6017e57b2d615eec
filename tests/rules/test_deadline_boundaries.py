"""A second before, at and after the end of each duty's time, at week ends and in holidays, in three time zones (D6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from diary.delivery import duties
from diary.delivery.tables import ObligationKind
from diary.kit import clock as clocks
from diary.kit import database
from tasks.actors.sheets import Sheets
from tests.support.duty_oracle import Owed
from tests.support.school_year import CLOCK, DAY, SECOND, WEEK, School, open_school

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok"]),
]

#: What the zones are ahead of UTC, by hand.
AHEAD = {"Europe/Kaliningrad": 2, "Europe/Moscow": 3, "Asia/Vladivostok": 10}
#: One family is served a second before, one at, one a second after the due instant, and one never.
FAMILIES = ("early", "sharp", "late", "forgotten")
STATES = ["MET", "MET", "BREACHED", "BREACHED"]
THURSDAY, FRIDAY, SATURDAY, MONDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30)
#: In the winter holidays, which end with a Sunday.
NEW_YEAR, LAST_FREE = date(2027, 1, 1), date(2027, 1, 10)


@pytest.fixture
async def school(empty_database: asyncpg.Connection, clock: clocks.SetClock, tmp_path: Path, zone: str) -> School:
    """Open a school with four families that nothing electronic reaches."""
    found = await open_school(zone, AHEAD[zone], Sheets(tmp_path))
    for family in FAMILIES:
        await found.pupil(family)
        await found.guardian(f"{family}'s", family, signs_in=False)
    return found


class Runs:
    """The clock's runs, each of which looks back to the one before."""

    def __init__(self, clock: clocks.SetClock) -> None:
        self._clock = clock
        self._last: datetime | None = None

    async def at(self, instant: datetime) -> None:
        """Set the time and let the clock run."""
        self._clock.instant = instant
        kept = await duties.keep(CLOCK, now=instant, since=self._last)
        assert kept.failed == {}
        self._last = instant


async def ledger(school: School, kind: ObligationKind) -> list[Any]:
    """Return the only duty of the kind towards each family, in their order."""
    found = [await school.duties(kind, f"{family}'s", family) for family in FAMILIES]
    assert [len(rows) for rows in found] == [1, 1, 1, 1]
    return [rows[0] for rows in found]


async def hold(
    school: School,
    clock: clocks.SetClock,
    kind: ObligationKind,
    due: datetime,
    meet: Callable[[str], Awaitable[Any]],
) -> None:
    """Let the families be served around the due instant, the clock running each time before, and see what stands."""
    runs = Runs(clock)
    await runs.at(due - SECOND)
    assert [(row["state"], row["due_at"]) for row in await ledger(school, kind)] == [("OPEN", due)] * 4
    await meet("early")
    await runs.at(due)
    assert [row["state"] for row in await ledger(school, kind)] == ["MET", "OPEN", "OPEN", "OPEN"]
    await meet("sharp")
    clock.instant = due + SECOND
    await meet("late")
    await runs.at(due + SECOND)
    rows = await ledger(school, kind)
    assert [row["state"] for row in rows] == STATES
    assert [row["met_at"] for row in rows] == [due - SECOND, due, due + SECOND, None]
    assert [row["breached_at"] for row in rows] == [None, None, due, due]


@pytest.mark.parametrize(
    ("day", "off", "due"),
    [
        (THURSDAY, DAY - SECOND, FRIDAY),
        (THURSDAY, DAY, MONDAY),
        (THURSDAY, DAY + SECOND, MONDAY),
        (SATURDAY, timedelta(hours=12), MONDAY),
        (SATURDAY, 2 * DAY - SECOND, MONDAY),
        (SATURDAY, 2 * DAY, MONDAY + DAY),
        (date(2026, 12, 25), timedelta(hours=12), date(2027, 1, 11)),
        (LAST_FREE, DAY - SECOND, date(2027, 1, 11)),
        (LAST_FREE, DAY, date(2027, 1, 12)),
        (date(2027, 5, 31), timedelta(hours=12), date(2027, 6, 1)),
    ],
    ids=[
        "last second of Thursday", "Thursday's 24:00", "a second into Friday", "Saturday", "last second of Sunday",
        "Sunday's 24:00", "before the holidays", "last second of the holidays", "the holidays' 24:00", "last day",
    ],
)  # fmt: skip
async def test_a_printout_is_owed_by_the_end_of_the_next_school_day(
    school: School, clock: clocks.SetClock, day: date, off: timedelta, due: date
) -> None:
    week = day - day.weekday() * DAY - WEEK
    clock.instant = school.at(day, off=off)
    asked: dict[str, Owed] = {}
    for family in FAMILIES:
        await school.open_account(f"{family}'s")
        printout = await school.ask(f"{family}'s", family, week)
        assert printout is not None
        asked[family] = printout

    await hold(
        school,
        clock,
        ObligationKind.PRINTOUT,
        school.at(due) + DAY,
        lambda family: school.hand_over(asked[family], week),
    )


ROUND_THE_CLOCK = pytest.mark.parametrize(
    ("day", "off"),
    [
        (FRIDAY, DAY - SECOND), (FRIDAY, DAY), (FRIDAY, DAY + SECOND), (SATURDAY, timedelta(hours=18)),
        (NEW_YEAR, -SECOND), (NEW_YEAR, timedelta(0)), (LAST_FREE, DAY),
    ],
    ids=[
        "last second of Friday", "Friday's 24:00", "a second into Saturday", "Saturday", "last second of the year",
        "the year's 24:00", "the holidays' 24:00",
    ],
)  # fmt: skip


@ROUND_THE_CLOCK
async def test_a_result_is_owed_for_24_hours_whatever_day_it_is(
    school: School, clock: clocks.SetClock, day: date, off: timedelta
) -> None:
    clock.instant = received = school.at(day, off=off)
    owed = {family: await school.receive(family, f"final_result:{family}") for family in FAMILIES}
    due = received + timedelta(hours=24)
    await hold(school, clock, ObligationKind.RESULT, due, lambda family: school.publish(owed[family]))


@ROUND_THE_CLOCK
async def test_the_effect_of_a_decision_is_told_within_24_hours_whatever_day_it_is(
    school: School, clock: clocks.SetClock, day: date, off: timedelta
) -> None:
    clock.instant = registered = school.at(day, off=off)
    told = {family: await school.decide(f"{family}'s", family, "REFUSED") for family in FAMILIES}
    due = registered + timedelta(hours=24)
    await hold(school, clock, ObligationKind.CONSENT_EFFECT, due, lambda family: school.tell(told[family]))


CLOSED_ON_FRIDAY = (
    "UPDATE holiday SET starts_on = '2026-11-27', ends_on = '2026-11-30' WHERE school = $1 AND starts_on = '2026-10-26'"
)
SIX_DAYS = "UPDATE school SET school_days = '{1,2,3,4,5,6}' WHERE id = $1"
ONE_DAY_MORE = "UPDATE holiday SET starts_on = '2026-12-29' WHERE school = $1 AND starts_on = '2026-12-28'"


@pytest.mark.parametrize(
    ("monday", "due", "change"),
    [
        (date(2026, 11, 23), FRIDAY, ""),
        (date(2026, 11, 23), THURSDAY, CLOSED_ON_FRIDAY),
        (date(2026, 11, 23), SATURDAY, SIX_DAYS),
        (date(2026, 12, 21), date(2026, 12, 25), ""),
        (date(2026, 12, 28), date(2026, 12, 28), ONE_DAY_MORE),
        (date(2027, 5, 31), date(2027, 5, 31), ""),
    ],
    ids=["Friday", "closed on Friday", "six days", "before the holidays", "one day before the holidays", "last week"],
)
async def test_a_weekly_diary_is_owed_from_monday_to_the_end_of_the_last_school_day(
    school: School, clock: clocks.SetClock, monday: date, due: date, change: str
) -> None:
    if change:
        await database.execute(change, school.id)
    about = f"week:{monday}"
    await Runs(clock).at(school.at(monday) - SECOND)
    assert not await database.fetch("SELECT FROM obligation WHERE about = $1", about)
    await Runs(clock).at(school.at(monday))
    assert len(await database.fetch("SELECT FROM obligation WHERE about = $1 AND state = 'OPEN'", about)) == 4

    await hold(
        school,
        clock,
        ObligationKind.WEEKLY_DIARY,
        school.at(due) + DAY,
        lambda family: school.hand_over_week(f"{family}'s", family, monday),
    )


@pytest.mark.parametrize("monday", [date(2026, 10, 26), date(2027, 1, 4), date(2027, 3, 22)])
async def test_a_week_of_holidays_owes_no_diary(school: School, clock: clocks.SetClock, monday: date) -> None:
    runs = Runs(clock)
    for instant in (school.at(monday), school.at(monday, 60), school.at(monday + WEEK) - SECOND):
        await runs.at(instant)
        assert not await database.fetch("SELECT FROM obligation WHERE about = $1", f"week:{monday}")
