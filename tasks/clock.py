"""The clock process: wakes workers when something waits, and runs what is due, once, whoever else ticks (D8)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import asyncpg
from redis.exceptions import RedisError

from diary.delivery.tables import OutboxKind
from diary.kit import clock, database, schedule
from diary.kit.announcement import Announcement, announcements
from settings import SettingError, Settings, settings
from tasks import broker as line
from tasks import duties, paper
from tasks.channels.providers import sent_kinds
from tasks.nudges import Nudges
from tasks.outage import OUTAGES, Outage, in_one_line, tell_once_a_minute
from tasks.schedule import CatchUp, Entry
from tasks.stopping import WORK_PATIENCE, Stop
from tasks.sweep import sweep

log = logging.getLogger(__name__)

#: The advisory lock of the one clock that leads.
LOCK_KEY = 0x6469_6172_79_02
#: A second clock looks so often whether it has to take over, seconds.
STAND_BY = 2.0
#: While more letters wait than may be announced at once, workers are told of the next ones so often, seconds.
TOP_UP_EVERY = 0.5
#: Nothing is waited for longer than this without looking around, seconds.
LONGEST_NAP = 5.0

ENTRIES: tuple[Entry, ...] = (
    Entry(name="sweep", cron="* * * * * */10", act=sweep, catch_up=CatchUp.NONE),
    # One run after an outage is enough: it looks back to the last one that succeeded.
    Entry(name=duties.NAME, cron="*/5 * * * *", act=duties.keep, catch_up=CatchUp.LATEST),
    # Schools have time zones of their own, and one who enrols late is printed for as well: what is due is asked often.
    Entry(name=paper.NAME, cron="1-59/5 * * * *", act=paper.queue, catch_up=CatchUp.LATEST),
)


class Clock:
    """The entries and what has become of their due instants; several clocks on one database never double a run."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    async def tick(self) -> datetime:
        """Run what is due and return when the next entry will be."""
        for entry in self._entries:
            last = await schedule.last_due(entry.name, now=clock.now())
            for due_at in entry.missed(last, clock.now()):
                run_id = await schedule.begin(entry.name, due_at, now=clock.now())
                if run_id is not None:
                    await self._run(entry, run_id)
        return min(entry.next_after(clock.now()) for entry in self._entries)

    async def take_over(self) -> None:
        """Begin again what the last leading clock left unfinished; only for the clock that leads now."""
        for entry in self._entries:
            for run_id in await schedule.take_over(entry.name, now=clock.now()):
                if entry.catch_up is CatchUp.NONE:
                    await schedule.finish(run_id, "ABANDONED", now=clock.now())
                else:
                    await self._run(entry, run_id)

    async def _run(self, entry: Entry, run_id: int) -> None:
        try:
            outcome = await entry.act()
        except OUTAGES:
            raise  # the run stays unfinished and is begun again
        except Exception as problem:
            # One entry's fault must not stop the others.
            log.exception("clock entry %s failed", entry.name)
            outcome = f"{schedule.FAILED} {in_one_line(problem)}"
        await schedule.finish(run_id, outcome, now=clock.now())
        if outcome:
            log.info("%s: %s", entry.name, outcome)


def run() -> None:
    """Keep the time until SIGTERM or Ctrl-C; raises SettingError when this machine's settings cannot work."""
    here = settings()
    if here.redis_url is None:
        raise SettingError("REDIS_URL is not set: `diary up` brings its own Valkey, a clock alone needs its address")
    tell_once_a_minute("asyncpg.pool", "diary.kit.announcement")
    stop = Stop()
    stop.listen_to_signals()
    asyncio.run(_keep_time(here, here.redis_url, stop))
    log.info("ended")


async def _keep_time(here: Settings, redis_url: str, stop: Stop) -> None:
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    keeping = asyncio.create_task(_serve(here, redis_url, stop, wake))

    def ask_to_end() -> None:
        wake.set()
        loop.call_later(WORK_PATIENCE, keeping.cancel)

    stop.on_ask(lambda: loop.call_soon_threadsafe(ask_to_end))
    if stop.is_asked:
        ask_to_end()
    with suppress(asyncio.CancelledError):
        await keeping


async def _serve(here: Settings, redis_url: str, stop: Stop, wake: asyncio.Event) -> None:
    kinds = [OutboxKind.PRINT, *sent_kinds(here)]
    outage = Outage("the clock")
    while not stop.is_asked:
        try:
            async with database.pool(size=3), announcements.connected(redis_url, hear=True):
                outage.is_over()
                nudges = Nudges(line.connect(redis_url), kinds)
                await _lead_in_turn(Clock(ENTRIES), nudges, stop, wake)
        except (*OUTAGES, asyncpg.PostgresError) as problem:
            await _pause(stop, wake, outage.failed(problem))


async def _lead_in_turn(keeper: Clock, nudges: Nudges, stop: Stop, wake: asyncio.Event) -> None:
    """Lead while the lock is ours; when the database goes away, wait and try to lead again."""
    outage = Outage("the clock")
    while not stop.is_asked:
        try:
            async with _leadership(stop, wake) as lock:
                if lock is not None:
                    await keeper.take_over()
                    outage.is_over()
                    await _lead(keeper, nudges, stop, wake, lock)
        except (*OUTAGES, asyncpg.PostgresError) as problem:
            await _pause(stop, wake, outage.failed(problem))


async def _lead(keeper: Clock, nudges: Nudges, stop: Stop, wake: asyncio.Event, lock: asyncpg.Connection) -> None:
    line_outage = Outage("nudging the workers")

    def heard(announcement: Announcement) -> None:
        if announcement.outbox:
            wake.set()

    stop_listening = announcements.listen(heard)
    try:
        while not stop.is_asked:
            wake.clear()
            await lock.execute("SELECT 1")  # the lock is ours as long as its connection lives
            next_due = await keeper.tick()
            pause = min((next_due - clock.now()).total_seconds(), LONGEST_NAP)
            try:
                if await nudges.send():
                    pause = min(pause, TOP_UP_EVERY)
                line_outage.is_over()
            except RedisError as problem:
                pause = min(pause, line_outage.failed(problem))
            await _nap(wake, pause)
    finally:
        stop_listening()


@asynccontextmanager
async def _leadership(stop: Stop, wake: asyncio.Event) -> AsyncIterator[asyncpg.Connection | None]:
    """Wait until no other clock leads, and lead while the block runs; None when the process ends first."""
    connection = await database.engine().get_new_connection()
    try:
        # A machine that vanished from the network must not lead for two hours more.
        await connection.execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5")
        leads = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY)
        if not leads:
            log.info("another clock leads, standing by")
        while not leads and not stop.is_asked:
            await _pause(stop, wake, STAND_BY)
            leads = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY)
        yield connection if leads else None
    finally:
        with suppress(*OUTAGES):
            await connection.close(timeout=1)


async def _nap(wake: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(wake.wait(), max(seconds, 0.01))


async def _pause(stop: Stop, wake: asyncio.Event, seconds: float) -> None:
    """Wait whatever was announced; only the end of the process cuts it short."""
    wake.clear()
    if not stop.is_asked:
        await _nap(wake, seconds)
