"""A PostgreSQL of this folder's own, emptied before each test, because an import writes whole schools."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from diary.kit import clock, database
from diary.migrations import migrate
from embedded.servers import EmbeddedServers

#: A school day in the second quarter of the sample school, noon in Moscow.
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    folder = Path(tempfile.mkdtemp(prefix="diary-exchange-"))
    folder.chmod(0o711)
    try:
        with EmbeddedServers(data=folder / "data", valkey=False, durable=False) as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def pool(servers: EmbeddedServers) -> AsyncIterator[None]:
    engine = database.engine()
    kept = engine.config, engine.pool
    engine.config, engine.pool = {"dsn": servers.database_url}, None
    try:
        await migrate(lambda _name: None)
        async with database.pool(size=4):
            yield
    finally:
        engine.config, engine.pool = kept


@pytest.fixture
async def diary(pool: None, servers: EmbeddedServers) -> AsyncIterator[clock.SetClock]:
    """An installation without a school, standing at noon of a known day; yields its clock."""
    rows = await database.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    superuser = await asyncpg.connect(servers.superuser_url, database="diary")
    try:
        # The ledger and the trail refuse to be emptied, even for a test.
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute(f"TRUNCATE {', '.join(row['tablename'] for row in rows)}")
    finally:
        await superuser.close()
    at_noon = clock.SetClock(NOON)
    clock.use(at_noon)
    yield at_noon
    clock.use(None)
