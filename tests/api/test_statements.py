"""A family sees what became of its documents and whether its codes sign; the office closes and agrees over GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from diary.kit import database
from tests.api.test_signing import NOON, Desk, seated
from tests.support.service import Service, codes
from tests.support.town import Town

STATEMENTS = """
query ($pupilId: ID!, $guardianId: ID) { statements(pupilId: $pupilId, guardianId: $guardianId) {
  id state decision purpose verdict closingReason decisionId } }
"""
REJECT = "mutation ($id: ID!, $reason: String!) { rejectStatement(statementId: $id, reason: $reason) }"
AGREEMENT = "query ($guardianId: ID) { signingAgreement(guardianId: $guardianId) { signedOn endedAt } }"
AGREE = """
mutation ($input: AgreeToCodesInput!) { agreeToCodes(input: $input) { documentReference signedOn endedAt } }
"""
END = "mutation ($guardianId: ID) { endSigningAgreement(guardianId: $guardianId) { endedAt } }"
MAIL = "{ mailbox(first: 5) { edges { node { subject body ownMatter } } } }"


@pytest.fixture
async def desk(service: Service, town: Town) -> Desk:
    """Galina, whose agreement and authority are in force."""
    return await seated(service, town)


async def handed_in(desk: Desk) -> str:
    """Hand in a file of an authority that nobody trusts, and return the draft."""
    await database.execute("UPDATE trusted_certificate SET retired_at = $1", NOON)
    answer = await desk.submit(await desk.signed())
    draft: str = answer["data"]["submitSignedConsent"]["statementId"]
    return draft


async def lines(desk: Desk, token: str | None = None) -> list[dict[str, Any]]:
    """Return Galina's documents about Nina."""
    answer = await desk.ask(STATEMENTS, desk.pair, token=token)
    found: list[dict[str, Any]] = answer["data"]["statements"]
    return found


async def test_a_family_reads_what_waits_and_why_it_was_rejected(desk: Desk) -> None:
    draft = await handed_in(desk)
    daria = await desk.service.sign_in("daria")
    expected = {
        "id": draft, "state": "DRAFT", "decision": "GIVEN", "purpose": "PERSONAL_DATA", "verdict": "UNTRUSTED",
        "closingReason": "", "decisionId": None,
    }  # fmt: skip
    assert await lines(desk) == await lines(desk, daria) == [expected]

    assert codes(await desk.ask(REJECT, {"id": draft, "reason": " "}, token=daria)) == ["REJECTION_NEEDS_REASON"]
    done = await desk.ask(REJECT, {"id": draft, "reason": "Центр не аккредитован"}, token=daria)
    assert done["data"] == {"rejectStatement": True}

    assert await lines(desk) == [{**expected, "state": "REJECTED", "closingReason": "Центр не аккредитован"}]
    (message,) = [edge["node"] for edge in (await desk.ask(MAIL, {}))["data"]["mailbox"]["edges"]]
    assert (message["subject"], message["ownMatter"]) == ("Документ отклонён", True)
    assert "Центр не аккредитован" in message["body"]
    assert codes(await desk.ask(REJECT, {"id": draft, "reason": "Ещё раз"}, token=daria)) == ["STATEMENT_CLOSED"]


async def test_a_person_learns_whether_codes_sign_and_the_office_agrees_and_ends(desk: Desk) -> None:
    daria, whose = await desk.service.sign_in("daria"), {"guardianId": desk.pair["guardianId"]}
    in_force = {"signedOn": "2026-11-24", "endedAt": None}
    for token in (desk.token, daria):
        assert (await desk.ask(AGREEMENT, whose, token=token))["data"]["signingAgreement"] == in_force

    ended = await desk.ask(END, whose, token=daria)
    assert ended["data"]["endSigningAgreement"]["endedAt"] is not None
    assert (await desk.ask(AGREEMENT, whose))["data"] == {"signingAgreement": None}
    assert codes(await desk.request()) == ["SIGNING_NOT_AGREED"]

    given = {"input": {**whose, "documentReference": "Соглашение № 5", "signedOn": "2026-11-20"}}
    assert codes(await desk.ask(AGREE, given)) == ["NOT_FOUND"], "nobody agrees in the school's name"
    agreed = await desk.ask(AGREE, given, token=daria)
    assert agreed["data"]["agreeToCodes"] == {
        "documentReference": "Соглашение № 5", "signedOn": "2026-11-20", "endedAt": None,
    }  # fmt: skip
    assert codes(await desk.request()) == []
