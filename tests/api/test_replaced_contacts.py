"""Nobody takes a family's address or password over in silence, and not to sign with within the day (63-FZ art. 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diary.access import accounts
from diary.access.tables import Role
from diary.access.viewer import Nobody
from diary.delivery import outbox
from diary.delivery.given_passwords import create_account, give_new_password
from diary.delivery.tables import OutboxKind
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.test_contacts import ADD, CONFIRM, RESEND, RETIRE, of, sent_code
from tests.api.test_signing import Desk, seated
from tests.api.test_whose_code_counts import CHANGE, OWN
from tests.support.service import SIGN_IN, Service, codes
from tests.support.town import Town

SHELL = Nobody(route="COMMAND_LINE")
WORKER = Nobody(route="WORKER")
REPLACE = """
mutation ($input: ReplaceContactPointInput!) { replaceContactPoint(input: $input) { contact { id } } }
"""
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def desk(service: Service, town: Town) -> Desk:
    """Galina with an address that has carried codes for days."""
    return await seated(service, town)


async def alerts() -> list[tuple[str, str]]:
    """Return whom the alerts go to, with their subjects."""
    rows = await database.fetch(
        "SELECT c.value, o.subject FROM outbox o JOIN contact_point c ON c.id = o.contact_point "
        "WHERE starts_with(o.dedup_key, 'alert:') ORDER BY o.id"
    )
    return [(row["value"], row["subject"]) for row in rows]


async def mailbox() -> list[str]:
    """Return the subjects in Galina's mailbox, the oldest first."""
    rows = await database.fetch("SELECT subject FROM mailbox_message WHERE own_matter ORDER BY id")
    return [row["subject"] for row in rows]


async def verdicts() -> dict[str, str]:
    """Have a worker ask about every alert, and return the answers by address."""
    found = {}
    rows = await database.fetch("SELECT id, kind FROM outbox WHERE starts_with(dedup_key, 'alert:') ORDER BY id")
    for row in rows:
        claimed = await outbox.claim(WORKER, row["id"], OutboxKind(row["kind"]))
        assert claimed is not None
        given = await outbox.ask_again(claimed)
        assert given is not None
        (to,) = await database.fetch("SELECT value FROM contact_point WHERE id = $1", claimed.contact_id)
        found[to["value"]] = given.address if given.is_given else given.verdict
    return found


async def replaced(desk: Desk, value: str = "thief@evil.example") -> str:
    """Put an address in the place of Galina's, as whoever has her password would, and return its id."""
    answer = await desk.ask(REPLACE, {"input": {"contactId": str(desk.contact), "value": value}})
    new: str = answer["data"]["replaceContactPoint"]["contact"]["id"]
    assert codes(await desk.ask(CONFIRM, {"id": new, "code": await sent_code()})) == []
    return new


async def test_a_replaced_address_is_told_although_it_is_in_use_no_more(desk: Desk) -> None:
    await replaced(desk)
    assert await alerts() == [("galina@families.example", "Подтверждён новый адрес")]
    assert await verdicts() == {"galina@families.example": "galina@families.example"}


async def test_an_address_retired_in_the_document_that_confirms_another_is_told_of_both(desk: Desk) -> None:
    answer = await desk.ask(ADD, of(desk.town, "galina", "thief@evil.example"))
    new = answer["data"]["addContactPoint"]["contact"]["id"]
    both = """mutation ($id: ID!, $code: String!, $old: ID!) {
        confirmContactPoint(contactId: $id, code: $code) { id } retireContactPoint(contactId: $old) { retiredAt } }"""
    done = await desk.ask(both, {"id": new, "code": await sent_code(), "old": str(desk.contact)})
    assert codes(done) == []

    assert ("galina@families.example", "Подтверждён новый адрес") in await alerts()
    assert ("galina@families.example", "Адрес больше не действует") in await alerts()
    assert (await verdicts())["galina@families.example"] == "galina@families.example"


async def test_an_alert_leaves_at_night_and_to_a_retired_address_for_three_days(desk: Desk, clock: SetClock) -> None:
    await database.execute("UPDATE school SET quiet_from = '00:00', quiet_to = '23:59'")
    await replaced(desk)
    clock.move(timedelta(hours=72) - SECOND - outbox.CLOCKS_DIFFER)
    assert await verdicts() == {"galina@families.example": "galina@families.example"}


async def test_an_alert_to_a_retired_address_ends_after_three_days(desk: Desk, clock: SetClock) -> None:
    await replaced(desk)
    clock.move(timedelta(hours=72))
    assert await verdicts() == {"galina@families.example": "CONTACT_RETIRED"}


