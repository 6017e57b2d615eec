"""Guardians ask for paper: an extract is owed by the next school day, a form of consent needs no consent (R9.2)."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.kit import clock as clocks
from diary.kit import database
from diary.paper.print_jobs import ASKED_AT_MOST
from tasks.actors.sheets import Sheets
from tests.support.service import Service, codes
from tests.support.town import MONDAY, TUESDAY, Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXTRACT = """
mutation ($pupilId: ID!, $weekOf: Date!) {
  requestExtract(pupilId: $pupilId, weekOf: $weekOf) { jobId state requestedAt dueAt }
}
"""
FORM = """
mutation ($pupilId: ID!, $purpose: Purpose!) {
  requestConsentForm(pupilId: $pupilId, purpose: $purpose) { jobId state dueAt }
}
"""
CONFIRM = """
mutation ($jobId: ID!, $by: PaperReceiver! = GUARDIAN, $guardianId: ID) {
  confirmHandOver(jobId: $jobId, to: "Под подпись", receivedBy: $by, guardianId: $guardianId) { dutiesMet }
}
"""


async def ask(service: Service, login: str, pupil: UUID, week_of: date = TUESDAY) -> dict[str, Any]:
    """Ask for an extract as somebody."""
    variables = {"pupilId": str(pupil), "weekOf": week_of.isoformat()}
    return await service.post(EXTRACT, variables, token=await service.sign_in(login))


async def form(service: Service, login: str, pupil: UUID, purpose: str = "PERSONAL_DATA") -> dict[str, Any]:
    """Ask for a form of consent as somebody."""
    variables = {"pupilId": str(pupil), "purpose": purpose}
    return await service.post(FORM, variables, token=await service.sign_in(login))


async def job(answer: dict[str, Any], operation: str = "requestExtract") -> Any:
    """Return the job of an answer as it stands."""
    assert "errors" not in answer, answer
    return (await database.fetch("SELECT * FROM print_job WHERE id = $1", UUID(answer["data"][operation]["jobId"])))[0]


async def duties() -> list[Any]:
    """Return what is owed on request."""
    return await database.fetch("SELECT * FROM obligation WHERE kind = 'PRINTOUT' ORDER BY opened_at, id")


@pytest.mark.parametrize("decision", [None, "REFUSED", "WITHDRAWN", "GIVEN"])
async def test_an_extract_is_owed_until_the_end_of_the_next_school_day_whatever_was_decided(
    service: Service, town: Town, decision: str | None
) -> None:
    school = town.first
    if decision:
        await school.decide("galina", "nina", decision)

    answer = await ask(service, "galina", school.pupils["nina"])

    queued = await job(answer)
    told = answer["data"]["requestExtract"]
    assert (told["state"], told["requestedAt"], told["dueAt"]) == (
        "QUEUED", "2026-11-24T09:00:00+00:00", "2026-11-25T21:00:00+00:00",
    )  # fmt: skip
    assert (queued["kind"], queued["pupil"], queued["guardian"], queued["week_of"]) == (
        "WEEK", school.pupils["nina"], school.guardians["galina"], MONDAY,
    )  # fmt: skip
    [owed] = await duties()
    assert queued["obligation"] == owed["id"]
    assert (owed["guardian"], owed["pupil"], owed["state"], owed["clause"]) == (
        school.guardians["galina"], school.pupils["nina"], "OPEN", "9",
    )  # fmt: skip
    assert owed["due_at"] == datetime(2026, 11, 25, 21, tzinfo=UTC)
    [row] = await database.fetch("SELECT * FROM outbox WHERE print_job = $1", queued["id"])
    assert (row["kind"], row["state"]) == ("PRINT", "QUEUED")


async def test_on_friday_the_next_school_day_is_monday(service: Service, town: Town, clock: clocks.SetClock) -> None:
    clock.move(timedelta(days=3))
    assert (await ask(service, "galina", town.first.pupils["nina"]))["data"]["requestExtract"]["dueAt"] == (
        "2026-11-30T21:00:00+00:00"
    )


async def test_asking_again_while_the_sheet_is_on_its_way_gives_the_same_sheet(service: Service, town: Town) -> None:
    nina = town.first.pupils["nina"]
    token = await service.sign_in("galina")
    asked = [{"pupilId": str(nina), "weekOf": day.isoformat()} for day in (MONDAY, TUESDAY)]
    answers = await asyncio.gather(*(service.post(EXTRACT, variables, token=token) for variables in asked * 3))
    [first] = {answer["data"]["requestExtract"]["jobId"] for answer in answers}
    for state in ("RENDERED", "PRINTED"):
        await database.execute("UPDATE print_job SET state = $2 WHERE id = $1", UUID(first), state)
        again = (await ask(service, "galina", nina))["data"]["requestExtract"]
        assert (again["jobId"], again["state"]) == (first, state)
    assert len(await duties()) == 1
    assert len(await database.fetch("SELECT FROM outbox WHERE kind = 'PRINT'")) == 1


async def test_another_week_and_a_sheet_after_the_hand_over_are_new_requests(service: Service, town: Town) -> None:
    nina = town.first.pupils["nina"]
    first = await job(await ask(service, "galina", nina))
    other = await job(await ask(service, "galina", nina, MONDAY - timedelta(days=7)))
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", first["id"])
    confirmed = await service.post(CONFIRM, {"jobId": str(first["id"])}, token=await service.sign_in("daria"))
    later = await job(await ask(service, "galina", nina))

    assert confirmed["data"]["confirmHandOver"]["dutiesMet"] == 2, "the printout, and the week that was owed on paper"
    assert len({first["id"], other["id"], later["id"]}) == 3
    assert sorted(owed["state"] for owed in await duties()) == ["MET", "OPEN", "OPEN"]


async def test_a_sheet_that_failed_is_owed_all_the_same_with_its_due_instant(
    service: Service, town: Town, clock: clocks.SetClock
) -> None:
    nina = town.first.pupils["nina"]
    first = await job(await ask(service, "galina", nina))
    await database.execute("UPDATE print_job SET state = 'FAILED' WHERE id = $1", first["id"])
    clock.move(timedelta(days=1))

    second = await job(await ask(service, "galina", nina))

    assert second["id"] != first["id"]
    assert second["obligation"] == first["obligation"]
    assert len(await duties()) == 1


@pytest.mark.parametrize("login", ["daria", "elena", "vera", "olga", "galina", "boris", "stranger", "root"])
async def test_others_ask_in_vain(service: Service, town: Town, login: str) -> None:
    assert codes(await ask(service, login, town.first.pupils["misha"])) == ["NOT_FOUND"]
    assert await database.fetch("SELECT FROM print_job") == []


async def test_restricted_rights_ask_in_vain(service: Service, town: Town) -> None:
    await database.execute("UPDATE guardianship SET restricted = true")
    assert codes(await ask(service, "anna", town.first.pupils["misha"])) == ["NOT_FOUND"]
    assert codes(await form(service, "anna", town.first.pupils["misha"])) == ["NOT_FOUND"]


async def test_a_pupil_of_age_decides_who_gets_paper(service: Service, town: Town) -> None:
    school = town.first
    await database.execute("UPDATE pupil SET birth_date = '2008-11-24' WHERE id = $1", school.pupils["misha"])
    assert codes(await ask(service, "anna", school.pupils["misha"])) == ["PUPIL_OF_AGE"]
    assert codes(await form(service, "anna", school.pupils["misha"])) == ["PUPIL_OF_AGE"]
    await school.decide(None, "misha", purpose="GUARDIAN_ACCESS")
    assert "errors" not in await ask(service, "anna", school.pupils["misha"])


async def test_the_tenth_sheet_in_a_day_is_printed_and_the_eleventh_is_not(
    service: Service, town: Town, clock: clocks.SetClock
) -> None:
    nina = town.first.pupils["nina"]
    weeks = [MONDAY - timedelta(days=7 * number) for number in range(ASKED_AT_MOST + 1)]
    for week in weeks[:-1]:
        assert "errors" not in await ask(service, "galina", nina, week)
    assert codes(await ask(service, "galina", nina, weeks[-1])) == ["TOO_MANY_SHEETS"]
    assert codes(await form(service, "galina", nina)) == ["TOO_MANY_SHEETS"]
    assert "errors" not in await ask(service, "galina", nina, weeks[0]), "the sheet on its way is no new one"
    clock.move(timedelta(days=1))
    assert "errors" not in await ask(service, "galina", nina, weeks[-1])


@pytest.mark.parametrize(
    ("week_of", "told"),
    [
        ("1989-12-31", ["BAD_INPUT"]),
        ("9999-12-31", ["BAD_INPUT"]),
        ("2026-08-30", ["BAD_INPUT"]),  # the Sunday before the week of the first school day, a Tuesday
        ("2026-08-31", []),
        ("2027-06-06", []),  # the last school day is the Monday of this week
        ("2027-06-07", ["BAD_INPUT"]),
        ("2025-11-24", ["BAD_INPUT"]),
    ],
)
async def test_a_week_outside_the_schools_years_is_refused(
    service: Service, town: Town, week_of: str, told: list[str]
) -> None:
    answer = await ask(service, "galina", town.first.pupils["nina"], date.fromisoformat(week_of))
    assert codes(answer) == told
    if told and week_of.startswith("20"):
        assert "учебный год" in answer["errors"][0]["message"]


async def test_a_year_that_another_school_knows_does_not_help(service: Service, town: Town) -> None:
    await insert(
        "school_year", school=town.second.id, name="2025/26", starts_on=date(2025, 9, 1), ends_on=date(2026, 5, 31)
    )
    assert codes(await ask(service, "galina", town.first.pupils["nina"], date(2025, 11, 24))) == ["BAD_INPUT"]
    await insert(
        "school_year", school=town.first.id, name="2025/26", starts_on=date(2025, 9, 1), ends_on=date(2026, 5, 31)
    )
    assert codes(await ask(service, "galina", town.first.pupils["nina"], date(2025, 11, 24))) == []


@pytest.mark.parametrize(
    ("born", "told"),
    [
        (None, ["OWN_REQUEST_TOO_EARLY"]),
        ("2012-11-25", ["OWN_REQUEST_TOO_EARLY"]),  # fourteen tomorrow
        ("2012-11-24", []),
        ("2008-11-24", []),
    ],
)
async def test_a_pupil_asks_from_the_age_of_an_own_decision_on(
    service: Service, town: Town, born: str | None, told: list[str]
) -> None:
    misha = town.first.pupils["misha"]
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", misha, born and date.fromisoformat(born))
    answer = await ask(service, "misha", misha)
    assert codes(answer) == told
    if told:
        assert await duties() == []
        return
    assert answer["data"]["requestExtract"]["dueAt"] == "2026-11-25T21:00:00+00:00"
    again = await ask(service, "misha", misha, MONDAY)
    assert again["data"]["requestExtract"]["jobId"] == answer["data"]["requestExtract"]["jobId"]
    [owed] = await duties()
    assert (owed["guardian"], owed["pupil"], owed["state"]) == (None, misha, "OPEN")
    assert codes(await ask(service, "misha", town.first.pupils["liza"])) == ["NOT_FOUND"]


async def test_the_schools_own_age_counts_and_what_the_pupil_asked_for_is_the_pupils(
    service: Service, town: Town
) -> None:
    school, misha = town.first, town.first.pupils["misha"]
    await school.agree("anna", "misha", handed_to="PUPIL")
    await database.execute("UPDATE school SET own_decision_age = 12 WHERE id = $1", school.id)
    assert codes(await ask(service, "misha", misha)) == ["OWN_REQUEST_TOO_EARLY"]
    await database.execute("UPDATE school SET own_decision_age = 11 WHERE id = $1", school.id)
    own = await job(await ask(service, "misha", misha))
    mothers = await job(await ask(service, "anna", misha))
    office = await insert("print_job", school=school.id, pupil=misha, kind="WEEK", week_of=MONDAY, state="QUEUED")
    assert len({own["id"], mothers["id"], office}) == 3, "each asks for an own sheet"
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", own["id"])
    daria = await service.sign_in("daria")
    to_anna = {"jobId": str(own["id"]), "guardianId": str(school.guardians["anna"])}
    assert codes(await service.post(CONFIRM, to_anna, token=daria)) == ["SHEET_FOR_ANOTHER"]
    given = await service.post(CONFIRM, {"jobId": str(own["id"]), "by": "PUPIL"}, token=daria)
    assert given["data"]["confirmHandOver"] == {"dutiesMet": 1}
    assert {(owed["guardian"], owed["state"]) for owed in await duties()} == {
        (None, "MET"), (school.guardians["anna"], "OPEN"),
    }  # fmt: skip


async def test_an_extract_is_handed_to_who_asked_for_it_alone(service: Service, town: Town) -> None:
    school = town.first
    await school.decide("anna", "misha", "WITHDRAWN")
    uncle = await school.add_guardian("pavel", "Орлов", "Павел", "misha")
    asked = await job(await ask(service, "anna", school.pupils["misha"]))
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", asked["id"])

    await service.post(CONFIRM, {"jobId": str(asked["id"])}, token=await service.sign_in("daria"))

    weekly = await database.fetch("SELECT guardian, state FROM obligation WHERE kind = 'WEEKLY_DIARY'")
    assert {(row["guardian"], row["state"]) for row in weekly} == {
        (school.guardians["anna"], "MET"), (uncle, "OPEN"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("receiver", "agreed", "refused"),
    [
        ("pavel", "GUARDIAN", ["SHEET_FOR_ANOTHER"]),
        (None, "GUARDIAN", ["SHEET_FOR_ANOTHER"]),
        (None, "PUPIL", []),
        ("anna", "GUARDIAN", []),
    ],
)
async def test_an_extract_goes_to_who_asked_or_through_the_pupil_where_that_was_agreed(
    service: Service, town: Town, receiver: str | None, agreed: str, refused: list[str]
) -> None:
    school = town.first
    await school.add_guardian("pavel", "Орлов", "Павел", "misha")
    await school.agree("anna", "misha", handed_to=agreed)
    asked = await job(await ask(service, "anna", school.pupils["misha"]))
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", asked["id"])
    variables = {
        "jobId": str(asked["id"]), "by": "GUARDIAN" if receiver else "PUPIL",
        "guardianId": str(school.guardians[receiver]) if receiver else None,
    }  # fmt: skip
    assert codes(await service.post(CONFIRM, variables, token=await service.sign_in("daria"))) == refused
    assert [owed["state"] for owed in await duties()] == ["OPEN" if refused else "MET"]


async def test_an_extract_is_not_handed_to_whose_rights_have_ended(service: Service, town: Town) -> None:
    asked = await job(await ask(service, "galina", town.first.pupils["nina"]))
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", asked["id"])
    await database.execute("UPDATE guardianship SET restricted = true")
    refused = await service.post(CONFIRM, {"jobId": str(asked["id"])}, token=await service.sign_in("daria"))
    assert codes(refused) == ["RIGHTS_ENDED"]
    assert [owed["met_at"] for owed in await duties()] == [None]


async def test_a_hand_over_opens_the_weeks_duty_that_the_clock_has_not_come_to(
    service: Service, town: Town, clock: clocks.SetClock
) -> None:
    school = town.first
    sheet = await insert(
        "print_job", school=school.id, school_class=school.classes["5А"], kind="WEEK", week_of=TUESDAY,
        state="RENDERED", sha256="ab",
    )  # fmt: skip

    variables = {"jobId": str(sheet), "guardianId": str(school.guardians["galina"])}
    answer = await service.post(CONFIRM, variables, token=await service.sign_in("vera"))

    assert answer["data"]["confirmHandOver"]["dutiesMet"] == 1, "Nina's; Misha is informed electronically"
    [duty] = await database.fetch("SELECT * FROM obligation WHERE kind = 'WEEKLY_DIARY'")
    assert (duty["guardian"], duty["state"], duty["met_by"]) == (school.guardians["galina"], "MET", "HAND_OVER")
    assert await obligations.note_breaches(Nobody(route="CLOCK"), clock.now() + timedelta(days=7)) == 0


async def test_a_form_of_consent_is_printed_for_who_has_decided_nothing(service: Service, town: Town) -> None:
    nina = town.first.pupils["nina"]
    answers = [await form(service, "galina", nina) for _ in range(2)]
    queued = await job(answers[0], "requestConsentForm")
    assert answers[0] == answers[1]
    assert answers[0]["data"]["requestConsentForm"]["dueAt"] is None
    assert (queued["kind"], queued["purpose"], queued["guardian"], queued["week_of"]) == (
        "CONSENT_FORM", "PERSONAL_DATA", town.first.guardians["galina"], None,
    )  # fmt: skip
    assert await duties() == []
    other = await job(await form(service, "galina", nina, "ELECTRONIC_FORM"), "requestConsentForm")
    assert other["id"] != queued["id"]


@pytest.mark.parametrize(
    "change",
    [
        None,
        "UPDATE guardian SET family_name = 'Соколова'",
        "UPDATE school SET address = 'Тверь, Новая улица, 2'",
        "DECISION",
    ],
)
async def test_a_printed_form_whose_words_have_changed_is_made_anew_and_the_old_one_is_cancelled(
    service: Service, town: Town, tmp_path: Path, change: str | None
) -> None:
    school, nina = town.first, town.first.pupils["nina"]
    before = await job(await form(service, "galina", nina), "requestConsentForm")
    [row] = await database.fetch("SELECT id FROM outbox WHERE print_job = $1", before["id"])
    await Sheets(tmp_path).print(str(row["id"]))
    if change == "DECISION":
        await school.decide("galina", "nina")
    elif change:
        await database.execute(change)

    after = await job(await form(service, "galina", nina), "requestConsentForm")

    old = (await database.fetch("SELECT state, problem FROM print_job WHERE id = $1", before["id"]))[0]
    if change is None:
        assert (after["id"], old["state"]) == (before["id"], "RENDERED")
    else:
        assert (after["id"] != before["id"], after["state"]) == (True, "QUEUED")
        assert (old["state"], "устарел" in old["problem"]) == ("CANCELLED", True)
    again = await job(await form(service, "galina", nina), "requestConsentForm")
    assert again["id"] == after["id"]


async def test_a_leave_of_access_is_the_pupils_own_form(service: Service, town: Town) -> None:
    misha = town.first.pupils["misha"]
    assert codes(await form(service, "anna", misha, "GUARDIAN_ACCESS")) == ["BAD_INPUT"]
    own = await job(await form(service, "misha", misha, "GUARDIAN_ACCESS"), "requestConsentForm")
    assert (own["guardian"], own["pupil"]) == (None, misha)


@pytest.mark.parametrize("login", ["daria", "elena", "vera", "olga", "galina", "boris", "stranger", "root"])
async def test_others_get_no_form_of_consent(service: Service, town: Town, login: str) -> None:
    assert codes(await form(service, login, town.first.pupils["misha"])) == ["NOT_FOUND"]
