"""Requests that no page of the panel sends, and a database that is away: one sentence each, never a fault of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from admin.problems import BAD_VALUE, TOO_DEEP, UNAVAILABLE
from diary.kit import database
from embedded.servers import EmbeddedServers
from tests.admin.conftest import Worlds
from tests.admin.world import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"Content-Type": "application/json"}


def nested(levels: int) -> bytes:
    """Return JSON of so many levels; Python's own parser goes a little less than a thousand down."""
    return b'{"name": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://]/", "//[", "http://[::1%]"])
async def test_an_origin_that_is_no_address_is_a_foreign_one(visitor: httpx.AsyncClient, origin: str) -> None:
    answer = await visitor.post("/public/login/", json={}, headers={"Origin": origin})

    assert answer.status_code == 403
    assert answer.text.startswith("Запрос пришёл с другой страницы")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/forms/register-decision/"),
        ("POST", "/api/tables/subject/"),
        ("PATCH", "/api/tables/subject/{subject}/"),
        ("POST", "/api/media/generate-file-url/"),
    ],
)
async def test_json_that_nests_too_deep_is_refused(
    clerk: httpx.AsyncClient, worlds: Worlds, method: str, path: str
) -> None:
    place = path.format(subject=worlds.a.ids["subject"])

    for levels in (100, 700, 900):
        answer = await clerk.request(method, place, content=nested(levels), headers=JSON)
        assert answer.status_code in (400, 404, 422), (levels, answer.text)
    answer = await clerk.request(method, place, content=nested(7_000), headers=JSON)
    assert answer.status_code == 400
    assert TOO_DEEP in answer.text or answer.text == BAD_VALUE


async def test_a_sign_in_that_nests_too_deep_is_refused(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post("/public/login/", content=nested(7_000), headers=JSON)

    assert answer.status_code in (400, 422)
    assert not answer.text.isascii()


async def test_a_key_that_is_no_key_is_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    keys: list[object] = [[], {}, [[]], 5, True, "x"]
    for key in keys:
        answer = await clerk.post("/api/tables/guardianship/", json={"pupil": key, "guardian": key})
        assert answer.status_code in (400, 422), (key, answer.text)


@asynccontextmanager
async def database_away(folder: Path) -> AsyncIterator[None]:
    """Give this process connections to a server that has just been killed."""
    engine = database.engine()
    kept = engine.pool
    with EmbeddedServers(data=folder / "away", valkey=False, durable=False) as other:
        engine.pool = await asyncpg.create_pool(other.database_url, min_size=2, max_size=4)
        other.kill()
    try:
        yield
    finally:
        engine.pool.terminate()
        engine.pool = kept


async def test_without_the_database_the_panel_asks_to_come_back(
    clerk: httpx.AsyncClient, visitor: httpx.AsyncClient, worlds: Worlds, tmp_path: Path
) -> None:
    sent = {"username": "office-А", "password": PASSWORD}

    async with database_away(tmp_path):
        answers = [
            await clerk.get("/api/tables/pupil/"),
            await clerk.get("/api/forms/"),
            await clerk.post("/api/forms/register-decision/", json={}),
            await visitor.post("/public/login/", json=sent),
            await clerk.post("/public/logout/"),
        ]
        page = await visitor.get("/")

    for answer in answers:
        assert (answer.status_code, answer.text) == (503, UNAVAILABLE)
        assert int(answer.headers["retry-after"]) >= 1
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert page.status_code == 200
    assert (await visitor.post("/public/login/", json=sent)).status_code == 200


async def test_a_form_that_the_database_cannot_serve_now_asks_to_come_back(
    clerk: httpx.AsyncClient, worlds: Worlds, empty_database: asyncpg.Connection
) -> None:
    # The form waits for a table that we hold longer than a statement may wait for one.
    async with empty_database.transaction():
        await empty_database.execute("LOCK TABLE pupil IN ACCESS EXCLUSIVE MODE")
        answer = await clerk.post("/api/forms/print-week/", json={"pupil": "Орлов", "week_of": "2026-11-24"})

    assert answer.status_code == 503
    assert answer.json() == {"custom_form_error": UNAVAILABLE}
    assert int(answer.headers["retry-after"]) >= 1
