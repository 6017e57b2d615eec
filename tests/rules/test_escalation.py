"""The school is warned at the thresholds, once each, by one letter with numbers and no names (trust.md G12, G13)."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from diary.access.viewer import Nobody
from diary.delivery import escalation, obligations
from diary.delivery.tables import MetBy, ObligationKind
from diary.kit import database
from diary.kit.command import transaction
from tests.support.locks import until_somebody_waits
from tests.support.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
SECOND = timedelta(seconds=1)
#: Tuesday, 24 November 2026, 12:00 in Moscow.
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
FRIDAY_ENDS = datetime(2026, 11, 27, 21, tzinfo=UTC)
WEEK = timedelta(days=7)
#: Monday, 23 November 2026, 00:00 in Moscow.
MONDAY = datetime(2026, 11, 22, 21, tzinfo=UTC)
PERIOD_ENDS = datetime(2026, 12, 27, 21, tzinfo=UTC)


async def opened(town: Town, kind: ObligationKind, due_at: datetime) -> None:
    """Open a duty towards Anna about Misha at noon."""
    school = town.first
    assert await obligations.open(
        CLOCK, kind=kind, pupil_id=school.pupils["misha"], guardian_id=school.guardians["anna"],
        about="test", opened_at=NOON, due_at=due_at,
    )  # fmt: skip


async def level() -> int:
    """Return the level of the only duty."""
    (row,) = await database.fetch("SELECT warning_level FROM obligation")
    found: int = row["warning_level"]
    return found


@pytest.mark.parametrize(
    ("kind", "due_at", "warned_at"),
    [
        (ObligationKind.RESULT, NOON + timedelta(hours=24), (NOON + timedelta(hours=4), NOON + timedelta(hours=20))),
        (ObligationKind.FORECAST, PERIOD_ENDS, (PERIOD_ENDS - timedelta(days=14), PERIOD_ENDS - timedelta(days=3))),
        (ObligationKind.WEEKLY_DIARY, FRIDAY_ENDS, (datetime(2026, 11, 26, 9, tzinfo=UTC),)),
        # A week that ends on Wednesday is warned about at Wednesday's noon.
        (ObligationKind.WEEKLY_DIARY, datetime(2026, 11, 25, 21, tzinfo=UTC), (datetime(2026, 11, 25, 9, tzinfo=UTC),)),
        (ObligationKind.PRINTOUT, datetime(2026, 11, 25, 21, tzinfo=UTC), (datetime(2026, 11, 25, 9, tzinfo=UTC),)),
        (ObligationKind.CONSENT_EFFECT, NOON + timedelta(hours=24), (NOON + timedelta(hours=20),)),
    ],
)
async def test_a_warning_rises_at_its_instant_and_not_a_second_before(
    town: Town, kind: ObligationKind, due_at: datetime, warned_at: tuple[datetime, ...]
) -> None:
    await opened(town, kind, due_at)
    for number, instant in enumerate(warned_at):
        assert await escalation.warn(CLOCK, now=instant - SECOND) == 0
        assert await level() == number
        assert await escalation.warn(CLOCK, now=instant) == 1
        assert await escalation.warn(CLOCK, now=instant + SECOND) == 0
        assert await level() == number + 1
    await obligations.note_breaches(CLOCK, due_at + SECOND)
    assert await escalation.warn(CLOCK, now=due_at + SECOND) == 1
    assert await escalation.warn(CLOCK, now=due_at + 2 * SECOND) == 0
    assert await level() == escalation.BREACH_LEVEL


async def test_the_responsible_person_gets_one_letter_with_numbers_and_no_names(town: Town) -> None:
    await database.execute(
        "UPDATE school SET responsible_email = 'zavuch@school1.example' WHERE id = $1", town.first.id
    )
    school = town.first
    for guardian in ("anna", "galina"):
        await obligations.open_result(
            CLOCK, pupil_id=school.pupils["misha"], guardian_id=school.guardians[guardian], about="1", received_at=NOON
        )
    await escalation.warn(CLOCK, now=NOON + timedelta(hours=5))
    await escalation.warn(CLOCK, now=NOON + timedelta(hours=6))
    (letter,) = await database.fetch("SELECT kind, topic, address, body, contact_point FROM outbox")
    assert (letter["kind"], letter["topic"], letter["address"]) == ("EMAIL", "STAFF_WARNING", "zavuch@school1.example")
    assert "Результат в течение 24 часов: предупреждений 2, нарушено 0" in letter["body"]
    assert "Орлов" not in letter["body"]


async def test_a_school_without_a_responsible_person_is_warned_on_its_own_list(town: Town) -> None:
    await opened(town, ObligationKind.RESULT, NOON + timedelta(hours=24))
    assert await escalation.warn(CLOCK, now=NOON + timedelta(hours=5)) == 1
    assert await level() == 1
    assert not await database.fetch("SELECT FROM outbox")


async def diary(town: Town, monday: datetime, *, days: int = 5) -> UUID:
    """Open Galina's weekly diary of a week at its beginning."""
    school = town.first
    duty = await obligations.open(
        CLOCK, kind=ObligationKind.WEEKLY_DIARY, pupil_id=school.pupils["nina"], guardian_id=school.guardians["galina"],
        about=f"week:{(monday + timedelta(hours=3)).date()}", opened_at=monday, due_at=monday + timedelta(days=days),
    )  # fmt: skip
    assert duty is not None
    return duty


