"""Many statements at once: listed, checked without a trace, and registered all together or not at all (D10, R2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Decision, Purpose
from diary.delivery.statements import register_statement
from diary.kit import database
from diary.kit.command import command
from diary.kit.refusal import Refusal
from diary.kit.wording import _
from diary.people.names import full_name

#: So many drafts are registered in one go; whoever has more narrows them to a class or to some days.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement that waits, with the names that a clerk knows it by."""

    id: UUID
    pupil: str
    school_class: str
    guardian: str | None
    purpose: Purpose
    decision: Decision
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A draft that would not be registered, and why."""

    statement_id: UUID
    refusal: Refusal


class PileRefused(Refusal):
    """Some statements of the pile cannot be registered, so none was; `unfit` names them."""

    code = "PILE_REFUSED"
    wording = _("Не зарегистрировано ни одно из {many} заявлений: не проходят {unfit}.")

    def __init__(self, unfit: Sequence[Unfit], *, many: int) -> None:
        super().__init__(many=many, unfit=len(unfit))
        self.unfit = unfit


class _OnlyTried(Exception):  # noqa: N818 - takes back what was tried, and tells how it went
    def __init__(self, unfit: Sequence[Unfit]) -> None:
        super().__init__()
        self.unfit = unfit


_DRAFTS = f"""
    SELECT s.id, {full_name("p")} AS pupil, coalesce(k.name, '') AS school_class,
        CASE WHEN g.id IS NOT NULL THEN {full_name("g")} END AS guardian, s.purpose, s.decision, s.received_at
    FROM statement s JOIN pupil p ON p.id = s.pupil JOIN school c ON c.id = s.school
    LEFT JOIN guardian g ON g.id = s.guardian
    LEFT JOIN LATERAL (
        SELECT k.id, k.name FROM membership m
        JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
        JOIN school_class k ON k.id = t.school_class
        WHERE m.pupil = p.id ORDER BY m.valid_to IS NULL DESC, m.valid_from DESC LIMIT 1
    ) AS k ON true
    LEFT JOIN signature v ON v.id = s.signature
    -- A file that nobody could confirm, or that somebody has to read first, waits apart from the papers of others.
    WHERE s.state = 'DRAFT' AND (s.form = 'PAPER' OR v.verdict = 'VALID') AND NOT s.needs_reading
        AND s.school = ANY ($1) AND ($2::uuid IS NULL OR k.id = $2)
        AND ($3::date IS NULL OR (s.received_at AT TIME ZONE c.time_zone)::date >= $3)
        AND ($4::date IS NULL OR (s.received_at AT TIME ZONE c.time_zone)::date <= $4)
    ORDER BY s.received_at, s.id LIMIT $5
"""  # noqa: S608 - constants only


async def drafts(
    viewer: Viewer,
    *,
    class_id: UUID | None = None,
    received_from: date | None = None,
    received_to: date | None = None,
) -> list[Draft]:
    """Return the drafts of the office's schools in the order in which the papers came, one more than a pile holds."""
    rows = await database.fetch(
        _DRAFTS, list(viewer.schools(Role.OFFICE)), class_id, received_from, received_to, MOST_AT_ONCE + 1
    )
    return [
        Draft(
            id=row["id"],
            pupil=row["pupil"],
            school_class=row["school_class"],
            guardian=row["guardian"],
            purpose=Purpose(row["purpose"]),
            decision=Decision(row["decision"]),
            received_at=row["received_at"],
        )
        for row in rows
    ]


async def check_pile(viewer: Viewer, statement_ids: Sequence[UUID]) -> Sequence[Unfit]:
    """Return which drafts would be refused when they are registered in this order now; nothing is changed.

    They are really registered and taken back, so the check and the act cannot disagree; the ledger's numbers that this
    uses up stay unused.
    """
    try:
        await _only_try(viewer, statement_ids)
    except _OnlyTried as tried:
        return tried.unfit
    raise AssertionError("what was only tried is always taken back")


@command
async def register_pile(viewer: Viewer, statement_ids: Sequence[UUID]) -> int:
    """Register all drafts in this order and return how many they were; raises PileRefused, and then none is."""
    unfit = await _register_each(viewer, statement_ids)
    if unfit:
        raise PileRefused(unfit, many=len(statement_ids))
    return len(statement_ids)


@command
async def _only_try(viewer: Viewer, statement_ids: Sequence[UUID]) -> None:
    raise _OnlyTried(await _register_each(viewer, statement_ids))


async def _register_each(viewer: Viewer, statement_ids: Sequence[UUID]) -> list[Unfit]:
    # Two clerks with the same pile follow one another instead of waiting for each other.
    await database.fetch("SELECT FROM statement WHERE id = ANY ($1) ORDER BY id FOR UPDATE", list(statement_ids))
    unfit = []
    for statement_id in statement_ids:
        await database.execute("SAVEPOINT before_statement")
        try:
            await register_statement.joined(viewer, statement_id)
        except Refusal as refusal:
            await database.execute("ROLLBACK TO SAVEPOINT before_statement")
            unfit.append(Unfit(statement_id=statement_id, refusal=refusal))
        await database.execute("RELEASE SAVEPOINT before_statement")
    return unfit
