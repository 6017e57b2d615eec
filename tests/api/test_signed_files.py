"""A signature file registers what the service itself has filled in, once; everything else is read by the office."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from diary.kit import database
from tests.api.test_signing import DOCUMENT, NOON, TERM, TOLD, Desk, evidence, ledger, named, seated, trust
from tests.support import signers
from tests.support.service import Service, codes
from tests.support.town import Town


@pytest.fixture
async def desk(service: Service, town: Town) -> Desk:
    """Everything that signing needs."""
    return await seated(service, town)


async def statements() -> list[asyncpg.Record]:
    """Return the drafts and what became of them, oldest first."""
    return await database.fetch("SELECT * FROM statement ORDER BY id")


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what has become of a file."""
    submitted: dict[str, Any] = answer["data"]["submitSignedConsent"]
    return submitted


def by_galina(document: str) -> bytes:
    """Sign any document as Galina."""
    return signers.signed(signers.person(name=named("Галкина", "Галина"), **TERM), document=document.encode())


async def bare(desk: Desk, decision: str = "GIVEN") -> str:
    """Return the document with its places left open."""
    answer = await desk.ask(DOCUMENT, {**desk.pair, "purpose": "PERSONAL_DATA", "decision": decision})
    document: str = answer["data"]["consentDocument"]["document"]
    return document


async def filled_by_hand(desk: Desk, put_in: str) -> str:
    """Return the document filled in past the service."""
    return (await bare(desk)).replace("_" * 32, put_in)


async def test_the_same_file_again_returns_the_decision_that_rests_on_it(desk: Desk) -> None:
    document, cms = (await desk.document())["document"].encode(), await desk.signed()
    first, again = told(await desk.submit(cms, document)), told(await desk.submit(cms, document))

    assert again == first
    assert first["decision"] is not None
    assert (len(await ledger(desk)), len(await evidence()), await statements()) == (1, 1, [])


async def test_a_double_click_registers_one_decision_and_leaves_nothing_beside(desk: Desk) -> None:
    document, cms = (await desk.document())["document"].encode(), await desk.signed()
    answers = await asyncio.gather(*(desk.submit(cms, document) for _ in range(3)))

    assert len({str(told(answer)["decision"]) for answer in answers}) == 1
    assert (len(await ledger(desk)), len(await evidence()), await statements()) == (1, 1, [])


async def test_a_document_from_before_another_decision_is_refused_and_leaves_nothing(desk: Desk) -> None:
    document, cms = (await desk.document())["document"].encode(), await desk.signed()
    await desk.town.first.decide("galina", "nina", "REFUSED")
    assert codes(await desk.submit(cms, document)) == ["DOCUMENT_CHANGED"]
    assert (len(await ledger(desk)), await evidence(), await statements()) == (1, [], [])


@pytest.mark.parametrize("put_in", ["г. Пермь, ул. Мира, 2, кв. 1", "согласия не даю, подпись недействительна"])
async def test_what_was_filled_in_past_the_service_is_read_by_the_office_first(desk: Desk, put_in: str) -> None:
    document = await filled_by_hand(desk, put_in)
    cms = by_galina(document)
    answers = [told(await desk.submit(cms, document.encode())) for _ in range(2)]

    assert (answers[0]["verdict"], answers[0]["decision"]) == ("VALID", None)
    assert "прочитает школа" in answers[0]["reason"]
    assert answers[1] == answers[0], "the same file again"
    assert (await ledger(desk), len(await evidence())) == ([], 1)
    (draft,) = await statements()
    assert (draft["state"], draft["needs_reading"]) == ("DRAFT", True)
    assert draft["note"].startswith("Подпись: действительна.")
    assert f"1) {put_in}" in draft["note"]


async def test_a_refusal_may_leave_its_places_open(desk: Desk) -> None:
    document = await bare(desk, "REFUSED")
    answer = told(await desk.submit(by_galina(document), document.encode(), "REFUSED", told={}))
    assert answer["decision"]["decision"] == "REFUSED"


async def test_a_file_that_tells_otherwise_than_it_says_is_read_first(desk: Desk) -> None:
    document, cms = (await desk.document())["document"].encode(), await desk.signed()
    other = {**TOLD, "signerAddress": "г. Пермь, ул. Другая, 1"}
    assert told(await desk.submit(cms, document, told=other))["decision"] is None
    assert [draft["needs_reading"] for draft in await statements()] == [True]


