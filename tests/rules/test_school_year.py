"""A simulated school year in three time zones: exactly one duty of each kind and addressee (R2, R5.1, R7, R9, A8)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from diary.delivery.escalation import BREACH_LEVEL
from diary.delivery.tables import ObligationKind
from diary.kit import clock as clocks
from diary.kit import database
from tasks.actors.sheets import Sheets
from tests.support import year_requests
from tests.support.school_year import DAY, QUARTERS, SECOND, WEEK, School, live, open_school

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What the zones are ahead of UTC, by hand: none of them turns its clocks.
ZONES = {"Europe/Kaliningrad": 2, "Europe/Moscow": 3, "Asia/Kamchatka": 12}
#: The Mondays of the year's holiday weeks, by hand.
FREE = {date(2026, 10, 26), date(2026, 12, 28), date(2027, 1, 4), date(2027, 3, 22)}
TEACHING = [day for n in range(40) if (day := date(2026, 8, 31) + n * WEEK) not in FREE]
#: The week that is never handed over.
MISSED = date(2027, 3, 1)


async def tell(school: School) -> None:
    """Write the year's story of those who are informed on paper for some of it."""
    await school.pupil("paper")
    await school.guardian("paper's", "paper")
    await school.pupil("converted")
    await school.guardian("converted's", "converted")
    school.later(school.at(date(2026, 11, 11), 10), lambda: school.decide("converted's", "converted", "GIVEN"))
    await school.pupil("withdrawn")
    await school.guardian("withdrawn's", "withdrawn")
    await school.decide("withdrawn's", "withdrawn", "GIVEN")
    school.later(school.at(date(2027, 2, 17), 10), lambda: school.withdraw("withdrawn's", "withdrawn"))

    async def enrol() -> None:
        await school.pupil("late", grade=1, since=date(2026, 12, 2))
        await school.guardian("late's", "late")

    school.later(school.at(date(2026, 12, 2), 10), enrol)
    await school.pupil("changed")
    await school.guardian("former", "changed", until=date(2026, 10, 14))
    day = date(2026, 10, 15)
    school.later(school.at(day), lambda: school.guardian("next", "changed", since=day))
    await school.pupil("fourteen", born=date(2013, 1, 20))
    await school.guardian("fourteen's", "fourteen")
    await school.decide("fourteen's", "fourteen", "GIVEN")
    await school.pupil("unnoticed")
    await school.guardian("unnoticed's", "unnoticed")
    await school.decide("unnoticed's", "unnoticed", "GIVEN")
    school.later(school.at(date(2027, 4, 14), 10), lambda: school.withdraw("unnoticed's", "unnoticed"))
    await school.pupil("relieved")
    await school.guardian("relieved's", "relieved")
    school.later(school.at(date(2027, 4, 13), 10), lambda: school.decide("relieved's", "relieved", "GIVEN"))
    for number, monday in enumerate(TEACHING):
        if monday != MISSED:
            write_hand_over(school, monday, SECOND * (-1, 0, 1)[number % 3])


def write_hand_over(school: School, monday: date, late: timedelta) -> None:
    """Let the family on paper be handed the week so late after its due instant."""
    school.later(due(school, monday) + late, lambda: school.hand_over_week("paper's", "paper", monday))


def due(school: School, monday: date) -> datetime:
    """Return Friday's 24:00:00 of the school, or Monday's in the year's last week."""
    return school.at(monday + (DAY if monday == date(2027, 5, 31) else 5 * DAY))


def since(monday: date) -> list[date]:
    """Return the teaching weeks from a Monday on."""
    return [week for week in TEACHING if week >= monday]


async def weeks(school: School, guardian: str, pupil: str, *, state: str | None = None) -> list[date]:
    """Return the Mondays of the weekly diaries owed, of one state or all that were not cancelled."""
    return [
        date.fromisoformat(row["about"].removeprefix("week:"))
        for row in await school.duties(ObligationKind.WEEKLY_DIARY, guardian, pupil)
        if (row["state"] == state if state else row["state"] != "CANCELLED")
    ]


async def test_a_year_has_one_duty_of_each_kind_and_addressee_met_or_breached_as_the_rule_says(
    empty_database: asyncpg.Connection, clock: clocks.SetClock, tmp_path: Path
) -> None:
    clock.instant = datetime(2026, 8, 1, tzinfo=UTC)
    schools = [await open_school(zone, ahead, Sheets(tmp_path / zone)) for zone, ahead in ZONES.items()]
    for school in schools:
        await tell(school)
        await year_requests.enter(school)
    await live(schools, clock)
    assert not await database.fetch("SELECT FROM obligation WHERE state = 'OPEN'")
    assert not await database.fetch(
        "SELECT FROM obligation WHERE state = 'BREACHED' AND met_at IS NULL AND warning_level <> $1", BREACH_LEVEL
    )
    for school in schools:
        await check_weeks(school)
        await check_changes(school)
        await check_forecasts(school)
        check_variety(school)
        stands, follows = Counter(await school.outcomes()), Counter(school.oracle.outcomes())
        assert (list(stands - follows), list(follows - stands)) == ([], [])


def check_variety(school: School) -> None:
    """Hold the story to have met, breached, met late and taken back such duties of each kind."""
    found = {(end.kind, end.state, end.met is not None) for end in school.oracle.outcomes()}
    for kind in ("PRINTOUT", "RESULT", "CONSENT_EFFECT"):
        assert {(kind, "MET", True), (kind, "BREACHED", True), (kind, "BREACHED", False)} <= found
    assert {("PRINTOUT", "CANCELLED", False), ("RESULT", "CANCELLED", False)} <= found
    exactly = {(duty.kind, duty.met - duty.due) for duty in school.oracle.owed if duty.met is not None}
    for kind in ("PRINTOUT", "RESULT", "CONSENT_EFFECT"):
        assert {(kind, -SECOND), (kind, timedelta(0)), (kind, SECOND)} <= exactly


async def check_weeks(school: School) -> None:
    """Hold the family on paper to the year's 36 weeks, each met at 23:59:59, 24:00:00 or 24:00:01."""
    assert len(TEACHING) == 36
    rows = await school.duties(ObligationKind.WEEKLY_DIARY, "paper's", "paper")
    assert [row["due_at"] for row in rows] == [due(school, monday) for monday in TEACHING]
    expected = ["BREACHED" if monday == MISSED or number % 3 == 2 else "MET" for number, monday in enumerate(TEACHING)]
    assert [row["state"] for row in rows] == expected
    assert [row["breached_at"] for row in rows if row["state"] == "BREACHED"] == [
        row["due_at"] for row in rows if row["state"] == "BREACHED"
    ]
    for number, (row, monday) in enumerate(zip(rows, TEACHING, strict=True)):
        assert row["met_at"] == (None if monday == MISSED else due(school, monday) + SECOND * (-1, 0, 1)[number % 3])


async def check_changes(school: School) -> None:
    """Hold the others to the weeks in which they were on paper at the week's due instant."""
    assert await weeks(school, "converted's", "converted") == [w for w in TEACHING if w < date(2026, 11, 9)]
    assert await weeks(school, "converted's", "converted", state="CANCELLED") == [date(2026, 11, 9)]
    assert await weeks(school, "withdrawn's", "withdrawn") == since(date(2027, 2, 15))
    assert await weeks(school, "late's", "late") == [w for w in since(date(2026, 11, 30)) if w != date(2027, 2, 8)]
    assert await weeks(school, "former", "changed") == [w for w in TEACHING if w < date(2026, 10, 12)]
    assert await weeks(school, "former", "changed", state="CANCELLED") == [date(2026, 10, 12)]
    assert await weeks(school, "next", "changed") == since(date(2026, 10, 12))
    assert await weeks(school, "fourteen's", "fourteen") == []
    assert await weeks(school, "unnoticed's", "unnoticed", state="BREACHED") == since(date(2027, 4, 12))
    assert await weeks(school, "relieved's", "relieved") == [w for w in TEACHING if w < date(2027, 4, 12)]


async def check_forecasts(school: School) -> None:
    """Hold every addressee to one forecast a quarter, the pupil from the fourteenth birthday on."""
    ends = {name: school.at(last + DAY) for name, (_first, last) in QUARTERS.items()}
    all_year, later = list(ends.values()), [ends["III"], ends["IV"]]
    for guardian, pupil, dues in (
        ("paper's", "paper", all_year),
        ("withdrawn's", "withdrawn", all_year),
        ("late's", "late", [ends["II"], *later]),
        ("next", "changed", all_year),
        ("fourteen's", "fourteen", all_year),
        (None, "fourteen", later),
        (None, "paper", []),
    ):
        rows = await school.duties(ObligationKind.FORECAST, guardian, pupil)
        assert [row["due_at"] for row in rows] == dues, (guardian, pupil)
        assert {row["state"] for row in rows} <= {"BREACHED"}
    (former,) = await school.duties(ObligationKind.FORECAST, "former", "changed")
    assert (former["state"], former["cancel_reason"]) == ("CANCELLED", "Права представителя прекратились.")
