"""Print jobs: requested by the office, rendered by a worker, kept as files outside the web root (R3.10, R9.2)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _

#: Where rendered sheets lie in the data directory.
FOLDER = "print"


@command
async def request_week(
    viewer: Viewer, *, week_of: date, pupil_id: UUID | None = None, class_id: UUID | None = None
) -> UUID:
    """Ask for the printed week of one pupil, or of a whole class, and queue the rendering (R9.2).

    Raises NotFound for a pupil or class that is not of the viewer's school, BadInput for none or both, or for a week
    that no diary has.
    """
    monday_of(week_of)
    if (pupil_id is None) == (class_id is None):
        raise BadInput(field="pupil", reason=_("укажите обучающегося или класс"))
    found = await database.fetch(
        "SELECT school FROM pupil WHERE id = $1 UNION ALL SELECT school FROM school_class WHERE id = $2",
        pupil_id,
        class_id,
    )
    if not found or found[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    school, now = found[0]["school"], clock.now()
    job = (
        await database.fetch(
            """
            INSERT INTO print_job (school, pupil, school_class, week_of, requested_by, requested_at)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
            """,
            school,
            pupil_id,
            class_id,
            week_of,
            viewer.account_id,
            now,
        )
    )[0]["id"]
    await database.execute(
        """
        INSERT INTO outbox (school, kind, dedup_key, pupil, print_job, subject, due_at, created_at, created_by)
        VALUES ($1, 'PRINT', $2, $3, $4, $5, $6, $6, $7)
        """,
        school,
        f"print:{job}",
        pupil_id,
        job,
        _("Печатный дневник"),
        now,
        viewer.account_id,
    )
    job_id: UUID = job
    return job_id
