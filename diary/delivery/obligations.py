"""The ledger of duties: opened once, met with evidence, or breached for ever (D6).

Every function joins the open transaction, so that a duty is written together with what it comes from; outside of one
it is a transaction of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.delivery.deadlines import (
    CLAUSES,
    CONSENT_EFFECT_WITHIN,
    RESULT_WITHIN,
    consent_about,
    printout_about,
    printout_due,
    weekly_about,
)
from diary.delivery.tables import MetBy, ObligationKind
from diary.kit import clock, database
from diary.kit.command import Actor, transaction
from diary.kit.refusal import NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _
from diary.schools.calendar import calendars

__all__ = [
    "ReasonRequired",
    "cancel",
    "meet",
    "meet_about",
    "note_breaches",
    "open",
    "open_consent_effect",
    "open_printout",
    "open_result",
    "weekly_about",
]

#: A reason or a note is a sentence or two.
LONGEST_REASON = 1_000


class ReasonRequired(Refusal):
    """A duty is cancelled for a reason that stays readable beside it (D6)."""

    code = "REASON_REQUIRED"
    wording = _("Укажите причину.")


@asynccontextmanager
async def _as_part_of_the_act(actor: Actor) -> AsyncIterator[None]:
    if database.engine().current_transaction.get() is None:
        async with transaction(actor):
            yield
    else:
        yield


async def open(  # noqa: A001 - what one does with a duty
    actor: Actor,
    *,
    kind: ObligationKind,
    pupil_id: UUID,
    guardian_id: UUID | None,
    about: str,
    opened_at: datetime,
    due_at: datetime,
    clause: str | None = None,
) -> UUID | None:
    """Open a duty towards a guardian, or the pupil when there is none; None when it is open or settled already."""
    async with _as_part_of_the_act(actor):
        rows = await database.fetch(
            """
            INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at)
            SELECT school, $1, $2, id, $4, $5, $6, $7 FROM pupil WHERE id = $3
            ON CONFLICT DO NOTHING RETURNING id
            """,
            kind.value,
            CLAUSES[kind] if clause is None else clause,
            pupil_id,
            guardian_id,
            about,
            opened_at,
            due_at,
        )
    return rows[0]["id"] if rows else None


# What is met at the very due instant is in time; what is met later is breached and shows its evidence all the same.
_MEET = """
    UPDATE obligation SET met_at = $2::timestamptz, met_by = $3, evidence = $4,
        breached_at = CASE WHEN $2::timestamptz > due_at THEN due_at ELSE breached_at END,
        state = CASE WHEN breached_at IS NOT NULL OR $2::timestamptz > due_at THEN 'BREACHED' ELSE 'MET' END
