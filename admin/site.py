"""The panel as one ASGI application, mounted at /admin/ (D10)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import piccolo_admin
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from piccolo_admin.endpoints import AdminRouter, create_admin
from piccolo_admin.translations.data import ENGLISH, RUSSIAN
from piccolo_admin.translations.models import Translation
from piccolo_api.fastapi.endpoints import FastAPIWrapper
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.forms import FORMS
from admin.forms.routes import form_routes
from admin.gate import BodyLimit, Gate
from admin.labels import TABLES, table_name
from admin.media import Media
from admin.problems import BAD_VALUE, FAULTS, NOT_FOUND, READ_ONLY, refuse, validation_text
from admin.scans import LARGEST_SCAN, ScanStorage
from admin.scope import StaffBackend, StaffScope, turn_away
from admin.sign_in import SignInDesk
from admin.tables import LISTINGS
from admin.tables.delivery import StatementCRUD
from diary.access.tables import Account, Session
from diary.paper.print_jobs import FOLDER
from settings import Settings

SITE_NAME = "Школьный дневник"
LARGEST_BODY = 1024 * 1024
LARGEST_SIGN_IN = 16 * 1024
#: What a multipart envelope adds to the file in it.
ENVELOPE = 64 * 1024
DIST = Path(piccolo_admin.__file__).parent / "dist"
STATIC = Path(__file__).parent / "static"

#: Where Piccolo's own Russian is unclear or missing.
TRANSLATION = Translation(
    language_name="Русский",
    language_code="ru",
    translations={
        **RUSSIAN.translations,
        "About": "О панели",
        "Add Row": "Добавить запись",
        "Apply": "Применить",
        "Back to home page": "На главную",
        "Form submitted": "Готово",
        "Forms": "Действия",
        "Hide referencing tables": "Скрыть связанные таблицы",
        "Links": "Ссылки",
        "MFA Code": "Код подтверждения",
        "MFA Setup": "Второй фактор",
        "page": "странице",
        "result(s)": "записей",
        "rows": "записей",
        "Select a table in the sidebar to get started.": "Выберите таблицу или действие слева.",
        "selected result(s) on": "выбрано на",
        "Submit": "Выполнить",
        "Tables": "Записи",
        "Thanks for using Piccolo Admin.": "Панель построена на Piccolo Admin.",
        "Use again": "Ещё раз",
        "Welcome to": "",
    },
)


def create_diary_admin(settings: Settings) -> ASGIApp:
    """Return the staff panel: sign-in, tables, forms and scans, each kept to the staff member's schools."""
    stock = create_admin(
        [],
        forms=[form.config() for form in FORMS],
        auth_table=Account,
        session_table=Session,
        site_name=SITE_NAME,
        default_language_code="ru",
        translations=[TRANSLATION, ENGLISH],
        auto_include_related=False,
    )
    desk = SignInDesk(https=settings.is_https)
    scans = ScanStorage(settings.data / "scans")
    private = AuthenticationMiddleware(
        BodyLimit(
            StaffScope(Aliases(private_app(stock, desk, Media(scans, settings.data / FOLDER)))),
            largest=LARGEST_BODY,
            exceptions={"/media/": LARGEST_SCAN + ENVELOPE},
        ),
        backend=StaffBackend(desk.cookie),
        on_error=turn_away,
    )
    public = Starlette(
        routes=[
            Route("/login/", desk.sign_in, methods=["POST"]),
            Route("/logout/", desk.sign_out, methods=["POST"]),
            Route("/meta/", _json(stock.get_meta), methods=["GET"]),
            Route("/translations/", _json(stock.get_translation_list), methods=["GET"]),
            Route("/translations/{language_code}/", _json(stock.get_translation), methods=["GET"]),
        ],
        exception_handlers=FAULTS,
    )
    panel = Starlette(
        routes=[
            Route("/", _page, methods=["GET"]),
            Mount("/assets", Assets()),
            Mount("/api", private),
            Mount("/public", BodyLimit(public, largest=LARGEST_SIGN_IN)),
        ],
        exception_handlers=FAULTS,
    )
    return Gate(panel, https=settings.is_https)


