"""The line between the clock and the workers: Dramatiq messages on Valkey that carry an id and nothing else (D7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from redis.backoff import NoBackoff
from redis.retry import Retry

from diary.delivery.tables import OutboxKind

NAMESPACE = "diary"
#: The queue and the actor of each kind of outbox row.
QUEUES = {
    OutboxKind.EMAIL: "letters",
    OutboxKind.SMS: "texts",
    OutboxKind.MESSENGER: "messages",
    OutboxKind.WEB_PUSH: "notices",
    OutboxKind.PRINT: "sheets",
}
ACTORS = {
    OutboxKind.EMAIL: "send_letter",
    OutboxKind.SMS: "send_text",
    OutboxKind.MESSENGER: "send_message",
    OutboxKind.WEB_PUSH: "send_notice",
    OutboxKind.PRINT: "print_sheet",
}
#: A worker that was not heard of for this long is dead and its messages go to the others, milliseconds. The default
#: of a minute, looked at by one command in a thousand, left messages of a killed worker lying all night (trust.md 2.2).
HEARTBEAT_TIMEOUT = 15_000
MAINTENANCE_CHANCE = 100_000
#: Dead messages are of no use: the row in PostgreSQL is the record, milliseconds.
DEAD_MESSAGE_TTL = 3_600_000
#: No command to Valkey is waited for longer than this, seconds.
PATIENCE = 5.0


class Client(redis.Redis):
    """A client whose timeouts are lost connections, which is the only trouble that Dramatiq waits out."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its answer."""
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except redis.TimeoutError as problem:
            raise redis.ConnectionError(str(problem)) from problem


def connect(redis_url: str, *, middleware: Sequence[Middleware] = ()) -> RedisBroker:
    """Return the broker; retries, age limits and results are left out, because the outbox row knows all that."""
    dramatiq.set_encoder(dramatiq.JSONEncoder())
    pool = redis.ConnectionPool.from_url(redis_url, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 1))
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=Client(connection_pool=pool),
        namespace=NAMESPACE,
        middleware=list(middleware),
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        maintenance_chance=MAINTENANCE_CHANCE,
        dead_message_ttl=DEAD_MESSAGE_TTL,
    )


def send(broker: RedisBroker, kind: OutboxKind, ids: Iterable[UUID]) -> None:
    """Tell the workers which rows wait."""
    for outbox_id in ids:
        broker.enqueue(
            dramatiq.Message(
                queue_name=QUEUES[kind], actor_name=ACTORS[kind], args=(str(outbox_id),), kwargs={}, options={}
            )
        )


def waiting(broker: RedisBroker, kind: OutboxKind) -> int:
    """Return how many messages of a kind have not been worked off yet."""
    size: int = broker.do_qsize(QUEUES[kind])
    return size
