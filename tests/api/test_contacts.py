"""Contact points over GraphQL: by a document or by a code, and the old ones stay (R8)."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from diary.access import passwords
from diary.kit import database
from diary.kit.clock import SetClock
from tests.support.service import Service, codes
from tests.support.town import Town

ADD = """
mutation ($input: AddContactPointInput!) { addContactPoint(input: $input) {
    codeExpiresAt contact { id value channel provenance confirmedAt } } }
"""
CONFIRM = "mutation ($id: ID!, $code: String!) { confirmContactPoint(contactId: $id, code: $code) { confirmedAt } }"
RESEND = "mutation ($id: ID!) { resendContactCode(contactId: $id) { codeExpiresAt } }"
REPLACE = """
mutation ($id: ID!, $value: String!) { replaceContactPoint(input: {contactId: $id, value: $value}) {
    contact { id value } } }
"""
RETIRE = "mutation ($id: ID!) { retireContactPoint(contactId: $id) { retiredAt } }"
CONTACTS = "query ($guardian: ID!) { contactPoints(guardianId: $guardian) { value retiredAt confirmedAt provenance } }"


def of(town: Town, guardian: str, value: str = "anna@families.example", **more: Any) -> dict[str, Any]:
    """Return the input of an e-mail address with changes."""
    return {
        "input": {"guardianId": str(town.first.guardians[guardian]), "channel": "EMAIL", "value": value, **more}
    }  # fmt: skip


async def sent_code() -> str:
    """Return the code in the newest letter that waits."""
    rows = await database.fetch(
        "SELECT body FROM outbox WHERE topic = 'CODE' ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    found = re.search(r"\b[0-9]{6}\b", rows[0]["body"])
    assert found
    return found[0]


def other_than(code: str) -> str:
    """Return a code that is wrong."""
    return f"{(int(code) + 1) % 10**6:06d}"


async def added(service: Service, town: Town, token: str, guardian: str = "galina", **more: Any) -> str:
    """Add an address and return its id."""
    answer = await service.post(ADD, of(town, guardian, **more), token=token)
    contact: str = answer["data"]["addContactPoint"]["contact"]["id"]
    return contact


async def test_a_guardian_without_any_consent_enters_an_address_and_confirms_it(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    answer = await service.post(ADD, of(town, "galina", " Galina@Families.Example "), token=galina)
    contact = answer["data"]["addContactPoint"]["contact"]
    assert (contact["value"], contact["provenance"], contact["confirmedAt"]) == (
        "Galina@families.example", "SELF_ENTERED", None,
    )  # fmt: skip

    confirmed = await service.post(CONFIRM, {"id": contact["id"], "code": await sent_code()}, token=galina)
    assert confirmed["data"]["confirmContactPoint"]["confirmedAt"] is not None


async def test_the_office_confirms_by_a_document_only(service: Service, town: Town) -> None:
    daria = await service.sign_in("daria")
    assert codes(await service.post(ADD, of(town, "anna"), token=daria)) == ["CONTACT_NEEDS_DOCUMENT"]
    answer = await service.post(ADD, of(town, "anna", documentReference="Папка 2, лист 4"), token=daria)
    assert answer["data"]["addContactPoint"]["contact"]["confirmedAt"] is not None
    assert answer["data"]["addContactPoint"]["codeExpiresAt"] is None


async def test_five_wrong_tries_spend_a_code_even_if_the_sixth_is_right(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina)
    right = await sent_code()
    refused = [
        codes(await service.post(CONFIRM, {"id": contact, "code": other_than(right)}, token=galina)) for _ in range(5)
    ]
    assert refused == [["CODE_WRONG"]] * 4 + [["CODE_SPENT"]]
    assert codes(await service.post(CONFIRM, {"id": contact, "code": right}, token=galina)) == ["CODE_SPENT"]


async def test_a_code_serves_once_and_for_ten_minutes(service: Service, town: Town, clock: SetClock) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina)
    code = await sent_code()
    clock.move(timedelta(minutes=10))
    assert codes(await service.post(CONFIRM, {"id": contact, "code": code}, token=galina)) == ["CODE_EXPIRED"]

    await service.post(RESEND, {"id": contact}, token=galina)
    fresh = await sent_code()
    clock.move(timedelta(minutes=10) - timedelta(seconds=1))
    assert codes(await service.post(CONFIRM, {"id": contact, "code": fresh}, token=galina)) == []
    assert codes(await service.post(CONFIRM, {"id": contact, "code": fresh}, token=galina)) == ["CODE_SPENT"]


async def queued_codes() -> int:
    """Return how many codes are on their way."""
    count: int = (await database.fetch("SELECT count(*) AS many FROM outbox WHERE topic = 'CODE'"))[0]["many"]
    return count


async def test_a_person_gets_three_codes_to_an_address_in_a_quarter_of_an_hour(
    service: Service, town: Town, clock: SetClock
) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina)
    answers = [codes(await service.post(RESEND, {"id": contact}, token=galina)) for _ in range(3)]
    assert answers == [[], [], ["TOO_MANY_CODES"]]
    clock.move(timedelta(minutes=15))
    assert codes(await service.post(RESEND, {"id": contact}, token=galina)) == []


async def test_an_address_that_many_name_gets_no_more_codes_and_nobody_learns_why(
    service: Service, town: Town, clock: SetClock
) -> None:
    """Six go to one address whoever asks; who comes after them gets the same answers as everybody (R8.2)."""
    answers = {}
    for login in ("galina", "anna", "stranger"):
        token = await service.sign_in(login)
        entered = await service.post(ADD, of(town, login), token=token)
        assert codes(entered) == [], login
        contact = entered["data"]["addContactPoint"]["contact"]["id"]
        answers[login] = [codes(await service.post(RESEND, {"id": contact}, token=token)) for _ in range(3)]
    assert list(answers.values()) == [[[], [], ["TOO_MANY_CODES"]]] * 3
    assert await queued_codes() == 6

    clock.move(timedelta(minutes=15))
    assert codes(await service.post(RESEND, {"id": contact}, token=token)) == []
    assert await queued_codes() == 7


async def test_a_code_is_nobody_elses(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina)
    code = await sent_code()
    for login in ("anna", "daria", "olga", "elena"):
        assert codes(await service.post(RESEND, {"id": contact}, token=await service.sign_in(login))) == ["NOT_FOUND"]
        answer = await service.post(CONFIRM, {"id": contact, "code": code}, token=await service.sign_in(login))
        assert codes(answer) == ["NOT_FOUND"], login


async def test_a_replaced_and_a_retired_address_stay_in_sight(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina, value="old@families.example")
    answer = await service.post(REPLACE, {"id": contact, "value": "new@families.example"}, token=galina)
    fresh = answer["data"]["replaceContactPoint"]["contact"]["id"]
    guardian = str(town.first.guardians["galina"])
    listed = (await service.post(CONTACTS, {"guardian": guardian}, token=galina))["data"]["contactPoints"]
    assert not any(entry["retiredAt"] for entry in listed), "the old one serves until the new one is confirmed"
    await service.post(CONFIRM, {"id": fresh, "code": await sent_code()}, token=galina)
    await service.post(RETIRE, {"id": fresh}, token=galina)

    listed = (await service.post(CONTACTS, {"guardian": guardian}, token=galina))["data"]["contactPoints"]
    assert {entry["value"] for entry in listed} == {"old@families.example", "new@families.example"}
    assert all(entry["retiredAt"] for entry in listed)
    assert codes(await service.post(RETIRE, {"id": contact}, token=galina)) == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("channel", "value", "kept"),
    [
        ("SMS", "8 (916) 123-45-67", "+79161234567"),
        ("SMS", "+375 29 123-45-67", "+375291234567"),
        ("EMAIL", "anna@почта.рф", "anna@xn--80a1acny.xn--p1ai"),
        ("POSTAL", "г. Пермь,  ул. Ленина, 1", "г. Пермь, ул. Ленина, 1"),
    ],
)
async def test_an_address_is_kept_in_one_spelling(
    service: Service, town: Town, channel: str, value: str, kept: str
) -> None:
    answer = await service.post(
        ADD, of(town, "anna", value, channel=channel, documentReference="Папка 2"), token=await service.sign_in("daria")
    )
    assert answer["data"]["addContactPoint"]["contact"]["value"] == kept


@pytest.mark.parametrize(
    ("channel", "value"),
    [
        ("EMAIL", "anna"), ("EMAIL", "anna@"), ("EMAIL", "a b@c.example"), ("EMAIL", ""),
        ("SMS", "112"), ("SMS", "+7 916 123"), ("SMS", "anna"), ("WEB_PUSH", "http://push.example/1"),
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused(service: Service, town: Town, channel: str, value: str) -> None:
    answer = await service.post(
        ADD, of(town, "anna", value, channel=channel, documentReference="Папка 2"), token=await service.sign_in("daria")
    )
    assert codes(answer) == ["BAD_INPUT"]


async def test_the_same_address_is_not_added_twice(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    await added(service, town, galina)
    answer = await service.post(ADD, of(town, "galina", "anna@FAMILIES.example"), token=galina)
    assert codes(answer) == ["CONTACT_KNOWN"]


BROWSER: dict[str, Any] = {
    "channel": "WEB_PUSH",
    "value": "https://push.example/send/abc",
    "pushKeys": {
        "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM=",
        "auth": "tBHItJI5svbpez7KI4CCXg==",
    },
}


async def test_a_browser_is_confirmed_by_the_code_that_it_has_shown(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    answer = await service.post(ADD, of(town, "galina", **BROWSER), token=galina)
    contact = answer["data"]["addContactPoint"]["contact"]
    assert (contact["provenance"], contact["confirmedAt"]) == ("SELF_ENTERED", None)
    assert (await database.fetch("SELECT kind FROM outbox WHERE topic = 'CODE'"))[0]["kind"] == "WEB_PUSH"

    confirmed = await service.post(CONFIRM, {"id": contact["id"], "code": await sent_code()}, token=galina)
    assert confirmed["data"]["confirmContactPoint"]["confirmedAt"] is not None


@pytest.mark.parametrize(
    "change",
    [
        {"pushKeys": None},
        {"pushKeys": {**BROWSER["pushKeys"], "auth": "c2hvcnQ"}},
        {"pushKeys": {**BROWSER["pushKeys"], "auth": "секрет"}},
        {"pushKeys": {**BROWSER["pushKeys"], "p256dh": "BB" * 44}},
        {"pushKeys": {**BROWSER["pushKeys"], "p256dh": ""}},
        {"value": "https://push.example:8443/abc"},
        {"value": "https://user@push.example/abc"},
        {"channel": "EMAIL", "value": "anna@families.example"},
    ],
    ids=["no keys", "short", "cyrillic", "off the curve", "empty", "a port", "a login", "keys of an address"],
)
async def test_what_is_no_browser_is_refused(service: Service, town: Town, change: dict[str, Any]) -> None:
    answer = await service.post(ADD, of(town, "galina", **{**BROWSER, **change}), token=await service.sign_in("galina"))
    assert codes(answer) == ["BAD_INPUT"]


async def test_the_office_cannot_enter_somebodys_browser(service: Service, town: Town) -> None:
    answer = await service.post(
        ADD, of(town, "anna", **BROWSER, documentReference="Папка 2"), token=await service.sign_in("daria")
    )
    assert codes(answer) == ["BAD_INPUT"]


@pytest.mark.parametrize(
    ("channel", "value", "messenger"), [("SMS", "8 916 123-45-67", None), ("MESSENGER", "5551234", "TELEGRAM")], ids=str
)
async def test_a_number_gets_its_code_by_its_own_channel(
    service: Service, town: Town, channel: str, value: str, messenger: str | None
) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina, channel=channel, value=value, messenger=messenger)
    assert (await database.fetch("SELECT kind FROM outbox WHERE topic = 'CODE'"))[0]["kind"] == channel

    confirmed = await service.post(CONFIRM, {"id": contact, "code": await sent_code()}, token=galina)
    assert confirmed["data"]["confirmContactPoint"]["confirmedAt"] is not None


async def imported(town: Town, guardian: str, value: str = "anna@families.example") -> None:
    """Keep an address as a roster brought it."""
    await database.execute(
        "INSERT INTO contact_point (id, school, guardian, channel, value, provenance, failure, document_reference) "
        "VALUES (uuidv7(), $1, $2, 'EMAIL', $3, 'IMPORTED', '', '')",
        town.first.id,
        town.first.guardians[guardian],
        value,
    )


async def test_an_address_out_of_a_roster_is_confirmed_by_entering_it(service: Service, town: Town) -> None:
    await imported(town, "galina", "Galina@families.example")
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina, value="galina@families.example")
    await service.post(CONFIRM, {"id": contact, "code": await sent_code()}, token=galina)

    rows = await database.fetch(
        "SELECT provenance, replaced_by, retired_at IS NULL AS used, confirmed_at IS NOT NULL AS confirmed "
        "FROM contact_point WHERE guardian = $1 ORDER BY id",
        town.first.guardians["galina"],
    )
    assert [(row["provenance"], row["used"], row["confirmed"]) for row in rows] == [
        ("IMPORTED", False, False),
        ("SELF_ENTERED", True, True),
    ]
    assert str(rows[0]["replaced_by"]) == contact


async def test_a_document_confirms_what_the_family_typed_and_never_confirmed(service: Service, town: Town) -> None:
    await added(service, town, await service.sign_in("galina"), value="galina@families.example")
    answer = await service.post(
        ADD,
        of(town, "galina", "galina@families.example", documentReference="Папка 2"),
        token=await service.sign_in("daria"),
    )
    assert answer["data"]["addContactPoint"]["contact"]["confirmedAt"] is not None


@pytest.mark.parametrize(
    "reference", ["\u200b", "\u3164", "\u00ad", "\u2060", " . ", "Папка\u202e 2", "Папка\n2", "я" * 256]
)
async def test_a_document_that_nobody_could_read_is_none(service: Service, town: Town, reference: str) -> None:
    answer = await service.post(
        ADD, of(town, "anna", documentReference=reference), token=await service.sign_in("daria")
    )
    assert codes(answer) in (["BAD_INPUT"], ["CONTACT_NEEDS_DOCUMENT"])


async def test_a_crowded_sign_in_burns_nobodys_tries(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    contact = await added(service, town, galina)
    code = await sent_code()
    with ExitStack() as crowd:
        for _one in range(passwords.HASHERS + passwords.MOST_WAITING):
            crowd.enter_context(passwords.line.joined())
        for _try in range(6):
            answer = await service.post(CONFIRM, {"id": contact, "code": code}, token=galina)
            assert codes(answer) == ["SIGN_IN_BUSY"]
    assert codes(await service.post(CONFIRM, {"id": contact, "code": code}, token=galina)) == []


async def test_codes_asked_for_at_once_are_all_counted(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    contacts = [await added(service, town, galina, value=f"galina{n}@families.example") for n in range(8)]
    answers = await asyncio.gather(*(service.post(RESEND, {"id": contact}, token=galina) for contact in contacts))

    refused = [answer for answer in answers if codes(answer) == ["TOO_MANY_CODES"]]
    rows = await database.fetch("SELECT count(*) AS many FROM one_time_code")
    assert (rows[0]["many"], len(refused)) == (10, 6)


async def test_the_trail_does_not_tell_that_a_code_is_on_its_way(service: Service, town: Town) -> None:
    await added(service, town, await service.sign_in("galina"))
    letters = await database.fetch("SELECT FROM outbox WHERE topic = 'CODE'")
    told = await database.fetch("SELECT FROM audit_entry WHERE record = 'outbox'")
    assert (len(letters), len(told)) == (1, 0)
