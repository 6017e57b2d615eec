"""Results and printouts are owed to whose rights last as long as their time (R7.1, R9.2, A11, A12)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from diary.access.viewer import Nobody
from diary.delivery import duties, obligations
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.command import transaction
from tests.support.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
#: 24 November ends in Moscow.
TUESDAY_ENDS = datetime(2026, 11, 24, 21, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def run() -> None:
    """Let the clock run."""
    kept = await duties.keep(CLOCK, now=clocks.now())
    assert kept.failed == {}


async def requests() -> list[tuple[str, str, str]]:
    """Return results and printouts with what became of them."""
    rows = await database.fetch(
        "SELECT kind, state, cancel_reason FROM obligation WHERE kind IN ('RESULT', 'PRINTOUT') ORDER BY kind, state"
    )
    return [(row["kind"], row["state"], row["cancel_reason"]) for row in rows]


async def test_results_and_printouts_of_a_leaver_stay_owed_but_not_to_who_represents_nobody(town: Town) -> None:
    school = town.first
    about = {"pupil_id": school.pupils["nina"], "guardian_id": school.guardians["galina"]}
    await obligations.open_result(CLOCK, **about, about="exam:1", received_at=clocks.now())
    await obligations.open_printout(CLOCK, **about, job_id=UUID(int=1), at=clocks.now())
    await database.execute("UPDATE pupil SET left_on = '2026-11-20' WHERE id = $1", school.pupils["nina"])
    await run()
    assert await requests() == [("PRINTOUT", "OPEN", ""), ("RESULT", "OPEN", "")]
    await database.execute(
        "UPDATE guardianship SET valid_to = '2026-11-23' WHERE guardian = $1", school.guardians["galina"]
    )
    await run()
    ended = "Права представителя прекратились."
    assert await requests() == [("PRINTOUT", "CANCELLED", ended), ("RESULT", "CANCELLED", ended)]


async def test_a_result_is_not_owed_to_a_guardian_whose_pupil_came_of_age_but_to_the_pupil_it_is(town: Town) -> None:
    school = town.first
    about = {"pupil_id": school.pupils["nina"], "about": "exam:1", "received_at": clocks.now()}
    await obligations.open_result(CLOCK, **about, guardian_id=school.guardians["galina"])  # type: ignore[arg-type]
    await obligations.open_result(CLOCK, **about, guardian_id=None)  # type: ignore[arg-type]
    await database.execute("UPDATE pupil SET birth_date = '2008-11-01' WHERE id = $1", school.pupils["nina"])
    await run()
    assert await requests() == [("RESULT", "CANCELLED", "Обучающийся совершеннолетний."), ("RESULT", "OPEN", "")]


async def test_one_pupils_leave_lets_no_other_pupils_guardian_be_owed_anything(town: Town) -> None:
    school = town.first
    await database.execute("UPDATE pupil SET birth_date = '2008-11-01'")
    await school.decide(None, "misha", purpose="GUARDIAN_ACCESS")
    for guardian, pupil in (("anna", "misha"), ("galina", "nina")):
        await obligations.open_result(
            CLOCK, pupil_id=school.pupils[pupil], guardian_id=school.guardians[guardian], about=f"exam:{pupil}",
            received_at=clocks.now(),
        )  # fmt: skip
    await run()
    assert await requests() == [("RESULT", "CANCELLED", "Обучающийся совершеннолетний."), ("RESULT", "OPEN", "")]


@pytest.mark.parametrize(
    ("received", "state"),
    [
        (TUESDAY_ENDS - timedelta(hours=24) - SECOND, "BREACHED"),
        (TUESDAY_ENDS - timedelta(hours=24), "BREACHED"),
        (TUESDAY_ENDS - timedelta(hours=24) + SECOND, "CANCELLED"),
    ],
    ids=["due before the last day ends", "due when it ends", "due a second later"],
)
@pytest.mark.parametrize("runs_between", [True, False], ids=["the clock runs", "the clock is down"])
async def test_a_result_is_owed_to_whose_rights_last_as_long_as_its_time(
    town: Town, received: datetime, state: str, runs_between: bool
) -> None:
    school = town.first
    clocks.use(clocks.SetClock(received))
    await school.add_guardian("uncle", "Галкин", "Пётр", "nina", until=date(2026, 11, 24))
    await obligations.open_result(
        CLOCK, pupil_id=school.pupils["nina"], guardian_id=school.guardians["uncle"], about="1", received_at=received
    )
    last = received
    for instant in [TUESDAY_ENDS, TUESDAY_ENDS + SECOND] * runs_between + [TUESDAY_ENDS + timedelta(days=10)]:
        await duties.keep(CLOCK, now=instant, since=last)
        last = instant
    assert [(kind, now) for kind, now, _why in await requests()] == [("RESULT", state)]


async def test_rights_that_were_ended_after_the_deadline_take_no_breach_back(town: Town) -> None:
    school, received = town.first, clocks.now()
    await obligations.open_result(
        CLOCK, pupil_id=school.pupils["nina"], guardian_id=school.guardians["galina"], about="1", received_at=received
    )
    clocks.use(clocks.SetClock(received + timedelta(hours=24) + SECOND))
    async with transaction(CLOCK):
        await database.execute(
            "UPDATE guardianship SET valid_to = '2026-11-20' WHERE guardian = $1", school.guardians["galina"]
        )
    await duties.keep(CLOCK, now=received + timedelta(days=3), since=received)
    assert await requests() == [("RESULT", "BREACHED", "")]


async def test_the_effect_of_the_own_decision_is_told_also_to_whose_rights_have_ended_since(town: Town) -> None:
    school = town.first
    await school.decide("galina", "nina", "REFUSED")
    (decision,) = await database.fetch("SELECT id FROM consent_decision WHERE decision = 'REFUSED'")
    duty = await obligations.open_consent_effect(
        CLOCK, guardian_id=school.guardians["galina"], pupil_id=school.pupils["nina"], decision_id=decision["id"]
    )
    await database.execute("UPDATE guardianship SET valid_to = '2026-11-23'")
    await run()
    (row,) = await database.fetch("SELECT state FROM obligation WHERE id = $1", duty)
    assert row["state"] == "OPEN"
