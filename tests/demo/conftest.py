"""A PostgreSQL of this folder's own, because a demo school wants an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import count

import asyncpg
import pytest

from diary import demo
from diary.demo import DemoSchool
from diary.kit import clock, database
from diary.migrations import migrate
from embedded.servers import EmbeddedServers, temporary_servers


@asynccontextmanager
async def _using(url: str) -> AsyncIterator[None]:
    """Lead the process's engine to another database for a while."""
    engine = database.engine()
    kept = engine.config, engine.pool
    engine.config, engine.pool = {"dsn": url}, None
    try:
        async with database.pool(size=3, statement_timeout_ms=0):
            yield
    finally:
        engine.config, engine.pool = kept


@contextmanager
def at(now: datetime) -> Iterator[None]:
    """Let the process's clock stand still at an instant."""
    clock.use(clock.SetClock(now))
    try:
        yield
    finally:
        clock.use(None)


class Databases:
    """Makes databases of the current schema, each a copy of one that was migrated."""

    def __init__(self, servers: EmbeddedServers) -> None:
        self._servers = servers
        self._numbers = count(1)
        self._built: dict[datetime, str] = {}
        #: What the builder returned and reported, by the instant.
        self.answers: dict[datetime, DemoSchool] = {}
        self.reports: dict[datetime, list[tuple[str, float]]] = {}

    def url(self, name: str) -> str:
        return self._servers.database_url.replace("/diary?", f"/{name}?")

    async def create(self, *, template: str) -> str:
        name = f"demo_{next(self._numbers)}"
        connection = await asyncpg.connect(self._servers.superuser_url)
        try:
            await connection.execute(f"CREATE DATABASE {name} OWNER diary TEMPLATE {template}")
        finally:
            await connection.close()
        return name

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[None]:
        """A fresh database without any school."""
        async with _using(self.url(await self.create(template="diary"))):
            yield

    @asynccontextmanager
    async def built(self, now: datetime) -> AsyncIterator[None]:
        """The demo school as built at that instant; built once, only to be read."""
        if now not in self._built:
            name = await self.create(template="diary")
            told = self.reports[now] = []
            async with _using(self.url(name)):
                assert not await demo.demo_exists()
                with at(now):
                    self.answers[now] = await demo.build(lambda stage, share: told.append((stage, share)))
            self._built[now] = name
        async with _using(self.url(self._built[now])):
            yield


@pytest.fixture(scope="session")
async def databases() -> AsyncIterator[Databases]:
    """The server with its migrated template."""
    with temporary_servers(valkey=False) as servers:
        async with _using(servers.database_url):
            await migrate(lambda _name: None)
        yield Databases(servers)
