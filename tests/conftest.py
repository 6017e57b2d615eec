"""Real servers, a migrated database that is empty for every test, and one web process to talk to."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.announcement import announcements
from embedded.postgres import DATABASE
from embedded.servers import EmbeddedServers, temporary_servers
from settings import read_settings, settings
from tests.support.server import served
from tests.support.service import Service
from tests.support.town import Town, build_town

#: A Tuesday, 12:00 in Moscow, in the middle of a term.
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """PostgreSQL and Valkey from the wheels; the environment points at them before anything reads it."""
    with temporary_servers() as running:
        os.environ["DATABASE_URL"] = running.database_url
        os.environ["REDIS_URL"] = running.redis_url
        os.environ["DIARY_MODE"] = "development"
        settings.cache_clear()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def diary_database(servers: EmbeddedServers) -> AsyncIterator[asyncpg.Connection]:
    """The migrated database with this process's pool open; yields a superuser's connection, for emptying it."""
    from diary.migrations import migrate  # noqa: PLC0415 - reads the environment

    async with database.pool(size=10), announcements.connected(servers.redis_url, hear=True):
        await migrate(lambda _: None)
        connection = await asyncpg.connect(servers.superuser_url, database=DATABASE)
        await connection.execute("SET session_replication_role = replica")
        yield connection
        await connection.close()


#: So many dead rows would be in the way of the tests that follow.
MANY = 1_000


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database(diary_database: asyncpg.Connection) -> asyncpg.Connection:
    """No record of any earlier test is left; the triggers that refuse emptying do not see this."""
    tables = await diary_database.fetch(
        "SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    # Deleting what a test has left is several times faster than truncating all, which makes every table's files anew.
    for table in tables:
        deleted = await diary_database.execute(f"DELETE FROM {table['name']}")
        if int(deleted.removeprefix("DELETE ")) > MANY:
            await diary_database.execute(f"VACUUM {table['name']}")
    await diary_database.execute(
        "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences "
        "WHERE schemaname = 'public'"
    )
    return diary_database


@pytest.fixture
def clock() -> Iterator[clocks.SetClock]:
    """Stand at noon of a school day until the test moves the time."""
    standing = clocks.SetClock(NOON)
    clocks.use(standing)
    yield standing
    clocks.use(None)


@pytest_asyncio.fixture(loop_scope="session")
async def town(empty_database: asyncpg.Connection, clock: clocks.SetClock) -> Town:
    """Two small schools with the cast."""
    return await build_town()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(diary_database: asyncpg.Connection) -> AsyncIterator[Service]:
    """The web process on a free port."""
    from asgi import create_app  # noqa: PLC0415 - reads the environment

    async with served(create_app(read_settings(os.environ))) as running:
        yield running
