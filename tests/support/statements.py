"""Counting the SQL statements that the process sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from diary.kit import database


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """Collect every statement of the pool's connections while the block runs; tidying up at release does not count."""
    heard: list[str] = []

    def hear(query: Any) -> None:
        if "RESET ALL" not in query.query:
            heard.append(query.query)

    await _on_every_connection("add_query_logger", hear)
    try:
        yield heard
    finally:
        await _on_every_connection("remove_query_logger", hear)


async def _on_every_connection(method: str, callback: Any) -> None:
    pool = database.engine().pool
    assert pool is not None
    async with AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):
            connection = await taken.enter_async_context(pool.acquire())
            getattr(connection, method)(callback)
