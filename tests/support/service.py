"""Ways to talk to the web process: the stock GraphQL client, plain HTTP, and the bare socket protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection

from tests.support.town import PASSWORD

PROTOCOL = "graphql-transport-ws"
SIGN_IN = "mutation ($login: String!, $password: String!) { signIn(login: $login, password: $password) { token } }"
EVENTS = """
subscription ($pupilId: ID!, $after: String) {
  diaryEvents(pupilId: $pupilId, after: $after) { cursor kind lesson { id subject { name } } mark { value comment } }
}
"""


def codes(answer: dict[str, Any]) -> list[str]:
    """Return the codes of an answer's errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


@dataclass
class Socket:
    """A bare graphql-transport-ws connection."""

    raw: ClientConnection
    received: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **message: Any) -> None:
        """Send one message."""
        await self.raw.send(json.dumps(message))

    async def receive(self, *, seconds: float = 5) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(seconds):
            message: dict[str, Any] = json.loads(await self.raw.recv())
            return message

    async def subscribe(self, document: str, *, id: str = "1", **variables: Any) -> None:  # noqa: A002
        """Start an operation."""
        await self.send(type="subscribe", id=id, payload={"query": document, "variables": variables})

    async def settle(self) -> None:
        """Wait until the server has dealt with everything sent so far, and has had time to start it."""
        await self.send(type="ping")
        assert (await self.receive())["type"] == "pong"
        await asyncio.sleep(0.3)

    async def closed(self, *, seconds: float = 5) -> tuple[int | None, str]:
        """Read until the server closes, keeping the messages; return code and reason."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.received.append(json.loads(await self.raw.recv()))
        except websockets.ConnectionClosed:
            return self.raw.close_code, self.raw.close_reason or ""


@dataclass
class Service:
    """The web process under test."""

    address: str
    app: Starlette

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.address}"

    @property
    def origin(self) -> str:
        """What a browser on our own pages sends as Origin."""
        return self.url

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one HTTP request."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            return await client.request(method, path, **options)

    async def post(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a document and return the answer."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        response = await self.request(
            "POST", "/graphql", json={"query": document, "variables": variables}, headers=sent
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def sign_in(self, login: str) -> str:
        """Sign in with everybody's password and return the token."""
        answer = await self.post(SIGN_IN, {"login": login, "password": PASSWORD})
        token: str = answer["data"]["signIn"]["token"]
        return token

    def client(self, token: str | None = None) -> Client:
        """Return the stock client over HTTP."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Client(transport=HTTPXAsyncTransport(url=f"{self.url}/graphql", headers=headers))

    def live_client(self, token: str) -> Client:
        """Return the stock client over WebSocket."""
        return Client(
            transport=WebsocketsTransport(
                url=f"ws://{self.address}/graphql",
                init_payload={"authorization": f"Bearer {token}"},
                subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            )
        )

    @asynccontextmanager
    async def opened(self, *, protocol: str = PROTOCOL, **options: Any) -> AsyncIterator[Socket]:
        """Open a socket and say nothing yet."""
        async with websockets.connect(
            f"ws://{self.address}/graphql", subprotocols=[websockets.Subprotocol(protocol)], **options
        ) as raw:
            yield Socket(raw)

    @asynccontextmanager
    async def socket(self, token: str, **options: Any) -> AsyncIterator[Socket]:
        """Open a socket that is signed in."""
        async with self.opened(**options) as socket:
            await socket.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
            assert (await socket.receive())["type"] == "connection_ack"
            yield socket


async def ask(client: Client, document: str, **variables: Any) -> dict[str, Any]:
    """Run one operation with the stock client."""
    async with client as session:
        request = gql(document)
        request.variable_values = variables
        answer: dict[str, Any] = await session.execute(request)
        return answer


async def refusal(client: Client, document: str, **variables: Any) -> list[str]:
    """Run one operation that must be refused and return the codes."""
    try:
        answer = await ask(client, document, **variables)
    except TransportQueryError as problem:
        return [error["extensions"]["code"] for error in problem.errors or []]
    raise AssertionError(f"not refused: {answer}")