async def hand_over(duty: UUID, at: datetime) -> None:
    """Hand a week's diary over."""
    assert await obligations.meet(CLOCK, duty, at=at, by=MetBy.HAND_OVER, evidence={"to": "Галкина"})


async def levels() -> list[int]:
    """Return the levels of the weeks in order."""
    return [
        row["warning_level"] for row in await database.fetch("SELECT warning_level FROM obligation ORDER BY due_at")
    ]


async def test_more_than_seven_days_since_the_last_hand_over_are_warned_of_and_no_second_earlier(town: Town) -> None:
    wednesday_noon = MONDAY + timedelta(days=2, hours=12)
    await hand_over(await diary(town, MONDAY), wednesday_noon)
    await diary(town, MONDAY + WEEK)
    assert await escalation.warn(CLOCK, now=wednesday_noon + WEEK) == 0
    assert await escalation.warn(CLOCK, now=wednesday_noon + WEEK + SECOND) == 1
    assert await levels() == [0, 2]


async def test_weeks_in_which_no_diary_was_owed_do_not_count_between_two_hand_overs(town: Town) -> None:
    thursday = MONDAY + timedelta(days=3)
    await hand_over(await diary(town, MONDAY), thursday)
    # A whole holiday week, and one in which the family was not on paper until the duty was taken back.
    away = await diary(town, MONDAY + 2 * WEEK)
    assert await obligations.cancel(CLOCK, away, reason="Семья за границей", at=MONDAY + 2 * WEEK)
    await diary(town, MONDAY + 3 * WEEK)
    await escalation.warn(CLOCK, now=thursday + 3 * WEEK)
    assert await levels() == [0, 0, 0]
    await escalation.warn(CLOCK, now=thursday + 3 * WEEK + SECOND)
    assert await levels() == [0, 0, 2]


async def test_a_family_that_never_got_a_diary_waits_since_its_first_was_owed(town: Town) -> None:
    await diary(town, MONDAY)
    await obligations.note_breaches(CLOCK, MONDAY + timedelta(days=6))
    await diary(town, MONDAY + WEEK)
    await escalation.warn(CLOCK, now=MONDAY + WEEK)
    assert await levels() == [escalation.BREACH_LEVEL, 0]
    await escalation.warn(CLOCK, now=MONDAY + WEEK + SECOND)
    assert await levels() == [escalation.BREACH_LEVEL, 2]


async def test_a_duty_met_while_its_warning_was_raised_is_not_warned_of(town: Town) -> None:
    await opened(town, ObligationKind.RESULT, NOON + timedelta(hours=24))
    (row,) = await database.fetch("SELECT id FROM obligation")
    outside = copy_context()
    async with transaction(CLOCK):
        await obligations.meet(CLOCK, row["id"], at=NOON, by=MetBy.PUBLICATION, evidence={"result": "1"})
        warning = asyncio.create_task(escalation.warn(CLOCK, now=NOON + timedelta(hours=5)), context=outside)
        await until_somebody_waits()
    assert await warning == 0
    assert await level() == 0
