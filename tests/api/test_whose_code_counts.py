"""A code is a signature under an agreement, with a password of one's own, to an address that a code has confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from diary.access.viewer import Nobody
from diary.delivery.given_passwords import give_new_password
from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.test_contacts import CONFIRM, RESEND, sent_code
from tests.api.test_signing import NOON, Desk, agree, confirmed, evidence, ledger, seated
from tests.support.service import SIGN_IN, Service, codes
from tests.support.town import PASSWORD, Town

CHANGE = """
mutation ($old: String!, $new: String!) { changePassword(currentPassword: $old, newPassword: $new) }
"""
OWN = "берёза у дальней реки"


@pytest.fixture
async def desk(service: Service, town: Town) -> Desk:
    """Everything that signing needs."""
    return await seated(service, town)


async def end_agreements() -> None:
    """End every agreement, as the office does."""
    await database.execute("UPDATE signing_agreement SET ended_at = $1", NOON)


async def test_without_an_agreement_no_code_is_sent(desk: Desk) -> None:
    await end_agreements()
    # Somebody else's counts for nobody else, and a child's not for the guardian.
    await agree(desk.town.first.id, guardian=desk.town.first.guardians["anna"])
    await agree(desk.town.first.id, pupil=desk.town.first.pupils["nina"])
    answer = await desk.request()
    assert codes(answer) == ["SIGNING_NOT_AGREED"]
    assert "в школе" in answer["errors"][0]["message"]
    assert await database.fetch("SELECT FROM outbox WHERE topic = 'CODE'") == []


async def test_an_agreement_that_ends_before_the_code_comes_back_signs_nothing(desk: Desk) -> None:
    request, code = await desk.requested()
    await end_agreements()
    assert codes(await desk.sign(request, code)) == ["SIGNING_NOT_AGREED"]
    assert (await evidence(), await ledger(desk)) == ([], [])


async def test_a_signature_names_the_agreement_that_it_rests_on(desk: Desk) -> None:
    assert codes(await desk.sign(*await desk.requested())) == []
    (kept,) = await evidence()
    (agreed,) = await database.fetch("SELECT id FROM signing_agreement")
    assert kept["agreement"] == agreed["id"]


async def test_the_office_registers_no_code_without_an_agreement(desk: Desk) -> None:
    assert codes(await desk.sign(*await desk.requested())) == []
    (kept,) = await evidence()
    await desk.town.first.decide("galina", "nina", "WITHDRAWN")
    document = await desk.document()
    bare = await database.fetch(
        "INSERT INTO signature (id, school, kind, verdict, reason, document, document_sha256, signer, checked_at, "
        "checked_by, account, code_sent_to, code_confirmed_at, address) VALUES (uuidv7(), $1, 'SIMPLE', 'VALID', '', "
        "$2, '', '', $3, '', $4, 'x', $3, '') RETURNING id",
        desk.town.first.id, document["document"].encode(), NOON, kept["account"],
    )  # fmt: skip
    given = {**desk.pair, "form": "ELECTRONIC", "signatureKind": "SIMPLE", "signatureId": str(bare[0]["id"])}
    answer = await desk.ask(
        "mutation ($input: RegisterConsentInput!) { registerConsent(input: $input) { id } }",
        {"input": given},
        token=await desk.service.sign_in("daria"),
    )
    assert codes(answer) == ["SIGNATURE_NOT_VALID"]
    assert "соглашении" in answer["errors"][0]["message"]


async def test_an_agreement_is_only_ever_ended(desk: Desk) -> None:
    for change in (
        "UPDATE signing_agreement SET document_reference = 'другой'",
        "UPDATE signing_agreement SET signed_on = '2020-01-01'",
        "DELETE FROM signing_agreement",
        "TRUNCATE signing_agreement CASCADE",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.execute(change)
    await end_agreements()
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute("UPDATE signing_agreement SET ended_at = NULL")


# The password.


async def test_a_password_that_the_school_has_given_signs_nothing(desk: Desk) -> None:
    request, code = await desk.requested()
    given = await give_new_password(Nobody(route="COMMAND_LINE"), "galina")
    answer = await desk.service.post(SIGN_IN, {"login": "galina", "password": given.password})
    desk.token = answer["data"]["signIn"]["token"]
    assert codes(await desk.request()) == ["PASSWORD_NOT_OWN"]
    assert codes(await desk.sign(request, code)) == ["PASSWORD_NOT_OWN"]

    assert codes(await desk.ask(CHANGE, {"old": given.password, "new": given.password})) == ["BAD_INPUT"]
    assert codes(await desk.request()) == ["PASSWORD_NOT_OWN"]
    changed = await desk.ask(CHANGE, {"old": given.password, "new": OWN})
    assert changed["data"] == {"changePassword": True}
    ended = await desk.ask(CHANGE, {"old": OWN, "new": given.password})
    assert codes(ended) == ["SIGN_IN_REQUIRED"], "every session ends with the old password"
    answer = await desk.service.post(SIGN_IN, {"login": "galina", "password": OWN})
    desk.token = answer["data"]["signIn"]["token"]
    assert codes(await desk.sign(*await desk.requested())) == []
    assert len(await ledger(desk)) == 1


async def test_a_new_account_has_a_given_password(desk: Desk) -> None:
    """Whatever opens an account: the database's own default is the careful one."""
    opened = await database.fetch(
        "INSERT INTO account (username, password) VALUES ('fresh', 'x') RETURNING password_given"
    )
    assert opened[0]["password_given"] is True


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("wrong", OWN, ["SIGN_IN_FAILED"]),
        (PASSWORD, "short", ["PASSWORD_TOO_WEAK"]),
        (PASSWORD, "password", ["PASSWORD_TOO_COMMON"]),
        (PASSWORD, OWN, []),
    ],
)
async def test_a_password_is_changed_by_whoever_knows_the_old_one(
    service: Service, town: Town, old: str, new: str, refused: list[str]
) -> None:
    token = await service.sign_in("anna")
    assert codes(await service.post(CHANGE, {"old": old, "new": new}, token=token)) == refused


