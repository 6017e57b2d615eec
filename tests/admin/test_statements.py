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


async def test_many_drafts_are_registered_by_a_form_after_their_count_is_seen(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    pair = {"guardian": str(worlds.a.ids["guardian"]), "pupil": str(worlds.a.ids["pupil"])}
    await clerk.post("/api/tables/statement/", json={**pair, "purpose": "ELECTRONIC_FORM", "decision": "REFUSED"})
    form = "/api/forms/register-statements/"

    asked = await clerk.post(form, json={})
    stale = await clerk.post(form, json={"count": 1})
    done = await clerk.post(form, json={"count": 2})

    assert "2" in asked.json()["custom_form_success"]
    assert stale.status_code == 422
    assert done.json()["custom_form_success"].startswith("Зарегистрировано: 1. Остались черновиками: 1.")
    assert len(await ledger(worlds)) == 1
    states = await database.fetch("SELECT state FROM statement WHERE school = $1 ORDER BY state", worlds.a.id)
    assert [row["state"] for row in states] == ["DRAFT", "REGISTERED"]
