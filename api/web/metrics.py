"""A few numbers for whoever watches the machine, in Prometheus' text form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.journal.listening import listeners
from diary.kit import database

LOOPBACK = ("127.0.0.1", "::1")
#: A proxy on this machine connects from loopback too; these headers tell that somebody else is behind it.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class RequestCounter:
    """Counts answers by their first digit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answers: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[f"{message['status'] // 100}xx"] += 1
            await send(message)

        await self._app(scope, receive, counting)


def metrics_page(answers: Callable[[], Counter[str]], sockets: Callable[[], int]) -> Callable[[Request], Response]:
    """Return the page; it answers to this machine only."""

    def page(request: Request) -> Response:
        client = request.client
        if (client is not None and client.host not in LOOPBACK) or any(name in request.headers for name in _FORWARDED):
            return PlainTextResponse("Not found", status_code=404)
        pool = database.engine().pool
        lines = ["# HELP diary_requests_total Answers by class of status.", "# TYPE diary_requests_total counter"]
        lines += [f'diary_requests_total{{status="{status}"}} {count}' for status, count in sorted(answers().items())]
        gauges = {
            "diary_sockets": ("Open sockets.", sockets()),
            "diary_subscriptions": ("Open subscriptions.", listeners.count),
            "diary_pool_connections": ("Connections to PostgreSQL.", pool.get_size() if pool else 0),
            "diary_pool_idle": ("Connections to PostgreSQL that wait for work.", pool.get_idle_size() if pool else 0),
        }
        for name, (help_text, value) in gauges.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge", f"{name} {value}"]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    return page
