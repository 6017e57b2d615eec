"""Looking up the names of strangers: a few threads of its own, so that a slow name server holds up nothing else."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Thread

#: So many names are looked up at a time; the others wait for their turn.
AT_ONCE = 8
#: So many of them below one name of two labels: whoever owns a slow name server holds up nobody else's.
OF_ONE_OWNER = 2

Address = IPv4Address | IPv6Address


def owner_of(host: str) -> str:
    """Return the last two labels of a name, which one owner has."""
    return ".".join(host.lower().rstrip(".").split(".")[-2:])


@dataclass(slots=True)
class _Owner:
    """The places of one owner's look-ups, and how many of these wait or run."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OF_ONE_OWNER))
    holds: int = 0


class NamesBusy(OSError):  # noqa: N818 - says what happened
    """Raised when a name's turn has not come in time: that says nothing about the name."""


class Resolver:
    """The system's own look-up, bounded in number and in time.

    A look-up cannot be called off. One that nobody waits for any more keeps its place until it ends, and its thread
    does not hold up the end of the process.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._owners: dict[str, _Owner] = {}

    async def addresses(self, host: str, port: int, *, seconds: float) -> list[Address]:
        """Return the addresses that a name has now.

        Raises OSError when it has none, NamesBusy when its turn has not come in time, TimeoutError when it took longer.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()
        owner = owner_of(host)
        ends = loop.time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                await self._take_turn(owner)
        except TimeoutError as problem:
            raise NamesBusy("other look-ups are slow") from problem
        try:
            Thread(target=self._look_up, args=(loop, answer, host, port), name="resolver", daemon=True).start()
        except RuntimeError as problem:
            self._give_back(owner)
            raise OSError("no thread for another look-up") from problem
        async with asyncio.timeout_at(ends):
            return await answer

    async def _take_turn(self, owner: str) -> None:
        """Wait for a place among the owner's own look-ups first, so that who waits there takes no one else's."""
        known = self._owners.setdefault(owner, _Owner())
        known.holds += 1
        try:
            await known.free.acquire()
            try:
                await self._free.acquire()
            except BaseException:
                known.free.release()
                raise
        except BaseException:
            self._let_go(owner)
            raise

    def _give_back(self, owner: str) -> None:
        self._free.release()
        self._owners[owner].free.release()
        self._let_go(owner)

    def _let_go(self, owner: str) -> None:
        self._owners[owner].holds -= 1
        if not self._owners[owner].holds:
            del self._owners[owner]

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
            loop.call_soon_threadsafe(self._told, owner_of(host), answer, found)

    def _told(self, owner: str, answer: asyncio.Future[list[Address]], found: list[Address] | Exception) -> None:
        self._give_back(owner)
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found if isinstance(found, OSError) else OSError(str(found)))
        else:
            answer.set_result(found)