@pytest.mark.parametrize(
    "particular",
    [
        "г. Пермь, но согласия не даю",
        "г. Пермь, если школа обеспечит защиту",
        "г. Пермь. Возражаю",
        "паспорт; отказываюсь от всего остального",
        "считать недействительным",
        "адрес_которого",
        "г. Пермь {signer}",
        "<b>г. Пермь</b>",
        "г. Пермь\u200b",
        "я" * 301,
    ],
)
async def test_what_is_no_address_and_no_paper_is_not_put_in(desk: Desk, particular: str) -> None:
    asked = {**desk.pair, "purpose": "PERSONAL_DATA", "decision": "GIVEN", "told": {"authority": particular}}
    assert codes(await desk.ask(DOCUMENT, asked)) == ["BAD_INPUT"]


@pytest.mark.parametrize(
    "particular",
    [
        "614000, Пермский край, г. Пермь, ул. Согласия, д. 5/1, корп. «Б», кв. 12",
        "паспорт 57 00 № 000001, выдан 01.02.2020 ГУ МВД России по Пермскому краю, код 590-001",
        "свидетельство о рождении I-ВГ № 000001 (повторное)",
        "дер. Непряхино, ул. Противотанковая",
        "я" * 300,
    ],
)
async def test_a_usual_address_or_paper_is_put_in_as_it_is(desk: Desk, particular: str) -> None:
    asked = {**desk.pair, "purpose": "PERSONAL_DATA", "decision": "GIVEN", "told": {"authority": particular}}
    assert particular in (await desk.ask(DOCUMENT, asked))["data"]["consentDocument"]["document"]


async def test_a_valid_signature_keeps_the_hash_of_the_authority_that_made_it_so(desk: Desk) -> None:
    await trust(desk.town.first.id, 2, qualified=True)
    await desk.submit(await desk.signed(issuer=signers.authority(3)))
    await desk.submit(await desk.signed(issuer=signers.authority(2)))
    untrusted, valid = await evidence()
    wanted = hashlib.sha256(signers.authority(2).certificate.public_bytes(Encoding.DER)).hexdigest()
    assert (untrusted["verdict"], untrusted["authority_sha256"]) == ("UNTRUSTED", "")
    assert (valid["verdict"], valid["authority_sha256"]) == ("VALID", wanted)
    rows = await database.fetch("SELECT sha256 FROM trusted_certificate WHERE qualified")
    assert [row["sha256"] for row in rows] == [wanted]


async def test_a_draft_says_in_russian_how_its_signature_stands(desk: Desk) -> None:
    await desk.submit(await desk.signed(issuer=signers.authority(3)))
    (draft,) = await statements()
    assert draft["note"].startswith("Подпись: центр не в списке доверенных. ")
    assert "UNTRUSTED" not in draft["note"]


@pytest.mark.parametrize("how", ["file", "code"])
async def test_signing_the_same_decision_validly_closes_the_drafts_that_came_to_nothing(desk: Desk, how: str) -> None:
    await desk.submit(b"garbage")
    await desk.submit(b"garbage", decision="REFUSED")
    if how == "file":
        assert told(await desk.submit(await desk.signed()))["decision"] is not None
    else:
        assert codes(await desk.sign(*await desk.requested())) == []

    given, refused = await statements()
    assert (given["state"], given["closing_reason"]) == (
        "REJECTED", "То же решение подписано заново и зарегистрировано.",
    )  # fmt: skip
    assert (refused["state"], refused["closing_reason"]) == ("DRAFT", "")
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute("UPDATE statement SET note = 'x' WHERE state = 'REJECTED'")


async def test_an_authority_stays_what_it_was(desk: Desk) -> None:
    for change in (
        "UPDATE trusted_certificate SET qualified = true",
        "UPDATE trusted_certificate SET pem = pem || ' '",
        "UPDATE trusted_certificate SET name = 'другой'",
        "UPDATE trusted_certificate SET sha256 = ''",
        "DELETE FROM trusted_certificate",
        "TRUNCATE trusted_certificate CASCADE",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.execute(change)
    await database.execute("UPDATE trusted_certificate SET retired_at = $1", NOON)
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute("UPDATE trusted_certificate SET retired_at = NULL")
