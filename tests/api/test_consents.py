"""Consent as an access rule: each state has its own answer, and a change works at once (R1.3, R2.3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.documents import PUPIL, REGISTER, VIEWER, WEEK, WITHDRAW
from tests.support.service import Service, codes
from tests.support.town import Town

DAY = "2026-11-24"


async def week(service: Service, town: Town, login: str, pupil: str) -> list[str]:
    """Ask for a pupil's week and return the codes of the refusal."""
    token = await service.sign_in(login)
    variables = {"pupilId": str(town.first.pupils[pupil]), "weekOf": DAY}
    by_week = codes(await service.post(WEEK, variables, token=token))
    by_pupil = codes(await service.post(PUPIL, {"id": variables["pupilId"]}, token=token))
    assert by_week == by_pupil
    return by_week


async def test_without_a_decision_a_guardian_reads_only_the_childs_name(service: Service, town: Town) -> None:
    assert await week(service, town, "galina", "nina") == ["CONSENT_NOT_REGISTERED"]

    viewer = (await service.post(VIEWER, token=await service.sign_in("galina")))["data"]["viewer"]
    assert [pupil["fullName"] for pupil in viewer["pupils"]] == ["Галкина Нина"]


async def test_the_office_registers_a_consent_and_the_guardian_reads(service: Service, town: Town) -> None:
    given = {
        "pupilId": str(town.first.pupils["nina"]),
        "guardianId": str(town.first.guardians["galina"]),
        "documentReference": "Заявление 12 от 24.11.2026, папка 3",
    }

    answer = await service.post(REGISTER, {"input": given}, token=await service.sign_in("daria"))

    assert codes(answer) == []
    assert answer["data"]["registerConsent"]["decision"] == "GIVEN"
    assert await week(service, town, "galina", "nina") == []


@pytest.mark.parametrize(
    ("decisions", "code"),
    [
        ([{"decision": "REFUSED"}], "CONSENT_REFUSED"),
        ([{"decision": "GIVEN"}, {"decision": "WITHDRAWN"}], "CONSENT_WITHDRAWN"),
        ([{"decision": "GIVEN"}, {"purpose": "ELECTRONIC_FORM", "decision": "REFUSED"}], "ELECTRONIC_FORM_REFUSED"),
        ([{"purpose": "ELECTRONIC_FORM", "decision": "GIVEN"}], "CONSENT_NOT_REGISTERED"),
    ],
)
async def test_each_state_of_consent_is_refused_under_its_own_code(
    service: Service, town: Town, decisions: list[dict[str, Any]], code: str
) -> None:
    for decision in decisions:
        await town.first.decide("galina", "nina", **decision)

    assert await week(service, town, "galina", "nina") == [code]


async def register(service: Service, town: Town, **changes: Any) -> list[str]:
    """Have the office register a paper of Galina about Nina, and return the codes of the refusal."""
    given: dict[str, Any] = {
        "pupilId": str(town.first.pupils["nina"]),
        "guardianId": str(town.first.guardians["galina"]),
        "documentReference": "Папка 3",
    }
    return codes(await service.post(REGISTER, {"input": given | changes}, token=await service.sign_in("daria")))


async def test_an_old_paper_does_not_open_what_was_withdrawn_since(
    service: Service, town: Town, clock: SetClock
) -> None:
    received = clock.now()
    assert await register(service, town) == []
    clock.move(timedelta(days=1))
    galina = await service.sign_in("galina")
    withdrawn = clock.now()
    answer = await service.post(WITHDRAW, {"input": {"pupilId": str(town.first.pupils["nina"])}}, token=galina)
    assert codes(answer) == []
    clock.move(timedelta(hours=1))

    for late in (received, withdrawn - timedelta(seconds=1)):
        assert await register(service, town, receivedAt=late.isoformat()) == ["DECISION_OVERTAKEN"]
    assert await week(service, town, "galina", "nina") == ["CONSENT_WITHDRAWN"]
    # A pile brings the oldest papers first: an older refusal between them opens no way back either.
    assert await register(service, town, decision="REFUSED", receivedAt=received.isoformat()) == []
    assert await register(service, town, receivedAt=(received + timedelta(hours=1)).isoformat()) == [
        "DECISION_OVERTAKEN"
    ]
    assert await register(service, town, receivedAt=(withdrawn + timedelta(seconds=1)).isoformat()) == []
    assert await week(service, town, "galina", "nina") == []


async def test_only_a_consent_has_a_term(service: Service, town: Town, clock: SetClock) -> None:
    term = (clock.now() + timedelta(days=1)).isoformat()
    assert await register(service, town, decision="REFUSED", validUntil=term) == ["BAD_INPUT"]
    await town.first.decide("galina", "nina")
    await town.first.decide(
        "galina", "nina", "REFUSED", purpose="ELECTRONIC_FORM", valid_until=clock.now() + timedelta(days=1)
    )
    clock.move(timedelta(days=2))
    assert await week(service, town, "galina", "nina") == ["ELECTRONIC_FORM_REFUSED"]


