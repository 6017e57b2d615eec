"""The front door: what this is and where to go on; in the demo also who can sign in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cabinet.template import page, speak_the_readers_language
from diary.demo.accounts import LOGINS, PASSWORD
from settings import Settings


def front_route(settings: Settings) -> Route:
    """Return the route of `/`."""

    async def front(request: Request) -> Response:
        speak_the_readers_language(request)
        return page(
            "front",
            cast=LOGINS if settings.mode == "demo" else (),
            password=PASSWORD,
            is_demo=settings.mode == "demo",
            has_query_page=not settings.is_production,
        )

    return Route("/", front, methods=["GET"])
