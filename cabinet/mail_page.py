"""The demo's letters on a page, so that a visitor sees what a family would have received."""

from __future__ import annotations

from datetime import datetime, tzinfo
from http import HTTPStatus
from pathlib import Path

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from cabinet.caught_letters import LETTERS_AT_MOST, list_letters, read_letter
from diary.kit import clock
from diary.kit.wording import choose_language, language, translate

ADDRESS = "/demo/mail"
HERE = Path(__file__).parent
#: Demo letters are nobody's secret, but nothing of a letter belongs into a cache.
NO_STORE = {"cache-control": "no-store"}

_pages = Environment(
    loader=FileSystemLoader(HERE / "pages"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals.update(_=translate, address=ADDRESS)


def mail_routes(directory: Path, *, zone: tzinfo | None = None) -> list[Route]:
    """Return the routes of the page; times are the given zone's, the machine's when there is none."""

    async def letters(request: Request) -> Response:
        language.set(choose_language(request.headers.get("accept-language", "")))
        found = await run_in_threadpool(list_letters, directory)
        return _page(letters=found, letter=None, is_full=len(found) == LETTERS_AT_MOST, zone=zone)

    async def letter(request: Request) -> Response:
        language.set(choose_language(request.headers.get("accept-language", "")))
        found = await run_in_threadpool(read_letter, directory, request.path_params["name"])
        status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        return _page(letters=None, letter=found, is_full=False, zone=zone, status=status)

    async def style(request: Request) -> Response:  # noqa: ARG001
        return FileResponse(HERE / "static" / "mail.css", media_type="text/css")

    return [
        Route(ADDRESS, letters, methods=["GET"]),
        Route(f"{ADDRESS}/mail.css", style, methods=["GET"]),
        Route(f"{ADDRESS}/{{name}}", letter, methods=["GET"]),
    ]


def _page(*, zone: tzinfo | None, status: HTTPStatus = HTTPStatus.OK, **facts: object) -> Response:
    today = clock.now().astimezone(zone).date()

    def moment(instant: datetime) -> str:
        local = instant.astimezone(zone)
        time = format_time(local.time(), "HH:mm:ss", locale=language.get())
        return time if local.date() == today else f"{format_date(local, 'd MMMM', locale=language.get())}, {time}"

    text = _pages.get_template("mail/page.html").render(moment=moment, language=language.get(), **facts)
    return HTMLResponse(text, status_code=status, headers=NO_STORE)