@pytest.mark.parametrize("act", ["ADD", "REPLACE", "RETIRE"])
async def test_what_the_office_does_with_an_address_is_told_at_the_one_of_before(desk: Desk, act: str) -> None:
    daria = await desk.service.sign_in("daria")
    paper = {"provenance": "PAPER", "documentReference": "Папка 2, лист 4"}
    given: dict[str, Any]
    if act == "ADD":
        document, given = ADD, of(desk.town, "galina", "new@families.example", **paper)
    elif act == "REPLACE":
        document = REPLACE
        given = {"input": {"contactId": str(desk.contact), "value": "new@families.example", **paper}}
    else:
        document, given = RETIRE, {"id": str(desk.contact)}
    assert codes(await desk.ask(document, given, token=daria)) == []

    subject = "Адрес больше не действует" if act == "RETIRE" else "Школа записала новый адрес"
    assert await alerts() == [("galina@families.example", subject)]
    assert await mailbox() == [subject]
    assert await verdicts() == {"galina@families.example": "galina@families.example"}


async def test_a_new_password_is_told_at_every_address_and_in_the_mailbox(desk: Desk) -> None:
    await desk.town.first.add_contact("galina", "+79161234567", "SMS")
    await give_new_password(SHELL, "galina")
    told = "Школа выдала новый пароль"
    assert sorted(await alerts()) == [("+79161234567", told), ("galina@families.example", told)]
    assert await mailbox() == [told]


async def test_a_second_key_in_the_place_of_a_closed_account_is_told_as_well(desk: Desk) -> None:
    await accounts.close_account(SHELL, "galina")
    guardian = desk.town.first.guardians["galina"]
    made = await create_account(SHELL, login="galina.new", role=Role.GUARDIAN, person_id=guardian)
    assert await alerts() == [("galina@families.example", "Открыта учётная запись")]
    (row,) = await database.fetch("SELECT password_given_at FROM account WHERE id = $1", made.account_id)
    assert row["password_given_at"] == clocks.now()


# Codes to sign with.


async def test_a_new_address_beside_another_signs_after_a_day(desk: Desk, clock: SetClock) -> None:
    answer = await desk.ask(ADD, of(desk.town, "galina", "thief@evil.example"))
    new = answer["data"]["addContactPoint"]["contact"]["id"]
    await desk.ask(CONFIRM, {"id": new, "code": await sent_code()})
    refused = await desk.request(contactId=new)
    assert codes(refused) == ["CONTACT_TOO_NEW"]
    assert "через сутки" in refused["errors"][0]["message"]
    assert codes(await desk.request()) == [], "the old one goes on carrying codes"

    clock.move(DAY - SECOND)
    assert codes(await desk.request(contactId=new)) == ["CONTACT_TOO_NEW"]
    clock.move(SECOND)
    assert codes(await desk.request(contactId=new)) == []


async def test_retiring_the_old_address_does_not_shorten_the_day(desk: Desk) -> None:
    new = await replaced(desk)
    assert codes(await desk.request(contactId=new)) == ["CONTACT_TOO_NEW"]


async def test_a_familys_first_address_signs_at_once(desk: Desk) -> None:
    (only,) = await database.fetch(
        "SELECT count(*) AS n FROM contact_point WHERE guardian = $1", desk.town.first.guardians["galina"]
    )
    assert only["n"] == 1
    desk.token = await _session(desk)
    assert codes(await desk.request()) == []


async def _session(desk: Desk) -> str:
    """Sign Galina in with a password that is given and then changed."""
    given = await give_new_password(SHELL, "galina")
    answer = await desk.service.post(SIGN_IN, {"login": "galina", "password": given.password})
    token = answer["data"]["signIn"]["token"]
    changed = await desk.service.post(CHANGE, {"old": given.password, "new": OWN}, token=token)
    assert changed["data"] == {"changePassword": True}
    answer = await desk.service.post(SIGN_IN, {"login": "galina", "password": OWN})
    renewed: str = answer["data"]["signIn"]["token"]
    return renewed


async def test_for_a_day_after_a_new_password_no_address_of_several_signs(desk: Desk, clock: SetClock) -> None:
    await desk.town.first.add_contact("galina", "paper@families.example")
    desk.token = await _session(desk)
    assert codes(await desk.request()) == ["CONTACT_TOO_NEW"]
    clock.move(DAY - SECOND)
    assert codes(await desk.request()) == ["CONTACT_TOO_NEW"]
    clock.move(SECOND)
    assert codes(await desk.request()) == []


async def test_a_code_asked_for_before_a_new_password_signs_nothing_after_it(desk: Desk) -> None:
    await desk.town.first.add_contact("galina", "paper@families.example")
    request, code = await desk.requested()
    desk.token = await _session(desk)
    assert codes(await desk.sign(request, code)) == ["CONTACT_TOO_NEW"]


async def test_a_paper_address_counts_its_day_from_its_own_code(desk: Desk, clock: SetClock) -> None:
    paper = await desk.town.first.add_contact("galina", "paper@families.example")
    clock.move(2 * DAY)
    await desk.ask(RESEND, {"id": str(paper)})
    await desk.ask(CONFIRM, {"id": str(paper), "code": await sent_code()})
    assert codes(await desk.request(contactId=str(paper))) == ["CONTACT_TOO_NEW"]
