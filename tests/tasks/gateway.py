"""A provider on the loopback that writes down what reaches it and misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One request that has arrived whole."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object, or the form, that was sent."""
        if self.headers["content-type"].startswith("application/json"):
            found: dict[str, Any] = json.loads(self.body)
            return found
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Gateway:
    """Start it, set what it answers next, and look at what it received."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: "hangs" never answers, "cuts" hangs up once the request has arrived, "dribbles" answers a byte at a time,
    #: "floods" answers without end.
    trouble: str = ""
    #: So long it thinks before it answers, seconds.
    delay: float = 0.0
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The gateway as a base address."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def answers(self, facts: Mapping[str, Any] | bytes, status: int = 200, **headers: str) -> None:
        """Set the next answers."""
        self.body = facts if isinstance(facts, bytes) else json.dumps(facts).encode()
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more: connections are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.requests.append(await _request(reader))
            await self._answer(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.delay)
        if self.trouble == "hangs":
            await asyncio.sleep(3600)
        if self.trouble == "cuts":
            assert isinstance(writer.transport, asyncio.Transport)
            writer.transport.abort()
            return
        if self.trouble == "floods":
            writer.write(b"HTTP/1.1 200 Whatever\r\n\r\n")
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
        headers = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = f"HTTP/1.1 {self.status} Whatever\r\n{lines}\r\n".encode() + self.body
        if self.trouble == "dribbles":
            for byte in whole:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.1)
        writer.write(whole)
        await writer.drain()


async def _request(reader: asyncio.StreamReader) -> Request:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(first.split()[1])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Request(parts.path, query, headers, body)
