"""Looking up the names of strangers: a few threads of its own, so that a slow name server holds up nothing else."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Thread

#: So many names are looked up at a time; the others wait for their turn.
AT_ONCE = 8

Address = IPv4Address | IPv6Address


class Resolver:
    """The system's own look-up, bounded in number and in time.

    A look-up cannot be called off. One that nobody waits for any more keeps its place until it ends, and its thread
    does not hold up the end of the process.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)

    async def addresses(self, host: str, port: int, *, seconds: float) -> list[Address]:
        """Return the addresses that a name has now; raises OSError when it has none or the time is over."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()
        async with asyncio.timeout(seconds):
            await self._free.acquire()
            try:
                Thread(target=self._look_up, args=(loop, answer, host, port), name="resolver", daemon=True).start()
            except RuntimeError as problem:
                self._free.release()
                raise OSError("no thread for another look-up") from problem
            return await answer

    def _look_up(
        self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[list[Address]], host: str, port: int
    ) -> None:
        found: list[Address] | Exception
        try:
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # An address of one link only, with its zone, is nobody's on the open Internet.
            found = [ip_address(place[4][0]) for place in places if "%" not in str(place[4][0])]
        except (OSError, ValueError) as problem:
            found = problem
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._told, answer, found)

    def _told(self, answer: asyncio.Future[list[Address]], found: list[Address] | Exception) -> None:
        self._free.release()
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found if isinstance(found, OSError) else OSError(str(found)))
        else:
            answer.set_result(found)
