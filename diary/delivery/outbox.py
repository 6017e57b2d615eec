"""The outbox: who may act on a row, and what became of it (D7).

A row is QUEUED, then STARTED by one worker that holds a lease and an attempt number, then settled by whoever still
holds that number. Claiming, asking for consent and settling are separate commits, so nothing is held while a letter is
on its way. What was started and never settled is uncertain: a person decides, nothing is sent twice in silence.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery import obligations, permission, ways
from diary.delivery.permission import Permission as Permission  # noqa: PLC0414 - callers know it from here
from diary.delivery.tables import MetBy, OutboxKind, OutboxState
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import NotFound

log = logging.getLogger(__name__)

#: So often a letter or a sheet is tried before it is left to a person.
ATTEMPTS_AT_MOST = 5
#: The pause after the first failure; every further one is six times longer, so the last try comes four hours later.
FIRST_PAUSE = timedelta(minutes=1)
PAUSE_GROWS = 6
#: A worker settles a letter within this time, or the letter is uncertain; longer than its time limits together.
LETTER_LEASE = timedelta(minutes=2)
#: A sheet that is not ready after this time is rendered anew, which harms nobody.
SHEET_LEASE = timedelta(minutes=3)
#: The clocks of two processes may differ by this much, so a row is due a little early rather than a sweep late.
CLOCKS_DIFFER = timedelta(seconds=1)

#: The outcome of a row whose worker was never heard of again.
LEASE_EXPIRED = "LEASE_EXPIRED"
NOT_ARRIVED = "NOT_ARRIVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A row that this worker may act on until the lease ends; `attempt` is the number that settling asks for."""

    id: UUID
    kind: OutboxKind
    attempt: int
    lease_until: datetime
    school_id: UUID
    school_name: str
    guardian_id: UUID | None
    pupil_id: UUID | None
    contact_id: UUID | None
    print_job_id: UUID | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What the sweep found started and abandoned."""

    uncertain: int
    queued_again: int
    failed: int


def pause_after(attempt: int) -> timedelta:
    """Return how long a row rests after its nth attempt failed."""
    longer: int = PAUSE_GROWS ** (attempt - 1)
    return FIRST_PAUSE * longer


async def due(kind: OutboxKind, *, limit: int, apart_from: Sequence[UUID] = ()) -> list[UUID]:
    """Return the rows of a kind that wait for a worker now, the longest waiting first."""
    rows = await database.fetch(
        """
        SELECT id FROM outbox WHERE kind = $1 AND state = 'QUEUED' AND due_at <= $2 AND id <> ALL ($3)
        ORDER BY due_at, id LIMIT $4
        """,
        kind.value,
        clock.now() + CLOCKS_DIFFER,
        list(apart_from),
        limit,
    )
    return [row["id"] for row in rows]


@command
async def claim(actor: Actor, outbox_id: UUID, kind: OutboxKind) -> Claimed | None:
    """Take a due row before acting on it; None when somebody else has it, it is settled, or its time has not come."""
    del actor
    now = clock.now()
    # A claim that a crash of the server could undo would let the same letter be sent twice.
    await database.execute("SET LOCAL synchronous_commit = on")
    rows = await database.fetch(
        """
        WITH free AS (
            SELECT id FROM outbox
            WHERE id = $1 AND kind = $2 AND state = 'QUEUED' AND due_at <= $3::timestamptz + $5::interval
            FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox o SET state = 'STARTED', attempt = o.attempt + 1, lease_until = $3::timestamptz + $4::interval
        FROM free, school s WHERE o.id = free.id AND s.id = o.school
        RETURNING o.id, o.kind, o.attempt, o.lease_until, o.school AS school_id, s.name AS school_name,
            o.guardian AS guardian_id, o.pupil AS pupil_id, o.contact_point AS contact_id, o.print_job AS print_job_id,
            o.subject, o.body
        """,
        outbox_id,
        kind.value,
        now,
        SHEET_LEASE if kind is OutboxKind.PRINT else LETTER_LEASE,
        CLOCKS_DIFFER,
    )
    return Claimed(**{**rows[0], "kind": OutboxKind(rows[0]["kind"])}) if rows else None


async def ask_again(letter: Claimed) -> Permission | None:
    """Ask right before sending whether the row may leave and to which address; None when it is no longer ours."""
    # A withdrawal that a process with a faster clock has just committed counts already.
    return await permission.ask(letter.id, letter.attempt, at=clock.now() + CLOCKS_DIFFER)


@command
async def settle_done(actor: Actor, outbox_id: UUID, attempt: int, *, evidence: Mapping[str, Any]) -> bool:
    """Record that the act was carried out, with its evidence; False when the attempt is no longer the row's."""
    settled = await _settle(outbox_id, attempt, OutboxState.DONE, evidence=evidence)
    if settled:
        await _meet_what_was_owed(actor, outbox_id, evidence)
    return settled


@command
async def settle_refused(actor: Actor, outbox_id: UUID, attempt: int, *, code: str) -> bool:
    """Record that the row may not leave, and by which rule; False when the attempt is no longer the row's.

    What may leave another agreed way does; what the family has agreed to do without is cancelled.
    """
    del actor
    is_cancelled = code in permission.NOT_WANTED
    state = OutboxState.CANCELLED if is_cancelled else OutboxState.REFUSED
    if not await _settle(outbox_id, attempt, state, outcome=code):
        return False
    if is_cancelled:
        return True
    log.warning("outbox row %s may not be sent: %s", outbox_id, code)
    if code in permission.SHUT_WAYS:
        await ways.fall_back(outbox_id)
    return True


@command
async def settle_failed(
    actor: Actor, outbox_id: UUID, attempt: int, *, reason: str, contact_is_dead: bool = False
) -> bool:
    """Record that trying again is of no use, and try the next way; False when the attempt is no longer the row's.

    A dead contact is used no more. When no way is left, the office sees the failed row.
    """
    del actor
    return await _fail(outbox_id, attempt, reason=reason, contact_is_dead=contact_is_dead)


@command
async def settle_postponed(
    actor: Actor,
    row: Claimed,
    *,
    at: datetime,
    agreed_day: date | None = None,
    reason: str = permission.QUIET_HOURS,
) -> bool:
    """Queue a claimed row for `at` without counting an attempt; False when the row is no longer this worker's.

    The trail keeps for when and for which agreed day it was queued before.
    """
    del actor
    # The attempt number is given back, so it alone does not tell this claim from the next one; the lease does.
    tag = await database.execute(
        """
        UPDATE outbox SET state = 'QUEUED', attempt = attempt - 1, due_at = $4, lease_until = NULL, outcome = $5,
            agreed_day = $6
        WHERE id = $1 AND attempt = $2 AND lease_until = $3 AND state = 'STARTED'
        """,
        row.id,
        row.attempt,
        row.lease_until,
        at,
        reason,
        agreed_day,
    )
    return tag == "UPDATE 1"


@command
async def settle_retry(
    actor: Actor, outbox_id: UUID, attempt: int, *, reason: str, at: datetime | None = None
) -> OutboxState | None:
    """Queue the row again, for `at` or after the pause its failures earn; after the last attempt it is FAILED.

    Only for what surely was not carried out. None when the attempt is no longer the row's.
    """
    del actor
    if attempt >= ATTEMPTS_AT_MOST:
        failed = await _fail(outbox_id, attempt, reason=reason)
        return OutboxState.FAILED if failed else None
    tag = await database.execute(
        """
        UPDATE outbox SET state = 'QUEUED', due_at = $3, lease_until = NULL, finished_at = NULL, outcome = $4
        WHERE id = $1 AND attempt = $2 AND state IN ('STARTED', 'UNCERTAIN')
        """,
        outbox_id,
        attempt,
        at or clock.now() + pause_after(attempt),
        reason,
    )
    return OutboxState.QUEUED if tag == "UPDATE 1" else None


@command
async def mark_uncertain(actor: Actor, outbox_id: UUID, attempt: int, *, reason: str) -> bool:
    """Record that nobody can know whether the letter has left, so that a person decides."""
    del actor
    return await _settle(outbox_id, attempt, OutboxState.UNCERTAIN, outcome=reason)


@command
async def expire_leases(actor: Actor) -> Expired:
    """Settle what dead workers left behind: letters become uncertain, sheets are rendered again (D7)."""
    del actor
    rows = await database.fetch(
        """
        WITH abandoned AS (
            SELECT id FROM outbox WHERE state = 'STARTED' AND lease_until <= $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox o SET
            state = CASE WHEN topic = 'CODE' THEN 'FAILED' WHEN kind <> 'PRINT' THEN 'UNCERTAIN'
                WHEN attempt < $2 THEN 'QUEUED' ELSE 'FAILED' END,
            body = CASE WHEN topic = 'CODE' THEN '' ELSE body END,
            finished_at = CASE WHEN kind <> 'PRINT' OR attempt >= $2 THEN $1 END,
            due_at = CASE WHEN kind <> 'PRINT' OR attempt >= $2 THEN due_at ELSE $1 END,
            lease_until = NULL, outcome = $3
        FROM abandoned WHERE o.id = abandoned.id
        RETURNING o.state
        """,
        clock.now(),
        ATTEMPTS_AT_MOST,
        LEASE_EXPIRED,
    )
    states = [row["state"] for row in rows]
    return Expired(
        uncertain=states.count(OutboxState.UNCERTAIN),
        queued_again=states.count(OutboxState.QUEUED),
        failed=states.count(OutboxState.FAILED),
    )


@command
async def settle_by_hand(viewer: Viewer, outbox_id: UUID, *, arrived: bool) -> None:
    """Record the office's word about an uncertain letter: it has arrived, or it has not and is sent again (D7).

    A letter that failed surely has not arrived and may only be sent again, unless another one has taken its place.
    Raises NotFound unless such a letter of the viewer's school has this id.
    """
    found = await database.fetch(
        """
        SELECT school, attempt FROM outbox
        WHERE id = $1 AND kind <> 'PRINT' AND topic <> 'CODE'
            AND (state = 'UNCERTAIN' OR state = 'FAILED' AND evidence IS NULL AND NOT $2) FOR UPDATE
        """,
        outbox_id,
        arrived,
    )
    if not found or found[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    if arrived:
        evidence = {"confirmed_by_account": viewer.account_id}
        if await _settle(outbox_id, found[0]["attempt"], OutboxState.DONE, evidence=evidence):
            await _meet_what_was_owed(viewer, outbox_id, evidence)
    else:
        # A person has looked at it, so the count of attempts does not stand in the way of this one.
        await database.execute(
            "UPDATE outbox SET state = 'QUEUED', due_at = $2, finished_at = NULL, outcome = $3 WHERE id = $1",
            outbox_id,
            clock.now(),
            NOT_ARRIVED,
        )


async def _meet_what_was_owed(actor: Actor, outbox_id: UUID, evidence: Mapping[str, Any]) -> None:
    """Meet the obligation that a delivered row was sent for, with the row as its evidence (D6)."""
    owed = (await database.fetch("SELECT obligation FROM outbox WHERE id = $1", outbox_id))[0]["obligation"]
    if owed is not None:
        proof = {"outbox": str(outbox_id), **evidence}
        await obligations.meet(actor, owed, at=clock.now(), by=MetBy.DELIVERY, evidence=proof)


async def _fail(outbox_id: UUID, attempt: int, *, reason: str, contact_is_dead: bool = False) -> bool:
    if not await _settle(outbox_id, attempt, OutboxState.FAILED, outcome=reason):
        return False
    if contact_is_dead:
        await ways.mark_dead(outbox_id, reason=reason)
    await ways.fall_back(outbox_id)
    return True


async def _settle(
    outbox_id: UUID, attempt: int, state: OutboxState, *, outcome: str = "", evidence: Mapping[str, Any] | None = None
) -> bool:
    # A worker that comes back after its lease knows more than the sweep did, until a person has decided.
    tag = await database.execute(
        """
        UPDATE outbox SET state = $3, finished_at = $4, lease_until = NULL, outcome = $5, evidence = $6,
            body = CASE WHEN topic = 'CODE' THEN '' ELSE body END
        WHERE id = $1 AND attempt = $2 AND state IN ('STARTED', 'UNCERTAIN')
        """,
        outbox_id,
        attempt,
        state.value,
        clock.now(),
        outcome,
        None if evidence is None else dict(evidence),
    )
    return tag == "UPDATE 1"
