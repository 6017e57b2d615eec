"""Handing paper over meets what is owed for the week: once, with evidence, by the right people only (R9, D6)."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.delivery.obligations import weekly_about
from diary.delivery.tables import ObligationKind
from diary.kit import clock, database
from diary.paper.rendering import CannotBePrinted, week_to_print
from tests.support.service import Service, codes
from tests.support.town import MONDAY, TUESDAY, School, Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
SUM = "ab" * 32
CONFIRM = """
mutation ($jobId: ID!, $to: String!, $by: PaperReceiver!, $guardianId: ID) {
  confirmHandOver(jobId: $jobId, to: $to, receivedBy: $by, guardianId: $guardianId) {
    jobId state handedOverAt handedOverTo receivedBy guardianId dutiesMet dutiesWaiting
  }
}
"""


async def sheet(school: School, **changes: Any) -> UUID:
    """Return a rendered sheet of Misha's week."""
    values = {"pupil": school.pupils["misha"], "kind": "WEEK", "week_of": TUESDAY, "state": "RENDERED", "sha256": SUM}
    job: UUID = await insert("print_job", school=school.id, **values | changes)
    return job


async def owed(school: School, pupil: str, guardian: str | None, *, due: timedelta, monday: Any = MONDAY) -> UUID:
    """Open the duty of a week, due so long after now."""
    duty = await obligations.open(
        CLOCK, kind=ObligationKind.WEEKLY_DIARY, pupil_id=school.pupils[pupil],
        guardian_id=school.guardians[guardian] if guardian else None, about=weekly_about(monday),
        opened_at=clock.now() - timedelta(days=2), due_at=clock.now() + due,
    )  # fmt: skip
    assert duty is not None
    return duty


async def row(table: str, key: UUID) -> Any:
    """Return a record as it stands."""
    return (await database.fetch(f'SELECT * FROM "{table}" WHERE id = $1', key))[0]


async def confirm(
    service: Service, login: str, job: UUID, to: str = "Под подпись", *, guardian: UUID | None = None
) -> dict[str, Any]:
    """Confirm as somebody that a guardian received the sheet, or without one the pupil."""
    variables = {
        "jobId": str(job), "to": to, "by": "GUARDIAN" if guardian else "PUPIL",
        "guardianId": str(guardian) if guardian else None,
    }  # fmt: skip
    return await service.post(CONFIRM, variables, token=await service.sign_in(login))


def counted(answer: dict[str, Any]) -> tuple[str, int, int]:
    """Return the sheet's state, how many duties were met and how many wait."""
    recorded = answer["data"]["confirmHandOver"]
    return recorded["state"], recorded["dutiesMet"], recorded["dutiesWaiting"]


async def states(*duties: UUID) -> list[str]:
    """Return where duties stand."""
    return [(await row("obligation", duty))["state"] for duty in duties]


async def test_a_guardians_receipt_meets_that_guardians_duty_alone_in_time_with_evidence(
    service: Service, town: Town
) -> None:
    school = town.first
    uncle = await school.add_guardian("pavel", "Орлов", "Павел", "misha")
    mothers, uncles, own = [await owed(school, "misha", whom, due=timedelta(0)) for whom in ("anna", "pavel", None)]
    others = await owed(school, "nina", "galina", due=timedelta(days=1))
    next_week = await owed(school, "misha", "anna", due=timedelta(days=7), monday=MONDAY + timedelta(days=7))
    job, anna = await sheet(school), school.guardians["anna"]

    answer = await confirm(service, "daria", job, "Орлова Анна, под подпись", guardian=anna)

    assert answer["data"]["confirmHandOver"] == {
        "jobId": str(job), "state": "HANDED_OVER", "handedOverTo": "Орлова Анна, под подпись", "dutiesMet": 1,
        "receivedBy": "GUARDIAN", "guardianId": str(anna), "dutiesWaiting": 2,
        "handedOverAt": answer["data"]["confirmHandOver"]["handedOverAt"],
    }  # fmt: skip
    met = await row("obligation", mothers)
    assert (met["state"], met["met_by"], met["met_at"]) == ("MET", "HAND_OVER", clock.now())
    assert json.loads(met["evidence"]) == {
        "job": str(job), "by": town.accounts["daria"], "to": "Орлова Анна, под подпись", "sha256": SUM,
        "received_by": "GUARDIAN", "guardian": str(anna),
    }  # fmt: skip
    assert await states(uncles, own, others, next_week) == ["OPEN"] * 4
    kept = await row("print_job", job)
    assert (kept["handed_over_at"], kept["handed_over_by"]) == (clock.now(), town.accounts["daria"])
    assert (kept["received_by"], kept["received_guardian"]) == ("GUARDIAN", anna)

    later = await confirm(service, "daria", job, "Орлов Павел, под подпись", guardian=uncle)

    assert counted(later) == ("HANDED_OVER", 1, 1)
    assert await states(uncles, own) == ["MET", "OPEN"]
    assert await row("print_job", job) == kept, "what was recorded first stays"
    again = await confirm(service, "daria", job, "Ещё раз", guardian=uncle)
    assert codes(again) == ["SHEET_HANDED_OVER"]


