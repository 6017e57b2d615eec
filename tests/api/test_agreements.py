"""Agreeing about the form of delivery over GraphQL (R1, R9.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.support.service import Service, codes
from tests.support.town import Town

AGREE = """
mutation ($input: AgreeDeliveryInput!) { agreeDelivery(input: $input) {
    form reason handedTo channels schedule weekdays quietFrom origin documentReference } }
"""
AGREEMENTS = "query ($pupil: ID!) { deliveryAgreements(pupilId: $pupil) { guardianId form channels origin reason } }"
WITHDRAW = "mutation ($pupil: ID!) { withdrawConsent(input: {pupilId: $pupil}) { decision } }"


def wanted(town: Town, guardian: str = "anna", pupil: str = "misha", **more: Any) -> dict[str, Any]:
    """Return an agreement on e-mail with changes."""
    return {
        "input": {
            "guardianId": str(town.first.guardians[guardian]), "pupilId": str(town.first.pupils[pupil]),
            "form": "ELECTRONIC", "channels": ["EMAIL", "MAILBOX"], **more,
        }
    }  # fmt: skip


async def test_a_guardian_agrees_and_changes_the_mind_and_both_stay(service: Service, town: Town) -> None:
    anna = await service.sign_in("anna")
    first = await service.post(
        AGREE, wanted(town, schedule="AGREED_DAYS", weekdays=[5, 1, 5], quietFrom="22:00:00", quietTo="08:00:00"),
        token=anna,
    )  # fmt: skip
    assert first["data"]["agreeDelivery"] == {
        "form": "ELECTRONIC", "reason": None, "handedTo": "GUARDIAN", "channels": ["EMAIL", "MAILBOX"],
        "schedule": "AGREED_DAYS", "weekdays": [1, 5],
        "quietFrom": "22:00:00", "origin": "GUARDIAN", "documentReference": "",
    }  # fmt: skip
    await service.post(AGREE, wanted(town, form="PAPER", channels=[], reason="UNABLE"), token=anna)

    answer = await service.post(AGREEMENTS, {"pupil": str(town.first.pupils["misha"])}, token=anna)
    assert [entry["form"] for entry in answer["data"]["deliveryAgreements"]] == ["PAPER", "ELECTRONIC"]


async def test_on_paper_a_guardian_agrees_whether_the_pupil_carries_the_diary_home(
    service: Service, town: Town
) -> None:
    anna = await service.sign_in("anna")
    told = []
    for more in ({}, {"handedTo": "PUPIL"}, {"handedTo": "GUARDIAN"}):
        paper = wanted(town, form="PAPER", channels=[], reason="UNABLE", **more)
        told.append((await service.post(AGREE, paper, token=anna))["data"]["agreeDelivery"]["handedTo"])
    assert told == ["GUARDIAN", "PUPIL", "GUARDIAN"]
    assert codes(await service.post(AGREE, wanted(town, handedTo="PUPIL"), token=anna)) == ["BAD_INPUT"]
    with pytest.raises(asyncpg.CheckViolationError):
        await town.first.agree("anna", "misha", "EMAIL", handed_to="PUPIL")


async def test_the_office_needs_a_document(service: Service, town: Town) -> None:
    daria = await service.sign_in("daria")
    assert codes(await service.post(AGREE, wanted(town), token=daria)) == ["AGREEMENT_NEEDS_DOCUMENT"]
    answer = await service.post(AGREE, wanted(town, documentReference="Папка 3, лист 9"), token=daria)
    assert answer["data"]["agreeDelivery"]["origin"] == "OFFICE"


async def test_paper_needs_no_consent_and_the_electronic_form_does(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    electronic = wanted(town, "galina", "nina")
    assert codes(await service.post(AGREE, electronic, token=galina)) == ["CONSENT_NOT_REGISTERED"]
    paper = wanted(town, "galina", "nina", form="PAPER", channels=[], reason="UNWILLING")
    assert (await service.post(AGREE, paper, token=galina))["data"]["agreeDelivery"]["form"] == "PAPER"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": []}, "channels"),
        ({"reason": "UNABLE"}, "reason"),
        ({"form": "PAPER", "channels": []}, "reason"),
        ({"form": "PAPER", "reason": "UNABLE"}, "channels"),
        ({"weekdays": [5]}, "schedule"),
        ({"schedule": "AGREED_DAYS"}, "schedule"),
        ({"schedule": "AGREED_DAYS", "weekdays": [0]}, "weekdays"),
        ({"schedule": "AGREED_DAYS", "weekdays": [8]}, "weekdays"),
        ({"schedule": "AGREED_DAYS", "monthDays": [32]}, "monthDays"),
        ({"schedule": "AGREED_DAYS", "dates": ["2026-11-23"]}, "dates"),
        ({"quietFrom": "22:00:00"}, "quietTo"),
    ],
)
async def test_what_does_not_fit_together_is_refused_by_name(
    service: Service, town: Town, change: dict[str, Any], field: str
) -> None:
    answer = await service.post(AGREE, wanted(town, **change), token=await service.sign_in("anna"))
    assert codes(answer) == ["BAD_INPUT"]
    assert field in answer["errors"][0]["message"]
    assert await database.fetch("SELECT id FROM delivery_agreement") == []


async def test_withdrawing_puts_the_family_on_paper_in_the_same_moment(service: Service, town: Town) -> None:
    anna = await service.sign_in("anna")
    misha = str(town.first.pupils["misha"])
    await service.post(AGREE, wanted(town), token=anna)

    await service.post(WITHDRAW, {"pupil": misha}, token=anna)

    answer = await service.post(AGREEMENTS, {"pupil": misha}, token=await service.sign_in("daria"))
    newest = answer["data"]["deliveryAgreements"][0]
    assert (newest["form"], newest["origin"], newest["reason"]) == ("PAPER", "CONSENT_ENDED", "UNWILLING")
    assert codes(await service.post(AGREE, wanted(town), token=anna)) == ["CONSENT_WITHDRAWN"]


async def test_another_guardian_sees_only_the_own_agreement(service: Service, town: Town) -> None:
    await town.first.add_guardian("pavel", "Орлов", "Павел", "misha")
    await town.open_account("pavel", role="GUARDIAN", school=town.first.id, guardian=town.first.guardians["pavel"])
    await service.post(AGREE, wanted(town), token=await service.sign_in("anna"))

    pavel = await service.sign_in("pavel")
    answer = await service.post(AGREEMENTS, {"pupil": str(town.first.pupils["misha"])}, token=pavel)
    assert answer["data"]["deliveryAgreements"] == []
    assert codes(await service.post(AGREE, wanted(town), token=pavel)) == ["NOT_FOUND"]


@pytest.mark.usefixtures("town")
async def test_an_agreement_is_never_rewritten(service: Service, town: Town) -> None:
    await service.post(AGREE, wanted(town), token=await service.sign_in("anna"))
    for statement in ("UPDATE delivery_agreement SET form = 'PAPER'", "DELETE FROM delivery_agreement"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.execute(statement)


async def test_today_is_the_schools_own_date(service: Service, town: Town, clock: SetClock) -> None:
    clock.instant = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)  # half past midnight of the 25th in Moscow
    anna = await service.sign_in("anna")
    for day, refused in (("2026-11-24", ["BAD_INPUT"]), ("2026-11-25", [])):
        answer = await service.post(AGREE, wanted(town, schedule="AGREED_DAYS", dates=[day]), token=anna)
        assert codes(answer) == refused, day
