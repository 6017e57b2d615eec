"""Letters through deaths and outages that last: none is lost, none comes twice, every doubt is listed (G1-G3)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import pytest
import redis

from embedded.servers import EmbeddedServers
from tests.embedded.conftest import servers_of
from tests.tasks.conftest import SENDER
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import ROOT, Processes, until
from tests.tasks.test_processes import all_settled, count_what_was_left, reached, reckon
from tests.tasks.world import World

pytestmark = pytest.mark.faults

THREADS = 4
BLOWS = 3
MIGRATE = "import asyncio; from diary.migrations import migrate; asyncio.run(migrate(print))"


def more_than(mail_server: MailServer, number: int) -> Callable[[], Awaitable[bool]]:
    """Return whether so many letters more have arrived than now."""
    goal = len(mail_server.received) + number
    return lambda: reached(mail_server, goal)


async def test_ten_killed_workers_amid_two_thousand_letters(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    chance = random.Random(20261124)
    letters = await world.letters(await world.family(), 2_000)
    mail_server.delay = 0.04
    processes.start("clock")
    worker = processes.start("worker")
    kills = 0
    for _kill in range(10):
        await until(more_than(mail_server, 20), seconds=30)
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        if await all_settled(world):
            break
        processes.kill(worker)
        kills += 1
        worker = processes.start("worker")
    last_kill = time.monotonic()

    await until(more_than(mail_server, 1), seconds=30)
    await until(lambda: all_settled(world), seconds=150)

    await count_what_was_left(world)
    counted = await reckon(world, mail_server, letters, uncertain_at_most=THREADS * kills)
    print(f"{kills} kills, {counted}, settled {time.monotonic() - last_kill:.0f} s after the last kill")
    assert kills == 10


async def test_two_workers_share_a_thousand_letters(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    letters = await world.letters(await world.family(), 1_000)
    processes.start("clock")
    workers = [processes.start("worker") for _ in range(2)]

    await until(lambda: all_settled(world), seconds=120)
    await until(lambda: reached(mail_server, 1_000), seconds=10)

    for worker in workers:
        assert processes.stop(worker) < 4
    assert await reckon(world, mail_server, letters, uncertain_at_most=0) == {"DONE": 1_000}


async def test_a_valkey_that_stands_still_for_a_while_and_then_forgets_everything(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    letters = await world.letters(await world.family(), 600)
    mail_server.delay = 0.05
    running = [processes.start("clock"), processes.start("worker")]
    await until(lambda: reached(mail_server, 50), seconds=20)
    [valkey] = [child for child in psutil.Process().children() if child.name() == "valkey-server"]

    valkey.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(30)
    finally:
        valkey.send_signal(signal.SIGCONT)
    redis.Redis.from_url(servers.redis_url).flushall()

    await until(lambda: all_settled(world), seconds=60)
    await until(lambda: reached(mail_server, 600), seconds=5)
    assert await reckon(world, mail_server, letters, uncertain_at_most=0) == {"DONE": 600}
    assert [process.poll() for process in running] == [None, None]
    assert "Traceback" not in processes.told()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for servers that keep what they have acknowledged."""
    folder = Path(tempfile.mkdtemp(prefix="diary-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("durable", [True, False], ids=["a careful server", "a forgetful server"])
async def test_servers_that_are_killed_and_come_back(
    mail_server: MailServer, tmp_path: Path, place: Path, durable: bool
) -> None:
    with EmbeddedServers(data=place / "data", durable=durable) as own:
        environment = {
            "DATABASE_URL": own.database_url,
            "REDIS_URL": own.redis_url,
            "SMTP_URL": mail_server.url,
            "DIARY_MAIL_FROM": SENDER,
            "DIARY_DATA": str(tmp_path),
        }
        migrating = [sys.executable, "-c", MIGRATE]
        await asyncio.to_thread(subprocess.run, migrating, cwd=ROOT, env={**os.environ, **environment}, check=True)
        processes = Processes({**environment, "PYTHONPATH": str(ROOT)}, tmp_path / "log.txt")
        world = await World.build(await asyncpg.connect(own.database_url))
        letters = await world.letters(await world.family(), 400)
        try:
            await _survive(own, processes, world, mail_server, letters, durable=durable)
        finally:
            processes.end_all()
            print(processes.told())


async def _survive(
    own: EmbeddedServers,
    processes: Processes,
    world: World,
    mail_server: MailServer,
    letters: list[UUID],
    *,
    durable: bool,
) -> None:
    mail_server.delay = 0.05
    running = [processes.start("clock"), processes.start("worker")]
    for _blow in range(BLOWS):
        await until(more_than(mail_server, 40), seconds=60)
        for server in servers_of(own.home.folder):
            with suppress(psutil.NoSuchProcess):
                server.kill()
        deadline = time.monotonic() + 30
        while not await _is_back(own, world):
            assert time.monotonic() < deadline
            own.revive()
            await asyncio.sleep(0.1)

    await until(lambda: all_settled(world), seconds=90)
    await asyncio.sleep(3)
    # A claim whose commit was never answered stays under its lease, and so does what a forgetful server forgot.
    open_claims = {
        str(row["id"]) for row in await world.connection.fetch("SELECT id FROM outbox WHERE state = 'STARTED'")
    }
    received = mail_server.times_received
    assert set(await world.states()) <= {"DONE", "STARTED"}
    assert max(received.values()) == 1
    assert received.keys() | open_claims == {str(letter) for letter in letters}
    if durable:
        assert len(open_claims) <= THREADS * BLOWS
        assert not received.keys() & open_claims
    assert "Traceback" not in processes.told()
    assert [process.poll() for process in running] == [None, None]


async def _is_back(own: EmbeddedServers, world: World) -> bool:
    try:
        world.connection = await asyncpg.connect(own.database_url, timeout=2)
        redis.Redis.from_url(own.redis_url).ping()
    except (OSError, asyncpg.PostgresError, redis.RedisError):
        return False
    return True
