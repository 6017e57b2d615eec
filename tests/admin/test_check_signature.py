"""The office checks a signature file; only a valid one of the person makes an electronic statement registrable."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from diary.access.viewer import viewer_of
from diary.consent.tables import Decision, Purpose
from diary.delivery.consent_documents import Particulars, consent_document
from diary.kit import database
from tests.admin.conftest import Worlds
from tests.admin.test_forms import submit, typed
from tests.admin.test_statements import ledger
from tests.admin.world import NOW, insert
from tests.support import signers

pytestmark = pytest.mark.asyncio(loop_scope="session")

SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(days=30)


async def trust(worlds: Worlds) -> None:
    """Let school A trust the authority that has certified everybody here."""
    await insert(
        "trusted_certificate", school=worlds.a.id, name="УЦ", pem=signers.pem(signers.authority().certificate),
        qualified=True, added_at=NOW,
    )  # fmt: skip


TOLD = Particulars(
    signer_address="г. Пермь",
    signer_document="паспорт 57 00",
    authority="свидетельство о рождении",
    pupil_address="г. Пермь",
    pupil_document="свидетельство о рождении",
)


async def document_of(worlds: Worlds) -> bytes:
    """Return the mother's consent, filled in."""
    await database.execute("UPDATE school SET address = 'г. Пермь, ул. Мира, 2' WHERE id = $1", worlds.a.id)
    office = await viewer_of(worlds.a.accounts["office"], route="ADMIN")
    document = await consent_document(
        office,
        guardian_id=worlds.a.ids["guardian"],
        pupil_id=worlds.a.ids["pupil"],
        purpose=Purpose.PERSONAL_DATA,
        decision=Decision.GIVEN,
        particulars=TOLD,
    )
    return document.document.encode()


async def signed_file(worlds: Worlds, *, given: str = "Анна Ивановна") -> dict[str, str]:
    """Return the mother's consent and the file under it, as a browser hands them over."""
    document = await document_of(worlds)
    name = signers.subject(surname=f"{worlds.a.secret}ова", given_name=given, common_name="")
    signer = signers.person(name=name, since=SINCE, until=UNTIL)
    cms = signers.signed(signer, document=document)
    return {"signature": b64encode(cms).decode(), "document": b64encode(document).decode()}


def under(worlds: Worlds, files: dict[str, str]) -> dict[str, Any]:
    """The form as a clerk fills it in."""
    filled = typed(worlds)
    del filled["document"]
    return {**filled, **files}


async def drafts(worlds: Worlds) -> list[dict[str, Any]]:
    """Return school A's electronic statements with what their signatures say."""
    rows = await database.fetch(
        "SELECT t.id, t.state, t.signature_kind, t.check_note, s.verdict, s.account FROM statement t "
        "JOIN signature s ON s.id = t.signature WHERE t.school = $1 ORDER BY t.id",
        worlds.a.id,
    )
    return [dict(row) for row in rows]


async def register(clerk: httpx.AsyncClient, statement: UUID) -> httpx.Response:
    """Set a statement to registered in CRUD."""
    return await clerk.patch(f"/api/tables/statement/{statement}/", json={"state": "REGISTERED"})