@pytest.mark.parametrize(
    ("agreements", "reached"),
    [
        ([], False),
        ([{}], False),
        ([{"handed_to": "PUPIL"}], True),
        ([{"handed_to": "PUPIL"}, {"handed_to": "GUARDIAN"}], False),
        ([{"handed_to": "GUARDIAN"}, {"handed_to": "PUPIL"}], True),
    ],
)
async def test_what_the_pupil_carries_home_reaches_the_pupil_and_the_guardians_who_agreed_to_it(
    service: Service, town: Town, agreements: list[dict[str, str]], *, reached: bool
) -> None:
    school = town.first
    await school.add_guardian("pavel", "Орлов", "Павел", "misha")
    for agreement in agreements:
        await school.agree("anna", "misha", **agreement)
    mothers, uncles, own = [
        await owed(school, "misha", whom, due=timedelta(days=1)) for whom in ("anna", "pavel", None)
    ]

    answer = await confirm(service, "vera", await sheet(school), "Мише на классном часе")

    assert counted(answer) == ("HANDED_OVER", 1 + reached, 2 - reached)
    assert await states(mothers, uncles, own) == ["MET" if reached else "OPEN", "OPEN", "MET"]
    assert json.loads((await row("obligation", own))["evidence"])["received_by"] == "PUPIL"


async def test_an_agreement_after_the_hand_over_reaches_back_to_nothing(service: Service, town: Town) -> None:
    school = town.first
    duty, job = await owed(school, "misha", "anna", due=timedelta(days=1)), await sheet(school)
    assert counted(await confirm(service, "daria", job)) == ("HANDED_OVER", 0, 1)
    await school.agree("anna", "misha", handed_to="PUPIL")
    assert await states(duty) == ["OPEN"]
    assert counted(await confirm(service, "daria", job, "Мише ещё раз")) == ("HANDED_OVER", 1, 0)


async def test_a_class_sheet_meets_the_duties_of_its_pupils_alone(service: Service, town: Town) -> None:
    school = town.first
    for pair in (("anna", "misha"), ("galina", "nina"), ("anna", "liza")):
        await school.agree(*pair, handed_to="PUPIL")
    ours = [await owed(school, *pair, due=timedelta(days=1)) for pair in (("misha", "anna"), ("nina", "galina"))]
    other = await owed(school, "liza", "anna", due=timedelta(days=1))
    job = await sheet(school, pupil=None, school_class=school.classes["5А"], state="PRINTED")

    answer = await confirm(service, "vera", job, "Классу, по списку")

    assert counted(answer) == ("HANDED_OVER", 2, 0), answer
    assert await states(*ours, other) == ["MET", "MET", "OPEN"]


