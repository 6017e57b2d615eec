"""Who the viewer is, and a pupil as pages are headed with (R0.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from diary.access.viewer import Viewer
from diary.kit import database
from diary.people import names


@dataclass(slots=True)
class SchoolOf:
    """A school by name."""

    name: str


@dataclass(slots=True)
class SchoolClassOf:
    """A class by name."""

    name: str


@dataclass(slots=True)
class PupilOf:
    """A pupil as the cabinet heads a page with."""

    id: UUID
    full_name: str
    given_name: str
    school: SchoolOf
    school_class: SchoolClassOf | None


#: A pupil at the instant $1; a WHERE about p follows.
PUPIL_SQL = f"""
    SELECT p.id, {names.full_name("p")} AS full_name, p.given_name,
        s.name AS school, k.name AS class
    FROM pupil p JOIN school s ON s.id = p.school
    LEFT JOIN LATERAL (
        SELECT k.name FROM membership m JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
        JOIN school_class k ON k.id = t.school_class
        WHERE m.pupil = p.id AND m.valid_from <= ($1 AT TIME ZONE s.time_zone)::date
            AND (m.valid_to IS NULL OR m.valid_to >= ($1 AT TIME ZONE s.time_zone)::date)
        ORDER BY m.valid_from DESC LIMIT 1
    ) AS k ON true
"""  # noqa: S608 - constants only

_NAMES = f"""
    SELECT {names.full_name("people")} AS full_name FROM (
        SELECT id, family_name, given_name, patronymic FROM guardian
        UNION ALL SELECT id, family_name, given_name, patronymic FROM pupil
        UNION ALL SELECT id, family_name, given_name, patronymic FROM teacher
    ) AS people WHERE id = ANY ($1) LIMIT 1
"""  # noqa: S608 - constants only


async def full_name(viewer: Viewer) -> str:
    """Return the viewer's full name, or the login of staff without a person behind it."""
    people = [capacity.person for capacity in viewer.capacities if capacity.person]
    rows = await database.fetch(_NAMES, people) if people else []
    name: str = rows[0]["full_name"] if rows else viewer.login
    return name


def pupil_of(row: Any) -> PupilOf:
    """Build a pupil from a row of PUPIL_SQL."""
    return PupilOf(
        id=row["id"],
        full_name=row["full_name"],
        given_name=row["given_name"],
        school=SchoolOf(row["school"]),
        school_class=SchoolClassOf(row["class"]) if row["class"] else None,
    )
