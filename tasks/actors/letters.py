"""Sending letters: claim, connect, ask for consent again, hand over, record (flow 4 of the design)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC
from uuid import UUID

from diary.access.viewer import Nobody
from diary.delivery import outbox
from diary.delivery.outbox import Claimed
from diary.delivery.tables import OutboxKind
from diary.kit import clock
from tasks.channels.email import Letter, NotSent, Postman, Rejected, Uncertain, message_id
from tasks.outage import OUTAGES, in_one_line, in_spite_of_outages

log = logging.getLogger(__name__)

WORKER = Nobody(route="WORKER")
#: While the database is away after a letter has left, recording it is tried for this long, seconds; then the row's
#: lease makes it uncertain, which is the truth.
RECORD_PATIENCE = 60.0
#: The reason noted when the worker is stopped before the letter could leave.
WORKER_STOPPED = "WORKER_STOPPED"


class Letters:
    """The actor of letters, with the postman of its process."""

    def __init__(self, postman: Postman, *, sender: str) -> None:
        self._postman = postman
        self._sender = sender

    async def send(self, outbox_id: str) -> None:
        """Send one letter if it waits; doing it twice does nothing twice."""
        try:
            letter = await outbox.claim(WORKER, UUID(outbox_id), OutboxKind.EMAIL)
        except OUTAGES as problem:
            # Nothing was claimed: the sweep brings the letter again when the database is back.
            log.warning("a letter waits for the database: %s", in_one_line(problem))
            return
        if letter is not None:
            await self._carry(letter)

    async def _carry(self, letter: Claimed) -> None:
        try:
            async with self._postman.connection() as connection:
                permission = await outbox.ask_again(letter)
                if permission is None:
                    log.warning("letter %s is no longer this worker's", letter.id)
                    return
                if (at := permission.retry_at) is not None:
                    await _record(lambda: outbox.settle_postponed(WORKER, letter, at=at))
                    return
                if not permission.is_given:
                    await _record(
                        lambda: outbox.settle_refused(WORKER, letter.id, letter.attempt, code=permission.verdict)
                    )
                    return
                answer = await connection.deliver(self._written(letter, permission.address))
        except NotSent as problem:
            reason = str(problem)
            await _record(lambda: outbox.settle_retry(WORKER, letter.id, letter.attempt, reason=reason))
        except Rejected as problem:
            reason = str(problem)
            await _record(lambda: outbox.settle_failed(WORKER, letter.id, letter.attempt, reason=reason))
        except Uncertain as problem:
            reason = str(problem)
            await _record(lambda: outbox.mark_uncertain(WORKER, letter.id, letter.attempt, reason=reason))
        except asyncio.CancelledError:
            # The worker is stopping and the text was not handed over: the next worker takes the letter at once.
            await outbox.settle_retry(WORKER, letter.id, letter.attempt, reason=WORKER_STOPPED, at=clock.now())
            raise
        except OUTAGES as problem:
            # The database went away before the letter left, so it surely has not; it need not wait for a mail server.
            reason = in_one_line(problem)
            await _record(lambda: outbox.settle_retry(WORKER, letter.id, letter.attempt, reason=reason, at=clock.now()))
        else:
            evidence = {
                "message_id": message_id(letter.id, self._sender),
                "answer": answer,
                "sent_at": clock.now().isoformat(),
            }
            await _record(lambda: outbox.settle_done(WORKER, letter.id, letter.attempt, evidence=evidence))

    def _written(self, letter: Claimed, address: str) -> Letter:
        return Letter(
            id=letter.id,
            school_name=letter.school_name,
            address=address,
            subject=letter.subject,
            body=letter.body,
            at=clock.now().astimezone(UTC),
        )


async def _record(settle: Callable[[], Awaitable[object]]) -> None:
    await in_spite_of_outages(settle, what="recording a letter", seconds=RECORD_PATIENCE)
