"""A pupil as a page or a sheet is headed with, under the rule of every page (R1.3, R3.2)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.access.people import PUPIL_SQL, PupilOf, pupil_of
from diary.access.scope import paper_access_sql
from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery.informing import access_sql, raise_unless_allowed
from diary.kit import clock, database
from diary.people.guardianships import in_force

# PUPIL_SQL takes the instant as $1.
_HEADING = """
    WITH access AS MATERIALIZED ({access})
    SELECT a.verdict, heading.* FROM access a
    LEFT JOIN LATERAL ({heading} WHERE p.id = a.pupil AND a.verdict = 'ALLOWED') AS heading ON true
"""
_ON_SCREEN = _HEADING.format(access=access_sql(account="$2", pupil="$3", at="$1"), heading=PUPIL_SQL)
_ON_PAPER = _HEADING.format(access=paper_access_sql(readable="$2", pupil="$3"), heading=PUPIL_SQL)

# A guardian sees the own wards' names before any consent, because that is what the decision is about; the class is the
# child's and shows when the diary does (D5, R1.3).
_OWN = f"""
    SELECT own.id, own.full_name, own.given_name, own.school,
        CASE WHEN (SELECT a.verdict FROM ({access_sql(account="$4", pupil="own.id", at="$1")}) AS a) = 'ALLOWED'
            THEN own.class END AS class
    FROM ({PUPIL_SQL}
        WHERE p.id = ANY ($2) OR p.id IN (
            SELECT g.pupil FROM guardianship g JOIN school gs ON gs.id = g.school
            WHERE g.guardian = ANY ($3) AND {in_force("g", "($1 AT TIME ZONE gs.time_zone)::date")})
        ORDER BY p.birth_date NULLS LAST, full_name
    ) AS own
"""  # noqa: S608 - constants only


async def own_pupils(viewer: Viewer) -> list[PupilOf]:
    """Return the viewer's wards, or the viewer as a pupil, oldest first; without a consent only by name."""
    rows = await database.fetch(
        _OWN,
        clock.now(),
        list(viewer.people(Role.PUPIL)),
        list(viewer.people(Role.GUARDIAN)),
        viewer.account_id,
    )
    return [pupil_of(row) for row in rows]


async def pupil_heading(
    account_id: int, pupil_id: UUID, *, at: datetime | None = None, sheets_of: frozenset[UUID] = frozenset()
) -> PupilOf:
    """Return a pupil's name, class and school to whoever may see the diary, or for paper as the week (D5).

    Raises NotFound for an unknown or foreign pupil alike, or the consent's refusal with its reason.
    """
    now = at or clock.now()
    if sheets_of:
        rows = await database.fetch(_ON_PAPER, now, list(sheets_of), pupil_id)
    else:
        rows = await database.fetch(_ON_SCREEN, now, account_id, pupil_id)
    raise_unless_allowed(rows[0]["verdict"] if rows else None)
    return pupil_of(rows[0])
