"""The page for trying queries in development and in the demo: plain files of our own, nothing from other sites."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).parent.parent / "static"
_KINDS = {"query.js": "text/javascript", "query.css": "text/css"}


def query_page() -> Response:
    """Return the page."""
    return HTMLResponse((STATIC / "query.html").read_text(encoding="utf-8"))


async def _part(request: Request) -> Response:
    name = request.scope["path"].rsplit("/", 1)[-1]
    return Response((STATIC / name).read_text(encoding="utf-8"), media_type=_KINDS[name])


def query_page_routes() -> list[BaseRoute]:
    """Return the routes of the page's script and style."""
    return [Route(f"/graphql/{name}", _part, methods=["GET"]) for name in _KINDS]
