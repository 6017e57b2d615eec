"""A school in the empty database, a mail server, and workers and clocks that end with the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from diary.delivery.tables import OutboxKind
from diary.kit import clock as clocks
from diary.kit.clock import SetClock
from embedded.servers import EmbeddedServers
from tasks.actors.letters import Letters
from tasks.channels.email import Patience, Postman, read_server
from tasks.channels.providers import Providers
from tests.support.town import Town
from tests.tasks.gateway import Gateway
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import ROOT, Processes
from tests.tasks.told import WEDNESDAY, Family
from tests.tasks.world import World

SENDER = "diary@school12.example"


@pytest.fixture
async def world(servers: EmbeddedServers, empty_database: asyncpg.Connection) -> AsyncIterator[World]:
    """A school, seen through a connection of the test's own."""
    redis.Redis.from_url(servers.redis_url).flushall()
    connection = await asyncpg.connect(servers.database_url)
    yield await World.build(connection)
    await connection.close()
    clocks.use(None)


@pytest.fixture
async def family(town: Town, clock: SetClock) -> Family:
    """Anna and Misha on the day after her consent was registered."""
    clock.instant = WEDNESDAY
    return Family(town, clock)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that does as it is told."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A provider that does as it is told."""
    started = Gateway()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def letters(world: World, mail_server: MailServer) -> AsyncIterator[Letters]:
    """The actor of letters in this process, as impatient as a test."""
    patience = Patience(connect=2, answer=0.5, text=0.5)
    postman = Postman(read_server(mail_server.url), sender=SENDER, patience=patience)
    yield Letters(Providers({(OutboxKind.EMAIL, None): postman}))
    await postman.close()


@pytest.fixture
def processes(world: World, servers: EmbeddedServers, mail_server: MailServer, tmp_path: Path) -> Iterator[Processes]:
    """Workers and clocks on the test's database, Valkey and mail server."""
    environment = {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "SMTP_URL": mail_server.url,
        "DIARY_MAIL_FROM": SENDER,
        "DIARY_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    started = Processes(environment, tmp_path / "log.txt")
    yield started
    started.end_all()
    print(started.told() if started.log.exists() else "")