async def test_a_guardian_takes_one_sheet_out_of_a_class_pile_and_the_pile_stays(service: Service, town: Town) -> None:
    school = town.first
    await school.agree("galina", "nina", handed_to="PUPIL")
    mothers, other = [
        await owed(school, *pair, due=timedelta(days=1)) for pair in (("misha", "anna"), ("nina", "galina"))
    ]
    job, anna = await sheet(school, pupil=None, school_class=school.classes["5А"]), school.guardians["anna"]

    assert counted(await confirm(service, "vera", job, "Анне", guardian=anna)) == ("RENDERED", 1, 1)
    assert await states(mothers, other) == ["MET", "OPEN"]
    assert (await row("print_job", job))["handed_over_at"] is None
    assert codes(await confirm(service, "vera", job, "Анне", guardian=anna)) == ["NOTHING_OWED"]
    assert counted(await confirm(service, "vera", job, "Классу")) == ("HANDED_OVER", 1, 0)
    assert await states(mothers, other) == ["MET", "MET"]
    assert codes(await confirm(service, "vera", job, "Анне", guardian=anna)) == ["SHEET_HANDED_OVER"]


async def test_a_receiver_who_is_a_stranger_or_nobody_is_refused(service: Service, town: Town) -> None:
    school = town.first
    duty, job = await owed(school, "misha", "anna", due=timedelta(days=1)), await sheet(school)
    for guardian in (school.guardians["galina"], town.second.guardians["olga"], school.pupils["misha"]):
        assert codes(await confirm(service, "daria", job, guardian=guardian)) == ["NOT_FOUND"]
    assert codes(await confirm(service, "daria", job, guardian=school.guardians["boris"])) == ["RIGHTS_ENDED"]
    token = await service.sign_in("daria")
    for by, named in (("GUARDIAN", None), ("PUPIL", str(school.guardians["anna"]))):
        variables = {"jobId": str(job), "to": "Кому-то", "by": by, "guardianId": named}
        assert codes(await service.post(CONFIRM, variables, token=token)) == ["BAD_INPUT"]
    assert await states(duty) == ["OPEN"]
    assert (await row("print_job", job))["state"] == "RENDERED"


async def test_what_is_handed_over_late_is_met_and_stays_breached(service: Service, town: Town) -> None:
    duty = await owed(town.first, "misha", "anna", due=-timedelta(microseconds=1))
    handed = await confirm(service, "daria", await sheet(town.first), guardian=town.first.guardians["anna"])
    assert handed["data"]["confirmHandOver"]["dutiesMet"] == 1
    late = await row("obligation", duty)
    assert late["state"] == "BREACHED"
    assert late["breached_at"] == late["due_at"]
    assert late["met_at"] == clock.now()


async def test_a_guardian_whose_rights_ended_has_received_nothing(service: Service, town: Town) -> None:
    await town.first.agree("boris", "misha", handed_to="PUPIL")
    duty = await owed(town.first, "misha", "boris", due=timedelta(days=1))
    assert counted(await confirm(service, "daria", await sheet(town.first))) == ("HANDED_OVER", 0, 0)
    assert (await row("obligation", duty))["met_at"] is None


async def test_the_duty_that_a_sheet_was_printed_for_is_met_also_for_a_consent_form(
    service: Service, town: Town
) -> None:
    school = town.first
    duty = await owed(school, "misha", "anna", due=timedelta(days=1))
    form = await sheet(school, kind="CONSENT_FORM", week_of=None, purpose="PERSONAL_DATA", obligation=duty)
    anna = school.guardians["anna"]
    assert codes(await confirm(service, "vera", form, guardian=anna)) == ["NOT_FOUND"]
    assert counted(await confirm(service, "daria", form, guardian=anna)) == ("HANDED_OVER", 1, 0)
    assert await states(duty) == ["MET"]


async def test_a_blank_form_is_taken_by_any_guardian_of_the_school(service: Service, town: Town) -> None:
    form = await sheet(town.first, kind="CONSENT_FORM", week_of=None, purpose="PERSONAL_DATA", pupil=None)
    assert codes(await confirm(service, "daria", form, guardian=town.second.guardians["olga"])) == ["NOT_FOUND"]
    given = await confirm(service, "daria", form, guardian=town.first.guardians["stranger"])
    assert counted(given) == ("HANDED_OVER", 0, 0)


