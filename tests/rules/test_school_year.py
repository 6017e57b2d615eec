"""A simulated school year in three time zones: exactly one duty per week or period and addressee (R5.1, R9.1, A8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from diary.access.viewer import Nobody
from diary.delivery import duties, obligations
from diary.delivery.tables import MetBy, ObligationKind
from diary.kit import clock as clocks
from diary.kit import database
from tests.support.town import insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
SECOND, DAY, WEEK = timedelta(seconds=1), timedelta(days=1), timedelta(days=7)
#: What the zones are ahead of UTC, by hand: none of them turns its clocks.
ZONES = {"Europe/Kaliningrad": 2, "Europe/Moscow": 3, "Asia/Kamchatka": 12}
FIRST, LAST = date(2026, 9, 1), date(2027, 5, 31)
HOLIDAYS = (
    (date(2026, 10, 26), date(2026, 11, 1)),
    (date(2026, 12, 28), date(2027, 1, 10)),
    (date(2027, 3, 22), date(2027, 3, 28)),
)
QUARTERS = {
    "I": (date(2026, 9, 1), date(2026, 10, 25)),
    "II": (date(2026, 11, 2), date(2026, 12, 27)),
    "III": (date(2027, 1, 11), date(2027, 3, 21)),
    "IV": (date(2027, 3, 29), date(2027, 5, 31)),
}
#: The Mondays of the year's holiday weeks, by hand.
FREE = {date(2026, 10, 26), date(2026, 12, 28), date(2027, 1, 4), date(2027, 3, 22)}
TEACHING = [day for n in range(40) if (day := date(2026, 8, 31) + n * WEEK) not in FREE]
OUTAGE = (datetime(2027, 4, 8, 12, tzinfo=UTC), datetime(2027, 4, 18, 12, tzinfo=UTC))


@dataclass
class School:
    """One school and what happens in it, by the day in its own zone."""

    id: UUID
    zone: str
    groups: dict[int, UUID] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    events: list[tuple[datetime, Callable[[], Awaitable[Any]]]] = field(default_factory=list)

    def at(self, day: date, hour: int = 0) -> datetime:
        """Return an instant of the school's own time."""
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - ZONES[self.zone])

    async def pupil(self, key: str, *, grade: int = 5, since: date = FIRST, born: date = date(2015, 3, 1)) -> None:
        """Enrol a pupil."""
        self.people[key] = await insert(
            "pupil", school=self.id, family_name=key, given_name="П", patronymic="", birth_date=born
        )
        self.names[self.people[key]] = key
        await insert(
            "membership", school=self.id, pupil=self.people[key], teaching_group=self.groups[grade], valid_from=since
        )

    async def guardian(
        self, key: str, pupil: str, *, since: date = date(2020, 1, 1), until: date | None = None
    ) -> None:
        """Enter a guardian of a pupil."""
        self.people[key] = await insert("guardian", school=self.id, family_name=key, given_name="Р", patronymic="")
        self.names[self.people[key]] = key
        # The electronic form is open to whom it can reach: everybody here can sign in.
        account = await insert("account", username=f"{key}-{self.id}", password="", active=True)
        await insert("capacity", account=account, role="GUARDIAN", school=self.id, guardian=self.people[key])
        await insert(
            "guardianship", school=self.id, guardian=self.people[key], pupil=self.people[pupil], relation="PARENT",
            legal_basis="PARENT", restricted=False, valid_from=since, valid_to=until,
        )  # fmt: skip

    async def decide(self, guardian: str, pupil: str, decision: str) -> None:
        """Register a decision now."""
        await insert(
            "consent_decision", school=self.id, guardian=self.people[guardian], pupil=self.people[pupil],
            purpose="PERSONAL_DATA", decision=decision, form="PAPER", signature_kind="HANDWRITTEN",
            document_reference="Папка 1", received_at=clocks.now(), registered_at=clocks.now(),
        )  # fmt: skip

    def later(self, day: date, act: Callable[[], Awaitable[Any]], hour: int = 10) -> None:
        """Let something happen at an hour of a day."""
        self.events.append((self.at(day, hour), act))

    async def duties(self, kind: ObligationKind, guardian: str | None, pupil: str) -> list[Any]:
        """Return the duties towards an addressee, by their due instant."""
        return await database.fetch(
            "SELECT * FROM obligation WHERE kind = $1 AND guardian IS NOT DISTINCT FROM $2 AND pupil = $3 "
            "ORDER BY due_at, about",
            kind.value,
            None if guardian is None else self.people[guardian],
            self.people[pupil],
        )

    async def weeks(self, guardian: str, pupil: str, *, state: str | None = None) -> list[date]:
        """Return the Mondays of the weekly diaries owed, of one state or all that were not cancelled."""
        return [
            date.fromisoformat(row["about"].removeprefix("week:"))
            for row in await self.duties(ObligationKind.WEEKLY_DIARY, guardian, pupil)
            if (row["state"] == state if state else row["state"] != "CANCELLED")
        ]


