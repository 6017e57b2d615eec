"""The demo's mail server: it takes every letter on this machine and keeps it as a file, and none goes any further.

A letter is a file `<instant>-<number>-<token>.eml` of one directory: the names grow with time, and a file is there
whole or not at all, whatever ends the process.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from diary.kit import clock

log = logging.getLogger(__name__)

LARGEST_LETTER: Final = 10 * 2**20
#: A client that says nothing for so long is hung up on, seconds.
PATIENCE: Final = 60.0
TAKEN = "250 OK"
NO_ROOM = "452 4.3.1 The letter could not be kept, try again later"


class NotLoopback(ValueError):  # noqa: N818 - says what is wrong
    """Raised when the catcher is asked to take letters from other machines."""


async def serve(host: str, port: int, directory: Path) -> None:
    """Take letters until cancelled."""
    # At INFO the library writes down who writes to whom; that is for nobody's log.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    async with catching(host, port, directory):
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def catching(host: str, port: int, directory: Path) -> AsyncIterator[int]:
    """Take letters meanwhile; yields the port, which is a free one for port 0."""
    if not _is_loopback(host):
        raise NotLoopback(f"the mail catcher listens on this machine only, not on {host}")
    shelf = _Shelf(directory)
    open_sessions: set[_Session] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(shelf, open_sessions, loop), host=host, port=port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for session in tuple(open_sessions):
            session.hang_up()
        await server.wait_closed()


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class _Shelf:
    """The directory of letters; the handler of aiosmtpd."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Keep the letter, and only then say that it was taken."""
        content = envelope.original_content or b""
        try:
            await asyncio.to_thread(self._keep, self._next_name(), content)
        except OSError as problem:
            log.warning("a letter could not be kept: %s", problem.strerror)
            return NO_ROOM
        log.info("a letter of %d bytes was kept", len(content))
        return TAKEN

    def _next_name(self) -> str:
        # Names must grow even when the clock is set back.
        self._latest = max(self._latest, clock.now())
        self._count += 1
        return f"{self._latest:%Y%m%dT%H%M%S%fZ}-{self._count:06}-{secrets.token_hex(4)}.eml"

    def _keep(self, name: str, content: bytes) -> None:
        unfinished = self._directory / f".{name}.part"
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            unfinished.replace(self._directory / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


class _Session(SMTP):
    """One client's conversation."""

    def __init__(self, shelf: _Shelf, open_sessions: set[_Session], loop: asyncio.AbstractEventLoop) -> None:
        # The host name is given, because asking for it may wait on a name server.
        super().__init__(
            shelf,
            data_size_limit=LARGEST_LETTER,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="mail catcher",
            timeout=PATIENCE,
            loop=loop,
        )
        self._open_sessions = open_sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the session, to end it with the server."""
        self._open_sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the session."""
        self._open_sessions.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """End the conversation at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
