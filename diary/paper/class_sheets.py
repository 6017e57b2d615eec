"""All sheets of a class for a week at once: they come out of the printer, and are handed over, as one pile (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from diary.access.viewer import Viewer
from diary.delivery.tables import PaperReceiver
from diary.journal.week import monday_of
from diary.kit import database
from diary.kit.command import command
from diary.paper.addressees import class_in_week
from diary.paper.hand_over import SheetNotReady, hand_over, mark_printed
from diary.paper.print_jobs import school_of_office
from diary.paper.tables import PrintState


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassHandedOver:
    """How many sheets were handed over, how many duties that met, and how many still wait for a guardian in person."""

    sheets: int
    duties_met: int
    duties_waiting: int


@command
async def mark_class_printed(viewer: Viewer, *, class_id: UUID, week_of: date) -> int:
    """Record that the rendered sheets of a class and of its pupils have come out of the printer; return how many.

    Raises NotFound for another school's class, SheetNotReady when there is none.
    """
    jobs = await _jobs(viewer, class_id, week_of, states=(PrintState.RENDERED,), own_requests=True)
    for job_id in jobs:
        await mark_printed.joined(viewer, job_id=job_id)
    return len(jobs)


@command
async def hand_over_class(viewer: Viewer, *, class_id: UUID, week_of: date, to: str) -> ClassHandedOver:
    """Record that the sheets of a class were given out to its pupils, each meeting what it meets alone (A18).

    Guardians who have not agreed to get paper through the pupil still wait for their own receipt. What a guardian has
    asked for is handed to that guardian and never with the pile. Raises NotFound for another school's class, BadInput
    for nobody, SheetNotReady when there is none.
    """
    states = (PrintState.RENDERED, PrintState.PRINTED)
    jobs = await _jobs(viewer, class_id, week_of, states=states, own_requests=False)
    given = [await hand_over.joined(viewer, job_id=job_id, to=to, received_by=PaperReceiver.PUPIL) for job_id in jobs]
    return ClassHandedOver(
        sheets=len(jobs),
        duties_met=sum(one.duties_met for one in given),
        duties_waiting=len({owed for one in given for owed in one.still_waiting}),
    )


async def _jobs(
    viewer: Viewer, class_id: UUID, week_of: date, *, states: tuple[PrintState, ...], own_requests: bool
) -> list[UUID]:
    await school_of_office(viewer, pupil_id=None, class_id=class_id)
    monday = monday_of(week_of)
    rows = await database.fetch(
        f"""
        SELECT j.id FROM print_job j
        LEFT JOIN LATERAL ({class_in_week("j.pupil", monday="$2::date")}) AS k ON true
        WHERE (j.school_class = $1 OR k.id = $1) AND j.kind = 'WEEK' AND j.week_of BETWEEN $2 AND $3
            AND j.state = ANY ($4::text[]) AND ($5 OR j.guardian IS NULL)
        ORDER BY j.requested_at, j.id
        """,  # noqa: S608 - constants only
        class_id,
        monday,
        monday + timedelta(days=6),
        [state.value for state in states],
        own_requests,
    )
    if not rows:
        raise SheetNotReady
    return [row["id"] for row in rows]