async def build(zone: str) -> School:
    """Open a school before its year with the families of the story."""
    school = School(await insert("school", name=f"Школа {zone}", time_zone=zone), zone)
    year = await insert("school_year", school=school.id, name="2026/27", starts_on=FIRST, ends_on=LAST)
    for name, (starts, ends) in QUARTERS.items():
        await insert(
            "grading_period", school=school.id, school_year=year, kind="QUARTER", name=name, starts_on=starts,
            ends_on=ends,
        )  # fmt: skip
    for starts, ends in HOLIDAYS:
        await insert("holiday", school=school.id, name="Каникулы", starts_on=starts, ends_on=ends)
    await insert(
        "holiday", school=school.id, name="Каникулы первоклассников", starts_on=date(2027, 2, 8),
        ends_on=date(2027, 2, 14), grade_from=1, grade_to=1,
    )  # fmt: skip
    for grade in (1, 5):
        room = await insert("school_class", school=school.id, school_year=year, name=f"{grade}А", grade_level=grade)
        school.groups[grade] = await insert(
            "teaching_group", school=school.id, school_year=year, kind="CLASS", name=f"{grade}А", school_class=room
        )
    await tell(school)
    return school


async def tell(school: School) -> None:
    """Write the year's story."""
    await school.pupil("paper")
    await school.guardian("paper's", "paper")
    await school.pupil("converted")
    await school.guardian("converted's", "converted")
    school.later(date(2026, 11, 11), lambda: school.decide("converted's", "converted", "GIVEN"))
    await school.pupil("withdrawn")
    await school.guardian("withdrawn's", "withdrawn")
    await school.decide("withdrawn's", "withdrawn", "GIVEN")
    school.later(date(2027, 2, 17), lambda: school.decide("withdrawn's", "withdrawn", "WITHDRAWN"))

    async def enrol() -> None:
        await school.pupil("late", grade=1, since=date(2026, 12, 2))
        await school.guardian("late's", "late")

    school.later(date(2026, 12, 2), enrol)
    await school.pupil("changed")
    await school.guardian("former", "changed", until=date(2026, 10, 14))
    school.later(date(2026, 10, 15), lambda: school.guardian("next", "changed", since=date(2026, 10, 15)), hour=0)
    await school.pupil("fourteen", born=date(2013, 1, 20))
    await school.guardian("fourteen's", "fourteen")
    await school.decide("fourteen's", "fourteen", "GIVEN")
    await school.pupil("unnoticed")
    await school.guardian("unnoticed's", "unnoticed")
    await school.decide("unnoticed's", "unnoticed", "GIVEN")
    school.later(date(2027, 4, 14), lambda: school.decide("unnoticed's", "unnoticed", "WITHDRAWN"))
    await school.pupil("relieved")
    await school.guardian("relieved's", "relieved")
    school.later(date(2027, 4, 13), lambda: school.decide("relieved's", "relieved", "GIVEN"))
    for number, monday in enumerate(TEACHING):
        school.events.append(hand_over(school, monday, SECOND * (-1, 0, 1)[number % 3]))


def due(school: School, monday: date) -> datetime:
    """Return Friday's 24:00:00 of the school, or Monday's in the year's last week."""
    return school.at(monday + (DAY if monday == date(2027, 5, 31) else 5 * DAY))


