"""PostgreSQL or Valkey being away: expected now and then, told in one line, and waited out."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: What a server that is away, restarting or overloaded makes our calls raise.
OUTAGES = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died in the middle of a call
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    RedisError,
)
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
ONE_MINUTE = 60.0

Answer = TypeVar("Answer")


class Outage:
    """One server's absence: its beginning and its end are logged, nothing in between; the pauses grow."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None
        self._pause = FIRST_PAUSE

    def failed(self, problem: BaseException) -> float:
        """Note a failure and return how many seconds to wait before the next try."""
        if self._since is None:
            self._since = time.monotonic()
            log.warning("%s: waiting, because %s", self._what, in_one_line(problem))
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause

    def is_over(self) -> None:
        """Note a success."""
        if self._since is not None:
            log.info("%s: goes on after %.1f s", self._what, time.monotonic() - self._since)
        self._since, self._pause = None, FIRST_PAUSE


class OncePerMinute(logging.Filter):
    """Lets a message of a library through once a minute, and of a long one only the first line."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is news."""
        what, now = str(record.msg), time.monotonic()
        record.msg, record.exc_info, record.exc_text = what.partition("\n")[0], None, None
        if record.msg.count("%") < len(record.args or ()):
            record.args = tuple(record.args or ())[: record.msg.count("%")]
        is_news = now - self._told.get(what, -math.inf) > ONE_MINUTE
        if is_news:
            self._told[what] = now
        return is_news


def tell_once_a_minute(*loggers: str) -> None:
    """Keep libraries that try again and again from filling the log while a server is away."""
    for name in loggers:
        logging.getLogger(name).addFilter(OncePerMinute())


def in_one_line(problem: BaseException) -> str:
    """Return an error as one line of a log."""
    return " ".join(f"{type(problem).__name__}: {problem}".split())


async def in_spite_of_outages(act: Callable[[], Awaitable[Answer]], *, what: str, seconds: float) -> Answer:
    """Try again while the database is away: what has been done in the world must not go unrecorded.

    Raises the last error when the time is over.
    """
    outage, deadline = Outage(what), time.monotonic() + seconds
    while True:
        try:
            answer = await act()
        except OUTAGES as problem:
            pause = outage.failed(problem)
            if time.monotonic() + pause > deadline:
                raise
            await asyncio.sleep(pause)
        else:
            outage.is_over()
            return answer
