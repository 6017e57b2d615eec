"""Who may enter the panel, for how long, and what a foreign page can make a browser do there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from diary.access import passwords
from diary.access.session_tokens import STAFF_IDLE
from diary.access.sign_in_delay import FREE_FAILURES
from diary.kit import clock as clocks
from diary.kit import database
from settings import settings
from tests.admin.conftest import Panel, SignIn, Worlds, open_page
from tests.admin.world import PASSWORD, add_account
from tests.support.server import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTING = "/api/tables/pupil/"


async def enter(client: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    """Try to sign in."""
    return await client.post("/public/login/", json={"username": login, "password": password})


async def test_without_a_session_nothing_is_answered(visitor: httpx.AsyncClient, worlds: Worlds) -> None:
    for method, path in (
        ("GET", LISTING), ("GET", "/api/tables/"), ("GET", "/api/forms/"), ("GET", "/api/user/"),
        ("POST", "/api/forms/register-decision/"), ("POST", "/api/media/"), ("GET", "/api/no-such/"),
        ("GET", f"/api/media-files/statement/scan/{worlds.a.id}/x.png"), ("POST", "/api/change-password/"),
    ):  # fmt: skip
        answer = await visitor.request(method, path)
        assert answer.status_code == 401, path
        assert answer.text == "Войдите в систему: сеанс не начат или уже закончился."


@pytest.mark.parametrize("role", ["teacher", "guardian"])
async def test_only_office_and_operators_enter_whatever_flag_the_account_carries(
    visitor: httpx.AsyncClient, worlds: Worlds, role: str
) -> None:
    # Their accounts carry the admin flag in this world.
    answer = await enter(visitor, f"{role}-А")

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert not await database.fetch("SELECT FROM session")


@pytest.mark.parametrize("role", ["teacher", "guardian"])
async def test_a_session_from_another_face_opens_nothing_to_those_who_are_no_staff(
    visitor: httpx.AsyncClient, worlds: Worlds, role: str
) -> None:
    from diary.access import session_tokens  # noqa: PLC0415

    visitor.cookies.set("sid", await session_tokens.start(worlds.a.accounts[role]))

    assert (await visitor.get(LISTING)).status_code == 401


async def test_an_account_with_the_flag_and_no_capacity_does_not_enter(
    visitor: httpx.AsyncClient, worlds: Worlds
) -> None:
    await add_account("flagged", admin=True)

    assert (await enter(visitor, "flagged")).status_code == 403


async def test_a_lost_capacity_takes_effect_at_the_next_request(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    before = await clerk.get(LISTING)
    await database.execute("DELETE FROM capacity WHERE account = $1", worlds.a.accounts["office"])
    after = await clerk.get(LISTING)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_closed_account_is_out_at_the_next_request(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await database.execute("UPDATE account SET active = false WHERE id = $1", worlds.a.accounts["office"])

    assert (await clerk.get(LISTING)).status_code == 401


async def test_signing_out_revokes_the_session(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    token = clerk.cookies["sid"]
    out = await clerk.post("/public/logout/")
    clerk.cookies.set("sid", token)

    assert out.status_code == 200
    assert (await clerk.get(LISTING)).status_code == 401
    assert (await database.fetch("SELECT revoked_at FROM session"))[0]["revoked_at"]


async def test_an_idle_session_ends(clerk: httpx.AsyncClient, clock: clocks.SetClock) -> None:
    clock.move(STAFF_IDLE - timedelta(seconds=1))
    still = await clerk.get(LISTING)
    clock.move(STAFF_IDLE)
    ended = await clerk.get(LISTING)

    assert (still.status_code, ended.status_code) == (200, 401)


async def test_signing_in_again_ends_the_former_session(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    former = clerk.cookies["sid"]
    await enter(clerk, "office-А")

    assert clerk.cookies["sid"] != former
    clerk.cookies.set("sid", former)
    assert (await clerk.get(LISTING)).status_code == 401


async def test_failures_delay_one_login_and_not_the_whole_school(visitor: httpx.AsyncClient, worlds: Worlds) -> None:
    for _ in range(FREE_FAILURES):
        assert (await enter(visitor, "office-А", "wrong")).status_code == 401
    delayed = await enter(visitor, "office-А")
    colleague = await enter(visitor, "office-Б")

    assert delayed.status_code == 429
    assert int(delayed.headers["Retry-After"]) >= 1
    assert delayed.json()["detail"].startswith("Слишком много неудачных попыток")
    assert colleague.status_code == 200


async def test_failures_from_elsewhere_do_not_delay_the_clerk(visitor: httpx.AsyncClient, worlds: Worlds) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    for _ in range(FREE_FAILURES + 1):
        stranger = await visitor.post(
            "/public/login/", json={"username": "office-А", "password": "wrong"}, headers=elsewhere
        )

    assert stranger.status_code == 429
    assert (await enter(visitor, "office-А")).status_code == 200


async def test_who_comes_into_a_flood_of_sign_ins_is_told_when_to_come_back(
    visitor: httpx.AsyncClient, worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "line", passwords.Line(0))
    busy = await enter(visitor, "office-А")
    monkeypatch.undo()

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert busy.json()["detail"] == "Слишком много входов сразу. Повторите через несколько секунд."
    assert (await enter(visitor, "office-А")).status_code == 200


@pytest.mark.parametrize("login", ["office\0", "\ud800", "x" * 101, "x" * 10_000])
async def test_an_impossible_login_fails_like_any_other(visitor: httpx.AsyncClient, worlds: Worlds, login: str) -> None:
    for answer in (await enter_raw(visitor, login, PASSWORD), await enter_raw(visitor, "office-А", login)):
        assert (answer.status_code, answer.json()["detail"]) == (401, "Неверный логин или пароль.")


async def enter_raw(client: httpx.AsyncClient, login: str, password: str) -> httpx.Response:
    """Try to sign in with what is no text, escaped as JSON allows."""
    return await client.post("/public/login/", content=json.dumps({"username": login, "password": password}))


async def test_an_unknown_login_and_a_wrong_password_get_one_answer(visitor: httpx.AsyncClient, worlds: Worlds) -> None:
    unknown = await enter(visitor, "nobody-here", "wrong")
    wrong = await enter(visitor, "office-А", "wrong")

    assert (unknown.status_code, unknown.text) == (wrong.status_code, wrong.text)


async def test_a_malformed_sign_in_is_refused(visitor: httpx.AsyncClient) -> None:
    for body in (b"", b"[]", b'{"username": 1, "password": []}', b"\xff"):
        assert (await visitor.post("/public/login/", content=body)).status_code == 422
    assert (await visitor.post("/public/login/", content=b"x" * 20_000)).status_code == 413


async def test_the_session_cookie_is_out_of_reach_of_scripts(visitor: httpx.AsyncClient, worlds: Worlds) -> None:
    cookie = (await enter(visitor, "office-А")).headers["set-cookie"]

    assert cookie.startswith("sid=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_over_https_the_cookies_are_bound_to_the_host(worlds: Worlds, tmp_path: Path) -> None:
    from admin.site import create_diary_admin  # noqa: PLC0415

    secure = replace(settings(), data=tmp_path, public_url="https://diary.example")
    app = Starlette(routes=[Mount("/admin/", create_diary_admin(secure))])
    async with served(app) as service, httpx.AsyncClient(base_url=f"http://{service.address}/admin") as client:
        page = await client.get("/")
        token = page.headers["set-cookie"].split("=", 1)[1].split(";")[0]
        answer = await client.post(
            "/public/login/",
            json={"username": "office-А", "password": PASSWORD},
            headers={"X-CSRFToken": token, "Cookie": f"csrftoken={token}"},
        )
        session = answer.headers["set-cookie"].split(";")[0]
        listed = await client.get(LISTING, headers={"Cookie": session})

    assert session.startswith("__Host-sid=")
    for cookie in (page.headers["set-cookie"], answer.headers["set-cookie"]):
        assert "Secure" in cookie
    assert "Domain" not in answer.headers["set-cookie"]
    assert listed.status_code == 200


async def test_a_change_needs_the_pages_own_token(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    path, data = "/api/tables/subject/", {"name": "Физика"}
    for headers in (
        {"X-CSRFToken": ""},
        {"X-CSRFToken": "guessed"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        refused = await clerk.post(path, json=data, headers=headers)
        assert refused.status_code == 403, headers
    own = await clerk.post(
        path, json=data, headers={"Origin": f"http://{clerk.base_url.netloc.decode()}", "Sec-Fetch-Site": "same-origin"}
    )
    assert own.status_code == 201


async def test_a_form_of_a_foreign_page_cannot_sign_anybody_in(panel: Panel, worlds: Worlds) -> None:
    async with httpx.AsyncClient(base_url=panel.url) as stranger:
        answer = await enter(stranger, "office-А")

    assert answer.status_code == 403


async def test_every_answer_carries_the_security_headers(visitor: httpx.AsyncClient, clerk: httpx.AsyncClient) -> None:
    for answer in (
        await visitor.get("/"), await visitor.get(LISTING), await clerk.get(LISTING), await clerk.get("/no-such/"),
        await clerk.post(LISTING, json={}), await visitor.get("/public/meta/"), await visitor.get("/assets/diary.js"),
    ):  # fmt: skip
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert (await clerk.get(LISTING)).headers["cache-control"] == "no-store"
    assert "immutable" in (await visitor.get("/assets/diary.js")).headers["cache-control"]


async def test_the_own_password_is_changed_and_every_session_ends(
    clerk: httpx.AsyncClient, visitor: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    elsewhere = await sign_in("office-А")
    new = {"new_password": "Новый-пароль-1", "confirm_new_password": "Новый-пароль-1"}

    unequal = await clerk.post(
        "/api/change-password/", json={**new, "current_password": PASSWORD, "confirm_new_password": "другой"}
    )
    short = await clerk.post(
        "/api/change-password/",
        json={"current_password": PASSWORD, "new_password": "1234567", "confirm_new_password": "1234567"},
    )
    wrong = await clerk.post("/api/change-password/", json={**new, "current_password": "wrong"})
    right = await clerk.post("/api/change-password/", json={**new, "current_password": PASSWORD})

    assert [answer.status_code for answer in (unequal, short, wrong, right)] == [422, 422, 422, 200]
    assert (await clerk.get(LISTING)).status_code == 401
    assert (await elsewhere.get(LISTING)).status_code == 401
    assert (await enter(visitor, "office-А")).status_code == 401
    assert (await enter(visitor, "office-А", "Новый-пароль-1")).status_code == 200


async def test_the_page_is_russian_and_offers_russian_and_english_only(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/")
    languages = (await visitor.get("/public/translations/")).json()
    russian = (await visitor.get("/public/translations/ru/")).json()
    unknown = await visitor.get("/public/translations/de/")

    assert '<html lang="ru"' in page.text
    assert "Школьный дневник" in page.text
    assert "Piccolo" not in page.text
    assert [one["language_code"] for one in languages["translations"]] == ["ru", "en"]
    assert languages["default_language_code"] == "ru"
    assert russian["translations"]["Save"] == "Сохранить"
    assert unknown.status_code == 404


async def test_sign_in_pages_own_page(visitor: httpx.AsyncClient, panel: Panel) -> None:
    async with httpx.AsyncClient(base_url=panel.url) as fresh:
        await open_page(fresh)
        assert fresh.cookies["csrftoken"]
        assert "set-cookie" not in (await fresh.get("/")).headers
