"""The document that families read and sign, over GraphQL (152-FZ art. 9, R2.1)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.support.service import Service, codes
from tests.support.town import Town, insert

DOCUMENT = """
query ($pupil: ID!, $guardian: ID, $purpose: Purpose!) {
  consentDocument(pupilId: $pupil, guardianId: $guardian, purpose: $purpose) {
    version title document documentSha256 textSha256 } }
"""
REGISTER = "mutation ($input: RegisterConsentInput!) { registerConsent(input: $input) { id } }"


async def document(
    service: Service, town: Town, login: str, guardian: str | None = "anna", purpose: str = "PERSONAL_DATA"
) -> dict[str, Any]:
    """Ask for a document about Misha."""
    return await service.post(
        DOCUMENT,
        {
            "pupil": str(town.first.pupils["misha"]), "purpose": purpose,
            "guardian": str(town.first.guardians[guardian]) if guardian else None,
        },
        token=await service.sign_in(login),
    )  # fmt: skip


async def test_the_document_says_everything_that_the_law_asks_for(service: Service, town: Town) -> None:
    await database.execute("UPDATE school SET address = 'г. Пермь, ул. Ленина, 1' WHERE id = $1", town.first.id)
    found = (await document(service, town, "anna"))["data"]["consentDocument"]
    for part in (
        "Орлова Анна", "Орлов Михаил", "документ, удостоверяющий личность", "Основание, по которому",
        "Школа № 1", "г. Пермь, ул. Ленина, 1", "Цель:", "Какие данные:", "Кому поручена обработка:",
        "Что с данными делают:", "Срок согласия:", "Отозвать согласие можно в любой момент", "Подпись:",
    ):  # fmt: skip
        assert part in found["document"], part
    # Of the signer and of the child whose data it is about.
    for part in ("адрес: ____", "документ, удостоверяющий личность (вид, номер, когда и кем выдан): ____"):
        assert found["document"].count(part) == 2, part
    assert "{" not in found["document"]
    assert found["documentSha256"] == hashlib.sha256(found["document"].encode()).hexdigest()


async def test_each_purpose_is_a_document_of_its_own(service: Service, town: Town) -> None:
    personal = (await document(service, town, "anna"))["data"]["consentDocument"]
    electronic = (await document(service, town, "anna", purpose="ELECTRONIC_FORM"))["data"]["consentDocument"]
    leave = (await document(service, town, "misha", None, "GUARDIAN_ACCESS"))["data"]["consentDocument"]
    assert len({found["title"] for found in (personal, electronic, leave)}) == 3
    assert len({found["textSha256"] for found in (personal, electronic, leave)}) == 3
    assert codes(await document(service, town, "anna", purpose="GUARDIAN_ACCESS")) == ["BAD_INPUT"]


async def test_a_name_with_braces_is_only_a_name(service: Service, town: Town) -> None:
    await database.execute("UPDATE guardian SET given_name = '{school}' WHERE id = $1", town.first.guardians["anna"])
    assert "Орлова (school)" in (await document(service, town, "anna"))["data"]["consentDocument"]["document"]


async def test_the_ledger_keeps_version_and_hash_of_what_was_signed(service: Service, town: Town) -> None:
    found = (await document(service, town, "daria"))["data"]["consentDocument"]
    given = {
        "pupilId": str(town.first.pupils["misha"]), "guardianId": str(town.first.guardians["anna"]),
        "documentReference": "Папка 7",
    }  # fmt: skip
    daria = await service.sign_in("daria")
    await service.post(REGISTER, {"input": {**given, "textVersion": found["version"]}}, token=daria)
    kept = await database.fetch("SELECT text_version, text_hash FROM consent_decision ORDER BY seq DESC LIMIT 1")
    assert tuple(kept[0]) == (found["version"], found["textSha256"])

    unknown = await service.post(REGISTER, {"input": {**given, "textVersion": "1999"}}, token=daria)
    assert codes(unknown) == ["BAD_INPUT"]


async def test_a_new_wording_leaves_the_old_one_as_it_was(service: Service, town: Town, clock: SetClock) -> None:
    first = (await document(service, town, "anna"))["data"]["consentDocument"]
    await insert(
        "consent_text", school=town.first.id, purpose="PERSONAL_DATA", version="2027-01", title="Новое", body="Текст",
        published_at=clock.now() + timedelta(seconds=1),
    )  # fmt: skip
    assert (await document(service, town, "anna"))["data"]["consentDocument"] == first, "not in force yet"
    clock.move(timedelta(seconds=1))
    second = (await document(service, town, "anna"))["data"]["consentDocument"]
    assert (first["version"], second["version"]) == ("2026-11", "2027-01")
    assert second["textSha256"] == hashlib.sha256("Текст".encode()).hexdigest()
    for statement in ("UPDATE consent_text SET body = 'Другой'", "DELETE FROM consent_text"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.execute(statement)
