"""Real workers and clocks, through a real Valkey: deaths and losses cost no letter and double none (G1, G2)."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from uuid import UUID

import asyncpg
import pytest
import redis

from diary.delivery import outbox
from diary.delivery.outbox import LETTER_LEASE
from diary.kit import clock
from diary.kit.announcement import CHANNEL, Announcement
from embedded.postgres import DATABASE
from embedded.servers import EmbeddedServers
from tasks.sweep import CLOCK
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import ROOT, START, Processes, until
from tests.tasks.world import World


async def all_settled(world: World) -> bool:
    return not await world.connection.fetchval("SELECT count(*) FROM outbox WHERE state = 'QUEUED'")


async def count_what_was_left(world: World) -> None:
    """Let the leases of dead workers run out, as they do within two minutes; living workers have settled theirs."""
    await asyncio.sleep(1.5)
    now = clock.SetClock(clock.now() + LETTER_LEASE * 2)
    clock.use(now)
    await outbox.expire_leases(CLOCK)


async def reckon(
    world: World, mail_server: MailServer, letters: list[UUID], *, uncertain_at_most: int
) -> dict[str, int]:
    """Compare the outbox with what the mail server received: nothing lost, nothing doubled, all doubts listed."""
    states = {row["id"]: row["state"] for row in await world.connection.fetch("SELECT id, state FROM outbox")}
    received = mail_server.times_received
    assert set(states) == set(letters)
    assert set(states.values()) <= {"DONE", "UNCERTAIN"}
    assert max(received.values()) == 1
    for letter, state in states.items():
        assert state == "UNCERTAIN" or received[str(letter)] == 1, "a letter counts as sent and has not arrived"
    counted = {state: list(states.values()).count(state) for state in set(states.values())}
    assert counted.get("UNCERTAIN", 0) <= uncertain_at_most
    return counted


async def test_a_letter_leaves_well_within_a_second_of_its_announcement(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    family = await world.family()
    warm_up = await world.letter(family)
    processes.start("worker")
    processes.start("clock")
    await until(lambda: is_received(mail_server, warm_up), seconds=15)
    letter = await world.letter(family)

    redis.Redis.from_url(servers.redis_url).publish(CHANNEL, Announcement(outbox=True).encoded())

    await until(lambda: is_received(mail_server, letter), seconds=1)


async def test_a_letter_leaves_within_seconds_even_if_its_announcement_is_lost(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    processes.start("worker")
    processes.start("clock")
    letter = await world.letter(await world.family())

    await until(lambda: is_received(mail_server, letter), seconds=15)


async def is_received(mail_server: MailServer, letter: UUID) -> bool:
    return mail_server.times_received[str(letter)] == 1


async def test_a_worker_killed_amid_two_hundred_letters_loses_none_and_doubles_none(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    letters = await world.letters(await world.family(), 200)
    mail_server.delay = 0.02
    processes.start("clock")
    worker = processes.start("worker")
    await until(lambda: reached(mail_server, 60), seconds=20)

    processes.kill(worker)
    processes.start("worker")

    await until(lambda: all_settled(world), seconds=35)
    await count_what_was_left(world)
    counted = await reckon(world, mail_server, letters, uncertain_at_most=4)
    assert counted["DONE"] >= 196


async def reached(mail_server: MailServer, number: int) -> bool:
    return len(mail_server.received) >= number


async def test_a_flushed_valkey_loses_no_letter(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    letters = await world.letters(await world.family(), 100)
    mail_server.delay = 0.02
    processes.start("clock")
    processes.start("worker")
    await until(lambda: reached(mail_server, 30), seconds=20)

    redis.Redis.from_url(servers.redis_url).flushall()

    await until(lambda: all_settled(world), seconds=25)
    await until(lambda: reached(mail_server, 100), seconds=5)
    await reckon(world, mail_server, letters, uncertain_at_most=0)


async def test_a_worker_asked_to_end_finishes_its_letters_and_leaves_the_rest(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    letters = await world.letters(await world.family(), 60)
    mail_server.delay = 0.1
    processes.start("clock")
    worker = processes.start("worker")
    await until(lambda: reached(mail_server, 10), seconds=15)

    seconds = processes.stop(worker)

    assert seconds < 4
    assert worker.returncode == 0
    states = await world.states()
    assert set(states) == {"DONE", "QUEUED"}
    assert states["DONE"] == len(mail_server.received) < len(letters)


async def test_a_worker_ends_in_time_while_the_mail_server_hangs(
    processes: Processes, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    before_the_text, after_the_text = await world.letter(family), await world.letter(family)
    mail_server.hangs_at = "DATA"
    processes.start("clock")
    worker = processes.start("worker")
    await until(lambda: are(world, "STARTED", 2), seconds=15)

    seconds = processes.stop(worker)

    assert seconds < 4
    for letter in (before_the_text, after_the_text):
        row = await world.row(letter)
        assert (row["state"], row["outcome"]) == ("QUEUED", "WORKER_STOPPED")


async def are(world: World, state: str, number: int) -> bool:
    return (await world.states()).get(state, 0) == number


async def test_the_processes_wait_for_a_database_that_comes_later(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    letter = await world.letter(await world.family())

    async def both_wait() -> bool:
        return processes.told().count("waiting, because") == 2

    server = await asyncpg.connect(servers.superuser_url)
    await server.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
    try:
        running = [processes.start("clock"), processes.start("worker")]
        await until(both_wait, seconds=15)
        await asyncio.sleep(1)
        assert [process.poll() for process in running] == [None, None]
    finally:
        await server.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
        await server.close()

    await until(lambda: is_received(mail_server, letter), seconds=15)
    assert await both_wait()
    assert "Traceback" not in processes.told()


async def test_the_processes_live_through_a_database_that_drops_every_connection(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    family = await world.family()
    letters = await world.letters(family, 40)
    mail_server.delay = 0.05
    running = [processes.start("clock"), processes.start("worker")]
    await until(lambda: reached(mail_server, 10), seconds=15)

    server = await asyncpg.connect(servers.superuser_url)
    for _blow in range(3):
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND usename = 'diary' AND datname = $1 AND pid <> $2",
            DATABASE,
            world.connection.get_server_pid(),
        )
        await asyncio.sleep(0.3)
    await server.close()

    await until(lambda: are(world, "DONE", 40), seconds=90)
    assert mail_server.times_received == {str(letter): 1 for letter in letters}
    assert [process.poll() for process in running] == [None, None]


async def leaders(servers: EmbeddedServers) -> int:
    connection = await asyncpg.connect(servers.database_url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
            "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )
        return count
    finally:
        await connection.close()


async def test_of_two_clocks_one_leads_and_the_other_takes_over_when_it_dies(
    processes: Processes, world: World, mail_server: MailServer, servers: EmbeddedServers
) -> None:
    async def led() -> bool:
        return await leaders(servers) == 1

    first = processes.start("clock")
    await until(led, seconds=10)
    second = processes.start("clock")

    async def stands_by() -> bool:
        return "another clock leads, standing by" in processes.told()

    await until(stands_by, seconds=10)
    assert await led()

    processes.kill(first)
    letter = await world.letter(await world.family())
    processes.start("worker")

    await until(lambda: is_received(mail_server, letter), seconds=20)
    assert second.poll() is None
    doubled = await world.connection.fetchval(
        "SELECT count(*) FROM (SELECT FROM schedule_run GROUP BY name, due_at HAVING count(*) > 1) twice"
    )
    assert doubled == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_a_clock_ends_in_time(processes: Processes, world: World, servers: EmbeddedServers, number: int) -> None:
    keeper = processes.start("clock")

    async def led() -> bool:
        return await leaders(servers) == 1

    await until(led, seconds=10)
    keeper.send_signal(number)

    assert await asyncio.to_thread(keeper.wait, 4) == 0
    assert "Traceback" not in processes.told()


async def test_without_a_mail_server_letters_wait_and_sheets_are_printed(processes: Processes, world: World) -> None:
    processes.environment["SMTP_URL"] = ""
    letter = await world.letter(await world.family())
    job, _row = await world.print_job()
    processes.start("clock")
    processes.start("worker")

    async def printed() -> bool:
        return bool((await world.job(job))["state"] == "RENDERED")

    await until(printed, seconds=25)
    assert (await world.row(letter))["attempt"] == 0
    assert "SMTP_URL is not set" in processes.told()


async def test_a_message_carries_an_id_and_nothing_else(
    processes: Processes, world: World, servers: EmbeddedServers
) -> None:
    letter = await world.letter(await world.family(), subject="О здоровье Миши")
    processes.start("clock")
    client = redis.Redis.from_url(servers.redis_url)

    async def announced() -> bool:
        return client.hlen("diary:letters.msgs") == 1

    await until(announced, seconds=10)
    text = str(client.hvals("diary:letters.msgs"))
    assert f'"args":["{letter}"]' in text
    assert '"kwargs":{}' in text
    assert not re.search("anna|Ёлк|u04", text)


def test_a_worker_without_valkey_says_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START.format(what="worker")],
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql:///none"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert "REDIS_URL is not set" in done.stderr.splitlines()[-1]
