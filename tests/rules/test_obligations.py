"""Duties are opened once, met with evidence up to the very due instant, and breached for ever after it (D6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.delivery.tables import MetBy, ObligationKind
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.command import transaction
from tests.support.town import Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
SECOND = timedelta(seconds=1)


async def row(obligation_id: UUID | None) -> Any:
    """Return a duty as it stands."""
    return (await database.fetch("SELECT * FROM obligation WHERE id = $1", obligation_id))[0]


async def opened(town: Town, about: str = "result:1", **more: Any) -> UUID:
    """Open the duty to publish a result received now."""
    school = town.first
    given: dict[str, Any] = {
        "pupil_id": school.pupils["misha"],
        "guardian_id": school.guardians["anna"],
        "about": about,
        "received_at": clocks.now(),
    }
    found = await obligations.open_result(CLOCK, **(given | more))
    assert found is not None
    return found


async def meet(obligation_id: UUID, at: datetime) -> bool:
    """Meet a duty by publication."""
    return await obligations.meet(CLOCK, obligation_id, at=at, by=MetBy.PUBLICATION, evidence={"result": "1"})


async def test_a_duty_towards_one_addressee_is_opened_once_and_each_guardian_has_an_own(town: Town) -> None:
    first = await opened(town)
    school = town.first
    again = await obligations.open_result(
        CLOCK,
        pupil_id=school.pupils["misha"],
        guardian_id=school.guardians["anna"],
        about="result:1",
        received_at=clocks.now(),
    )
    assert again is None
    of_the_pupil = await opened(town, guardian_id=None)
    assert of_the_pupil != first
    assert (await row(first))["clause"] == "7"


@pytest.mark.parametrize(
    ("late", "state"), [(-SECOND, "MET"), (timedelta(0), "MET"), (SECOND, "BREACHED")], ids=["before", "at", "after"]
)
async def test_a_result_is_in_time_up_to_its_24th_hour_and_no_second_longer(
    town: Town, late: timedelta, state: str
) -> None:
    duty = await opened(town)
    due = clocks.now() + timedelta(hours=24)
    assert await meet(duty, due + late)
    found = await row(duty)
    assert (found["state"], found["due_at"], found["met_at"]) == (state, due, due + late)
    assert found["breached_at"] == (due if state == "BREACHED" else None)
    assert found["evidence"] == '{"result": "1"}'


async def test_a_breach_is_dated_by_the_due_instant_and_stays_when_the_duty_is_met_late(town: Town) -> None:
    duty = await opened(town)
    due = (await row(duty))["due_at"]
    assert await obligations.note_breaches(CLOCK, due) == 0
    assert await obligations.note_breaches(CLOCK, due + timedelta(days=10)) == 1
    assert (await row(duty))["breached_at"] == due
    assert await meet(duty, due + timedelta(days=11))
    found = await row(duty)
    assert (found["state"], found["breached_at"]) == ("BREACHED", due)
    assert not await meet(duty, due + timedelta(days=12))
    assert (await row(duty))["met_at"] == due + timedelta(days=11)


async def test_a_duty_is_cancelled_with_a_reason_and_neither_met_nor_breached_after(town: Town) -> None:
    duty = await opened(town)
    with pytest.raises(obligations.ReasonRequired):
        await obligations.cancel(CLOCK, duty, reason="  ")
    assert await obligations.cancel(CLOCK, duty, reason="Протокол аннулирован")
    assert not await meet(duty, clocks.now())
    assert await obligations.note_breaches(CLOCK, clocks.now() + timedelta(days=2)) == 0
    assert (await row(duty))["state"] == "CANCELLED"


async def test_a_duty_whose_time_is_over_cannot_be_cancelled_away(town: Town) -> None:
    duty = await opened(town)
    due = (await row(duty))["due_at"]
    assert not await obligations.cancel(CLOCK, duty, reason="Поздно", at=due + SECOND)
    assert await obligations.cancel(CLOCK, duty, reason="Успели", at=due)


async def test_what_is_known_of_a_duty_is_neither_changed_nor_deleted(town: Town) -> None:
    duty = await opened(town)
    for statement in ("DELETE FROM obligation", "UPDATE obligation SET due_at = due_at + interval '1 day'"):
        with pytest.raises(asyncpg.PostgresError, match="obligation"):
            await database.execute(statement)
    await obligations.note_breaches(CLOCK, clocks.now() + timedelta(days=2))
    with pytest.raises(asyncpg.PostgresError, match="stays"):
        await database.execute("UPDATE obligation SET state = 'OPEN', breached_at = NULL")
    assert (await row(duty))["state"] == "BREACHED"


async def test_a_duty_is_met_by_what_it_is_about(town: Town) -> None:
    duty = await opened(town)
    other = await opened(town, about="result:11")
    school = town.first
    about = {
        "kind": ObligationKind.RESULT,
        "pupil_id": school.pupils["misha"],
        "guardian_id": school.guardians["anna"],
        "about": "result:1",
    }
    proof = {"at": clocks.now(), "by": MetBy.DELIVERY, "evidence": {"message": "1"}}
    assert await obligations.meet_about(CLOCK, **about, **proof)  # type: ignore[arg-type]
    assert not await obligations.meet_about(CLOCK, **about, **proof)  # type: ignore[arg-type]
    assert [(await row(duty))["state"], (await row(other))["state"]] == ["MET", "OPEN"]


async def test_a_duty_falls_with_the_act_that_it_was_opened_in(town: Town) -> None:
    async def act_that_fails() -> None:
        async with transaction(CLOCK):
            duty = await opened(town)
            assert (await row(duty))["state"] == "OPEN"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act_that_fails()
    assert not await database.fetch("SELECT FROM obligation")


async def test_the_effect_of_a_decision_is_told_within_a_day_of_its_registration(town: Town) -> None:
    school = town.first
    decision = await insert(
        "consent_decision", school=school.id, guardian=school.guardians["anna"], pupil=school.pupils["misha"],
        purpose="PERSONAL_DATA", decision="REFUSED", form="PAPER", signature_kind="HANDWRITTEN",
        document_reference="Папка 7", received_at=clocks.now(), registered_at=clocks.now(),
    )  # fmt: skip
    duty = await obligations.open_consent_effect(
        CLOCK, guardian_id=school.guardians["anna"], pupil_id=school.pupils["misha"], decision_id=decision
    )
    found = await row(duty)
    assert (found["clause"], found["due_at"]) == ("2", clocks.now() + timedelta(hours=24))


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        # Moscow's midnight is 21:00 in UTC.
        (datetime(2026, 11, 24, 20, 59, 59, tzinfo=UTC), datetime(2026, 11, 25, 21, tzinfo=UTC)),
        (datetime(2026, 11, 24, 21, 0, 0, tzinfo=UTC), datetime(2026, 11, 26, 21, tzinfo=UTC)),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), datetime(2026, 11, 30, 21, tzinfo=UTC)),
        (datetime(2026, 12, 4, 9, tzinfo=UTC), datetime(2026, 12, 8, 21, tzinfo=UTC)),
    ],
    ids=["last second of Tuesday", "Wednesday begins", "Friday", "before a holiday Monday"],
)
async def test_a_printout_is_due_at_the_end_of_the_next_school_day(town: Town, asked: datetime, due: datetime) -> None:
    school = town.first
    await insert(
        "holiday", school=school.id, name="Карантин", starts_on=datetime(2026, 12, 7).date(),  # noqa: DTZ001
        ends_on=datetime(2026, 12, 7).date(), grade_from=5, grade_to=6,  # noqa: DTZ001
    )  # fmt: skip
    duty = await obligations.open_printout(
        CLOCK, pupil_id=school.pupils["misha"], guardian_id=school.guardians["anna"], job_id=uuid4(), at=asked
    )
    found = await row(duty)
    assert (found["due_at"], found["opened_at"]) == (due, asked)
