"""What the clock opened follows its basis: calendar, form and rights; what a person cancelled stays cancelled (D6)."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from diary.access.viewer import Nobody
from diary.delivery import duties, escalation, obligations
from diary.delivery.isolation import SchoolsFailedError
from diary.delivery.tables import MetBy
from diary.kit import clock as clocks
from diary.kit import database, schedule
from diary.kit.command import transaction
from tasks.duties import NAME, keep
from tests.support.locks import until_somebody_waits
from tests.support.town import Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")


async def galinas(town: Town) -> list[tuple[str, str, datetime]]:
    """Return the weekly diaries owed to Galina, who is on paper for want of a decision."""
    rows = await database.fetch(
        "SELECT about, state, due_at FROM obligation WHERE guardian = $1 ORDER BY about", town.first.guardians["galina"]
    )
    return [(row["about"], row["state"], row["due_at"]) for row in rows]


async def run(times: int = 1) -> None:
    """Let the clock run."""
    for _time in range(times):
        kept = await duties.keep(CLOCK, now=clocks.now())
        assert kept.failed == {}


def friday(day: int) -> datetime:
    """Return the end of a day of November in Moscow."""
    return datetime(2026, 11, day, 21, tzinfo=UTC)


async def test_only_families_on_paper_are_owed_a_diary_and_a_second_run_opens_nothing(town: Town) -> None:
    await run(2)
    rows = await database.fetch("SELECT guardian FROM obligation")
    owed: set[UUID] = {row["guardian"] for row in rows}
    assert owed == {town.first.guardians["galina"]}
    assert await galinas(town) == [("week:2026-11-23", "OPEN", friday(27))]


async def test_a_new_holiday_moves_the_deadline_by_another_duty(town: Town) -> None:
    await run()
    await insert(
        "holiday", school=town.first.id, name="Карантин", starts_on=date(2026, 11, 27), ends_on=date(2026, 11, 27)
    )
    await run()
    assert await galinas(town) == [
        ("week:2026-11-23", "CANCELLED", friday(27)),
        ("week:2026-11-23/2", "OPEN", friday(26)),
    ]


async def test_a_duty_is_owed_anew_when_its_basis_is_back_but_not_when_a_person_cancelled_it(town: Town) -> None:
    await run()
    await town.first.decide("galina", "nina")
    await run()
    await town.first.decide("galina", "nina", "WITHDRAWN")
    await run()
    assert [state for _about, state, _due in await galinas(town)] == ["CANCELLED", "OPEN"]
    rows = await database.fetch("SELECT id FROM obligation WHERE state = 'OPEN'")
    assert await obligations.cancel(CLOCK, rows[0]["id"], reason="Семья за границей до понедельника")
    await run(2)
    assert [state for _about, state, _due in await galinas(town)] == ["CANCELLED", "CANCELLED"]


async def test_the_clocks_entry_looks_back_to_its_last_run_that_succeeded(town: Town) -> None:
    first = await schedule.begin(NAME, clocks.now(), now=clocks.now())
    assert first is not None
    await schedule.finish(first, "", now=clocks.now())
    clocks.use(clocks.SetClock(clocks.now() + timedelta(days=5)))
    failed = await schedule.begin(NAME, clocks.now(), now=clocks.now())
    assert failed is not None
    await schedule.finish(failed, f"{schedule.FAILED} something", now=clocks.now())
    clocks.use(clocks.SetClock(clocks.now() + timedelta(days=9)))
    said = await keep()
    assert said.startswith("duties opened: 3, duties breached: 2")
    assert [state for _about, state, _due in await galinas(town)] == ["BREACHED", "BREACHED", "OPEN"]


def at(day: int, hour: int = 9) -> None:
    """Set the clock to a day of November 2026, noon in Moscow if nothing else is said."""
    clocks.use(clocks.SetClock(datetime(2026, 11, day, hour, tzinfo=UTC)))


async def close(town: Town, first: int, last: int, **grades: int) -> None:
    """Close the school on some days of November."""
    await insert(
        "holiday", school=town.first.id, name="Карантин", starts_on=date(2026, 11, first),
        ends_on=date(2026, 11, last), **grades,
    )  # fmt: skip


async def test_a_holiday_entered_late_erases_no_week(town: Town) -> None:
    await run()
    at(26)
    await close(town, 26, 27)
    await run(2)
    assert await galinas(town) == [("week:2026-11-23", "OPEN", friday(27))]
    at(28)
    await duties.keep(CLOCK, now=clocks.now(), since=datetime(2026, 11, 26, 9, tzinfo=UTC))
    assert await galinas(town) == [("week:2026-11-23", "BREACHED", friday(27))]


async def test_what_kept_its_deadline_is_still_taken_back_with_its_basis(town: Town) -> None:
    await run()
    at(26)
    await close(town, 26, 27)
    await run()
    await town.first.decide("galina", "nina")
    await run()
    assert await galinas(town) == [("week:2026-11-23", "CANCELLED", friday(27))]


async def test_what_lost_its_basis_just_before_the_deadline_that_was_kept_is_not_breached(town: Town) -> None:
    await run()
    at(26)
    await close(town, 26, 27)
    await run()
    at(27, 20)
    await town.first.decide("galina", "nina")
    at(28)
    await duties.keep(CLOCK, now=clocks.now(), since=datetime(2026, 11, 27, 19, tzinfo=UTC))
    assert await galinas(town) == [("week:2026-11-23", "CANCELLED", friday(27))]


async def test_a_week_without_any_school_day_is_exempt_only_when_that_is_known_before_its_deadline(town: Town) -> None:
    await run()
    at(26)
    await close(town, 23, 27)
    await run()
    assert await galinas(town) == [("week:2026-11-23", "CANCELLED", friday(27))]


async def test_a_holiday_entered_after_the_deadline_changes_nothing(town: Town) -> None:
    await run()
    last_run = clocks.now()
    at(28)
    await close(town, 23, 27)
    await duties.keep(CLOCK, now=clocks.now(), since=last_run)
    assert await galinas(town) == [("week:2026-11-23", "BREACHED", friday(27))]


async def period(town: Town, **more: object) -> UUID:
    """Enter the second quarter."""
    given = {
        "school": town.first.id, "school_year": town.first.year, "kind": "QUARTER", "name": "II",
        "starts_on": date(2026, 11, 2), "ends_on": date(2026, 12, 27),
    }  # fmt: skip
    found: UUID = await insert("grading_period", **(given | more))
    return found


async def forecasts(town: Town, guardian: str = "galina") -> list[tuple[str, str, datetime]]:
    """Return the state, the reason and the due instant of each forecast owed to a guardian."""
    rows = await database.fetch(
        "SELECT state, cancel_reason, due_at FROM obligation WHERE kind = 'FORECAST' AND guardian = $1 "
        "ORDER BY opened_at, about",
        town.first.guardians[guardian],
    )
    return [(row["state"], row["cancel_reason"], row["due_at"]) for row in rows]


QUARTER_ENDS = datetime(2026, 12, 27, 21, tzinfo=UTC)


async def test_forecasts_of_a_deleted_period_are_taken_back(town: Town) -> None:
    quarter = await period(town)
    await run()
    assert await forecasts(town) == [("OPEN", "", QUARTER_ENDS)]
    await database.execute("DELETE FROM grading_period WHERE id = $1", quarter)
    await run()
    assert await forecasts(town) == [("CANCELLED", "Изменился учебный календарь.", QUARTER_ENDS)]


async def test_forecasts_of_a_period_moved_ahead_are_owed_when_it_begins(town: Town) -> None:
    quarter = await period(town)
    await run()
    await database.execute(
        "UPDATE grading_period SET starts_on = '2026-11-26', ends_on = '2026-12-20' WHERE id = $1", quarter
    )
    await run()
    cancelled = ("CANCELLED", "Изменился учебный календарь.", QUARTER_ENDS)
    assert await forecasts(town) == [cancelled]
    at(26)
    await run()
    assert await forecasts(town) == [cancelled, ("OPEN", "", datetime(2026, 12, 20, 21, tzinfo=UTC))]


async def test_forecasts_of_a_period_shortened_into_the_past_are_owed_by_the_end_of_today(town: Town) -> None:
    quarter = await period(town)
    await run()
    await database.execute("UPDATE grading_period SET ends_on = '2026-11-20' WHERE id = $1", quarter)
    await run(2)
    cancelled = ("CANCELLED", "Изменился учебный календарь.", QUARTER_ENDS)
    tonight = datetime(2026, 11, 24, 21, tzinfo=UTC)
    assert await forecasts(town) == [cancelled, ("OPEN", "", tonight)]
    last_run = clocks.now()
    at(25)
    await duties.keep(CLOCK, now=clocks.now(), since=last_run)
    await run()
    assert await forecasts(town) == [cancelled, ("BREACHED", "", tonight)]


async def test_a_forecast_is_owed_for_the_periods_of_the_own_grade_and_never_for_the_year(town: Town) -> None:
    await period(town, grade_from=2, grade_to=9)
    half = {"kind": "HALF_YEAR", "name": "1", "starts_on": date(2026, 9, 1), "ends_on": date(2026, 12, 30)}
    await period(town, **half, grade_from=10, grade_to=11)
    await period(town, kind="YEAR", name="2026/27", starts_on=date(2026, 9, 1), ends_on=date(2027, 5, 31))
    await run()
    assert await forecasts(town) == [("OPEN", "", QUARTER_ENDS)]
    await database.execute("UPDATE school_class SET grade_level = 10 WHERE id = $1", town.first.classes["5А"])
    await run()
    assert [due for state, _why, due in await forecasts(town) if state == "OPEN"] == [
        datetime(2026, 12, 30, 21, tzinfo=UTC)
    ]


async def test_a_pupil_of_unknown_grade_is_owed_the_forecasts_of_every_period(town: Town) -> None:
    await period(town, grade_from=2, grade_to=9)
    await database.execute("DELETE FROM membership WHERE pupil = $1", town.first.pupils["nina"])
    group = await insert(
        "teaching_group", school=town.first.id, school_year=town.first.year, kind="GROUP", name="Кружок"
    )
    await insert(
        "membership", school=town.first.id, pupil=town.first.pupils["nina"], teaching_group=group,
        valid_from=date(2026, 9, 1),
    )  # fmt: skip
    await run()
    assert await forecasts(town) == [("OPEN", "", QUARTER_ENDS)]


async def ninas_18th(town: Town, birthday: date) -> None:
    """Let Nina come of age on a day."""
    await database.execute(
        "UPDATE pupil SET birth_date = $1::date - interval '18 years' WHERE id = $2",
        birthday,
        town.first.pupils["nina"],
    )


@pytest.mark.parametrize(("birthday", "owed_to_the_pupil"), [(date(2026, 11, 27), True), (date(2026, 11, 28), False)])
async def test_a_week_in_which_a_pupil_comes_of_age_is_owed_to_one_addressee(
    town: Town, birthday: date, owed_to_the_pupil: bool
) -> None:
    await ninas_18th(town, birthday)
    await run()
    await duties.keep(CLOCK, now=friday(27), since=clocks.now())
    await duties.keep(CLOCK, now=friday(29), since=friday(27))
    rows = await database.fetch(
        "SELECT guardian IS NULL AS own FROM obligation WHERE kind = 'WEEKLY_DIARY' AND state = 'BREACHED'"
    )
    assert [row["own"] for row in rows] == [owed_to_the_pupil]


@pytest.mark.parametrize(
    ("birthday", "owed_to_the_guardian"), [(date(2026, 12, 27), False), (date(2026, 12, 28), True)]
)
async def test_a_forecast_is_owed_to_the_guardian_of_who_is_under_age_to_the_end_of_the_period(
    town: Town, birthday: date, owed_to_the_guardian: bool
) -> None:
    await period(town)
    await ninas_18th(town, birthday)
    await run()
    await duties.keep(CLOCK, now=QUARTER_ENDS, since=clocks.now())
    await duties.keep(CLOCK, now=QUARTER_ENDS + timedelta(days=2), since=QUARTER_ENDS)
    found = [state for state, _why, _due in await forecasts(town)]
    assert found == ["BREACHED" if owed_to_the_guardian else "CANCELLED"]


@pytest.mark.parametrize("before_the_end", [0, 1], ids=["ends with the week", "ends a second earlier"])
async def test_a_consent_that_lasts_to_the_end_of_the_week_leaves_no_diary_owed(
    town: Town, before_the_end: int
) -> None:
    await town.first.decide("galina", "nina", valid_until=friday(27) - timedelta(seconds=before_the_end))
    await run()
    await duties.keep(CLOCK, now=friday(27), since=clocks.now())
    await duties.keep(CLOCK, now=friday(28), since=friday(27))
    assert [state for _about, state, _due in await galinas(town)] == ["BREACHED"] * before_the_end


async def test_a_pupil_with_a_grade_but_in_no_class_is_owed_what_the_grade_is(town: Town) -> None:
    await database.execute("DELETE FROM membership WHERE pupil = $1", town.first.pupils["nina"])
    await run()
    assert await galinas(town) == []
    await database.execute("UPDATE pupil SET grade_level = 5 WHERE id = $1", town.first.pupils["nina"])
    await run()
    assert await galinas(town) == [("week:2026-11-23", "OPEN", friday(27))]


async def test_a_pupil_whose_class_begins_later_is_owed_nothing_before(town: Town) -> None:
    nina = town.first.pupils["nina"]
    await database.execute("UPDATE pupil SET grade_level = 5 WHERE id = $1", nina)
    await database.execute("UPDATE membership SET valid_from = '2026-11-30' WHERE pupil = $1", nina)
    await run()
    assert await galinas(town) == []


async def annas() -> list[tuple[str, str]]:
    """Return the states of the weekly diaries about Misha and Liza, who are Anna's."""
    rows = await database.fetch(
        "SELECT o.state, o.cancel_reason FROM obligation o JOIN guardian g ON g.id = o.guardian "
        "WHERE g.given_name = 'Анна' ORDER BY o.about, o.pupil"
    )
    return [(row["state"], row["cancel_reason"]) for row in rows]


