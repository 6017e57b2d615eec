"""Who gets in over HTTP: origins, content types, methods, cookies and sizes (trust.md 1.2)."""

from __future__ import annotations

import json

import httpx
import pytest

from asgi import create_app
from diary.kit import database
from settings import read_settings
from tests.api.documents import SIGN_OUT, VIEWER
from tests.support.service import SIGN_IN, Service, codes
from tests.support.town import PASSWORD, Town

ROLE = "{ viewer { role } }"
JSON = {"content-type": "application/json"}


async def test_a_post_from_another_site_is_refused_before_it_runs(service: Service, town: Town) -> None:
    body = {"query": SIGN_IN, "variables": {"login": "anna", "password": PASSWORD}}

    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await service.request("POST", "/graphql", json=body, headers=headers)
        assert answer.status_code == 403
        assert codes(answer.json()) == ["FOREIGN_ORIGIN"]
        assert "access-control-allow-origin" not in answer.headers

    assert await database.fetch("SELECT FROM session") == []
    own = await service.request("POST", "/graphql", json=body, headers={"Origin": service.origin})
    assert own.json()["data"]["signIn"]["token"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
async def test_only_json_is_taken(service: Service, content_type: str | None) -> None:
    answer = await service.request(
        "POST",
        "/graphql",
        content=json.dumps({"query": ROLE}),
        headers={"content-type": content_type} if content_type else {},
    )

    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"5", b'"text"', b"null", b'[{"query": "{ viewer { role } }"}]', b"{}", b'{"query": 5}',
     b'{"query": "{ viewer { role } }", "variables": [1]}', b'{"query": "\\ud800"}', b"\xff"],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_refused_clearly(service: Service, content: bytes) -> None:
    answer = await service.request("POST", "/graphql", content=content, headers=JSON)

    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_REQUEST"]


async def test_mutations_are_refused_by_get(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    answer = await service.request(
        "GET", "/graphql", params={"query": SIGN_OUT}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_REQUEST"]
    assert codes(await service.post(ROLE, token=token)) == []


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream", 'multipart/mixed;subscriptionSpec="1.0"'])
async def test_subscriptions_do_not_run_over_http(service: Service, town: Town, accept: str) -> None:
    token = await service.sign_in("anna")
    document = f'subscription {{ diaryEvents(pupilId: "{town.first.pupils["misha"]}") {{ cursor }} }}'
    headers = {"Authorization": f"Bearer {token}", "Accept": accept}

    by_post = await service.post(document, headers=headers)
    by_get = await service.request("GET", "/graphql", params={"query": document}, headers=headers)

    assert codes(by_post) == codes(by_get.json()) == ["SUBSCRIPTIONS_NEED_WEBSOCKET"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_not_served(service: Service, method: str) -> None:
    assert (await service.request(method, "/graphql")).status_code == 405


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 413)])
async def test_a_body_of_64_kib_is_taken_and_a_larger_one_is_not(service: Service, size: int, status: int) -> None:
    body = json.dumps({"query": ROLE}).encode()
    body = body[:-1] + b" " * (size - len(body)) + b"}"

    assert len(body) == size
    assert (await service.request("POST", "/graphql", content=body, headers=JSON)).status_code == status


async def test_a_cookie_counts_only_with_our_header(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    cookie = {"Cookie": f"sid={token}"}

    assert codes(await service.post(ROLE, headers=cookie)) == ["CLIENT_HEADER_REQUIRED"]
    by_get = await service.request("GET", "/graphql", params={"query": ROLE}, headers=cookie)
    assert codes(by_get.json()) == ["CLIENT_HEADER_REQUIRED"]
    with_header = await service.post(ROLE, headers=cookie | {"X-Diary-Client": "test"})
    assert with_header == {"data": {"viewer": {"role": "GUARDIAN"}}}


async def test_a_bearer_token_goes_before_a_cookie_and_needs_no_header(service: Service, town: Town) -> None:
    anna, vera = await service.sign_in("anna"), await service.sign_in("vera")

    answer = await service.post(ROLE, token=vera, headers={"Cookie": f"sid={anna}"})

    assert answer == {"data": {"viewer": {"role": "TEACHER"}}}


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YW5uYTp4", "Bearer wrong", "Bearer a b"])
async def test_a_wrong_authorization_is_nobody(service: Service, town: Town, header: str) -> None:
    assert codes(await service.post(ROLE, headers={"Authorization": header})) == ["SIGN_IN_REQUIRED"]


async def test_signing_out_ends_the_session_at_once(service: Service, town: Town) -> None:
    token, other = await service.sign_in("anna"), await service.sign_in("anna")

    assert await service.post(SIGN_OUT, token=token) == {"data": {"signOut": True}}

    assert codes(await service.post(VIEWER, token=token)) == ["SIGN_IN_REQUIRED"]
    assert codes(await service.post(VIEWER, token=other)) == []
    assert await service.post(SIGN_OUT, token=token) == {"data": {"signOut": False}}
    assert await service.post(SIGN_OUT) == {"data": {"signOut": False}}


async def test_a_browser_that_signs_out_drops_its_cookie(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    answer = await service.request(
        "POST", "/graphql", json={"query": SIGN_OUT}, headers={"Cookie": f"sid={token}", "X-Diary-Client": "test"}
    )

    assert answer.json() == {"data": {"signOut": True}}
    assert answer.headers["set-cookie"].startswith('sid=""; expires=')


async def test_the_session_table_holds_no_token(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    stored = await database.fetch("SELECT session::text AS row FROM session")

    assert len(stored) == 1
    assert token not in stored[0]["row"]


async def test_another_host_name_is_refused(service: Service) -> None:
    for path in ("/graphql", "/", "/healthz"):
        assert (await service.request("GET", path, headers={"Host": "evil.example"})).status_code == 400


async def test_production_shows_no_page_and_no_introspection_and_a_host_cookie(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    settings = read_settings({"DIARY_MODE": "production", "DIARY_PUBLIC_URL": "https://diary.example"})
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="https://diary.example") as browser:
        page = await browser.get("/graphql", headers={"Accept": "text/html"})
        script = await browser.get("/graphql/query.js")
        introspection = await browser.post("/graphql", json={"query": "{ __schema { queryType { name } } }"})
        plain_cookie = await browser.post(
            "/graphql", json={"query": ROLE}, headers={"Cookie": f"sid={token}", "X-Diary-Client": "test"}
        )
        host_cookie = await browser.post(
            "/graphql", json={"query": ROLE}, headers={"Cookie": f"__Host-sid={token}", "X-Diary-Client": "test"}
        )

    assert (page.status_code, script.status_code) == (404, 404)
    assert codes(introspection.json()) == ["GRAPHQL_VALIDATION_FAILED"] * len(codes(introspection.json()))
    assert introspection.json()["data"] is None
    assert codes(plain_cookie.json()) == ["SIGN_IN_REQUIRED"]
    assert host_cookie.json() == {"data": {"viewer": {"role": "GUARDIAN"}}}
    assert host_cookie.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_development_has_the_page_and_introspection(service: Service) -> None:
    page = await service.request("GET", "/graphql", headers={"Accept": "text/html"})
    script = await service.request("GET", "/graphql/query.js")
    introspection = await service.post("{ __schema { queryType { name } } }")

    assert "/graphql/query.js" in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    assert script.headers["content-type"].startswith("text/javascript")
    assert introspection == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
