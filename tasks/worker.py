"""The worker process: takes messages, works off outbox rows, and ends in order when it is asked to (D7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from threading import Timer

import asyncpg
import dramatiq
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread
from dramatiq.broker import Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO
from dramatiq.worker import Worker
from redis.exceptions import RedisError

from diary.delivery.tables import OutboxKind
from diary.kit import database
from diary.kit.announcement import announcements
from diary.paper import print_jobs
from settings import SettingError, Settings, settings
from tasks import broker as line
from tasks.actors.letters import Letters
from tasks.actors.sheets import Sheets
from tasks.channels.providers import Providers, providers, sent_kinds
from tasks.outage import OUTAGES, Outage, in_one_line, tell_once_a_minute
from tasks.stopping import PATIENCE, WORK_PATIENCE, Stop

log = logging.getLogger(__name__)

#: An idle worker looks for messages so often, milliseconds: a letter leaves well within a second.
LOOK_EVERY = 200
#: Sheets wait until no letter does.
SHEETS_COME_AFTER = 10


class Work:
    """The acts in progress, so that those that hang can be cut off when the worker ends."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def watched(self, act: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
        """Return the act with its task kept in sight."""

        async def watched_act(outbox_id: str) -> None:
            task = asyncio.current_task()
            if task is None:
                raise RuntimeError("an actor runs on the event loop")
            self._running.add(task)
            try:
                await act(outbox_id)
            except asyncio.CancelledError:
                log.info("cut off while at work on %s", outbox_id)
            except OUTAGES as problem:
                # Whatever is not recorded stays under its lease, and the sweep finds it when the lease ends.
                log.warning("work on %s is unfinished: %s", outbox_id, in_one_line(problem))
            finally:
                self._running.discard(task)

        return watched_act

    def cut_off(self) -> None:
        """Cancel what is still in progress; each act then settles its row as far as it knows."""
        for task in self._running:
            task.cancel()


class Resources(AsyncIO):
    """The event loop of a worker's actors, and the database that they share; opened and closed with the worker."""

    def __init__(self, stop: Stop, work: Work, *, redis_url: str, connections: int, carriers: Providers) -> None:
        super().__init__()
        self._stop = stop
        self._work = work
        self._redis_url = redis_url
        self._connections = connections
        self._carriers = carriers
        self._held = AsyncExitStack()

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Start the loop and open the database, waiting for it if it is away."""
        super().before_worker_boot(broker, worker)  # type: ignore[no-untyped-call]
        _loop().run_coroutine(self._open())

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Let the letters in progress end; what takes longer is cut off and settles itself."""
        cutting = Timer(WORK_PATIENCE, lambda: _loop().loop.call_soon_threadsafe(self._work.cut_off))
        cutting.daemon = True
        cutting.start()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Close the database and the loop."""
        _loop().run_coroutine(self._close())
        super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]

    async def _open(self) -> None:
        outage = Outage("opening the database")
        while not self._stop.is_asked:
            try:
                async with AsyncExitStack() as opening:
                    await opening.enter_async_context(database.pool(size=self._connections))
                    await opening.enter_async_context(announcements.connected(self._redis_url, hear=False))
                    self._held = opening.pop_all()
            except (*OUTAGES, asyncpg.PostgresError) as problem:
                await asyncio.sleep(outage.failed(problem))
            else:
                outage.is_over()
                return

    async def _close(self) -> None:
        await self._carriers.close()
        await self._held.aclose()


def _loop() -> EventLoopThread:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("the worker's event loop runs between its boot and its end")
    return thread


def run(threads: int = 4) -> None:
    """Work until SIGTERM or Ctrl-C; letters in progress are finished, the rest waits for the next worker.

    Raises SettingError when this machine's settings cannot work.
    """
    here = settings()
    if here.redis_url is None:
        raise SettingError("REDIS_URL is not set: `diary up` brings its own Valkey, a worker alone needs its address")
    stop = Stop()
    stop.listen_to_signals()
    carriers = providers(here)
    if here.smtp_url is None:
        log.warning("SMTP_URL is not set: letters wait in the outbox until it is")
    work = Work()
    resources = Resources(stop, work, redis_url=here.redis_url, connections=threads + 2, carriers=carriers)
    broker = line.connect(here.redis_url, middleware=[resources])
    _declare_actors(broker, here, carriers, work)
    queues = (*broker.get_declared_queues(), *broker.get_declared_delay_queues())
    tell_once_a_minute("asyncpg.pool", *(f"dramatiq.worker.ConsumerThread({queue})" for queue in queues))
    worker = Worker(broker, worker_threads=threads, worker_timeout=LOOK_EVERY)
    worker.start()
    log.info("working with %d threads", threads)
    stop.wait()
    _end(worker)
    log.info("ended")


def _declare_actors(broker: RedisBroker, here: Settings, carriers: Providers, work: Work) -> None:
    """Tell the broker who works off which queue; without a mail server nobody takes e-mails."""
    declare = partial(dramatiq.actor, broker=broker)
    letters = Letters(carriers)
    for kind in sent_kinds(here):
        send = work.watched(partial(letters.send, kind=kind))
        declare(actor_name=line.ACTORS[kind], queue_name=line.QUEUES[kind])(send)
    sheets = Sheets(here.data / print_jobs.FOLDER)
    kind = OutboxKind.PRINT
    declare(actor_name=line.ACTORS[kind], queue_name=line.QUEUES[kind], priority=SHEETS_COME_AFTER)(
        work.watched(sheets.print)
    )


def _end(worker: Worker) -> None:
    try:
        worker.stop(timeout=int((PATIENCE - 0.5) * 1000))
    except RedisError as problem:
        # Its messages come back by the heartbeat; the rest of the end must not be left out.
        log.warning("Valkey was not told: %s", in_one_line(problem))
        worker.broker.emit_after("worker_shutdown", worker)