async def test_who_agreed_but_can_be_reached_by_no_electronic_way_is_owed_paper_until_then(town: Town) -> None:
    await database.execute("UPDATE account SET active = false WHERE id = $1", town.accounts["anna"])
    await run()
    assert await annas() == [("OPEN", "")] * 2
    await database.execute("UPDATE account SET active = true WHERE id = $1", town.accounts["anna"])
    await run()
    assert await annas() == [("CANCELLED", "Действует электронная форма.")] * 2


@pytest.mark.parametrize(
    ("schedule", "confirmed", "failed", "is_reached"),
    [
        ("SCHOOL_DEFAULT", True, False, True),
        ("SCHOOL_DEFAULT", False, False, False),
        ("SCHOOL_DEFAULT", True, True, False),
        ("SELF_SERVICE", True, False, False),
    ],
    ids=["usable", "not confirmed", "dead", "looks by itself without an account"],
)
async def test_an_agreed_channel_with_a_usable_contact_reaches_a_family_without_an_account(
    town: Town, schedule: str, *, confirmed: bool, failed: bool, is_reached: bool
) -> None:
    school, now = town.first, clocks.now()
    await database.execute("UPDATE account SET active = false WHERE id = $1", town.accounts["anna"])
    await insert(
        "contact_point", school=school.id, guardian=school.guardians["anna"], channel="EMAIL", value="a@example.org",
        provenance="PAPER", document_reference="Папка 1", confirmed_at=now if confirmed else None,
        failed_at=now if failed else None,
    )  # fmt: skip
    for child in ("misha", "liza"):
        await insert(
            "delivery_agreement", school=school.id, guardian=school.guardians["anna"], pupil=school.pupils[child],
            form="ELECTRONIC", channels=["MAILBOX", "EMAIL"], schedule=schedule, weekdays=[], month_days=[], dates=[],
            origin="OFFICE", document_reference="Папка 1", agreed_at=now, registered_at=now,
        )  # fmt: skip
    await run()
    assert await annas() == ([] if is_reached else [("OPEN", "")] * 2)


