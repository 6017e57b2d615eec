"""uvicorn as a guest in the tests' event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

import uvicorn
from starlette.applications import Starlette

from tests.support.service import Service


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave the signals to pytest."""
        return nullcontext()


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[Service]:
    """Serve an application on a free port while the block runs.

    The tests hold the database and the announcements open themselves, so its lifespan stays off; `diary up` is
    tested apart.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, lifespan="off", log_level="warning", ws_max_size=65536, server_header=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    host, port = listener.getsockname()
    try:
        yield Service(address=f"{host}:{port}", app=app)
    finally:
        server.should_exit = True
        await serving
