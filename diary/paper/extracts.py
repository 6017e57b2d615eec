"""An extract on paper for a guardian who asks for it: the week of the own child, with or without a consent (R9.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from diary.access.viewer import Viewer
from diary.delivery import obligations
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import command
from diary.paper.addressees import own_guardian
from diary.paper.print_jobs import Requested, one_at_a_time, queue, require_room
from diary.paper.tables import PrintState, SheetKind


@command
async def request_extract(viewer: Viewer, *, pupil_id: UUID, week_of: date) -> Requested:
    """Have a week printed for a guardian, which the school owes by the end of the next school day (R9.2).

    Asking again while the sheet is on its way returns the same one. Raises NotFound for whoever has no rights about
    the pupil, PupilOfAge, TooManySheets, BadInput for a week that no diary has.
    """
    monday, now = monday_of(week_of), clock.now()
    own = await own_guardian(viewer, pupil_id, at=now)
    await one_at_a_time(viewer)
    before = await _jobs(own["guardian"], pupil_id, monday)
    for job in before:
        if job["state"] in (PrintState.QUEUED, PrintState.RENDERED, PrintState.PRINTED):
            return _requested(job)
    await require_room(viewer)
    # A sheet that could not be made is owed all the same: the next one stands in for it, with its due instant.
    owed = next((job["obligation"] for job in before if job["is_owed"]), None)
    job_id = await queue(
        viewer,
        school_id=own["school"],
        kind=SheetKind.WEEK,
        pupil_id=pupil_id,
        guardian_id=own["guardian"],
        week_of=monday,
        obligation_id=owed,
    )
    if owed is None:
        owed = await obligations.open_printout(
            viewer, pupil_id=pupil_id, guardian_id=own["guardian"], job_id=job_id, at=now
        )
        await database.execute("UPDATE print_job SET obligation = $2 WHERE id = $1", job_id, owed)
    return next(_requested(job) for job in await _jobs(own["guardian"], pupil_id, monday) if job["id"] == job_id)


async def _jobs(guardian_id: UUID, pupil_id: UUID, monday: date) -> list[Any]:
    """Return the sheets of the week that were printed for the guardian, the newest first."""
    return await database.fetch(
        """
        SELECT j.id, j.state, j.requested_at, j.obligation, o.due_at,
            o.met_at IS NULL AND o.cancelled_at IS NULL AND o.id IS NOT NULL AS is_owed
        FROM print_job j LEFT JOIN obligation o ON o.id = j.obligation
        WHERE j.kind = 'WEEK' AND j.guardian = $1 AND j.pupil = $2 AND j.week_of BETWEEN $3 AND $4
        ORDER BY j.requested_at DESC, j.id DESC
        """,
        guardian_id,
        pupil_id,
        monday,
        monday + timedelta(days=6),
    )


def _requested(job: Any) -> Requested:
    return Requested(
        job_id=job["id"], state=PrintState(job["state"]), requested_at=job["requested_at"], due_at=job["due_at"]
    )
