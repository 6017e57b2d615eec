"""A database of its own for every test, a Valkey, a mail server, and processes that end with the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import redis

import piccolo_conf
from diary.kit import clock, database
from embedded.servers import EmbeddedServers, temporary_servers
from tasks.actors.letters import Letters
from tasks.channels.email import Patience, Postman, read_server
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import ROOT, Processes
from tests.tasks.world import World

SENDER = "diary@school12.example"
MIGRATE = "import asyncio; from diary.migrations import migrate; asyncio.run(migrate(print))"


@dataclass(frozen=True)
class Servers:
    """The servers of the session, with a migrated database to copy from."""

    embedded: EmbeddedServers
    redis_url: str


@pytest.fixture(scope="session")
def task_servers() -> Iterator[Servers]:
    with temporary_servers() as running:
        subprocess.run(
            [sys.executable, "-c", MIGRATE],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": running.database_url},
            check=True,
            timeout=120,
            capture_output=True,
        )
        yield Servers(running, running.redis_url)


@pytest.fixture
async def database_url(task_servers: Servers) -> AsyncIterator[str]:
    """A fresh database that this process and its children use."""
    name = f"t_{uuid4().hex}"
    server = await asyncpg.connect(task_servers.embedded.superuser_url)
    url = task_servers.embedded.database_url
    template = url.partition("?")[0].rpartition("/")[2]
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER diary")
    redis.Redis.from_url(task_servers.redis_url).flushall()
    fresh = url.replace(f"/{template}?", f"/{name}?")
    before, piccolo_conf.DB.config = piccolo_conf.DB.config, {"dsn": fresh}
    yield fresh
    piccolo_conf.DB.config = before
    clock.use(None)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[None]:
    """This process's connections."""
    async with database.pool(size=8):
        yield


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A school, seen through a connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield await World.build(connection)
    await connection.close()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def letters(pool: None, mail_server: MailServer) -> Iterator[Letters]:
    """The actor of letters in this process, as impatient as a test."""
    patience = Patience(connect=2, answer=0.5, text=0.5)
    postman = Postman(read_server(mail_server.url), sender=SENDER, patience=patience)
    yield Letters(postman, sender=SENDER)
    postman.close()


@pytest.fixture
def processes(database_url: str, task_servers: Servers, mail_server: MailServer, tmp_path: Path) -> Iterator[Processes]:
    """Workers and clocks on the test's database, Valkey and mail server."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": task_servers.redis_url,
        "SMTP_URL": mail_server.url,
        "DIARY_MAIL_FROM": SENDER,
        "DIARY_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    started = Processes(environment, tmp_path / "log.txt")
    yield started
    started.end_all()
    print(started.told() if started.log.exists() else "")