@pytest.mark.parametrize(
    ("born", "code"),
    [(date(2008, 11, 25), "LEAVE_TOO_EARLY"), (date(2008, 11, 24), None)],
    ids=["a day before 18", "18 today"],
)
async def test_leave_for_guardians_is_given_once_of_age_and_by_the_pupil_alone(
    service: Service, town: Town, born: date, code: str | None
) -> None:
    nina = town.first.pupils["nina"]
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", nina, born)
    leave = {"purpose": "GUARDIAN_ACCESS"}
    assert await register(service, town, **leave) == ["BAD_INPUT"]
    assert await register(service, town, **leave, guardianId=None) == ([code] if code else [])


async def told(service: Service, login: str) -> tuple[str, str]:
    """Return the newest message of somebody's mailbox."""
    query = "{ mailbox(first: 1) { edges { node { subject body ownMatter } } } }"
    answer = await service.post(query, token=await service.sign_in(login))
    node = answer["data"]["mailbox"]["edges"][0]["node"]
    assert node["ownMatter"]
    return node["subject"], node["body"]


async def test_each_decision_is_confirmed_with_what_it_has_really_changed(service: Service, town: Town) -> None:
    assert await register(service, town, purpose="ELECTRONIC_FORM") == []
    subject, body = await told(service, "galina")
    assert subject == "Согласие зарегистрировано"
    assert "пока не открывается. Решение о согласии на обработку персональных данных ещё не зарегистрировано" in body

    assert await register(service, town) == []
    subject, body = await told(service, "galina")
    assert subject == "Согласие зарегистрировано, дневник открыт"
    assert "Галкина" in body

    assert await register(service, town, decision="WITHDRAWN") == []
    subject, body = await told(service, "galina")
    assert subject == "Отзыв согласия зарегистрирован"
    assert "закрыт с этой минуты" in body

    await database.execute("UPDATE guardianship SET restricted = true WHERE pupil = $1", town.first.pupils["nina"])
    assert await register(service, town) == []
    _subject, body = await told(service, "galina")
    assert "пока не открывается. Подробности скажет школа." in body


async def test_a_duty_to_tell_is_met_by_the_message_that_lies_in_the_mailbox(service: Service, town: Town) -> None:
    assert await register(service, town, decision="REFUSED") == []
    rows = await database.fetch(
        """
        SELECT o.state, o.met_by, o.evidence, m.id AS message FROM obligation o
        JOIN mailbox_message m ON m.obligation = o.id WHERE o.kind = 'CONSENT_EFFECT'
        """
    )
    assert [(row["state"], row["met_by"]) for row in rows] == [("MET", "PUBLICATION")]
    assert str(rows[0]["message"]) in str(rows[0]["evidence"])


async def test_a_consent_with_a_term_ends_to_the_second(service: Service, town: Town, clock: SetClock) -> None:
    await town.first.decide("galina", "nina", valid_until=clock.now() + timedelta(minutes=1))

    clock.move(timedelta(seconds=59))
    assert await week(service, town, "galina", "nina") == []
    clock.move(timedelta(seconds=1))
    assert await week(service, town, "galina", "nina") == ["CONSENT_EXPIRED"]


@pytest.mark.parametrize(
    ("born", "code"),
    [(date(2012, 11, 25), []), (date(2012, 11, 24), ["OWN_CONSENT_MISSING"])],
    ids=["a day before 14", "14 today"],
)
async def test_from_fourteen_a_pupils_own_consent_is_needed(
    service: Service, town: Town, born: date, code: list[str]
) -> None:
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", town.first.pupils["misha"], born)

    assert await week(service, town, "misha", "misha") == code