def hand_over(school: School, monday: date, late: timedelta) -> tuple[datetime, Callable[[], Awaitable[Any]]]:
    """Return the handing over of the week to the family on paper, so late after the due instant."""

    async def act() -> None:
        await obligations.meet_about(
            CLOCK,
            kind=ObligationKind.WEEKLY_DIARY,
            pupil_id=school.people["paper"],
            guardian_id=school.people["paper's"],
            about=obligations.weekly_about(monday),
            at=clocks.now(),
            by=MetBy.HAND_OVER,
            evidence={"week": monday.isoformat()},
        )

    return due(school, monday) + late, act


async def live(schools: list[School], clock: clocks.SetClock) -> None:
    """Let the year pass: what happens, and a run of the clock every day, but for the days it is down."""
    last_run: datetime | None = None

    async def run() -> None:
        nonlocal last_run
        kept = await duties.keep(CLOCK, now=clocks.now(), since=last_run)
        assert kept.failed == {}
        last_run = clocks.now()

    happenings = [event for school in schools for event in school.events]
    instant = datetime(2026, 8, 31, 21, 30, tzinfo=UTC)
    while instant < datetime(2027, 6, 10, tzinfo=UTC):
        if not OUTAGE[0] < instant < OUTAGE[1]:
            happenings.append((instant, run))
        instant += timedelta(hours=18)
    for when, act in sorted(happenings, key=lambda happening: happening[0]):
        clock.instant = when
        await act()


def since(monday: date) -> list[date]:
    """Return the teaching weeks from a Monday on."""
    return [week for week in TEACHING if week >= monday]


async def test_a_year_has_one_duty_per_week_or_period_and_addressee_met_or_breached_as_the_rule_says(
    empty_database: asyncpg.Connection, clock: clocks.SetClock
) -> None:
    clock.instant = datetime(2026, 8, 1, tzinfo=UTC)
    schools = [await build(zone) for zone in ZONES]
    await live(schools, clock)
    assert not await database.fetch("SELECT FROM obligation WHERE state = 'OPEN'")
    assert not await database.fetch(
        "SELECT FROM obligation GROUP BY kind, pupil, guardian, split_part(about, '/', 1) HAVING count(*) > 1"
    )
    for school in schools:
        await check_weeks(school)
        await check_changes(school)
        await check_forecasts(school)


async def check_weeks(school: School) -> None:
    """Hold the family on paper to the year's 36 weeks, each met at 23:59:59, 24:00:00 or 24:00:01."""
    assert len(TEACHING) == 36
    rows = await school.duties(ObligationKind.WEEKLY_DIARY, "paper's", "paper")
    assert [row["due_at"] for row in rows] == [due(school, monday) for monday in TEACHING]
    missed = date(2027, 4, 12)
    expected = ["BREACHED" if monday == missed or number % 3 == 2 else "MET" for number, monday in enumerate(TEACHING)]
    assert [row["state"] for row in rows] == expected
    assert [row["breached_at"] for row in rows if row["state"] == "BREACHED"] == [
        row["due_at"] for row in rows if row["state"] == "BREACHED"
    ]
    for number, (row, monday) in enumerate(zip(rows, TEACHING, strict=True)):
        assert row["met_at"] == (None if monday == missed else due(school, monday) + SECOND * (-1, 0, 1)[number % 3])


async def check_changes(school: School) -> None:
    """Hold the others to the weeks in which they were on paper at the week's due instant."""
    assert await school.weeks("converted's", "converted") == [w for w in TEACHING if w < date(2026, 11, 9)]
    assert await school.weeks("converted's", "converted", state="CANCELLED") == [date(2026, 11, 9)]
    assert await school.weeks("withdrawn's", "withdrawn") == since(date(2027, 2, 15))
    assert await school.weeks("late's", "late") == [w for w in since(date(2026, 11, 30)) if w != date(2027, 2, 8)]
    assert await school.weeks("former", "changed") == [w for w in TEACHING if w < date(2026, 10, 12)]
    assert await school.weeks("former", "changed", state="CANCELLED") == [date(2026, 10, 12)]
    assert await school.weeks("next", "changed") == since(date(2026, 10, 12))
    assert await school.weeks("fourteen's", "fourteen") == []
    assert await school.weeks("unnoticed's", "unnoticed", state="BREACHED") == since(date(2027, 4, 12))
    assert await school.weeks("relieved's", "relieved") == [w for w in TEACHING if w < date(2027, 4, 12)]


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
