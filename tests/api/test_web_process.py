"""What every answer of the web process has, and its plain pages and probes."""

from __future__ import annotations

import os

import httpx
import pytest

from api.web.security_headers import CONTENT_SECURITY_POLICY
from asgi import create_app
from settings import read_settings
from tests.support.service import Service

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/schema.graphql", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/", 405),
        ("POST", "/graphql", 400),
        ("GET", "/graphql", 200),
    ],
)
async def test_every_answer_has_the_security_headers(service: Service, method: str, path: str, status: int) -> None:
    answer = await service.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == ("public, max-age=300" if path == "/schema.graphql" else "no-store")
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers


async def test_a_refused_host_has_the_headers_too(service: Service) -> None:
    answer = await service.request("GET", "/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_the_front_door_leads_on_in_russian(service: Service) -> None:
    page = await service.request("GET", "/", headers=HTML)

    assert '<html lang="ru">' in page.text
    for address in ("/admin/", "/graphql", "/schema.graphql"):
        assert f'href="{address}"' in page.text
    assert "/demo/mail" not in page.text


async def test_a_missing_page_is_friendly_to_people_and_plain_to_programs(service: Service) -> None:
    people = await service.request("GET", "/nowhere", headers=HTML)
    program = await service.request("GET", "/nowhere")

    assert "Страница не найдена" in people.text
    assert program.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_fault_shows_a_page_without_its_inside(diary_database: object) -> None:
    app = create_app(read_settings(os.environ))

    async def broken(scope: object, receive: object, send: object) -> None:
        raise ValueError("secret detail")

    app.mount("/broken", broken)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        people = await client.get("/broken/", headers=HTML)
        program = await client.get("/broken/")

    assert (people.status_code, program.status_code) == (500, 500)
    assert "Ошибка на нашей стороне" in people.text
    assert program.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "secret detail" not in people.text + program.text
    assert people.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_a_page_without_its_database_asks_to_come_back(diary_database: object) -> None:
    app = create_app(read_settings(os.environ))

    async def cut_off(scope: object, receive: object, send: object) -> None:
        raise ConnectionRefusedError("/secret/place/.s.PGSQL.5432")

    app.mount("/cut-off", cut_off)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        people = await client.get("/cut-off/", headers=HTML)
        program = await client.get("/cut-off/")

    assert (people.status_code, program.status_code) == (503, 503)
    assert int(people.headers["retry-after"]) >= 1
    assert "Сервис временно недоступен" in people.text
    assert program.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "secret" not in people.text + program.text


async def test_readiness_names_what_is_missing_and_no_address(diary_database: object) -> None:
    settings = read_settings(os.environ | {"REDIS_URL": "redis://:secret-word@127.0.0.1:1/0"})
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "missing": ["redis"]}
    assert alive.status_code == 200


@pytest.mark.parametrize("client", [("203.0.113.5", 40000), ("127.0.0.1", 40000)])
@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "203.0.113.5"}])
async def test_metrics_answer_to_this_machine_only(
    diary_database: object, client: tuple[str, int], headers: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(create_app(read_settings(os.environ)), client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/metrics", headers=headers)

    near = client[0] == "127.0.0.1" and not headers
    assert answer.status_code == (200 if near else 404)
    assert ("diary_sockets" in answer.text) is near


async def test_answers_are_counted_by_class(service: Service) -> None:
    async def count() -> int:
        text = (await service.request("GET", "/metrics")).text
        lines = [line for line in text.splitlines() if line.startswith('diary_requests_total{status="4xx"}')]
        return int(lines[0].split()[-1]) if lines else 0

    before = await count()
    await service.request("GET", "/nowhere")
    assert await count() == before + 1