"""


async def meet(actor: Actor, obligation_id: UUID, *, at: datetime, by: MetBy, evidence: Mapping[str, Any]) -> bool:
    """Record that a duty was met and what proves it; False when it was met or cancelled before."""
    async with _as_part_of_the_act(actor):
        tag = await database.execute(
            f"{_MEET} WHERE id = $1 AND met_at IS NULL AND cancelled_at IS NULL",
            obligation_id,
            at,
            by.value,
            dict(evidence),
        )
    return tag == "UPDATE 1"


async def meet_about(
    actor: Actor,
    *,
    kind: ObligationKind,
    pupil_id: UUID,
    guardian_id: UUID | None,
    about: str,
    at: datetime,
    by: MetBy,
    evidence: Mapping[str, Any],
) -> bool:
    """Record the same of the duty that is known by what it is about; False when none of these is waiting."""
    async with _as_part_of_the_act(actor):
        tag = await database.execute(
            f"""{_MEET}
            WHERE kind = $1 AND pupil = $5 AND guardian IS NOT DISTINCT FROM $6
                AND (about = $7::varchar OR starts_with(about, $7::varchar || '/'))
                AND met_at IS NULL AND cancelled_at IS NULL
            """,
            kind.value,
            at,
            by.value,
            dict(evidence),
            pupil_id,
            guardian_id,
            about,
        )
    return tag != "UPDATE 0"


async def cancel(actor: Actor, obligation_id: UUID, *, reason: str, at: datetime | None = None) -> bool:
    """Take an open duty back because its basis is gone; False when it is settled or its time is over.

    Raises ReasonRequired.
    """
    reason = typed_line(reason, field="reason", longest=LONGEST_REASON)
    if not reason:
        raise ReasonRequired
    async with _as_part_of_the_act(actor):
        tag = await database.execute(
            """
            UPDATE obligation SET cancelled_at = $2::timestamptz, cancel_reason = $3, state = 'CANCELLED'
            WHERE id = $1 AND state = 'OPEN' AND due_at >= $2::timestamptz
            """,
            obligation_id,
            at or clock.now(),
            reason,
        )
    return tag == "UPDATE 1"


async def note_breaches(actor: Actor, now: datetime, *, school_id: UUID | None = None) -> int:
    """Record each duty whose time is over, of a school or of all, as breached at its due instant, however late."""
    async with _as_part_of_the_act(actor):
        tag = await database.execute(
            "UPDATE obligation SET state = 'BREACHED', breached_at = due_at "
            "WHERE state = 'OPEN' AND due_at < $1 AND ($2::uuid IS NULL OR school = $2)",
            now,
            school_id,
        )
    return int(tag.removeprefix("UPDATE "))


async def open_result(
    actor: Actor, *, pupil_id: UUID, guardian_id: UUID | None, about: str, received_at: datetime
) -> UUID | None:
    """Open the duty to publish a result within 24 hours of its receipt, weekends included (R7.1, A5)."""
    return await open(
        actor,
        kind=ObligationKind.RESULT,
        pupil_id=pupil_id,
        guardian_id=guardian_id,
        about=about,
        opened_at=received_at,
        due_at=received_at + RESULT_WITHIN,
    )


async def open_consent_effect(
    actor: Actor, *, guardian_id: UUID | None, pupil_id: UUID, decision_id: UUID
) -> UUID | None:
    """Open the duty to tell a person what the own decision has changed, within a day of its registration.

    Raises NotFound for a decision that the ledger does not have.
    """
    async with _as_part_of_the_act(actor):
        rows = await database.fetch("SELECT registered_at FROM consent_decision WHERE id = $1", decision_id)
        if not rows:
            raise NotFound
        return await open(
            actor,
            kind=ObligationKind.CONSENT_EFFECT,
            pupil_id=pupil_id,
            guardian_id=guardian_id,
            about=consent_about(decision_id),
            opened_at=rows[0]["registered_at"],
            due_at=rows[0]["registered_at"] + CONSENT_EFFECT_WITHIN,
        )


async def open_printout(
    actor: Actor, *, pupil_id: UUID, guardian_id: UUID | None, job_id: UUID, at: datetime
) -> UUID | None:
    """Open the duty to hand over what was asked for by the end of the next school day (R9.2)."""
    async with _as_part_of_the_act(actor):
        rows = await database.fetch(
            """
            SELECT p.school, coalesce((
                SELECT c.grade_level FROM membership m JOIN teaching_group t ON t.id = m.teaching_group
                    AND t.kind = 'CLASS' JOIN school_class c ON c.id = t.school_class
                WHERE m.pupil = p.id AND m.valid_from <= ($2 AT TIME ZONE s.time_zone)::date
                ORDER BY m.valid_from DESC, m.id LIMIT 1), p.grade_level) AS grade
            FROM pupil p JOIN school s ON s.id = p.school WHERE p.id = $1
            """,
            pupil_id,
            at,
        )
        if not rows:
            raise NotFound
        calendar = (await calendars([rows[0]["school"]]))[0]
        return await open(
            actor,
            kind=ObligationKind.PRINTOUT,
            pupil_id=pupil_id,
            guardian_id=guardian_id,
            about=printout_about(job_id),
            opened_at=at,
            due_at=printout_due(calendar, at, rows[0]["grade"]),
        )
