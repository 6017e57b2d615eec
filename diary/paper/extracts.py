"""An extract on paper for a guardian or a pupil who asks for it: a week, with or without a consent (R9.2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery import obligations
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput
from diary.kit.wording import _
from diary.paper.addressees import own_guardian, own_school
from diary.paper.print_jobs import Requested, one_at_a_time, queue, require_room
from diary.paper.tables import PrintState, SheetKind


@command
async def request_extract(viewer: Viewer, *, pupil_id: UUID, week_of: date) -> Requested:
    """Have a week printed for a guardian or the pupil; the school owes it by the end of the next school day (R9.2).

    Asking again while the sheet is on its way returns the same one. Raises NotFound for whoever has no rights about
    the pupil, PupilOfAge, OwnRequestTooEarly, TooManySheets, BadInput for a week outside the school's years.
    """
    monday, now = monday_of(week_of), clock.now()
    guardian_id, school_id = await _asker(viewer, pupil_id, now)
    await _require_known_week(school_id, monday)
    await one_at_a_time(viewer)
    before = await _jobs(guardian_id, pupil_id, monday)
    for job in before:
        if job["state"] in (PrintState.QUEUED, PrintState.RENDERED, PrintState.PRINTED):
            return _requested(job)
    await require_room(viewer)
    # A sheet that could not be made is owed all the same: the next one stands in for it, with its due instant.
    owed = next((job["obligation"] for job in before if job["is_owed"]), None)
    job_id = await queue(
        viewer,
        school_id=school_id,
        kind=SheetKind.WEEK,
        pupil_id=pupil_id,
        guardian_id=guardian_id,
        week_of=monday,
        obligation_id=owed,
    )
    if owed is None:
        owed = await obligations.open_printout(
            viewer, pupil_id=pupil_id, guardian_id=guardian_id, job_id=job_id, at=now
        )
        await database.execute("UPDATE print_job SET obligation = $2 WHERE id = $1", job_id, owed)
    return next(_requested(job) for job in await _jobs(guardian_id, pupil_id, monday) if job["id"] == job_id)


async def _asker(viewer: Viewer, pupil_id: UUID, now: datetime) -> tuple[UUID | None, UUID]:
    """Return for which guardian the viewer asks, None for the pupil's own request, and the school."""
    if pupil_id in viewer.people(Role.PUPIL):
        return None, await own_school(pupil_id, at=now)
    own = await own_guardian(viewer, pupil_id, at=now)
    return own["guardian"], own["school"]


async def _require_known_week(school_id: UUID, monday: date) -> None:
    known = await database.fetch(
        "SELECT FROM school_year WHERE school = $1 AND starts_on <= $3 AND ends_on >= $2 LIMIT 1",
        school_id,
        monday,
        monday + timedelta(days=6),
    )
    if not known:
        raise BadInput(field="weekOf", reason=_("эта неделя не входит ни в один учебный год школы"))


async def _jobs(guardian_id: UUID | None, pupil_id: UUID, monday: date) -> list[Any]:
    """Return the sheets of the week that the guardian, or the pupil, has asked for, the newest first."""
    return await database.fetch(
        """
        SELECT j.id, j.state, j.requested_at, j.obligation, o.due_at,
            o.met_at IS NULL AND o.cancelled_at IS NULL AS is_owed
        FROM print_job j JOIN obligation o ON o.id = j.obligation AND o.kind = 'PRINTOUT'
        WHERE j.kind = 'WEEK' AND j.guardian IS NOT DISTINCT FROM $1 AND j.pupil = $2 AND j.week_of BETWEEN $3 AND $4
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
