"""One graphql-transport-ws socket: who it is, how fast it may talk, how long it may live, and when it is closed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from json import JSONDecodeError
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from api.context import Context
from diary.access.viewer import SignInRequired
from diary.kit.refusal import Refusal
from diary.kit.wording import _

log = logging.getLogger(__name__)

#: The longest message a client may send, characters.
LONGEST_MESSAGE = 65_536
MOST_MESSAGES = 20
IN_SECONDS = 10.0
#: After this the client connects anew, with its cursor, seconds; a life that never ends would outlive every change.
LONGEST_LIFE = 3_600.0

#: Between the error that says why and the end of the socket, seconds: the client reads the first before the second.
LAST_WORD = 0.2

UNAUTHORIZED = 4401
FORBIDDEN = 4403
TOO_MUCH = 4429
#: Clients take it as "connect again".
SERVICE_RESTART = 1012
MESSAGE_TOO_BIG = 1009
INTERNAL = 1011


class TooManySubscriptions(Refusal):
    """The socket already carries as many subscriptions as one may."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    wording = _("Через одно соединение идёт не больше {limit} подписок: закончите одну из них.")


class SocketRefused(Exception):  # noqa: N818 - it is an answer
    """Raised while a connection is being admitted: the socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class SocketAdapter(ASGIWebSocketAdapter):
    """Reads and writes text frames, within bounds, and never on a socket that is closed."""

    ws: WebSocket

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Yield the client's messages until the socket ends."""
        with suppress(WebSocketDisconnect):
            while self.is_open:
                try:
                    text = await self.ws.receive_text()
                except KeyError as problem:
                    raise NonTextMessageReceived from problem
                if len(text) > LONGEST_MESSAGE:
                    await self.close(MESSAGE_TOO_BIG, "Message too big")
                    return
                try:
                    message = self.view.decode_json(text)
                except JSONDecodeError as problem:
                    if not ignore_parsing_errors:
                        raise NonJsonMessageReceived from problem
                    continue
                yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message; waits while the client does not read, which holds up this subscription only."""
        if not self.is_open:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except (WebSocketDisconnect, RuntimeError) as problem:
            raise WebSocketDisconnected from problem

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, once."""
        if self.is_open:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self.ws.close(code=code, reason=reason)

    @property
    def is_open(self) -> bool:
        """Whether both sides still hold the socket open."""
        return self.ws.application_state is WebSocketState.CONNECTED and (
            self.ws.client_state is WebSocketState.CONNECTED
        )


class DiarySocket(BaseGraphQLTransportWSHandler[Context, None]):
    """The protocol's handler with our limits."""

    async def handle(self) -> None:
        """Serve the socket until it ends, an hour at most."""
        self._times: deque[float] = deque()
        ending = asyncio.create_task(self._end_of_life())
        try:
            await super().handle()
        finally:
            ending.cancel()
            self.view.socket_ended(self.context)  # type: ignore[attr-defined]

    async def _end_of_life(self) -> None:
        await asyncio.sleep(self.view.socket_life)  # type: ignore[attr-defined]
        await self.websocket.close(SERVICE_RESTART, "Connect again with your cursor")

    async def handle_message(self, message: Message) -> None:
        """Take one message, unless it comes too fast or makes no sense."""
        now = time.monotonic()
        while self._times and self._times[0] <= now - IN_SECONDS:
            self._times.popleft()
        if len(self._times) >= MOST_MESSAGES:
            await self.websocket.close(TOO_MUCH, "Too many messages")
            return
        self._times.append(now)
        if not _makes_sense(message):
            await self.handle_invalid_message("Failed to parse message")
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Admit the socket, or close it with the code that says why."""
        try:
            await super().handle_connection_init(message)
        except SocketRefused as refused:
            await self.websocket.close(refused.code, refused.reason)
        except WebSocketDisconnected:
            raise
        except Exception:
            log.exception("a socket could not be admitted")
            await self.websocket.close(INTERNAL, "Unexpected error")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin a subscription, unless the socket carries as many as it may."""
        limit = self.max_subscriptions_per_connection
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and limit is not None and len(self.operations) >= limit:
            refusal = TooManySubscriptions(limit=limit)
            error = GraphQLError(str(refusal), extensions=refusal.extensions)
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Run a subscription; when its session, access or consent has ended, the socket ends with it."""
        with suppress(WebSocketDisconnected):
            await super().run_operation(operation)
        refusal = self.context.ended_by
        if refusal is not None:
            await asyncio.sleep(LAST_WORD)
            code = UNAUTHORIZED if isinstance(refusal, SignInRequired) else FORBIDDEN
            await self.websocket.close(code, refusal.code)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004
        """Answer a document that does not parse like any other fault: the other subscriptions go on."""
        return None

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what a subscription's task could not deal with; a client that is gone is no fault."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)


def _makes_sense(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] in ("subscribe", "complete") and not isinstance(message.get("id"), str):
        return False
    if message["type"] != "subscribe":
        return True
    payload = cast("dict[str, Any]", message).get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )
