"""Pages of the duties that a person may see, by keyset on due instant and id (D6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery.tables import MetBy, ObligationKind, ObligationState
from diary.kit import clock, database
from diary.kit.cursor import cursor_at, place_of
from diary.kit.pages import Page, page_of, require_size
from diary.kit.refusal import NotFound
from diary.people.guardianships import in_force

_COLUMNS = (
    "id, kind, clause, pupil, guardian, about, state, opened_at, due_at, met_at, met_by, breached_at, cancelled_at, "
    "cancel_reason, warning_level"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A duty as it stands in the ledger."""

    id: UUID
    kind: ObligationKind
    clause: str
    pupil_id: UUID
    guardian_id: UUID | None
    about: str
    state: ObligationState
    opened_at: datetime
    due_at: datetime
    met_at: datetime | None
    met_by: MetBy | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    warning_level: int
    #: What proves that it was met, for the office alone: it may name third persons, who fetched the paper or said so.
    evidence: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which duties are wanted; what is left out does not narrow."""

    pupil_id: UUID | None = None
    state: ObligationState | None = None
    kind: ObligationKind | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None


@dataclass(slots=True)
class _Conditions:
    texts: list[str] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)

    def add(self, text: str, *values: object) -> None:
        first = len(self.arguments) + 1
        self.texts.append(text.format(*(f"${first + place}" for place in range(len(values)))))
        self.arguments.extend(values)


def cursor_of(obligation: Obligation) -> str:
    """Return where a duty stands in the order, opaque to clients."""
    return cursor_at(obligation.due_at, obligation.id)


def statement(
    school_id: UUID | None,
    guardian_id: UUID | None,
    wanted: Filter,
    *,
    first: int,
    after: str | None,
    wards: Sequence[UUID] | None = None,
) -> tuple[str, list[object]]:
    """Return the page's statement: of a school for its office, of a guardian about wards, or of the filter's pupil."""
    where = _Conditions()
    if school_id is not None:
        where.add("school = {}", school_id)
    elif guardian_id is not None:
        where.add("guardian = {}", guardian_id)
    else:
        where.add("guardian IS NULL")
    if wards is not None:
        where.add("pupil = ANY ({})", list(wards))
    if wanted.pupil_id is not None:
        where.add("pupil = {}", wanted.pupil_id)
    if wanted.state is not None:
        where.add("state = {}", wanted.state.value)
    if wanted.kind is not None:
        where.add("kind = {}", wanted.kind.value)
    if wanted.due_after is not None:
        where.add("due_at >= {}", wanted.due_after)
    if wanted.due_before is not None:
        where.add("due_at < {}", wanted.due_before)
    if after is not None:
        where.add("(due_at, id) > ({}, {})", *place_of(after))
    where.arguments.append(first + 1)
    conditions, last = " AND ".join(where.texts), len(where.arguments)
    columns = _COLUMNS if school_id is None else f"{_COLUMNS}, evidence"
    text = f"SELECT {columns} FROM obligation WHERE {conditions} ORDER BY due_at, id LIMIT ${last}"  # noqa: S608
    return text, where.arguments


async def page(
    viewer: Viewer, *, wanted: Filter, first: int, after: str | None = None, school_id: UUID | None = None
) -> Page[Obligation]:
    """Return the school's duties to its office, and to guardians and pupils those that are owed to themselves.

    Raises NotFound for a school or pupil that is not the viewer's, BadInput for a senseless page.
    """
    require_size(first)
    offices = viewer.schools(Role.OFFICE)
    if school_id is not None and school_id not in offices:
        raise NotFound
    if offices:
        school_id = school_id or await _office_school(offices, wanted.pupil_id)
    if school_id is not None:
        return await _read(statement(school_id, None, wanted, first=first, after=after), first)
    if wanted.pupil_id is not None and wanted.pupil_id in viewer.people(Role.PUPIL):
        return await _read(statement(None, None, wanted, first=first, after=after), first)
    guardian_id, wards = await _guardian(viewer.people(Role.GUARDIAN), wanted.pupil_id)
    return await _read(statement(None, guardian_id, wanted, first=first, after=after, wards=wards), first)


async def _office_school(offices: frozenset[UUID], pupil_id: UUID | None) -> UUID | None:
    """Return the office's school of the pupil, or its only one; None leaves the question to the other capacities."""
    if pupil_id is None:
        return min(offices) if len(offices) == 1 else None
    rows = await database.fetch("SELECT school FROM pupil WHERE id = $1 AND school = ANY ($2)", pupil_id, list(offices))
    return rows[0]["school"] if rows else None


async def _guardian(guardians: frozenset[UUID], pupil_id: UUID | None) -> tuple[UUID, list[UUID]]:
    """Return the guardian that the viewer is to the pupil, and the wards of today that may be read about.

    Only a guardian of one record needs to name no pupil; former wards are left out then, and NotFound when named.
    """
    rows = await database.fetch(
        f"""
        SELECT g.guardian, g.pupil FROM guardianship g JOIN school s ON s.id = g.school
        WHERE ($1::uuid IS NULL OR g.pupil = $1) AND g.guardian = ANY ($2)
            AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}
        ORDER BY g.guardian, g.pupil
        """,  # noqa: S608 - constants only
        pupil_id,
        list(guardians),
        clock.now(),
    )
    if pupil_id is None:
        if len(guardians) != 1:
            raise NotFound
        return min(guardians), [row["pupil"] for row in rows]
    if not rows:
        raise NotFound
    return rows[0]["guardian"], [pupil_id]


async def _read(asked: tuple[str, list[object]], first: int) -> Page[Obligation]:
    text, arguments = asked
    rows = await database.fetch(text, *arguments)
    return page_of(rows, first, _obligation)


def _obligation(row: Any) -> Obligation:
    return Obligation(
        id=row["id"],
        kind=ObligationKind(row["kind"]),
        clause=row["clause"],
        pupil_id=row["pupil"],
        guardian_id=row["guardian"],
        about=row["about"],
        state=ObligationState(row["state"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        met_at=row["met_at"],
        met_by=MetBy(row["met_by"]) if row["met_by"] else None,
        breached_at=row["breached_at"],
        cancelled_at=row["cancelled_at"],
        cancel_reason=row["cancel_reason"],
        warning_level=row["warning_level"],
        evidence=orjson.loads(row["evidence"]) if row.get("evidence") else None,
    )