@pytest.mark.parametrize("login", ["elena", "zoya", "gleb", "ivan", "anna", "misha", "root", "nobody"])
async def test_others_do_not_find_the_sheet(service: Service, town: Town, login: str) -> None:
    duty, job = await owed(town.first, "misha", "anna", due=timedelta(days=1)), await sheet(town.first)
    assert codes(await confirm(service, login, job)) == ["NOT_FOUND"]
    assert (await row("print_job", job))["state"] == "RENDERED"
    assert (await row("obligation", duty))["state"] == "OPEN"


@pytest.mark.parametrize("state", ["QUEUED", "FAILED", "CANCELLED"])
async def test_a_sheet_that_is_not_rendered_is_not_handed_over(service: Service, town: Town, state: str) -> None:
    duty, job = await owed(town.first, "misha", "anna", due=timedelta(days=1)), await sheet(town.first, state=state)
    assert codes(await confirm(service, "daria", job)) == ["SHEET_NOT_READY"]
    assert (await row("obligation", duty))["state"] == "OPEN"


async def test_a_second_hand_over_is_refused_and_changes_nothing(service: Service, town: Town) -> None:
    job = await sheet(town.first)
    await confirm(service, "daria", job)
    before = await row("print_job", job)
    assert codes(await confirm(service, "daria", job, "Кому-то другому")) == ["SHEET_HANDED_OVER"]
    assert await row("print_job", job) == before


@pytest.mark.parametrize("to", ["", "  ", "я" * 256])
async def test_a_hand_over_to_nobody_is_refused(service: Service, town: Town, to: str) -> None:
    assert codes(await confirm(service, "daria", await sheet(town.first), to)) == ["BAD_INPUT"]
    longest = "я" * 255
    assert "errors" not in await confirm(service, "daria", await sheet(town.first), longest)


async def test_a_job_without_a_week_is_no_weekly_sheet(service: Service, town: Town) -> None:
    form = await sheet(town.first, kind="CONSENT_FORM", week_of=None, purpose="PERSONAL_DATA")
    with pytest.raises(CannotBePrinted):
        await week_to_print(form, route="WORKER")


@pytest.mark.parametrize(("early", "met"), [(timedelta(microseconds=1), 0), (timedelta(0), 1)])
async def test_a_sheet_from_before_the_week_tells_nothing_of_it(
    service: Service, town: Town, early: timedelta, met: int
) -> None:
    school, monday = town.first, datetime.combine(MONDAY, time(), tzinfo=ZoneInfo("Europe/Moscow"))
    await owed(school, "misha", "anna", due=timedelta(days=1))
    job = await sheet(school, rendered_at=monday - early)
    assert counted(await confirm(service, "daria", job, guardian=school.guardians["anna"]))[1] == met


async def test_a_class_teacher_who_has_left_hands_nothing_over(service: Service, town: Town) -> None:
    job = await sheet(town.first)
    token = await service.sign_in("vera")
    await database.execute("UPDATE teacher SET left_on = $1 WHERE family_name = 'Белова'", TUESDAY - timedelta(days=1))
    left = await database.fetch("SELECT FROM teacher WHERE left_on IS NOT NULL")
    assert len(left) == 1
    variables = {"jobId": str(job), "to": "Мише", "by": "PUPIL"}
    assert codes(await service.post(CONFIRM, variables, token=token)) == ["NOT_FOUND"]
    await database.execute("UPDATE teacher SET left_on = $1", TUESDAY)
    assert codes(await service.post(CONFIRM, variables, token=token)) == []


async def test_a_pile_that_would_reach_nobody_through_the_pupils_stays_to_be_given_out(
    service: Service, town: Town
) -> None:
    school = town.first
    duty = await owed(school, "misha", "anna", due=timedelta(days=1))
    pile = await sheet(school, pupil=None, school_class=school.classes["5А"])

    answer = await confirm(service, "vera", pile, "На классном часе")

    assert codes(answer) == ["NOTHING_OWED"]
    assert (await states(duty), (await row("print_job", pile))["state"]) == (["OPEN"], "RENDERED")

    await school.agree("anna", "misha", handed_to="PUPIL")
    assert counted(await confirm(service, "vera", pile, "На классном часе"))[:2] == ("HANDED_OVER", 1)
