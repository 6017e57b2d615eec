"""Warnings of what was asked for, received and decided: before, at and after each threshold (trust.md G12, G13)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from diary.delivery import escalation, obligations
from diary.delivery.tables import ObligationKind
from diary.kit import clock as clocks
from diary.kit import database, schedule
from tasks.actors.sheets import Sheets
from tasks.duties import NAME, keep
from tests.support.duty_oracle import Owed
from tests.support.school_year import CLOCK, DAY, SECOND, School, open_school

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What the zones are ahead of UTC, by hand.
AHEAD = {"Europe/Kaliningrad": 2, "Europe/Moscow": 3, "Asia/Kamchatka": 12}
ZONES = pytest.mark.parametrize("zone", list(AHEAD))
HOURS = timedelta(hours=1)
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30)
WEEK_BEFORE = date(2026, 11, 16)
BREACHED = escalation.BREACH_LEVEL


@pytest.fixture
async def school(empty_database: asyncpg.Connection, clock: clocks.SetClock, tmp_path: Path, zone: str) -> School:
    """Open a school whose responsible person is written to, with one family that reads electronically."""
    clock.instant -= 30 * DAY
    found = await open_school(zone, AHEAD[zone], Sheets(tmp_path))
    await database.execute("UPDATE school SET responsible_email = 'zavuch@example.org'")
    await found.pupil("nina")
    await found.guardian("galina", "nina")
    await found.decide("galina", "nina", "GIVEN")
    await found.pupil("oleg")
    await found.guardian("olga", "oleg", signs_in=False)
    return found


async def run(clock: clocks.SetClock, instant: datetime) -> None:
    """Let the clock's entry run at an instant, as the clock process does."""
    clock.instant = instant
    number = await schedule.begin(NAME, instant, now=instant)
    assert number is not None
    await schedule.finish(number, await keep(), now=instant)


async def level(kind: ObligationKind) -> int:
    """Return the level of the only open or breached duty of a kind."""
    (row,) = await database.fetch(
        "SELECT warning_level FROM obligation WHERE kind = $1 AND met_at IS NULL AND cancelled_at IS NULL", kind.value
    )
    found: int = row["warning_level"]
    return found


async def letters(kind: ObligationKind) -> list[str]:
    """Return the lines about a kind in the letters to the responsible person, the oldest first."""
    rows = await database.fetch("SELECT body FROM outbox WHERE topic = 'STAFF_WARNING' ORDER BY due_at, id")
    name = escalation.KIND_NAMES[kind]
    return [line for row in rows for line in row["body"].splitlines() if line.startswith(f"- {name}:")]


async def rises(clock: clocks.SetClock, kind: ObligationKind, *thresholds: tuple[datetime, int]) -> None:
    """Hold the level to each threshold: as before a second earlier, risen at it, risen no further a second later."""
    before = 0
    for number, (instant, then) in enumerate(thresholds):
        await run(clock, instant - SECOND)
        assert (await level(kind), len(await letters(kind))) == (before, number)
        await run(clock, instant)
        assert (await level(kind), len(await letters(kind))) == (then, number + 1)
        await run(clock, instant + SECOND)
        assert (await level(kind), len(await letters(kind))) == (then, number + 1)
        before = then
    name = escalation.KIND_NAMES[kind]
    warned = [f"- {name}: предупреждений 1, нарушено 0"] * (len(thresholds) - 1)
    assert await letters(kind) == [*warned, f"- {name}: предупреждений 0, нарушено 1"]


async def ask(school: School, clock: clocks.SetClock, at: datetime) -> Owed:
    """Let the family ask for an extract."""
    clock.instant = at
    printout = await school.ask("galina", "nina", WEEK_BEFORE)
    assert printout is not None
    return printout


@ZONES
async def test_a_result_of_saturday_is_warned_of_after_4_and_20_hours_and_breached_after_24(
    school: School, clock: clocks.SetClock
) -> None:
    clock.instant = received = school.at(SATURDAY, 18)
    await school.receive("nina", "final_result:1")
    await rises(
        clock, ObligationKind.RESULT,
        (received + 4 * HOURS, 1), (received + 20 * HOURS, 2), (received + 24 * HOURS + SECOND, BREACHED),
    )  # fmt: skip


