"""The demo's letters on a page, so that a visitor sees what a family would have received."""

from __future__ import annotations

from datetime import datetime, tzinfo
from http import HTTPStatus
from pathlib import Path

from babel.dates import format_date, format_time
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cabinet.caught_letters import LETTERS_AT_MOST, list_letters, read_letter
from cabinet.template import page, speak_the_readers_language
from diary.kit import clock
from diary.kit.wording import language

ADDRESS = "/demo/mail"


def mail_routes(directory: Path, *, zone: tzinfo | None = None) -> list[Route]:
    """Return the routes of the page; times are the given zone's, the machine's when there is none."""

    async def letters(request: Request) -> Response:
        speak_the_readers_language(request)
        found = await run_in_threadpool(list_letters, directory)
        return _page(letters=found, letter=None, is_full=len(found) == LETTERS_AT_MOST, zone=zone)

    async def letter(request: Request) -> Response:
        speak_the_readers_language(request)
        found = await run_in_threadpool(read_letter, directory, request.path_params["name"])
        status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        return _page(letters=None, letter=found, is_full=False, zone=zone, status=status)

    return [
        Route(ADDRESS, letters, methods=["GET"]),
        Route(f"{ADDRESS}/{{name}}", letter, methods=["GET"]),
    ]


def _page(*, zone: tzinfo | None, status: HTTPStatus = HTTPStatus.OK, **facts: object) -> Response:
    today = clock.now().astimezone(zone).date()

    def moment(instant: datetime) -> str:
        local = instant.astimezone(zone)
        time = format_time(local.time(), "HH:mm:ss", locale=language.get())
        return time if local.date() == today else f"{format_date(local, 'd MMMM', locale=language.get())}, {time}"

    return page("mail", status=status, moment=moment, address=ADDRESS, **facts)
