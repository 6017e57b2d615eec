"""A process outlives the connections it loses: the pool stays whole, no task is left in a dead transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from diary.access.viewer import Nobody
from diary.kit import database
from diary.kit.command import transaction
from diary.kit.refusal import NotFound, Refusal
from tests.tasks.world import World

SIZE = 2
ACTOR = Nobody(route="WORKER")


@pytest.fixture
async def small_pool(world: World) -> AsyncIterator[None]:
    """A pool of this process that is soon empty if connections leak out of it."""
    engine = database.engine()
    large, engine.pool = engine.pool, None
    async with database.pool(size=SIZE):
        yield
    engine.pool = large


async def cut(world: World) -> None:
    """Have PostgreSQL end every connection of this process's pool."""
    await world.connection.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
        "WHERE application_name = 'diary' AND datname = current_database()"
    )


async def cut_inside(world: World, *, asked_again: bool = False, refusal: type[Refusal] | None = None) -> None:
    async with transaction(ACTOR):
        await cut(world)
        if asked_again:
            await database.fetch("SELECT 1")
        if refusal is not None:
            raise refusal


async def works() -> bool:
    async with transaction(ACTOR):
        return bool(await database.fetch("SELECT 1"))


@pytest.mark.parametrize("answer", ["commit", "roll back"])
async def test_a_connection_lost_inside_a_transaction_is_replaced(small_pool: None, world: World, answer: str) -> None:
    for _more_often_than_the_pool_is_large in range(SIZE * 3):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
            await cut_inside(world, asked_again=answer == "roll back")

    assert await works()


async def test_connections_lost_between_transactions_are_replaced(small_pool: None, world: World) -> None:
    for _more_often_than_the_pool_is_large in range(SIZE * 3):
        await cut(world)
        try:
            await works()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            continue

    assert await works()


async def test_the_reason_of_a_rollback_is_told_even_if_the_rollback_fails(small_pool: None, world: World) -> None:
    with pytest.raises(NotFound):
        await cut_inside(world, refusal=NotFound)

    assert await works()
