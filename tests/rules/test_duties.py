"""What the clock opened follows its basis: calendar, form and rights; what a person cancelled stays cancelled (D6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from diary.access.viewer import Nobody
from diary.delivery import duties, obligations
from diary.kit import clock as clocks
from diary.kit import database, schedule
from tasks.duties import NAME, keep
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
        await duties.keep(CLOCK, now=clocks.now())


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
    await run(2)
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