@ZONES
async def test_the_effect_of_saturdays_decision_is_warned_of_after_20_hours_and_breached_after_24(
    school: School, clock: clocks.SetClock
) -> None:
    clock.instant = registered = school.at(SATURDAY, 18)
    await school.decide("olga", "oleg", "REFUSED")
    await rises(
        clock, ObligationKind.CONSENT_EFFECT,
        (registered + 20 * HOURS, 1), (registered + 24 * HOURS + SECOND, BREACHED),
    )  # fmt: skip


@ZONES
@pytest.mark.parametrize(
    ("day", "off", "due"),
    [
        (FRIDAY, -SECOND, FRIDAY),
        (FRIDAY, timedelta(0), MONDAY),
        (date(2026, 12, 25), 15 * HOURS, date(2027, 1, 11)),
    ],
    ids=["for Friday", "over the week end", "over the holidays"],
)
async def test_a_printout_is_warned_of_at_noon_of_the_day_by_whose_end_it_is_owed(
    school: School, clock: clocks.SetClock, day: date, off: timedelta, due: date
) -> None:
    await ask(school, clock, school.at(day, off=off))
    await rises(
        clock, ObligationKind.PRINTOUT, (school.at(due, 12), 1), (school.at(due + DAY) + SECOND, BREACHED)
    )  # fmt: skip


@ZONES
async def test_a_weekly_diary_is_warned_of_at_thursdays_noon(school: School, clock: clocks.SetClock) -> None:
    monday = MONDAY - 7 * DAY
    await rises(
        clock, ObligationKind.WEEKLY_DIARY,
        (school.at(monday + 3 * DAY, 12), 1), (school.at(monday + 5 * DAY) + SECOND, BREACHED),
    )  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Moscow"])
@pytest.mark.parametrize(
    ("after", "then", "line"),
    [
        (21 * HOURS, 2, "предупреждений 1, нарушено 0"),
        (24 * HOURS, 2, "предупреждений 1, нарушено 0"),
        (24 * HOURS + SECOND, BREACHED, "предупреждений 0, нарушено 1"),
        (10 * DAY, BREACHED, "предупреждений 0, нарушено 1"),
    ],
    ids=["after both thresholds", "at the very due instant", "a second later", "ten days later"],
)
async def test_a_clock_that_was_down_warns_once_of_where_the_duty_stands_by_now(
    school: School, clock: clocks.SetClock, after: timedelta, then: int, line: str
) -> None:
    clock.instant = received = school.at(SATURDAY, 18)
    await run(clock, received - SECOND)
    clock.instant = received
    await school.receive("nina", "final_result:1")
    await run(clock, received + after)
    assert await level(ObligationKind.RESULT) == then
    assert await letters(ObligationKind.RESULT) == [f"- Результат в течение 24 часов: {line}"]


@pytest.mark.parametrize("zone", ["Europe/Moscow"])
async def test_what_was_met_or_taken_back_in_time_is_never_warned_of(school: School, clock: clocks.SetClock) -> None:
    printout = await ask(school, clock, school.at(FRIDAY, 10))
    owed = await school.receive("nina", "final_result:1")
    told = await school.decide("olga", "oleg", "REFUSED")
    await school.receive("oleg", "final_result:2")
    await school.hand_over(printout, WEEK_BEFORE)
    await school.publish(owed)
    await school.tell(told)
    (row,) = await database.fetch("SELECT id FROM obligation WHERE about = 'final_result:2'")
    assert await obligations.cancel(CLOCK, row["id"], reason="Протокол отозван")
    for days in range(1, 5):
        await run(clock, school.at(FRIDAY + days * DAY, 13))
    assert not await database.fetch(
        "SELECT FROM obligation WHERE kind IN ('PRINTOUT', 'RESULT', 'CONSENT_EFFECT') AND warning_level > 0"
    )