async def test_a_file_that_came_to_the_office_is_checked_and_then_registered(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await trust(worlds)

    status, said = await submit(clerk, "check-signature", under(worlds, await signed_file(worlds)))

    assert status == 200, said
    assert "Подпись: действительна." in said
    assert f"{worlds.a.secret}ова Анна Ивановна" in said
    assert await ledger(worlds) == []
    (draft,) = await drafts(worlds)
    assert (draft["verdict"], draft["signature_kind"], draft["account"]) == ("VALID", "QUALIFIED", None)
    answer = await register(clerk, draft["id"])
    assert answer.status_code == 200, answer.text
    (decision,) = await ledger(worlds)
    assert (decision["form"], decision["signature_kind"]) == ("ELECTRONIC", "QUALIFIED")
    assert decision["signature"] is not None


async def test_an_unknown_authority_leaves_a_draft_that_can_be_checked_again(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    status, said = await submit(clerk, "check-signature", under(worlds, await signed_file(worlds)))
    (draft,) = await drafts(worlds)
    refused = await register(clerk, draft["id"])
    await trust(worlds)
    again = await submit(clerk, "check-signature", under(worlds, {}))
    registered = await register(clerk, draft["id"])

    assert (status, draft["verdict"]) == (200, "UNTRUSTED")
    assert "зарегистрировать его по этой подписи нельзя" in said
    assert refused.status_code == 422
    assert "нет в списке доверенных" in refused.text
    assert "UNTRUSTED" not in refused.text
    assert "Подпись: действительна." in again[1]
    assert [row["id"] for row in await drafts(worlds)] == [draft["id"]]
    assert registered.status_code == 200, registered.text
    kept = await database.fetch("SELECT verdict FROM signature WHERE signer LIKE $1 ORDER BY id", "%Ивановна%")
    assert [row["verdict"] for row in kept] == ["UNTRUSTED", "VALID"]


async def test_somebody_elses_valid_signature_is_not_this_guardians(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await trust(worlds)

    for given in ("Анна", "Анна Петровна"):
        _status, said = await submit(clerk, "check-signature", under(worlds, await signed_file(worlds, given=given)))
        assert "Подпись: подписал другой человек." in said
    assert {row["verdict"] for row in await drafts(worlds)} == {"WRONG_SIGNER"}


async def test_the_file_is_asked_for_when_there_is_none(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    nothing = await submit(clerk, "check-signature", under(worlds, {}))
    broken = await submit(clerk, "check-signature", under(worlds, {"signature": "%%%"}))
    too_large = await submit(clerk, "check-signature", under(worlds, {"signature": b64encode(b"0" * 32769).decode()}))
    garbage = await submit(clerk, "check-signature", under(worlds, {"signature": b64encode(b"0" * 32768).decode()}))

    assert (nothing[0], broken[0], too_large[0], garbage[0]) == (422, 422, 422, 200)
    assert "Приложите файл подписи" in nothing[1]
    assert "Подпись: не файл подписи." in garbage[1]


@pytest.mark.parametrize("kind", ["SIMPLE", "ENHANCED", "QUALIFIED"])
async def test_a_word_about_an_electronic_signature_registers_nothing(
    clerk: httpx.AsyncClient, worlds: Worlds, kind: str
) -> None:
    claimed = {"form": "ELECTRONIC", "signature_kind": kind, "document_reference": "Э-1", "state": "REGISTERED"}
    path = f"/api/tables/statement/{worlds.a.ids['statement']}/"

    bare = await clerk.patch(path, json=claimed)
    # The other family's evidence, valid as it is, is of no use here either.
    borrowed = await clerk.patch(path, json={**claimed, "signature": str(worlds.a.ids["signature"])})
    form = await submit(clerk, "register-decision", typed(worlds, form="ELECTRONIC", signature=kind))

    assert (bare.status_code, borrowed.status_code, form[0]) == (422, 422, 422)
    assert "Электронная подпись не принята" in bare.text
    assert await ledger(worlds) == []


async def test_a_file_that_nobody_can_confirm_does_not_hold_up_the_pile(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await submit(clerk, "check-signature", under(worlds, {"signature": b64encode(b"garbage").decode()}))
    assert [(row["state"], row["verdict"]) for row in await drafts(worlds)] == [("DRAFT", "MALFORMED")]
    waiting = await database.fetch(
        "SELECT count(*) AS many FROM statement WHERE school = $1 AND state = 'DRAFT' AND form = 'PAPER'", worlds.a.id
    )
    status, said = await submit(clerk, "register-statements", {"count": waiting[0]["many"]})
    assert (status, f"Зарегистрировано: {waiting[0]['many']}." in said) == (200, True), said


async def test_what_the_signer_put_in_is_shown_and_read_before_registering(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await trust(worlds)
    _status, said = await submit(clerk, "check-signature", under(worlds, await signed_file(worlds)))
    (draft,) = await drafts(worlds)
    assert "Подписавший вписал: «г. Пермь», «паспорт 57 00», " in said
    assert "\n1) «г. Пермь»\n2) «паспорт 57 00»\n" in draft["check_note"]

    path = f"/api/tables/statement/{draft['id']}/"
    for change in ({"needs_reading": False}, {"check_note": "Прочитано."}):
        answer = await clerk.patch(path, json=change)
        assert (answer.status_code, "сама проверка" in answer.text) == (422, True), answer.text
    assert (await clerk.patch(path, json={"note": "Читала Д."})).status_code == 200
    kept = (await database.fetch("SELECT * FROM statement WHERE id = $1", draft["id"]))[0]
    copied = {name: str(kept[name]) for name in ("school", "guardian", "pupil", "signature", "signature_kind", "form")}
    copy = await clerk.post("/api/tables/statement/", json=copied)
    assert copy.status_code == 201, copy.text
    assert [
        row["needs_reading"]
        for row in await database.fetch("SELECT needs_reading FROM statement WHERE id = $1", UUID(copy.json()[0]["id"]))
    ] == [True]
    assert (await clerk.delete(f"/api/tables/statement/{copy.json()[0]['id']}/")).is_success
    assert [row["check_note"] for row in await drafts(worlds)] == [draft["check_note"]]

    waiting = "SELECT count(*) AS many FROM statement WHERE school = $1 AND state = 'DRAFT' AND NOT needs_reading"
    many = (await database.fetch(waiting, worlds.a.id))[0]["many"]
    assert (await submit(clerk, "register-statements", {"count": many}))[0] == 200
    assert [row["state"] for row in await drafts(worlds)] == ["DRAFT"], "the pile leaves it to be read"


async def test_a_draft_that_nobody_can_confirm_is_rejected_with_a_reason(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await submit(clerk, "check-signature", under(worlds, {"signature": b64encode(b"garbage").decode()}))
    (draft,) = await drafts(worlds)
    assert draft["check_note"].startswith("Подпись: не файл подписи. ")
    path = f"/api/tables/statement/{draft['id']}/"

    bare = await clerk.patch(path, json={"state": "REJECTED"})
    unread = await clerk.patch(path, json={"state": "REJECTED", "closing_reason": " \u3164 "})
    misplaced = await clerk.patch(path, json={"closing_reason": "просто так"})
    rejected = await clerk.patch(path, json={"state": "REJECTED", "closing_reason": "Файл не открывается"})
    again = await clerk.patch(path, json={"state": "REJECTED", "closing_reason": "ещё раз"})

    assert [answer.status_code for answer in (bare, unread, misplaced, again)] == [422] * 4
    assert "почему" in bare.text
    assert "отклонено" in again.text
    assert (rejected.status_code, rejected.json()["state"]) == (200, "REJECTED"), rejected.text
    assert rejected.json()["closing_reason"] == "Файл не открывается"
    assert (await register(clerk, draft["id"])).status_code == 422
    assert (await clerk.delete(path)).status_code == 422
    (entry,) = await database.fetch(
        "SELECT actor FROM audit_entry WHERE record_id = $1 AND after ->> 'state' = 'REJECTED'",
        str(draft["id"]),
    )
    assert entry["actor"] == worlds.a.accounts["office"]
