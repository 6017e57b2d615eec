"""The web process: the one module that imports every face and puts them behind one door."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from admin.site import create_diary_admin
from api.endpoint import LARGEST_BODY, DiaryGraphQL
from api.schema import schema
from api.snapshot import SNAPSHOT
from api.web.metrics import RequestCounter, metrics_page
from api.web.probes import probe_routes
from api.web.query_page import query_page_routes
from api.web.security_headers import SecurityHeaders
from cabinet.fault_page import fault_page
from cabinet.front_page import front_route
from cabinet.mail_page import mail_routes
from cabinet.template import style_route
from diary.access.session_tokens import cookie_name
from diary.delivery import push_key
from diary.kit import database
from diary.kit.announcement import announcements
from diary.kit.outage import OUTAGES
from settings import SettingError, Settings
from settings import settings as read_settings

log = logging.getLogger(__name__)

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")


class DiaryApplication(Starlette):
    """Starlette inside our headers and counters, so that its own error answers have them too."""

    def __init__(self, *, https: bool, **options: Any) -> None:
        super().__init__(**options)
        self._https = https
        self.answers: Counter[str] = Counter()

    def build_middleware_stack(self) -> ASGIApp:
        """Return Starlette's stack with ours around it."""
        counter = RequestCounter(super().build_middleware_stack())
        self.answers = counter.answers
        return SecurityHeaders(counter, https=self._https)


def create_app(settings: Settings) -> Starlette:
    """Return the web process's application; it opens the database and the announcements while it runs.

    Raises SettingError when this machine's settings cannot work.
    """
    graphql = DiaryGraphQL(
        schema(introspection=not settings.is_production),
        cookie=cookie_name(https=settings.is_https),
        public_url=settings.public_url,
        has_query_page=not settings.is_production,
        push_key=_push_key(settings),
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with database.pool(), announcements.connected(settings.redis_url, hear=True):
            yield

    routes: list[BaseRoute] = [
        front_route(settings),
        style_route(),
        Route("/graphql", graphql, methods=["GET", "POST"], max_body_size=LARGEST_BODY),
        WebSocketRoute("/graphql", graphql),
        Route("/schema.graphql", _schema, methods=["GET"]),
        *probe_routes(settings.redis_url),
        Route("/metrics", metrics_page(lambda: app.answers, lambda: graphql.sockets.count), methods=["GET"]),
    ]
    if not settings.is_production:
        routes += query_page_routes()
    if settings.mode == "demo":
        routes += mail_routes(settings.data / "mail")
    routes.append(Mount("/admin/", create_diary_admin(settings)))
    app = DiaryApplication(
        https=settings.is_https,
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=trusted_hosts(settings), www_redirect=False)],
        exception_handlers=dict.fromkeys((HTTPException, *OUTAGES, Exception), fault_page),
        lifespan=lifespan,
    )
    return app


def trusted_hosts(settings: Settings) -> list[str]:
    """Return the names this service answers to: loopback's and its public one."""
    names = [*LOOPBACK_NAMES]
    if settings.public_url:
        names.append(urlsplit(settings.public_url).hostname or "")
    return [name for name in names if name]


def _push_key(settings: Settings) -> str | None:
    """Return the public half of this machine's key for browsers' notices, None where it sends none."""
    if settings.channels.web_push_key is None:
        return None
    try:
        return push_key.public_key(settings.channels.web_push_key)
    except push_key.PushKeyError as problem:
        raise SettingError(f"WEB_PUSH_KEY is {problem}") from problem


async def _schema(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse(SNAPSHOT.read_text(encoding="utf-8"), headers={"cache-control": "public, max-age=300"})


@cache
def _app() -> Starlette:
    return create_app(read_settings())


def __getattr__(name: str) -> Any:
    # `uvicorn asgi:app` reads the environment only when the application is asked for.
    if name == "app":
        return _app()
    raise AttributeError(name)
