"""A member of school A's office learns and changes nothing of school B by any route of the panel."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from piccolo.columns import ForeignKey
from starlette.routing import BaseRoute, Mount, Route

from admin.crud import Listing
from admin.forms import FORMS
from admin.labels import table_name
from admin.media import Media
from admin.scans import ScanStorage
from admin.sign_in import SignInDesk
from admin.site import private_app
from admin.tables import LISTINGS
from diary.kit import database
from tests.admin.conftest import Panel, SignIn, Worlds
from tests.admin.world import SchoolWorld

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = sorted(listing.config.table_class._meta.tablename for listing in LISTINGS)
LISTED = {listing.config.table_class._meta.tablename: listing for listing in LISTINGS}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def foreign_words(world: SchoolWorld) -> set[str]:
    """Everything that only school B's records hold: its secret word and every one of its identifiers."""
    own = {str(value) for value in world.ids.values() if isinstance(value, uuid.UUID)}
    return {world.secret, *own, *(f"{role}-{world.name}" for role in world.accounts)}


def assert_silent(answer: httpx.Response, world: SchoolWorld) -> None:
    """Nothing of the school stands in the answer, neither in the body nor in a header."""
    said = answer.text + json.dumps(dict(answer.headers), ensure_ascii=False)
    sent = str(answer.request.url) + (answer.request.content or b"").decode(errors="replace")
    found = {word for word in foreign_words(world) if word in said and word not in httpx.URL(sent).path + sent}
    assert not found, f"{answer.request.method} {answer.request.url}: {found}"


async def fingerprint(world: SchoolWorld) -> str:
    """A digest of every record of a school, so that any change of any of them shows."""
    digest = hashlib.sha256()
    for name in (*NAMES, "session"):
        column = {"school": "id"}.get(name, "school")
        if name in {"account", "session"}:
            where = f"{'id' if name == 'account' else 'user_id'} = ANY ($1::int[])"
            rows = await database.fetch(
                f'SELECT to_jsonb(t) AS row FROM "{name}" t WHERE {where} ORDER BY id', list(world.accounts.values())
            )
        else:
            rows = await database.fetch(
                f'SELECT to_jsonb(t) AS row FROM "{name}" t WHERE {column} = $1 ORDER BY id', world.id
            )
        digest.update("".join(str(row["row"]) for row in rows).encode())
    return digest.hexdigest()


def foreign_keys(listing: Listing) -> dict[str, str]:
    """The columns of a table that point to another, with that table's name."""
    return {
        column._meta.name: column._foreign_key_meta.resolved_references._meta.tablename
        for column in listing.config.table_class._meta.columns
        if isinstance(column, ForeignKey)
    }


async def stored(table: str, row_id: Any) -> dict[str, Any]:
    """A record as the database has it, for sending it back changed."""
    row = (await database.fetch(f'SELECT to_jsonb(t) AS row FROM "{table}" t WHERE id = $1', row_id))[0]["row"]
    record: dict[str, Any] = json.loads(row)
    return record


def alike(one: httpx.Response, other: httpx.Response) -> None:
    """Two answers that must not tell a foreign record from one that does not exist."""
    assert (one.status_code, one.text) == (other.status_code, other.text)
    assert one.status_code in {403, 404, 405, 422}


# One row of the matrix for every kind of route below /tables/<name>/.


