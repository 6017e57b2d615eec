"""The process's connections to PostgreSQL, and plain SQL where a page needs one flat statement (D14)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Protocol, cast

import orjson
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine

from diary.kit import clock

log = logging.getLogger(__name__)

#: How often a process looks at PostgreSQL's clock, seconds.
CLOCK_CHECK_EVERY = 60
#: No statement of a page or command may run longer, milliseconds (trust.md 2.4).
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000


class Connection(Protocol):
    """The part of asyncpg's connection that plain SQL uses."""

    async def fetch(self, query: str, *args: object) -> list[Any]:
        """Return all rows."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its tag."""

    async def executemany(self, command: str, args: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row of arguments."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Sequence[Sequence[object]], columns: Sequence[str]
    ) -> str:
        """Load rows with COPY."""


def engine() -> PostgresEngine:
    """Return the one PostgreSQL engine (D1)."""
    found = engine_finder()
    if not isinstance(found, PostgresEngine):
        raise TypeError("piccolo_conf.DB must be a PostgresEngine")
    return found


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: value if isinstance(value, str) else orjson.dumps(value).decode(),
        decoder=lambda text: text,
    )


@asynccontextmanager
async def pool(*, size: int = 10, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS) -> AsyncIterator[None]:
    """Hold a connection pool open and the clock in step with PostgreSQL's (D3); every process runs inside one."""
    database = engine()
    await database.start_connection_pool(
        min_size=min(2, size),
        max_size=size,
        init=_prepare,
        server_settings={
            "application_name": "diary",
            "timezone": "UTC",
            "statement_timeout": str(statement_timeout_ms),
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
            "jit": "off",
        },
    )
    await _read_clock()
    follower = asyncio.create_task(_follow_clock())
    try:
        yield
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower
        await database.close_connection_pool()


async def _read_clock() -> None:
    """Take over PostgreSQL's time as exactly as the answer's delay allows."""
    asked = time.monotonic()
    told = (await fetch("SELECT clock_timestamp() AS instant"))[0]["instant"]
    doubt = timedelta(seconds=(time.monotonic() - asked) / 2)
    clock.follow(told + doubt, doubt=doubt)


async def _follow_clock() -> None:
    while True:
        await asyncio.sleep(CLOCK_CHECK_EVERY)
        try:
            await _read_clock()
        except Exception as problem:  # noqa: BLE001 - the database may be restarting; the monotonic clock runs on
            log.warning("the database's clock could not be read: %s", problem)


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """Yield the open command's connection, or one of the pool's outside a command."""
    database = engine()
    transaction = database.current_transaction.get()
    if transaction is not None:
        yield cast("Connection", transaction.connection)
    elif database.pool is not None:
        async with database.pool.acquire() as taken:
            yield cast("Connection", taken)
    else:
        raise RuntimeError("no connection pool is open: run inside diary.kit.database.pool()")


async def fetch(sql: str, *args: object) -> list[Any]:
    """Run one prepared statement and return its rows."""
    async with connection() as open_connection:
        return await open_connection.fetch(sql, *args)


async def execute(sql: str, *args: object) -> str:
    """Run one statement for its effect and return PostgreSQL's command tag."""
    async with connection() as open_connection:
        return await open_connection.execute(sql, *args)
