"""A pupil as a page or a sheet is headed with, under the rule of every page (R1.3, R3.2)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.access.people import PUPIL_SQL, PupilOf, pupil_of
from diary.delivery.informing import access_sql, raise_unless_allowed
from diary.kit import clock, database

# PUPIL_SQL takes the instant as $1.
_HEADING = f"""
    WITH access AS MATERIALIZED ({access_sql(account="$2", pupil="$3", at="$1")})
    SELECT a.verdict, heading.* FROM access a
    LEFT JOIN LATERAL ({PUPIL_SQL} WHERE p.id = a.pupil AND a.verdict = 'ALLOWED') AS heading ON true
"""  # noqa: S608 - constants only


async def pupil_heading(account_id: int, pupil_id: UUID, *, at: datetime | None = None) -> PupilOf:
    """Return a pupil's name, class and school to whoever may see the diary.

    Raises NotFound for an unknown or foreign pupil alike, or the consent's refusal with its reason.
    """
    rows = await database.fetch(_HEADING, at or clock.now(), account_id, pupil_id)
    raise_unless_allowed(rows[0]["verdict"] if rows else None)
    return pupil_of(rows[0])