async def test_a_withdrawal_closes_one_child_and_leaves_the_session_and_the_other(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    answer = await service.post(WITHDRAW, {"input": {"pupilId": str(town.first.pupils["misha"])}}, token=token)

    assert answer["data"]["withdrawConsent"] == {"decision": "WITHDRAWN", "form": "ELECTRONIC"}
    assert await week(service, town, "anna", "misha") == ["CONSENT_WITHDRAWN"]
    assert await week(service, town, "anna", "liza") == []
    assert codes(await service.post(VIEWER, token=token)) == []


async def test_withdrawing_twice_or_for_a_foreign_child_is_refused(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    own = {"input": {"pupilId": str(town.first.pupils["misha"])}}
    assert codes(await service.post(WITHDRAW, own, token=token)) == []

    assert codes(await service.post(WITHDRAW, own, token=token)) == ["NOTHING_TO_WITHDRAW"]
    for foreign in (str(town.second.pupils["kolya"]), str(town.first.pupils["nina"]), "no-such-id"):
        assert codes(await service.post(WITHDRAW, {"input": {"pupilId": foreign}}, token=token)) == ["NOT_FOUND"]


@pytest.mark.parametrize("login", ["elena", "vera", "anna", "galina", "root", "nobody"])
async def test_only_the_schools_own_office_registers(service: Service, town: Town, login: str) -> None:
    given = {
        "pupilId": str(town.first.pupils["nina"]),
        "guardianId": str(town.first.guardians["galina"]),
        "documentReference": "Заявление 12",
    }

    assert codes(await service.post(REGISTER, {"input": given}, token=await service.sign_in(login))) == ["NOT_FOUND"]
    assert await week(service, town, "galina", "nina") == ["CONSENT_NOT_REGISTERED"]


@pytest.mark.parametrize(
    ("born", "code"),
    [(date(2012, 11, 25), ["OWN_DECISION_TOO_EARLY"]), (date(2012, 11, 24), []), (None, ["OWN_DECISION_TOO_EARLY"])],
    ids=["fourteen tomorrow", "fourteen today", "age unknown"],
)
async def test_a_pupil_decides_from_the_fourteenth_birthday_on(
    service: Service, town: Town, born: date | None, code: list[str]
) -> None:
    nina = town.first.pupils["nina"]
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", nina, born)
    own = {"pupilId": str(nina), "documentReference": "Папка 7"}

    assert codes(await service.post(REGISTER, {"input": own}, token=await service.sign_in("daria"))) == code


async def test_the_class_shows_with_the_consent(service: Service, town: Town) -> None:
    async def school_class() -> Any:
        answer = await service.post(VIEWER, token=await service.sign_in("galina"))
        return answer["data"]["viewer"]["pupils"][0]["schoolClass"]

    before = await school_class()
    await town.first.decide("galina", "nina")

    assert before is None
    assert await school_class() == {"name": "5А"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"documentReference": "  "}, "DOCUMENT_REQUIRED"),
        ({"receivedAt": "2026-11-24T09:00:01+00:00"}, "BAD_INPUT"),
        ({"receivedAt": "2026-11-24T08:00:00"}, "BAD_INPUT"),
        ({"validUntil": "2026-11-24T12:00:00+03:00"}, "BAD_INPUT"),
        ({"decision": "WITHDRAWN"}, "NOTHING_TO_WITHDRAW"),
        ({"guardianId": "no-such-id"}, "NOT_FOUND"),
        ({"documentReference": "\x00"}, "BAD_INPUT"),
        ({"documentReference": "x" * 256}, "BAD_INPUT"),
        ({"receivedAt": "2006-11-24T08:00:00+00:00"}, "BAD_INPUT"),
        ({"form": "ELECTRONIC", "signatureKind": "HANDWRITTEN"}, "SIGNATURE_MISFITS"),
        ({"form": "PAPER", "signatureKind": "QUALIFIED"}, "SIGNATURE_MISFITS"),
        ({"guardianId": None}, "OWN_DECISION_TOO_EARLY"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_decision_that_cannot_be_registered_is_refused_and_leaves_nothing(
    service: Service, town: Town, change: dict[str, Any], code: str
) -> None:
    given = {
        "pupilId": str(town.first.pupils["nina"]),
        "guardianId": str(town.first.guardians["galina"]),
        "documentReference": "Заявление 12",
    } | change

    assert codes(await service.post(REGISTER, {"input": given}, token=await service.sign_in("daria"))) == [code]
    assert await week(service, town, "galina", "nina") == ["CONSENT_NOT_REGISTERED"]


async def test_a_withdrawal_counts_even_when_the_clock_of_its_process_is_behind(
    service: Service, town: Town, clock: SetClock
) -> None:
    given = {
        "pupilId": str(town.first.pupils["misha"]),
        "guardianId": str(town.first.guardians["anna"]),
        "documentReference": "Заявление 13",
    }
    anna = await service.sign_in("anna")
    await service.post(REGISTER, {"input": given}, token=await service.sign_in("daria"))

    clock.move(timedelta(seconds=-2))
    withdrawn = await service.post(WITHDRAW, {"input": {"pupilId": given["pupilId"]}}, token=anna)

    assert codes(withdrawn) == []
    for _moment in range(3):
        assert await week(service, town, "anna", "misha") == ["CONSENT_WITHDRAWN"]
        clock.move(timedelta(seconds=2))
    ledger = await database.fetch(
        "SELECT registered_at FROM consent_decision WHERE guardian = $1 AND pupil = $2 ORDER BY seq",
        town.first.guardians["anna"],
        town.first.pupils["misha"],
    )
    times = [row["registered_at"] for row in ledger]
    assert len(times) == 3
    assert times == sorted(set(times))