# The address.


async def test_an_address_out_of_a_paper_signs_after_a_code_of_its_own_has_come_back(
    desk: Desk, clock: SetClock
) -> None:
    paper = str(await desk.town.first.add_contact("galina", "paper@families.example"))
    assert codes(await desk.request(contactId=paper)) == ["CONTACT_NEEDS_CODE"]

    assert codes(await desk.ask(RESEND, {"id": paper})) == []
    assert codes(await desk.ask(CONFIRM, {"id": paper, "code": await sent_code()})) == []
    (kept,) = await database.fetch("SELECT * FROM contact_point WHERE id = $1", UUID(paper))
    assert (kept["provenance"], kept["confirmed_by_code"] is None) == ("PAPER", False)
    assert codes(await desk.ask(RESEND, {"id": paper})) == ["NOT_FOUND"]
    clock.move(timedelta(hours=24))
    assert codes(await desk.request(contactId=paper)) == []
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute("UPDATE contact_point SET confirmed_by_code = NULL WHERE id = $1", UUID(paper))


async def test_the_office_confirms_no_address_by_a_code(desk: Desk) -> None:
    paper = str(await desk.town.first.add_contact("galina", "paper@families.example"))
    assert codes(await desk.ask(RESEND, {"id": paper}, token=await desk.service.sign_in("daria"))) == ["NOT_FOUND"]


# Everybody else who is the person learns of it.


async def alerts() -> list[tuple[str, str]]:
    """Return whom the queued letters about the own matters go to, with their subjects."""
    rows = await database.fetch(
        "SELECT c.value, o.subject, o.body FROM outbox o JOIN contact_point c ON c.id = o.contact_point "
        "WHERE o.topic = 'OWN_MATTER' AND starts_with(o.dedup_key, 'alert:') ORDER BY c.value"
    )
    assert all("galina@families.example" not in row["body"] for row in rows)
    return [(row["value"], row["subject"]) for row in rows]


async def other_contacts(desk: Desk) -> None:
    """Give Galina one more address of each fate."""
    galina: dict[str, Any] = {"guardian": desk.town.first.guardians["galina"]}
    await desk.town.first.add_contact("galina", "paper@families.example")
    await desk.town.first.add_contact("galina", "+79161234567", "SMS")
    await desk.town.first.add_contact("galina", "Пермь", "POSTAL")
    await desk.town.first.add_contact("galina", "gone@families.example", retired_at=NOON)
    await desk.town.first.add_contact("galina", "dead@families.example", failed_at=NOON)
    await desk.town.first.add_contact("galina", "unsure@families.example", confirmed_at=None)
    await desk.town.first.add_contact("anna", "anna@families.example")
    await confirmed(desk.town.first.id, desk.town.accounts["galina"], "second@families.example", **galina)


async def mailbox() -> list[asyncpg.Record]:
    """Return Galina's messages of this kind."""
    return await database.fetch(
        "SELECT * FROM mailbox_message WHERE subject IN ('Документ подписан кодом', 'Подтверждён новый адрес')"
    )


async def test_every_other_address_and_the_mailbox_learn_that_a_document_was_signed(
    desk: Desk, clock: SetClock
) -> None:
    await other_contacts(desk)
    clock.move(timedelta(minutes=1))
    assert codes(await desk.sign(*await desk.requested())) == []

    subject = "Документ подписан кодом"
    assert await alerts() == [
        ("+79161234567", subject), ("paper@families.example", subject), ("second@families.example", subject),
    ]  # fmt: skip
    (message,) = await mailbox()
    assert (message["guardian"], message["own_matter"]) == (desk.town.first.guardians["galina"], True)
    assert "24.11.2026 12:01" in message["body"]
    assert "g***@families.example" in message["body"]


async def test_every_other_address_and_the_mailbox_learn_that_an_address_was_confirmed(desk: Desk) -> None:
    await other_contacts(desk)
    (unsure,) = await database.fetch("SELECT id FROM contact_point WHERE value = 'unsure@families.example'")
    assert codes(await desk.ask(RESEND, {"id": str(unsure["id"])})) == ["NOT_FOUND"], "a paper's waits for its paper"
    (paper,) = await database.fetch("SELECT id FROM contact_point WHERE value = 'paper@families.example'")
    await desk.ask(RESEND, {"id": str(paper["id"])})
    assert codes(await desk.ask(CONFIRM, {"id": str(paper["id"]), "code": await sent_code()})) == []

    assert [value for value, _subject in await alerts()] == [
        "+79161234567", "galina@families.example", "second@families.example",
    ]  # fmt: skip
    (message,) = await mailbox()
    assert "p***@families.example" in message["body"]
