"""A signature file registers what the service itself has filled in, once; everything else is read by the office."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from api.checks import LONGEST_RUN
from diary.delivery import signed_files
from diary.kit import database
from tests.api.test_signing import DOCUMENT, NOON, REGISTER, TERM, TOLD, Desk, evidence, ledger, named, seated, trust
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

    refused = [answer for answer in answers if codes(answer)]
    assert {code for answer in refused for code in codes(answer)} <= {"SIGNATURE_BEING_CHECKED"}
    again = told(await desk.submit(cms, document))["decision"]
    assert {str(told(answer)["decision"]) for answer in answers if answer not in refused} == {str(again)}
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
    assert draft["check_note"].startswith("Подпись: действительна.")
    assert f"\n1) «{put_in}»\n2) «" in draft["check_note"]


async def test_the_same_failing_file_again_leaves_nothing_new_and_another_takes_its_drafts_place(desk: Desk) -> None:
    document = (await desk.document())["document"].encode()
    first, second = [await desk.signed(issuer=signers.authority(3)) for _ in range(2)]
    answers = [told(await desk.submit(first, document)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["verdict"] == "UNTRUSTED"
    (draft,) = await statements()
    assert len(await evidence()) == 1

    other = told(await desk.submit(second, document))
    assert other["statementId"] == answers[0]["statementId"]
    (updated,) = await statements()
    assert [row["id"] for row in await evidence()] == [draft["signature"], updated["signature"]]


async def test_a_failing_file_does_not_take_the_place_of_one_to_be_read(desk: Desk) -> None:
    document = await filled_by_hand(desk, "г. Пермь, ул. Мира, 2")
    kept = told(await desk.submit(by_galina(document), document.encode()))
    failing = told(await desk.submit(await desk.signed(issuer=signers.authority(3))))
    assert failing["statementId"] != kept["statementId"]
    assert len(await statements()) == 2


@pytest.mark.parametrize("decision", ["REFUSED", "WITHDRAWN"])
async def test_a_refusal_and_a_withdrawal_work_at_once_whatever_stands_in_their_places(
    desk: Desk, decision: str
) -> None:
    await desk.town.first.decide("galina", "nina")
    document = (await bare(desk, decision)).replace("_" * 32, "что угодно, нo нe адрес")
    answer = told(await desk.submit(by_galina(document), document.encode(), decision, told={}))
    assert answer["decision"]["decision"] == decision
    assert await statements() == []
    assert len(await desk.reads()) == 1


@pytest.mark.parametrize("put_in", ["г. Пермь", "ул. Мира, 1, впрочем мне виднее", "СОГЛАСИЯ МОЕГО МАЛО, г. Пермь, 1"])
async def test_what_is_not_plainly_an_address_or_a_paper_is_read_first_and_signed_by_no_code(
    desk: Desk, put_in: str
) -> None:
    particulars = {**TOLD, "signerAddress": put_in}
    asked = {**desk.pair, "purpose": "PERSONAL_DATA", "decision": "GIVEN", "told": particulars}
    found = (await desk.ask(DOCUMENT, asked))["data"]["consentDocument"]
    by_code = await desk.request(particulars=particulars, documentSha256=found["documentSha256"])
    assert codes(by_code) == ["BAD_INPUT"]
    assert "прочитает школа" in by_code["errors"][0]["message"]
    document = found["document"].encode()
    answer = told(await desk.submit(by_galina(found["document"]), document, told=particulars))
    assert (answer["verdict"], answer["decision"]) == ("VALID", None)
    assert [draft["needs_reading"] for draft in await statements()] == [True]


async def test_a_draft_whose_authority_was_retired_meanwhile_is_not_registered(desk: Desk) -> None:
    document = await filled_by_hand(desk, "г. Пермь, ул. Мира, 2")
    kept = told(await desk.submit(by_galina(document), document.encode()))
    (signature,) = await evidence()
    given = {
        **desk.pair, "form": "ELECTRONIC", "signatureKind": kept["signatureKind"], "signatureId": str(signature["id"]),
    }  # fmt: skip
    daria = await desk.service.sign_in("daria")
    await database.execute("UPDATE trusted_certificate SET retired_at = $1", NOON)
    refused = await desk.ask(REGISTER, {"input": given}, token=daria)
    assert codes(refused) == ["SIGNATURE_NOT_VALID"]
    assert "больше не доверяет" in refused["errors"][0]["message"]
    assert await ledger(desk) == []
    await trust(desk.town.first.id)
    assert codes(await desk.ask(REGISTER, {"input": given}, token=daria)) == []


#: Knows the national algorithms and then thinks for ever.
ENDLESS = """#!/bin/sh
case "$1" in
engine) echo "     [ available ]"; exit 0;;
version) echo "OpenSSL 9.9"; exit 0;;
esac
echo started >> "$(dirname "$0")/asked"
while :; do sleep 0.1; done
"""


async def test_a_check_without_end_is_answered_in_time_counted_and_one_at_a_time(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openssl").write_text(ENDLESS)
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    document = (await desk.document())["document"].encode()
    file, other = [
        signers.with_algorithms(await desk.signed(), digest="1.2.643.7.1.1.2.2", signature="1.2.643.7.1.1.3.2")
        for _ in range(2)
    ]
    assert signed_files.LONGEST_CHECK < LONGEST_RUN - 1

    first = asyncio.create_task(desk.submit(file, document))
    for _try in range(200):
        if await database.fetch("SELECT FROM signature_attempt"):
            break
        await asyncio.sleep(0.01)
    assert codes(await desk.submit(other, document)) == ["SIGNATURE_BEING_CHECKED"]
    assert not first.done()
    answer = told(await first)
    assert (answer["verdict"], answer["decision"]) == ("NOT_CHECKED", None)
    assert "слишком много времени" in answer["reason"]
    (draft,) = await statements()
    assert str(draft["id"]) == answer["statementId"]
    (attempt,) = await database.fetch("SELECT * FROM signature_attempt")
    assert attempt["ended_at"] is not None


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
        "г. Пермь 1, согласия нe даю",
        "отрицаю и отклоняю 1",
        "без права показа 1",
        "I refuse 1",
        "г. Пермь, д. 1, ηet",
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
    assert draft["check_note"].startswith("Подпись: центр не в списке доверенных. ")
    assert "UNTRUSTED" not in draft["check_note"]


@pytest.mark.parametrize("how", ["file", "code"])
async def test_signing_the_same_decision_validly_closes_the_drafts_that_came_to_nothing(desk: Desk, how: str) -> None:
    await desk.submit(await desk.signed(issuer=signers.authority(3)))
    await desk.submit(await desk.signed(issuer=signers.authority(3), decision="REFUSED"), decision="REFUSED")
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