def private_app(stock: AdminRouter, desk: SignInDesk, media: Media) -> FastAPI:
    """Return what only signed-in staff reach: an allow-list, so that no new route of Piccolo Admin opens by itself."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _wrong_input)
    app.add_exception_handler(HTTPException, _plain)
    for listed in LISTINGS:
        crud = listed.crud(listed)
        if isinstance(crud, StatementCRUD):
            crud.scans = media.scans
        FastAPIWrapper(
            root_url=f"/tables/{crud.table._meta.tablename}/",
            fastapi_app=app,
            piccolo_crud=crud,
        )
    app.add_api_route("/tables/", _table_names, methods=["GET"])
    app.add_api_route("/tables/grouped/", _grouped, methods=["GET"])
    app.add_api_route("/links/", stock.get_sidebar_links, methods=["GET"])
    app.add_api_route("/forms/", stock.get_forms, methods=["GET"])
    app.add_api_route("/forms/grouped/", _grouped_forms, methods=["GET"])
    app.add_api_route("/forms/{form_slug:str}/", stock.get_single_form, methods=["GET"])
    app.add_api_route("/forms/{form_slug:str}/schema/", stock.get_single_form_schema, methods=["GET"])
    app.add_api_route("/user/", stock.get_user, methods=["GET"])
    app.router.routes.extend(
        [
            *form_routes(media.scans),
            *media.routes(),
            Route("/change-password/", desk.change_password, methods=["POST"]),
        ]
    )
    return app


async def _wrong_input(_request: Request, problem: Exception) -> Response:
    return refuse(422, validation_text(problem))


async def _plain(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    text = {400: BAD_VALUE, 404: NOT_FOUND, 405: READ_ONLY}.get(problem.status_code) if _is_stock(problem) else None
    return refuse(problem.status_code, text or str(problem.detail))


def _is_stock(problem: HTTPException) -> bool:
    return str(problem.detail).isascii()


def _table_names() -> list[str]:
    return sorted(listed.config.table_class._meta.tablename for listed in LISTINGS)


def _grouped() -> dict[str, object]:
    groups: dict[str, list[str]] = {}
    for listed in LISTINGS:
        groups.setdefault(listed.config.menu_group or "", []).append(table_name(listed.config.table_class))
    return {"grouped": groups, "ungrouped": []}


def _grouped_forms() -> dict[str, object]:
    groups: dict[str, list[dict[str, str]]] = {}
    for form in FORMS:
        groups.setdefault(form.group, []).append(
            {"name": form.name, "slug": form.slug, "description": form.description}
        )
    return {"grouped": groups, "ungrouped": []}


class Aliases:
    """Lets the panel's addresses name a table in Russian, which is also what the panel then shows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.names = {alias: table._meta.tablename for table, alias in TABLES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as if the table's own name had been asked for."""
        prefix = scope.get("root_path", "") + "/tables/"
        path: str = scope["path"]
        if path.startswith(prefix):
            alias, slash, rest = path.removeprefix(prefix).partition("/")
            if alias in self.names:
                path = f"{prefix}{self.names[alias]}{slash}{rest}"
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)


def _json(endpoint: Callable[..., BaseModel]) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        try:
            answered = endpoint(**request.path_params)
        except HTTPException as problem:
            return refuse(problem.status_code, NOT_FOUND)
        return JSONResponse(answered.model_dump())

    return call


@cache
def _page_text() -> str:
    """Return Piccolo Admin's page in Russian, with our own script and style."""
    page = (DIST / "index.html").read_text(encoding="utf-8")
    read_only = " ".join(table_name(listed.config.table_class) for listed in LISTINGS if not listed.writable)
    ours = (
        f'<link rel="stylesheet" href="./assets/diary.css?v={_version("diary.css")}">\n'
        f'  <script src="./assets/diary.js?v={_version("diary.js")}"></script>\n'
        '  <link rel="icon" href="data:,">\n'
        "</head>"
    )
    for english, russian in (
        ('<html lang="en">', f'<html lang="ru" data-read-only-tables="{read_only}">'),
        ("<title>Piccolo Admin</title>", f"<title>{SITE_NAME}</title>"),
        (
            "We're sorry but the Piccolo Admin doesn't work properly without JavaScript enabled.",
            "Панель сотрудников работает только с включённым JavaScript.",
        ),
        ("</head>", ours),
    ):
        page = page.replace(english, russian)
    return page


def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


async def _page(_request: Request) -> Response:
    return HTMLResponse(_page_text(), headers={"Cache-Control": "no-cache"})


class Assets:
    """Piccolo Admin's built files and our own; their names change with their content, so browsers keep them."""

    def __init__(self) -> None:
        self.ours = StaticFiles(directory=STATIC)
        self.stock = StaticFiles(directory=DIST / "assets")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, our own first."""

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                MutableHeaders(scope=message)["Cache-Control"] = "public, max-age=31536000, immutable"
            await send(message)

        name = scope["path"].rsplit("/", 1)[-1]
        app = self.ours if (STATIC / name).is_file() else self.stock
        await app(scope, receive, kept)
