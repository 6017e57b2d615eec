"""Sending letters by any channel: claim, open the channel, ask for consent again, hand over, record (flow 4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from uuid import UUID

from diary.access.viewer import Nobody
from diary.delivery import outbox
from diary.delivery.outbox import Claimed
from diary.delivery.permission import Permission
from diary.delivery.tables import OutboxKind
from diary.kit import clock
from tasks.channels.channel import Channel, Delivered, Outcome, Parcel, Permanent, RetryAfter
from tasks.channels.providers import Providers
from tasks.outage import OUTAGES, in_one_line, in_spite_of_outages

log = logging.getLogger(__name__)

WORKER = Nobody(route="WORKER")
#: While the database is away after a letter has left, recording it is tried for this long, seconds; then the row's
#: lease makes it uncertain, which is the truth.
RECORD_PATIENCE = 60.0
#: The reason noted when the worker is stopped before the letter could leave.
WORKER_STOPPED = "WORKER_STOPPED"
#: The reason noted when this machine's settings name nobody who carries such letters; the next agreed channel may.
CHANNEL_NOT_CONFIGURED = "CHANNEL_NOT_CONFIGURED"


class Letters:
    """The actor of letters, with the providers of its process."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    async def send(self, outbox_id: str, kind: OutboxKind = OutboxKind.EMAIL) -> None:
        """Send one letter of a kind if it waits; doing it twice does nothing twice."""
        try:
            letter = await outbox.claim(WORKER, UUID(outbox_id), kind)
        except OUTAGES as problem:
            # Nothing was claimed: the sweep brings the letter again when the database is back.
            log.warning("a letter waits for the database: %s", in_one_line(problem))
            return
        if letter is not None:
            await self._carry(letter)

    async def _carry(self, letter: Claimed) -> None:
        try:
            outcome = await self._handed_over(letter)
        except asyncio.CancelledError:
            # The worker is stopping and the text was not handed over: the next worker takes the letter at once.
            await outbox.settle_retry(WORKER, letter.id, letter.attempt, reason=WORKER_STOPPED, at=clock.now())
            raise
        except OUTAGES as problem:
            # The database went away before the letter left, so it surely has not; it need not wait for a provider.
            reason = in_one_line(problem)
            await _record(lambda: outbox.settle_retry(WORKER, letter.id, letter.attempt, reason=reason, at=clock.now()))
        else:
            if outcome is not None:
                await _record_outcome(letter, outcome)

    async def _handed_over(self, letter: Claimed) -> Outcome | None:
        """Return what became of the letter, None when it was not to leave and that is recorded.

        Which messenger it is for is known with the permission only, so then the channel is opened after it.
        """
        provider = self._providers.of(letter.kind)
        if provider is not None:
            async with provider.opened() as channel:
                if isinstance(channel, RetryAfter):
                    return channel
                permission = await _permission(letter)
                return None if permission is None else await _sent(channel, letter, permission)
        permission = await _permission(letter)
        if permission is None:
            return None
        provider = self._providers.of(letter.kind, permission.messenger)
        if provider is None:
            return Permanent(CHANNEL_NOT_CONFIGURED)
        async with provider.opened() as channel:
            if isinstance(channel, RetryAfter):
                return channel
            return await _sent(channel, letter, permission)


async def _permission(letter: Claimed) -> Permission | None:
    """Ask once more whether the letter may leave; None when it may not, and the row says why."""
    permission = await outbox.ask_again(letter)
    if permission is None:
        log.warning("letter %s is no longer this worker's", letter.id)
        return None
    if (at := permission.retry_at) is not None:
        day, reason = permission.agreed_day, permission.verdict
        await _record(lambda: outbox.settle_postponed(WORKER, letter, at=at, agreed_day=day, reason=reason))
        return None
    if not permission.is_given:
        await _record(lambda: outbox.settle_refused(WORKER, letter.id, letter.attempt, code=permission.verdict))
        return None
    return permission


async def _sent(channel: Channel, letter: Claimed, permission: Permission) -> Outcome:
    parcel = Parcel(
        id=letter.id,
        school_name=letter.school_name,
        address=permission.address,
        subject=letter.subject,
        body=letter.body,
        at=clock.now().astimezone(UTC),
        push_keys=permission.push_keys,
    )
    return await channel.send(parcel)


async def _record_outcome(letter: Claimed, outcome: Outcome) -> None:
    row, attempt = letter.id, letter.attempt
    if isinstance(outcome, Delivered):
        evidence = {
            "provider_id": outcome.provider_id,
            "answer": outcome.answer,
            "sent_at": clock.now().isoformat(),
        }
        await _record(lambda: outbox.settle_done(WORKER, row, attempt, evidence=evidence))
    elif isinstance(outcome, RetryAfter) and outcome.by_contact and attempt >= outbox.ATTEMPTS_AT_MOST:
        await _record(lambda: outbox.settle_failed(WORKER, row, attempt, reason=outcome.reason, contact_is_dead=True))
    elif isinstance(outcome, RetryAfter):
        # The provider's wish and our own growing pause: whichever is longer.
        wish = timedelta(seconds=outcome.seconds or 0)
        at = clock.now() + max(wish, outbox.pause_after(attempt))
        await _record(lambda: outbox.settle_retry(WORKER, row, attempt, reason=outcome.reason, at=at))
    elif isinstance(outcome, Permanent):
        await _record(
            lambda: outbox.settle_failed(
                WORKER, row, attempt, reason=outcome.reason, contact_is_dead=outcome.contact_is_dead
            )
        )
    else:
        await _record(lambda: outbox.mark_uncertain(WORKER, row, attempt, reason=outcome.reason))


async def _record(settle: Callable[[], Awaitable[object]]) -> None:
    await in_spite_of_outages(settle, what="recording a letter", seconds=RECORD_PATIENCE)