async def list_rows(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    root = f"/api/tables/{table}/"
    columns = [column._meta.name for column in LISTED[table].config.table_class._meta.columns]
    own = await clerk.get(root, params={"__readable": "true", "__page_size": 1000})
    assert own.status_code == 200
    assert len(own.json()["rows"]) >= 1
    assert_silent(own, worlds.b)
    asked: tuple[dict[str, Any], ...] = (
        {"__page": 2},
        {"__order": f"-{columns[-1]}"},
        {"__visible_fields": ",".join(columns)},
        {"__range_header": "true", "__range_header_name": "x\r\nSet-Cookie: stolen=1"},
        *({column: "Тайна"} for column in columns),
        *({column: str(worlds.b.ids[to])} for column, to in foreign_keys(LISTED[table]).items() if to in worlds.b.ids),
        {f"{column}__operator": "not_null" for column in columns[:2]},
        {f"{column}__operator": "is_null" for column in columns[-2:]},
        *({"__order": f"{column}.family_name"} for column in foreign_keys(LISTED[table])),
        *({"__visible_fields": f"id,{column}.id"} for column in foreign_keys(LISTED[table])),
        *({f"{column}.family_name": "Тайна"} for column in foreign_keys(LISTED[table])),
        {"__page_size": 1001},
        {"__page_size": -1},
        {"__page": 0},
        {"__order": "password"},
        {"id": "'; SELECT 1 --"},
    )
    for params in asked:
        answer = await clerk.get(root, params=params)
        assert answer.status_code in {200, 400, 403, 422}, (params, answer.text)
        assert "stolen" not in answer.headers
        assert_silent(answer, worlds.b)


async def count_rows(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    answer = await clerk.get(f"/api/tables/{table}/count/")
    if table == "account":
        own = len(worlds.a.accounts)
    else:
        column = "id" if table == "school" else "school"
        own = (await database.fetch(f'SELECT count(*) AS n FROM "{table}" WHERE {column} = $1', worlds.a.id))[0]["n"]
    both = (await database.fetch(f'SELECT count(*) AS n FROM "{table}"'))[0]["n"]
    assert answer.json()["count"] == own
    assert own < both
    for column, to in foreign_keys(LISTED[table]).items():
        if to in worlds.b.ids:
            filtered = await clerk.get(f"/api/tables/{table}/count/", params={column: str(worlds.b.ids[to])})
            assert filtered.json()["count"] == 0


async def offer_ids(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    for params in ({}, {"search": worlds.b.secret}, {"search": "%"}, {"limit": 10_000}, {"limit": -1}, {"offset": "x"}):
        answer = await clerk.get(f"/api/tables/{table}/ids/", params=params)
        assert answer.status_code in {200, 400}
        assert_silent(answer, worlds.b)
    assert str(worlds.a.ids[table]) in (await clerk.get(f"/api/tables/{table}/ids/")).json()
    assert (await clerk.get(f"/api/tables/{table}/ids/", params={"search": worlds.b.secret})).json() == {}


async def test_of_an_account_staff_see_no_secret(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for answer in (
        await clerk.get("/api/tables/account/", params={"__visible_fields": "id,username,password,email"}),
        await clerk.get("/api/tables/account/"),
        await clerk.get(f"/api/tables/account/{worlds.a.accounts['guardian']}/"),
        await clerk.get("/api/tables/account/", params={"__order": "password"}),
        await clerk.get("/api/tables/account/", params={"email": "a"}),
        await clerk.get("/api/tables/account/count/", params={"superuser": "false"}),
    ):
        assert "argon2" not in answer.text
        assert "superuser" not in answer.text
    assert (await clerk.get("/api/tables/account/", params={"__order": "password"})).status_code == 400
    assert (await clerk.get("/api/tables/account/count/", params={"superuser": "false"})).status_code == 400


async def describe(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    for part in ("schema", "new", "references"):
        answer = await clerk.get(f"/api/tables/{table}/{part}/")
        assert answer.status_code == 200
        assert_silent(answer, worlds.b)


def nobody_of(table: str) -> str:
    """A number that no record has."""
    return "987654321" if table in {"audit_entry", "account"} else str(uuid.uuid4())


async def open_row(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    root = f"/api/tables/{table}"
    assert (await clerk.get(f"{root}/{worlds.a.ids[table]}/")).status_code == 200
    for params in ({}, {"__readable": "true"}, {"__visible_fields": "id"}):
        foreign = await clerk.get(f"{root}/{worlds.b.ids[table]}/", params=params)
        alike(foreign, await clerk.get(f"{root}/{nobody_of(table)}/", params=params))
        assert foreign.status_code == 404
    assert (await clerk.get(f"{root}/%27--/")).status_code == 404


#: What makes a copy of a record a different one.
FRESH: dict[str, dict[str, Any]] = {
    "school_year": {"name": "2027/28"},
    "grading_period": {"name": "III"},
    "bell_period": {"ordinal": 2},
    "subject": {"name": "Физика"},
    "guardianship": {"valid_from": "2021-01-01"},
    "school_class": {"name": "6Я"},
    "teaching_group": {"name": "6Я"},
    "membership": {"valid_from": "2026-10-01"},
    "teaching_assignment": {"valid_from": "2026-10-01"},
}


async def add_row(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    root = f"/api/tables/{table}/"
    record = await stored(table, worlds.a.ids[table])
    record.pop("id")
    if not LISTED[table].writable or table == "school":
        assert (await clerk.post(root, json=record)).status_code in {405, 422}
        return
    foreign = await clerk.post(root, json={**record, "school": str(worlds.b.id)})
    alike(foreign, await clerk.post(root, json={**record, "school": str(uuid.uuid4())}))
    for column, to in foreign_keys(LISTED[table]).items():
        if to in worlds.b.ids and column != "registered_as":
            foreign = await clerk.post(root, json={**record, column: str(worlds.b.ids[to])})
            alike(foreign, await clerk.post(root, json={**record, column: str(uuid.uuid4())}))
            assert_silent(foreign, worlds.b)
    # The way itself is open, so the refusals above are about the school; and a foreign record's number is not taken.
    fresh = {**record, **FRESH.get(table, {}), "id": str(worlds.b.ids[table]), "external_id": None}
    added = await clerk.post(root, json={name: fresh[name] for name in fresh if name in {*record, "id"}})
    assert added.status_code == 201, added.text
    assert added.json()[0]["id"] != str(worlds.b.ids[table])


async def change_row(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    root = f"/api/tables/{table}"
    for data in ({"school": str(worlds.a.id)}, {}, {"family_name": "Украден"}, {"state": "REGISTERED"}):
        foreign = await clerk.patch(f"{root}/{worlds.b.ids[table]}/", json=data)
        alike(foreign, await clerk.patch(f"{root}/{nobody_of(table)}/", json=data))
    own = f"{root}/{worlds.a.ids[table]}/"
    if not LISTED[table].writable:
        assert (await clerk.patch(own, json={})).status_code == 405
        return
    for column, to in {**foreign_keys(LISTED[table]), "school": "school"}.items():
        if to in worlds.b.ids and column != "registered_as" and table != "school":
            foreign = await clerk.patch(own, json={column: str(worlds.b.ids[to])})
            alike(foreign, await clerk.patch(own, json={column: str(uuid.uuid4())}))
    before = await stored(table, worlds.a.ids[table])
    answer = await clerk.patch(own, json={"id": str(worlds.b.ids[table])})
    assert_silent(answer, worlds.b)
    assert await stored(table, worlds.a.ids[table]) == before


async def replace_row(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    for row_id in (worlds.a.ids[table], worlds.b.ids[table]):
        record = await stored(table, row_id)
        answer = await clerk.put(f"/api/tables/{table}/{row_id}/", json=record)
        assert answer.status_code == 405, answer.text


async def delete_row(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    root = f"/api/tables/{table}"
    foreign = await clerk.delete(f"{root}/{worlds.b.ids[table]}/")
    alike(foreign, await clerk.delete(f"{root}/{nobody_of(table)}/"))
    for params in ({}, {"school": str(worlds.b.id)}, {"id": str(worlds.b.ids[table])}):
        assert (await clerk.delete(f"{root}/", params=params)).status_code == 405


Row = Callable[[httpx.AsyncClient, Worlds, str], Awaitable[None]]
TABLE_ROUTES: dict[tuple[str, str], Row] = {
    ("GET", "/tables/*/"): list_rows,
    ("GET", "/tables/*/count/"): count_rows,
    ("GET", "/tables/*/ids/"): offer_ids,
    ("GET", "/tables/*/schema/"): describe,
    ("GET", "/tables/*/new/"): describe,
    ("GET", "/tables/*/references/"): describe,
    ("GET", "/tables/*/{row_id:str}/"): open_row,
    ("POST", "/tables/*/"): add_row,
    ("PATCH", "/tables/*/{row_id:str}/"): change_row,
    ("PUT", "/tables/*/{row_id:str}/"): replace_row,
    ("DELETE", "/tables/*/{row_id:str}/"): delete_row,
}


@pytest.mark.parametrize("table", NAMES)
async def test_no_route_of_a_table_shows_or_changes_another_school(
    clerk: httpx.AsyncClient, worlds: Worlds, table: str
) -> None:
    before = await fingerprint(worlds.b)

    for row in dict.fromkeys(TABLE_ROUTES.values()):
        await row(clerk, worlds, table)

    assert await fingerprint(worlds.b) == before


@pytest.mark.parametrize("table", NAMES)
async def test_the_russian_address_of_a_table_is_kept_to_the_school_too(
    clerk: httpx.AsyncClient, worlds: Worlds, table: str
) -> None:
    alias = table_name(LISTED[table].config.table_class)

    listed = await clerk.get(f"/api/tables/{alias}/", params={"__page_size": 1000})
    foreign = await clerk.get(f"/api/tables/{alias}/{worlds.b.ids[table]}/")

    assert listed.status_code == 200
    assert_silent(listed, worlds.b)
    assert foreign.status_code == 404


# The routes that belong to no table.


async def name_things(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for path in ("/tables/", "/tables/grouped/", "/links/", "/forms/", "/forms/grouped/", "/user/"):
        answer = await clerk.get(f"/api{path}")
        assert answer.status_code == 200
        assert_silent(answer, worlds.b)


async def read_forms(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for form in FORMS:
        for path in (f"/api/forms/{form.slug}/", f"/api/forms/{form.slug}/schema/"):
            answer = await clerk.get(path)
            assert answer.status_code == 200
            assert_silent(answer, worlds.b)
    assert (await clerk.get("/api/forms/no-such/")).status_code == 404


def foreign_form(slug: str, world: SchoolWorld) -> dict[str, Any]:
    """A form filled in with the people and classes of a school."""
    pupil, guardian = f"{world.secret}ов Михаил Петрович", f"{world.secret}ова Анна Ивановна"
    decision = {"pupil": pupil, "guardian": guardian, "document": "№ 1"}
    forms: dict[str, dict[str, Any]] = {
        "register-decision": decision,
        "withdraw-consent": {**decision, "purpose": "ELECTRONIC_FORM"},
        "check-signature": {"pupil": pupil, "guardian": guardian, "signature": "MA=="},
        "signing-agreement": {"pupil": pupil, "guardian": guardian, "document": "№ 1"},
        "add-authority": {"school": f"Школа {world.secret}", "name": "УЦ", "pem": "-"},
        "retire-authority": {"school": f"Школа {world.secret}", "name": f"УЦ {world.secret}"},
        "register-statements": {"count": 2},
        "publish-consent-text": {
            "school": f"Школа {world.secret}",
            "version": "9",
            "title": "Т",
            "body": "Т",
        },
        "past-access": {"pupil": pupil, "guardian": guardian},
        "agree-delivery": {"pupil": pupil, "guardian": guardian, "first": "EMAIL", "document": "№ 1"},
        "contact-details": {"pupil": pupil, "guardian": guardian, "value": "a@b.example", "document": "№ 1"},
        "print-consent-form": {"pupil": pupil, "guardian": guardian},
        "class-sheets": {"school_class": f"5{world.name}", "week_of": "2026-11-24", "to": guardian},
        "print-week": {"pupil": pupil, "week_of": "2026-11-24"},
        "hand-over-sheet": {"sheet": pupil, "guardian": guardian, "to": guardian},
        "settle-letter": {"letter": guardian, "fate": "NOT_ARRIVED"},
        "settle-obligation": {"pupil": pupil, "obligation": "Итоговый результат", "reason": "Выдано"},
        "write-to-families": {"school_class": f"5{world.name}", "subject": "Тема", "body": "Текст"},
        "create-account": {"role": "GUARDIAN", "person": guardian, "login": "stolen"},
        "close-account": {"login": f"guardian-{world.name}", "act": "CLOSE"},
    }
    return forms[slug]


async def submit_forms(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for form in FORMS:
        sent = foreign_form(form.slug, worlds.b)
        answer = await clerk.post(f"/api/forms/{form.slug}/", json=sent)
        assert answer.status_code == 422, (form.slug, answer.text)
        nobody = await clerk.post(
            f"/api/forms/{form.slug}/", json=json.loads(json.dumps(sent).replace("\\u0411", "\\u042f"))
        )
        assert nobody.status_code == 422
        assert answer.text.replace("Б", "Я") == nobody.text.replace("Б", "Я")
        identifiers = {name: str(worlds.b.ids["pupil"]) for name in ("pupil", "guardian", "person", "school_class")}
        known = {name: value for name, value in identifiers.items() if name in sent}
        assert not known or (await clerk.post(f"/api/forms/{form.slug}/", json={**sent, **known})).status_code == 422


async def suggest_people(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for what in ("pupils", "guardians", "duties", "sheets", "classes", "people", "accounts", "no-such"):
        for search in ("", "Тайна", worlds.b.secret, "5", "%", "_", "guardian"):
            pupil = f"{worlds.b.secret}ов Михаил Петрович"
            answer = await clerk.get(f"/api/suggest/{what}/", params={"search": search, "pupil": pupil})
            assert answer.status_code == 200
            assert_silent(answer, worlds.b)
            assert "5Б" not in answer.text
            assert "-Б" not in answer.text


async def fetch_files(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for key in (f"{worlds.b.id}/{uuid.uuid4()}.png", f"{worlds.a.id}/../{worlds.b.id}/{uuid.uuid4()}.png", "../../x"):
        told = await clerk.post(
            "/api/media/generate-file-url/",
            json={"table_name": "statement", "column_name": "scan", "file_key": key},
        )
        assert told.status_code == 404
        assert (await clerk.get(f"/api/media-files/statement/scan/{key}")).status_code == 404
    for key in (f"{worlds.b.ids['print_job']}.pdf", "../print/x.pdf"):
        told = await clerk.post("/api/media/generate-file-url/", json={"column_name": "file", "file_key": key})
        assert told.status_code == 404
        assert (await clerk.get(f"/api/media-files/print_job/file/{key}")).status_code == 404
    uploaded = await clerk.post(
        "/api/media/", data={"column_name": "scan", "school": str(worlds.b.id)}, files={"file": ("скан.png", PNG)}
    )
    assert uploaded.json()["file_key"].startswith(f"{worlds.a.id}/")


async def change_password(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    answer = await clerk.post(
        "/api/change-password/",
        json={
            "username": "office-Б",
            "user_id": worlds.b.accounts["office"],
            "current_password": "wrong-password",
            "new_password": "another-password",
            "confirm_new_password": "another-password",
        },
    )
    assert answer.status_code == 422
    assert_silent(answer, worlds.b)


OTHER_ROUTES: dict[tuple[str, str], Callable[[httpx.AsyncClient, Worlds], Awaitable[None]]] = {
    ("GET", "/tables/"): name_things,
    ("GET", "/tables/grouped/"): name_things,
    ("GET", "/links/"): name_things,
    ("GET", "/user/"): name_things,
    ("GET", "/forms/"): name_things,
    ("GET", "/forms/grouped/"): name_things,
    ("GET", "/forms/{form_slug:str}/"): read_forms,
    ("GET", "/forms/{form_slug:str}/schema/"): read_forms,
    ("POST", "/forms/{slug}/"): submit_forms,
    ("GET", "/suggest/{what}/"): suggest_people,
    ("POST", "/media/"): fetch_files,
    ("POST", "/media/generate-file-url/"): fetch_files,
    ("GET", "/media-files/statement/scan/{key:path}"): fetch_files,
    ("GET", "/media-files/print_job/file/{key:path}"): fetch_files,
    ("POST", "/change-password/"): change_password,
}


@pytest.mark.parametrize("row", dict.fromkeys(OTHER_ROUTES.values()), ids=lambda row: row.__name__)
async def test_no_other_route_shows_or_changes_another_school(
    clerk: httpx.AsyncClient, worlds: Worlds, row: Callable[[httpx.AsyncClient, Worlds], Awaitable[None]]
) -> None:
    before = await fingerprint(worlds.b)

    await row(clerk, worlds)

    assert await fingerprint(worlds.b) == before
    assert not await database.fetch("SELECT FROM account WHERE username = 'stolen'")


# Completeness: a route without a row in the matrix fails here.


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path of the private application, a table's name replaced by a star."""

    def paths(route: BaseRoute) -> set[tuple[str, str]]:
        if isinstance(route, Mount) or not isinstance(route, Route):
            return {("*", getattr(route, "path", repr(route)))}
        return {(method, route.path) for method in (route.methods or {"*"}) - {"HEAD"}}

    found = set().union(*(paths(route) for route in app.routes))
    for name in NAMES:
        found = {(method, path.replace(f"/tables/{name}/", "/tables/*/")) for method, path in found}
    return found


async def test_every_route_of_the_panel_stands_in_the_matrix(panel: Panel) -> None:
    from piccolo_admin.endpoints import create_admin  # noqa: PLC0415

    stock = create_admin([], forms=[form.config() for form in FORMS], auto_include_related=False)
    app = private_app(stock, SignInDesk(https=False), Media(ScanStorage(panel.data), panel.data))

    assert routes_of(app) == {*TABLE_ROUTES, *OTHER_ROUTES}


async def test_stock_routes_that_the_panel_does_not_offer_are_not_there(clerk: httpx.AsyncClient) -> None:
    for path in (
        "/api/openapi.json", "/api/docs/", "/openapi.json", "/docs", "/public/openapi.json", "/public/docs/",
        "/api/mfa-setup/", "/api/tables/session/", "/api/tables/feed/",
        "/api/tables/feed_event/", "/api/tables/sign_in_failure/", "/api/tables/migration/",
    ):  # fmt: skip
        assert (await clerk.get(path)).status_code == 404, path


# Beyond single requests.


async def test_twenty_parallel_requests_of_two_schools_do_not_mix(
    worlds: Worlds, sign_in: SignIn, clerk: httpx.AsyncClient
) -> None:
    other = await sign_in("office-Б")

    async def ask(client: httpx.AsyncClient, foreign: SchoolWorld, number: int) -> None:
        for table in NAMES[number % 7 :: 7]:
            assert_silent(await client.get(f"/api/tables/{table}/", params={"__readable": "true"}), foreign)
        written = await client.post("/api/tables/subject/", json={"name": f"Предмет {number} {foreign.name}"})
        assert written.status_code == 201

    await asyncio.gather(
        *(ask(clerk, worlds.b, number) for number in range(10)), *(ask(other, worlds.a, number) for number in range(10))
    )

    rows = await database.fetch("SELECT school, name FROM subject WHERE name LIKE 'Предмет%'")
    assert len(rows) == 20
    assert {row["school"] for row in rows if row["name"].endswith("Б")} == {worlds.a.id}
    assert {row["school"] for row in rows if row["name"].endswith("А")} == {worlds.b.id}


async def test_a_foreign_record_cannot_be_probed_through_a_rule_that_names_must_differ(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    taken = await stored("grading_period", worlds.b.ids["grading_period"])
    probe = {name: taken[name] for name in ("kind", "name", "starts_on", "ends_on", "school_year")}

    known = await clerk.post("/api/tables/grading_period/", json=probe)
    unknown = await clerk.post("/api/tables/grading_period/", json={**probe, "school_year": str(uuid.uuid4())})

    alike(known, unknown)


async def test_nothing_of_a_request_stays_on_its_connection(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for _ in range(12):
        await clerk.get("/api/tables/pupil/")
        await clerk.get(f"/api/tables/pupil/{uuid.uuid4()}/")

    seen = await asyncio.gather(
        *(
            database.fetch(
                "SELECT current_user AS who, current_setting('diary.schools', true) AS schools, pg_sleep(0.01)"
            )
            for _ in range(10)
        )
    )
    assert {(rows[0]["who"], rows[0]["schools"] or "") for rows in seen} == {("diary", "")}


async def test_an_operator_sees_every_school(worlds: Worlds, sign_in: SignIn) -> None:
    operator = await sign_in("root")

    listed = await operator.get("/api/tables/pupil/")

    assert {row["school"] for row in listed.json()["rows"]} == {str(worlds.a.id), str(worlds.b.id)}


async def test_a_clerk_of_two_schools_has_to_say_which(worlds: Worlds, sign_in: SignIn) -> None:
    account = worlds.a.accounts["office"]
    await database.execute(
        "INSERT INTO capacity (id, account, school, role) VALUES ($1, $2, $3, 'OFFICE')",
        uuid.uuid4(), account, worlds.b.id,
    )  # fmt: skip
    both = await sign_in("office-А")

    silent = await both.post("/api/tables/subject/", json={"name": "Физика"})
    said = await both.post("/api/tables/subject/", json={"name": "Физика", "school": str(worlds.b.id)})

    assert (silent.status_code, silent.text) == (422, "Укажите школу.")
    assert said.status_code == 201


async def test_without_a_school_set_the_staff_role_sees_nothing(
    worlds: Worlds, diary_database: asyncpg.Connection
) -> None:
    async with diary_database.transaction():
        await diary_database.execute("SET LOCAL ROLE diary_staff")
        for table in NAMES:
            assert await diary_database.fetchval(f'SELECT count(*) FROM "{table}"') == 0, table


async def test_every_table_with_a_school_is_behind_a_policy_or_closed_to_staff(
    worlds: Worlds, diary_database: asyncpg.Connection
) -> None:
    open_tables = await diary_database.fetch(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relrowsecurity
          AND (has_any_column_privilege('diary_staff', c.oid, 'SELECT')
            OR has_table_privilege('diary_staff', c.oid, 'INSERT')
            OR has_table_privilege('diary_staff', c.oid, 'DELETE'))
        """
    )
    assert [row["relname"] for row in open_tables] == []