async def test_a_duty_met_while_the_clock_takes_it_back_stays_met_and_no_school_is_lost(town: Town) -> None:
    await run()
    (row,) = await database.fetch("SELECT id FROM obligation")
    await town.first.decide("galina", "nina")
    outside = copy_context()
    async with transaction(CLOCK):
        await obligations.meet(CLOCK, row["id"], at=clocks.now(), by=MetBy.HAND_OVER, evidence={"to": "Галкина"})
        keeping = asyncio.create_task(duties.keep(CLOCK, now=clocks.now()), context=outside)
        await until_somebody_waits()
    assert (await keeping).failed == {}
    assert [state for _about, state, _due in await galinas(town)] == ["MET"]


async def test_a_school_that_fails_keeps_no_other_from_its_duties_and_the_run_has_failed(town: Town) -> None:
    await obligations.open_result(
        CLOCK, pupil_id=town.second.pupils["kolya"], guardian_id=town.second.guardians["olga"], about="1",
        received_at=clocks.now() - timedelta(days=2),
    )  # fmt: skip
    await town.second.decide("olga", "kolya", "WITHDRAWN")
    first = await schedule.begin(NAME, clocks.now(), now=clocks.now())
    assert first is not None
    await schedule.finish(first, "", now=clocks.now())
    # What no rule of the database forbids and no clock can read, and something to warn of there.
    await obligations.open_result(
        CLOCK, pupil_id=town.first.pupils["nina"], guardian_id=town.first.guardians["galina"], about="1",
        received_at=clocks.now() - timedelta(hours=23),
    )  # fmt: skip
    await database.execute("UPDATE school SET time_zone = 'Europe/Nowhere' WHERE id = $1", town.first.id)
    with pytest.raises(SchoolsFailedError, match=str(town.first.id)):
        await keep()
    rows = await database.fetch(
        "SELECT kind, state, warning_level FROM obligation WHERE school = $1 ORDER BY kind", town.second.id
    )
    assert [tuple(row.values()) for row in rows] == [
        ("RESULT", "BREACHED", escalation.BREACH_LEVEL),
        ("WEEKLY_DIARY", "OPEN", 0),
    ]
