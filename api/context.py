"""Who asks, through which transport: what every resolver is handed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import strawberry
from starlette.responses import Response

from diary.access import session_tokens
from diary.access.viewer import SignInRequired, Viewer, viewer_of
from diary.kit.refusal import Refusal

ROUTE = "GRAPHQL"


class Transport(StrEnum):
    """How a document came in."""

    HTTP = "HTTP"
    WEBSOCKET = "WEBSOCKET"
    #: A face of this very process: the cabinet's pages and the printed sheets (D12).
    PROCESS = "PROCESS"


@dataclass(slots=True, kw_only=True)
class Context:
    """One request, or one socket with all its subscriptions."""

    transport: Transport = Transport.HTTP
    route: str = ROUTE
    token: str | None = None
    #: Where the client is, for counting failed sign-ins; empty for this process itself.
    address: str = ""
    #: The answer under way, for setting and deleting the session cookie; sockets and pages have none.
    response: Response | None = None
    cookie: str | None = None
    #: What the client sent with connection_init; Strawberry fills it in.
    connection_params: dict[str, object] = field(default_factory=dict)
    #: What a browser gives its leave for notices to; None where this machine sends none.
    push_key: str | None = None
    #: A socket whose cookie came without an Origin: no browser sends that, so the cookie does not count.
    bare_cookie: bool = False
    #: The account that this socket is counted for.
    admitted: int | None = None
    #: The refusal that ended a running subscription, and with it the socket.
    ended_by: Refusal | None = None
    _viewer: Viewer | None = None
    _live: session_tokens.LiveSession | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, viewer: Viewer) -> Context:
        """Return the context of a document that this process runs for a viewer it already knows."""
        return cls(transport=Transport.PROCESS, route=viewer.route, _viewer=viewer)

    async def account_id(self) -> int:
        """Return the account of the live session; raises SignInRequired."""
        if self._viewer is not None:
            return self._viewer.account_id
        return (await self._session()).account_id

    @property
    def sheets_of(self) -> frozenset[UUID]:
        """Whose sheets this process is printing; empty for every document from outside (D5)."""
        return frozenset() if self._viewer is None else self._viewer.sheets_of

    async def viewer(self) -> Viewer:
        """Return the viewer of the live session; raises SignInRequired."""
        if self._viewer is None:
            live = await self._session()
            self._viewer = await viewer_of(live.account_id, route=self.route, session_id=live.session_id)
        return self._viewer

    def become(self, viewer: Viewer, token: str) -> None:
        """Go on as whoever has just signed in."""
        self._viewer, self.token, self._live = viewer, token, None

    def forget(self) -> None:
        """Go on as nobody, because the session has just ended; the browser drops its cookie."""
        self._viewer = self._live = self.token = None
        if self.response is not None and self.cookie is not None:
            self.response.delete_cookie(
                self.cookie, path="/", secure=self.cookie.startswith("__Host-"), httponly=True, samesite="lax"
            )

    async def _session(self) -> session_tokens.LiveSession:
        # The root fields of one document are resolved side by side; one of them looks, the others wait.
        async with self._looking:
            if self._live is None and self.token is not None:
                self._live = await session_tokens.read(self.token)
        if self._live is None:
            raise SignInRequired
        return self._live


Info = strawberry.Info[Context, None]
