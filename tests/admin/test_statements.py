"""A statement's life: draft, corrections, registering in CRUD or by a form, and the lock after it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.announcement import Announcement, announcements
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_records import trail

pytestmark = pytest.mark.asyncio(loop_scope="session")


def path_of(worlds: Worlds, *, school: str = "a") -> str:
    """The address of the statement that the school began with."""
    return f"/api/tables/statement/{getattr(worlds, school).ids['statement']}/"


async def ledger(worlds: Worlds, purpose: str = "PERSONAL_DATA") -> list[dict[str, Any]]:
    """Decisions of the first family of school A, oldest first."""
    rows = await database.fetch(
        "SELECT * FROM consent_decision WHERE pupil = $1 AND purpose = $2 ORDER BY seq", worlds.a.ids["pupil"], purpose
    )
    return [dict(row) for row in rows]


async def test_a_draft_is_added_corrected_and_deleted_freely(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    pair = {"guardian": str(worlds.a.ids["guardian"]), "pupil": str(worlds.a.ids["pupil"])}
    added = await clerk.post("/api/tables/statement/", json={**pair, "decision": "REFUSED"})
    path = f"/api/tables/statement/{added.json()[0]['id']}/"

    changed = await clerk.patch(path, json={"decision": "GIVEN", "note": "уточнено по телефону"})
    deleted = await clerk.delete(path)

    assert (added.status_code, changed.status_code, deleted.status_code) == (201, 200, 204)
    assert await ledger(worlds) == []


async def test_setting_the_state_registers_the_decision_and_locks_the_statement(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    heard: list[Announcement] = []
    stop = announcements.listen(heard.append)
    answer = await clerk.patch(path_of(worlds), json={"state": "REGISTERED", "note": "принято"})
    stop()

    (decision,) = await ledger(worlds)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "REGISTERED"
    assert answer.json()["note"] == "принято"
    assert answer.json()["registered_as"] == str(decision["id"])
    assert (decision["registrar"], decision["decision"]) == (worlds.a.accounts["office"], "GIVEN")
    assert any(str(worlds.a.ids["pupil"]) in told.pupils for told in heard)
    assert any(told.outbox for told in heard)
    for locked in (
        await clerk.patch(path_of(worlds), json={"note": "поправка"}),
        await clerk.patch(path_of(worlds), json={"state": "DRAFT"}),
        await clerk.patch(path_of(worlds), json={"state": "REGISTERED"}),
        await clerk.delete(path_of(worlds)),
    ):
        assert locked.status_code == 422
        assert "зарегистрировано" in locked.text
    assert len(await ledger(worlds)) == 1


async def test_the_trail_holds_the_registering_whatever_the_route(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await clerk.patch(path_of(worlds), json={"state": "REGISTERED"})
    await clerk.post(
        "/api/forms/withdraw-consent/",
        json={
            "pupil": f"{worlds.a.secret}ов Михаил",
            "guardian": f"{worlds.a.secret}ова",
            "document": "№ 2",
        },
    )

    given, withdrawn = await ledger(worlds)
    for decision in (given, withdrawn):
        (written,) = await trail("consent_decision", decision["id"])
        assert (written["actor"], written["route"]) == (worlds.a.accounts["office"], "ADMIN")
    statement = (await trail("statement", worlds.a.ids["statement"]))[-1]
    assert json.loads(statement["after"])["state"] == "REGISTERED"


async def test_a_refused_registering_leaves_the_draft_as_it_was(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    before = (await clerk.get(path_of(worlds))).json()
    later = (clocks.now() + timedelta(seconds=1)).isoformat()

    undocumented = await clerk.patch(path_of(worlds), json={"state": "REGISTERED", "document_reference": ""})
    from_the_future = await clerk.patch(path_of(worlds), json={"state": "REGISTERED", "received_at": later})
    nothing_given = await clerk.patch(path_of(worlds), json={"state": "REGISTERED", "decision": "WITHDRAWN"})

    assert [answer.status_code for answer in (undocumented, from_the_future, nothing_given)] == [422] * 3
    assert "скан" in undocumented.text
    assert "в будущем" in from_the_future.text
    assert "Отзывать нечего" in nothing_given.text
    assert (await clerk.get(path_of(worlds))).json() == before
    assert await ledger(worlds) == []


async def test_a_statement_may_be_added_as_registered(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    answer = await clerk.post(
        "/api/tables/statement/",
        json={
            "guardian": str(worlds.a.ids["guardian"]),
            "pupil": str(worlds.a.ids["pupil"]),
            "decision": "REFUSED",
            "document_reference": "№ 3",
            "state": "REGISTERED",
        },
    )

    assert answer.status_code == 201, answer.text
    assert [row["decision"] for row in await ledger(worlds)] == ["REFUSED"]


async def test_the_ledgers_key_cannot_be_sent_in(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    answer = await clerk.patch(
        path_of(worlds), json={"registered_as": str(worlds.a.ids["consent_decision"]), "note": "x"}
    )

    assert answer.status_code == 200
    assert answer.json()["registered_as"] is None


async def test_a_foreign_statement_is_not_registered(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    answer = await clerk.patch(path_of(worlds, school="b"), json={"state": "REGISTERED"})

    assert answer.status_code == 404
    assert not await database.fetch("SELECT FROM statement WHERE state = 'REGISTERED'")


async def test_an_operator_runs_the_service_and_registers_nobodys_decision(worlds: Worlds, sign_in: SignIn) -> None:
    operator = await sign_in("root")

    answer = await operator.patch(path_of(worlds), json={"state": "REGISTERED"})

    assert answer.status_code == 404
    assert await ledger(worlds) == []


PILE = "/api/forms/register-statements/"


async def told(client: httpx.AsyncClient, **fields: Any) -> tuple[int, str]:
    """Send the form about the pile and return what the clerk reads."""
    answer = await client.post(PILE, json=fields)
    said = answer.json()
    return answer.status_code, said.get("custom_form_success") or said["custom_form_error"]


async def draft(clerk: httpx.AsyncClient, worlds: Worlds, **fields: Any) -> None:
    """Add one more draft of the first family."""
    pair = {"guardian": str(worlds.a.ids["guardian"]), "pupil": str(worlds.a.ids["pupil"])}
    added = await clerk.post("/api/tables/statement/", json={**pair, "document_reference": "№ 4", **fields})
    assert added.status_code == 201, added.text


async def states(worlds: Worlds) -> list[str]:
    """The states of the statements of school A."""
    rows = await database.fetch("SELECT state FROM statement WHERE school = $1 ORDER BY state", worlds.a.id)
    return [row["state"] for row in rows]


async def test_a_pile_is_checked_by_name_and_code_and_nothing_is_changed(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    before = (await clerk.get(path_of(worlds))).json()
    await draft(clerk, worlds, purpose="ELECTRONIC_FORM", decision="REFUSED", document_reference="")
    await draft(clerk, worlds, purpose="GUARDIAN_ACCESS", guardian=None, decision="WITHDRAWN")

    status, said = await told(clerk)

    assert status == 200
    first, *named = said.split("\n")
    assert first == "Черновиков: 3, не пройдут: 2. Исправьте их, иначе не зарегистрируется ни один."
    family = f"{worlds.a.secret}ова Анна Ивановна — {worlds.a.secret}ов Михаил Петрович, 5А"
    assert named[0].startswith(f"{family}: Укажите документ")
    assert named[0].endswith("(DOCUMENT_REQUIRED)")
    assert named[1].startswith("сам обучающийся — ")
    assert named[1].endswith("(OWN_DECISION_TOO_EARLY)")
    assert await ledger(worlds) == []
    assert await states(worlds) == ["DRAFT"] * 3
    assert (await clerk.get(path_of(worlds))).json() == before
    assert not await database.fetch("SELECT FROM outbox WHERE topic = 'OWN_MATTER'")
    assert not await database.fetch("SELECT FROM audit_entry WHERE record = 'consent_decision' AND route = 'ADMIN'")


async def test_a_pile_is_registered_all_together_or_not_at_all(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await draft(clerk, worlds, purpose="ELECTRONIC_FORM", decision="REFUSED", document_reference="")

    status, said = await told(clerk, count=2)

    assert status == 422
    assert said.startswith("Не зарегистрировано ни одно из 2 заявлений: не проходят 1.\n")
    assert "(DOCUMENT_REQUIRED)" in said
    assert await ledger(worlds) == []

    await database.execute("UPDATE statement SET document_reference = '№ 5' WHERE document_reference = ''")
    heard: list[Announcement] = []
    stop = announcements.listen(heard.append)
    assert await told(clerk, count=2) == (200, "Зарегистрировано: 2. Решения действуют с этой минуты.")
    stop()
    assert any(str(worlds.a.ids["pupil"]) in news.pupils for news in heard)
    assert await states(worlds) == ["REGISTERED"] * 2
    assert len(await ledger(worlds)) == 1
    assert [row["decision"] for row in await ledger(worlds, "ELECTRONIC_FORM")][-1] == "REFUSED"
    assert await told(clerk) == (200, "Черновиков по этому отбору нет.")


async def test_within_a_pile_a_withdrawal_follows_its_consent(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    received = (clocks.now() + timedelta(minutes=-1)).isoformat()
    await draft(clerk, worlds, decision="WITHDRAWN", received_at=received)

    early = await told(clerk)
    await database.execute(
        "UPDATE statement SET received_at = $1 WHERE decision = 'GIVEN' AND school = $2",
        clocks.now() - timedelta(minutes=2), worlds.a.id,
    )  # fmt: skip

    assert "(NOTHING_TO_WITHDRAW)" in early[1]
    assert await told(clerk) == (200, "Черновиков: 2, пройдут все. Чтобы зарегистрировать их, укажите число 2.")
    assert (await told(clerk, count=2))[0] == 200
    assert [row["decision"] for row in await ledger(worlds)] == ["GIVEN", "WITHDRAWN"]


async def test_the_count_must_be_the_one_that_was_seen(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await draft(clerk, worlds, decision="REFUSED")
    stale = await told(clerk, count=1)
    assert stale == (422, "Черновиков по этому отбору теперь 2, а не 1. Проверьте список.")
    assert await states(worlds) == ["DRAFT"] * 2


async def test_a_pile_is_of_a_class_and_of_days(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    passing = "Черновиков: 1, пройдут все. Чтобы зарегистрировать их, укажите число 1."
    assert await told(clerk, school_class="5А") == (200, passing)
    assert await told(clerk, received_from="2026-11-24", received_to="2026-11-24") == (200, passing)
    assert (await told(clerk, received_to="2026-11-23"))[1] == "Черновиков по этому отбору нет."
    assert (await told(clerk, school_class="5Б"))[0] == 422


async def test_an_operator_has_no_pile(worlds: Worlds, sign_in: SignIn) -> None:
    assert await told(await sign_in("root")) == (200, "Черновиков по этому отбору нет.")
    assert await ledger(worlds) == []
