"""The ledger page by page: whose decisions each person reads, and what of them (R2.1, R2.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diary.kit.clock import SetClock
from tests.support.service import Service, codes
from tests.support.town import Town, insert

CONSENTS = """
query ($pupil: ID, $guardian: ID, $first: Int, $after: String) {
    consents(pupilId: $pupil, guardianId: $guardian, first: $first, after: $after) {
        edges { cursor node { id number guardianId pupilId purpose decision form textVersion textSha256 signatureKind
            signatureVerdict registrar documentReference receivedAt registeredAt validUntil } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
"""


async def listed(service: Service, login: str, **asked: Any) -> list[dict[str, Any]]:
    """Return the lines that a person reads."""
    answer = await service.post(CONSENTS, {"first": 50, **asked}, token=await service.sign_in(login))
    return [edge["node"] for edge in answer["data"]["consents"]["edges"]]


async def test_the_office_reads_its_schools_ledger_from_the_newest(service: Service, town: Town) -> None:
    lines = await listed(service, "daria")
    assert [line["number"] for line in lines] == sorted((line["number"] for line in lines), reverse=True)
    assert {line["guardianId"] for line in lines} == {str(town.first.guardians[who]) for who in ("anna", "boris")}
    assert {line["documentReference"] for line in lines} == {"Папка 7, лист 3"}
    assert {line["guardianId"] for line in await listed(service, "elena")} == {str(town.second.guardians["olga"])}


async def test_a_person_reads_the_own_decisions_without_where_the_papers_lie(service: Service, town: Town) -> None:
    anna, misha = str(town.first.guardians["anna"]), str(town.first.pupils["misha"])
    await town.first.decide(None, "misha")
    hers = await listed(service, "anna")
    assert {line["guardianId"] for line in hers} == {anna}
    assert {line["documentReference"] for line in hers} == {None}
    assert {line["pupilId"] for line in hers} == {misha, str(town.first.pupils["liza"])}
    assert [line["guardianId"] for line in await listed(service, "misha")] == [None]
    # Boris is no guardian any more; what he decided stays his to read.
    assert [line["pupilId"] for line in await listed(service, "boris", pupil=misha)] == [misha]


async def test_a_person_without_any_consent_asks_too(service: Service, town: Town) -> None:
    assert await listed(service, "galina") == []
    await town.first.decide("galina", "nina", "REFUSED")
    assert [line["decision"] for line in await listed(service, "galina")] == ["REFUSED"]


async def test_the_list_is_narrowed_to_a_child_and_to_a_guardian(service: Service, town: Town) -> None:
    misha, anna = str(town.first.pupils["misha"]), str(town.first.guardians["anna"])
    assert len(await listed(service, "daria", pupil=misha)) == 2
    assert len(await listed(service, "daria", guardian=anna)) == 2
    assert len(await listed(service, "daria", pupil=misha, guardian=anna)) == 1


@pytest.mark.parametrize(
    ("login", "pupil", "guardian"),
    [
        ("galina", "misha", None), ("anna", "nina", None), ("anna", None, "boris"), ("misha", None, "anna"),
        ("vera", None, None), ("root", None, None), ("nobody", None, None), ("elena", "misha", None),
        ("elena", None, "anna"),
    ],
)  # fmt: skip
async def test_a_stranger_gets_the_same_answer_as_for_nobody(
    service: Service, town: Town, login: str, pupil: str | None, guardian: str | None
) -> None:
    asked = {
        "pupil": str(town.first.pupils[pupil]) if pupil else None,
        "guardian": str(town.first.guardians[guardian]) if guardian else None,
    }
    assert codes(await service.post(CONSENTS, asked, token=await service.sign_in(login))) == ["NOT_FOUND"]


async def test_pages_follow_one_another_without_a_gap(service: Service, town: Town, clock: SetClock) -> None:
    for _day in range(5):
        clock.move(timedelta(days=1))
        await town.first.decide("anna", "misha", "WITHDRAWN" if _day % 2 else "GIVEN")
    daria = await service.sign_in("daria")
    read: list[int] = []
    after, more = None, True
    while more:
        answer = (await service.post(CONSENTS, {"first": 3, "after": after}, token=daria))["data"]["consents"]
        assert answer["pageInfo"]["hasPreviousPage"] is (after is not None)
        read += [edge["node"]["number"] for edge in answer["edges"]]
        after, more = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
    assert read == [line["number"] for line in await listed(service, "daria")]
    assert len(read) == 8


@pytest.mark.parametrize("asked", [{"first": 0}, {"first": 101}, {"after": "x"}, {"after": "//////////8="}])
async def test_a_senseless_page_is_refused(service: Service, town: Town, asked: dict[str, Any]) -> None:
    del town
    answer = await service.post(CONSENTS, {"first": 10, **asked}, token=await service.sign_in("daria"))
    assert codes(answer) == ["BAD_INPUT"]


async def test_a_line_shows_the_text_the_signature_and_who_registered(
    service: Service, town: Town, clock: SetClock
) -> None:
    signature = await insert(
        "signature", school=town.first.id, kind="QUALIFIED", verdict="VALID", reason="", document=b"text",
        document_sha256="1" * 64, cms=b"0", signer="Галкина Галина", checked_at=clock.now(), checked_by="",
        code_sent_to="", address="",
    )  # fmt: skip
    await town.first.decide(
        "galina", "nina", form="ELECTRONIC", signature_kind="QUALIFIED", signature=signature, text_version="2026-09",
        text_hash="2" * 64, registrar=town.accounts["galina"], document_reference="",
        valid_until=clock.now() + timedelta(days=30),
    )  # fmt: skip
    clock.move(timedelta(minutes=1))
    await town.first.decide("galina", "nina", "WITHDRAWN", registrar=town.accounts["daria"])

    withdrawn, given = await listed(service, "galina")
    assert (given["signatureKind"], given["signatureVerdict"], given["registrar"]) == ("QUALIFIED", "VALID", "PERSON")
    assert (given["textVersion"], given["textSha256"]) == ("2026-09", "2" * 64)
    assert given["validUntil"] is not None
    assert (withdrawn["signatureVerdict"], withdrawn["registrar"]) == (None, "OFFICE")
    assert (await listed(service, "daria", guardian=str(town.first.guardians["anna"])))[0]["registrar"] == "SERVICE"
