"""/graphql: one address for queries and mutations over HTTP and subscriptions over graphql-transport-ws."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
from cross_web import HTTPException
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http.websocket_origin import is_same_origin
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET, UnsetType

from api.context import Context, Transport
from api.schema import DiarySchema
from api.socket import FORBIDDEN, LONGEST_LIFE, TOO_MUCH, UNAUTHORIZED, DiarySocket, SocketAdapter, SocketRefused
from api.sockets import Sockets
from api.web.query_page import query_page
from diary.access.viewer import SignInRequired
from diary.kit.refusal import Refusal
from diary.kit.wording import _, choose_language, language

#: A page of another site cannot set it without asking first, so a cookie that comes with it is meant.
CLIENT_HEADER = "X-Diary-Client"
MOST_SUBSCRIPTIONS = 10
CONNECTION_INIT_WITHIN = timedelta(seconds=5)
LARGEST_BODY = 64 * 1024
BEARER = "bearer "


class ForeignOrigin(Refusal):
    """The request was sent by a page of another site."""

    code = "FOREIGN_ORIGIN"
    wording = _("Запрос пришёл с чужого сайта и отклонён.")


class ClientHeaderRequired(Refusal):
    """A request with the session cookie lacks the header that a foreign page could not have set."""

    code = "CLIENT_HEADER_REQUIRED"
    wording = _("К запросу с cookie сеанса добавьте заголовок {header}.")


class BadRequest(Refusal):
    """The HTTP request is not one that carries a GraphQL document as it should."""

    code = "BAD_REQUEST"
    wording = "{reason}"


class DiaryGraphQL(GraphQL[Context, None]):
    """Strawberry's endpoint with our doors: same origin only, cookie or bearer, no GET mutations, bounded sockets."""

    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = DiarySocket

    def __init__(
        self,
        schema: DiarySchema,
        *,
        cookie: str,
        public_url: str | None,
        has_query_page: bool,
        push_key: str | None = None,
        socket_life: float = LONGEST_LIFE,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if has_query_page else None,
            allow_queries_via_get=True,
            multipart_uploads_enabled=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=CONNECTION_INIT_WITHIN,
            max_subscriptions_per_connection=MOST_SUBSCRIPTIONS,
            allowed_origins=(_origin(public_url),) if public_url else (),
        )
        self.cookie = cookie
        self.push_key = push_key
        self.socket_life = socket_life
        self.sockets = Sockets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket, in the reader's language."""
        headers = Headers(scope=scope)
        language.set(choose_language(headers.get("accept-language", "")))
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive=receive, send=send))
            return
        request = Request(scope, receive)
        try:
            self._check_doors(headers, scope["method"])
            response = await self.run(request)
        except Refusal as refusal:
            response = refused(refusal, 403)
        except HTTPException as problem:
            response = refused(BadRequest(reason=problem.reason), problem.status_code)
        await response(scope, receive, send)

    def _check_doors(self, headers: Headers, method: str) -> None:
        """Raise ForeignOrigin or ClientHeaderRequired."""
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin, headers.get("host")):
            raise ForeignOrigin
        if method == "POST" and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise ForeignOrigin

    def _is_ours(self, origin: str, host: str | None) -> bool:
        return is_same_origin(origin, host) or origin in self.allowed_origins

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return who asks: a bearer token goes before the cookie, and a cookie alone must show that it is meant."""
        bearer = bearer_token(request.headers.get("authorization"))
        cookie = None if bearer else request.cookies.get(self.cookie)
        address = request.client.host if request.client else ""
        if isinstance(request, WebSocket):
            return Context(
                transport=Transport.WEBSOCKET,
                token=bearer or cookie,
                address=address,
                push_key=self.push_key,
                bare_cookie=bool(cookie) and "origin" not in request.headers,
            )
        asks_for_data = request.method == "POST" or "query" in request.query_params
        if cookie and asks_for_data and CLIENT_HEADER not in request.headers:
            raise ClientHeaderRequired(header=CLIENT_HEADER)
        return Context(
            token=bearer or cookie,
            address=address,
            push_key=self.push_key,
            response=response if isinstance(response, Response) else None,
            cookie=self.cookie if cookie else None,
        )

    async def on_ws_connect(self, context: Context) -> UnsetType:
        """Admit a signed-in person's socket; raises SocketRefused."""
        sent = context.connection_params.get("authorization")
        bearer = bearer_token(sent) if isinstance(sent, str) else None
        if bearer is not None:
            context.token = bearer
        elif context.bare_cookie:
            raise SocketRefused(FORBIDDEN, "ORIGIN_REQUIRED")
        try:
            viewer = await context.viewer()
        except SignInRequired as refusal:
            raise SocketRefused(UNAUTHORIZED, refusal.code) from None
        if not self.sockets.admit(viewer.account_id):
            raise SocketRefused(TOO_MUCH, "TOO_MANY_SOCKETS")
        context.admitted = viewer.account_id
        return cast("UnsetType", UNSET)

    def socket_ended(self, context: Context) -> None:
        """Let the account open another socket."""
        if context.admitted is not None:
            self.sockets.leave(context.admitted)
            context.admitted = None

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON; raises JSONDecodeError, also for what the standard library would let pass (lone surrogates)."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """Write JSON."""
        return orjson.dumps(data)

    def parse_json(self, data: str | bytes) -> Any:
        """Read a request's JSON; raises HTTPException for anything but an object."""
        parsed = super().parse_json(data)
        if not isinstance(parsed, dict | list):
            raise HTTPException(400, "The request's JSON must be an object")
        if isinstance(parsed, list):
            raise HTTPException(400, "Batching is not enabled")
        return parsed

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002
        """Return our own small page for trying queries."""
        return query_page()


def bearer_token(header: str | None) -> str | None:
    """Return the token of an Authorization value, None when it is of another kind."""
    if header is None or not header.lower().startswith(BEARER):
        return None
    return header[len(BEARER) :].strip() or None


def refused(refusal: Refusal, status: int) -> Response:
    """Return a refusal in the form of a GraphQL answer, so that clients need one way of reading errors."""
    body = {"errors": [{"message": str(refusal), "extensions": refusal.extensions}]}
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
