"""A school writes to all its families while everything around is killed: no letter lost, none doubled (G1-G3)."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
import redis

from diary.delivery.outbox import LETTER_LEASE
from embedded.servers import EmbeddedServers
from tests.embedded.conftest import servers_of
from tests.tasks.conftest import SENDER
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import ROOT, Processes, until
from tests.tasks.world import World

THREADS = 4
#: Sending goes on within this time after every blow, seconds; on a machine that does other things too, within more.
RESUMED_WITHIN = 30.0
RESUMED_ON_A_BUSY_MACHINE = 90.0
#: So many letters more than can have been on their way show that it goes on.
GOES_ON = 5 * THREADS
MIGRATE = "import asyncio; from diary.migrations import migrate; asyncio.run(migrate(print))"
WRITE = """
import asyncio
from uuid import UUID
from diary.access.viewer import viewer_of
from diary.delivery.letters import write_to_families
from diary.kit import database

async def write():
    async with database.pool(size=2):
        office = await viewer_of({office}, route="ADMIN")
        print(await write_to_families(
            office, school_id=UUID("{school}"), subject="Собрание", body="В четверг в 18:00.", dedup_key="собрание"))

asyncio.run(write())
"""
ROUND = ("worker", "worker", "flush", "worker", "clock", "worker", "valkey", "worker", "web", "postgres")


@dataclass
class Run:
    """The servers, the processes and what was done to them."""

    own: EmbeddedServers
    processes: Processes
    world: World
    mail_server: MailServer
    resumed_within: float = RESUMED_WITHIN
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    blows: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)

    async def strike(self, what: str) -> None:
        """Kill something as a power cut would, see that it comes back, and wait until letters go out again."""
        self.blows[what] += 1
        struck, arrived = time.monotonic(), len(self.mail_server.received)
        if what in self.running:
            self.processes.kill(self.running[what])
            self.running[what] = self.processes.start(what)
            if what == "web":
                await until(self.serves, seconds=self.resumed_within)
        elif what == "flush":
            redis.Redis.from_url(self.own.redis_url).flushall()
        else:
            self._end_server(what)
            await self._revive()

        async def goes_on() -> bool:
            return len(self.mail_server.received) >= arrived + GOES_ON or await self.nothing_waits()

        await until(goes_on, seconds=self.resumed_within)
        self.longest[what] = max(self.longest.get(what, 0), time.monotonic() - struck)

    async def serves(self) -> bool:
        """Whether the web answers, with the database and Valkey behind it."""
        try:
            async with httpx.AsyncClient(timeout=2) as client:
                port = self.processes.environment["DIARY_PORT"]
                return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    def _end_server(self, what: str) -> None:
        for server in servers_of(self.own.home.folder):
            with suppress(psutil.NoSuchProcess):
                if what == "valkey" and server.name() == "valkey-server":
                    server.kill()
                elif what == "postgres" and server.name() == "postgres" and server.ppid() == psutil.Process().pid:
                    server.send_signal(signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
                    server.wait(10)

    async def _revive(self) -> None:
        deadline = time.monotonic() + self.resumed_within
        while True:
            try:
                self.world.connection = await asyncpg.connect(self.own.database_url, timeout=2)
                redis.Redis.from_url(self.own.redis_url).ping()
            except (OSError, asyncpg.PostgresError, redis.RedisError):
                assert time.monotonic() < deadline, "a server did not come back"
                self.own.revive()
                await asyncio.sleep(0.1)
            else:
                return

    async def nothing_waits(self) -> bool:
        """Whether every letter was taken up."""
        return "QUEUED" not in await self.world.states()

    async def settled(self) -> bool:
        """Whether nothing waits and no claim of a dead worker is left."""
        return not {"QUEUED", "STARTED"} & set(await self.world.states())


@pytest.fixture
def run(mail_server: MailServer, tmp_path: Path) -> Iterator[Run]:
    """A school on servers of its own that keep what they have acknowledged."""
    place = Path(tempfile.mkdtemp(prefix="diary-test-"))
    place.chmod(0o711)
    with EmbeddedServers(data=place / "data", durable=True) as own:
        environment = {
            "DATABASE_URL": own.database_url,
            "REDIS_URL": own.redis_url,
            "SMTP_URL": mail_server.url,
            "DIARY_MAIL_FROM": SENDER,
            "DIARY_DATA": str(tmp_path),
            "DIARY_MODE": "development",
            "DIARY_PORT": str(MailServer().port),
            "PYTHONPATH": str(ROOT),
        }
        processes = Processes(environment, tmp_path / "log.txt")
        try:
            yield Run(own, processes, World(None), mail_server)
        finally:
            processes.end_all()
            print(processes.told()[-20_000:])
    shutil.rmtree(place)


async def survive(run: Run, number: int, blows: tuple[str, ...], *, open_claims: bool = False) -> None:
    """Write to so many families, strike all along the way, and compare what arrived with what the outbox says.

    What dead workers had begun is listed for a person when its lease is over; `open_claims` does not wait for that.
    """
    await run.processes.ends(MIGRATE)
    run.world = await World.build(await asyncpg.connect(run.own.database_url))
    await run.world.families(number)
    for what in ("web", "clock", "worker"):
        run.running[what] = run.processes.start(what)
    await until(run.serves, seconds=run.resumed_within)
    begun = time.monotonic()
    await run.processes.ends(WRITE.format(office=run.world.office, school=run.world.school))
    assert sum((await run.world.states()).values()) == number

    for place, what in enumerate(blows, start=1):
        await until(partial(reached, run, number * place // (len(blows) + 1)), seconds=120)
        await run.strike(what)
    await until(run.nothing_waits, seconds=300)
    sent = time.monotonic() - begun
    if open_claims:
        await asyncio.sleep(3)
    else:
        await until(run.settled, seconds=LETTER_LEASE.total_seconds() + 30)

    received, states = run.mail_server.times_received, await run.world.states()
    print(f"{number} letters in {sent:.0f} s: {states}; {dict(run.blows)}; resumed after at most {run.longest}")
    rows = await run.world.connection.fetch("SELECT id::text, state FROM outbox")
    assert received.keys() <= {row["id"] for row in rows}
    assert max(received.values()) == 1
    doubtful = states.get("UNCERTAIN", 0) + (states.get("STARTED", 0) if open_claims else 0)
    assert states.get("DONE", 0) + doubtful == number
    assert [row["id"] for row in rows if row["state"] == "DONE" and received[row["id"]] != 1] == []
    assert doubtful <= THREADS * (run.blows["worker"] + run.blows["postgres"])
    assert [what for what, process in run.running.items() if process.poll() is not None] == []
    assert await run.serves()
    assert "Traceback" not in run.processes.told()


async def reached(run: Run, goal: int) -> bool:
    return len(run.mail_server.received) >= goal


@pytest.mark.faults
async def test_ten_thousand_letters_amid_thirty_blows(run: Run) -> None:
    await survive(run, 10_000, ROUND * 3)


async def test_four_hundred_letters_amid_a_blow_of_each_kind(run: Run) -> None:
    run.resumed_within = RESUMED_ON_A_BUSY_MACHINE
    run.mail_server.delay = 0.02
    await survive(run, 400, ("worker", "flush", "clock", "postgres", "valkey", "web"), open_claims=True)
