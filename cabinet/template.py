"""The cabinet's templates: escaped always, in the reader's language, with one small style sheet."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from diary.kit.wording import choose_language, language, translate

HERE = Path(__file__).parent
STYLE = "/static/diary.css"
#: The style changes with a release only; browsers ask again after an hour.
STYLE_HEADERS = {"cache-control": "public, max-age=3600"}
#: Nothing of a personal page belongs into a cache (trust.md 1.2).
NO_STORE = {"cache-control": "no-store"}

_pages = Environment(
    loader=FileSystemLoader(HERE / "pages"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals.update(_=translate, style=STYLE)


def speak_the_readers_language(request: Request) -> None:
    """Choose the language that the browser asks for."""
    language.set(choose_language(request.headers.get("accept-language", "")))


def page(name: str, *, status: int = HTTPStatus.OK, **facts: object) -> Response:
    """Fill a page's template."""
    text = _pages.get_template(f"{name}/page.html").render(language=language.get(), **facts)
    return HTMLResponse(text, status_code=status, headers=NO_STORE)


async def _style(request: Request) -> Response:  # noqa: ARG001
    return FileResponse(HERE / "static" / "diary.css", media_type="text/css", headers=STYLE_HEADERS)


def style_route() -> Route:
    """Return the route of the one style sheet."""
    return Route(STYLE, _style, methods=["GET"])
