"""Rendering a print job: what a worker needs to know, and what it records about the file (R3.10, R9.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.tables import Role
from diary.access.viewer import SignInRequired, Viewer, viewer_of
from diary.delivery import outbox
from diary.delivery.outbox import Claimed
from diary.delivery.tables import OutboxState
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, Refusal
from diary.kit.wording import _
from diary.paper.tables import SheetKind

#: A class has at most so many sheets; more are a mistake in the memberships.
PUPILS_AT_MOST = 60


class CannotBePrinted(Refusal):
    """The job can never become a sheet: nobody to print for, or nobody any more who may ask for it."""

    code = "CANNOT_BE_PRINTED"
    wording = _("Напечатать нельзя: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekToPrint:
    """One document: the week of a pupil, or of each pupil of a class in the order of the register."""

    job_id: UUID
    viewer: Viewer
    pupil_ids: tuple[UUID, ...]
    week_of: date
    zone: ZoneInfo


#: Whom a job is about: its pupil, or everybody of its class in the week from $3 to $4.
PUPILS_OF_WEEK = """
    SELECT p.id, p.family_name, p.given_name, p.patronymic FROM pupil p WHERE p.id = $1
    UNION
    SELECT p.id, p.family_name, p.given_name, p.patronymic
    FROM teaching_group t JOIN membership m ON m.teaching_group = t.id JOIN pupil p ON p.id = m.pupil
    WHERE t.school_class = $2 AND t.kind = 'CLASS'
        AND m.valid_from <= $4 AND (m.valid_to IS NULL OR m.valid_to >= $3)
"""


async def week_to_print(job_id: UUID, *, route: str) -> WeekToPrint:
    """Return what a queued job prints, seen with the eyes of the office member who asked for it.

    The office sees every pupil of its own school, and consent does not limit paper (D5): so the sheet of a family
    that refused the electronic form is printed, and nobody else's pupil can be. Raises CannotBePrinted.
    """
    jobs = await database.fetch(
        """
        SELECT j.school, j.kind, j.pupil, j.school_class, j.week_of, j.requested_by, s.time_zone
        FROM print_job j JOIN school s ON s.id = j.school WHERE j.id = $1
        """,
        job_id,
    )
    if not jobs:
        raise CannotBePrinted(reason=_("такого задания нет"))
    job = jobs[0]
    if job["kind"] != SheetKind.WEEK or job["week_of"] is None:
        raise CannotBePrinted(reason=_("это задание — не дневник на неделю"))
    viewer = await _office_member(job["requested_by"], job["school"], route)
    try:
        monday = monday_of(job["week_of"])
    except BadInput as problem:
        raise CannotBePrinted(reason=problem.facts["reason"]) from problem
    pupils = await database.fetch(PUPILS_OF_WEEK, job["pupil"], job["school_class"], monday, monday + timedelta(days=6))
    if not pupils:
        raise CannotBePrinted(reason=_("в классе на этой неделе нет обучающихся"))
    if len(pupils) > PUPILS_AT_MOST:
        raise CannotBePrinted(reason=_("в классе слишком много обучающихся"))
    pupils.sort(
        key=lambda row: (*map(_collated, (row["family_name"], row["given_name"], row["patronymic"])), row["id"])
    )
    return WeekToPrint(
        job_id=job_id,
        viewer=viewer,
        pupil_ids=tuple(row["id"] for row in pupils),
        week_of=job["week_of"],
        zone=ZoneInfo(job["time_zone"]),
    )


@command
async def record_rendered(
    actor: Actor, sheet: Claimed, *, pages: int, file: str, sha256: str, put_in_place: Callable[[], None]
) -> bool:
    """Put the file in its place and record it, both or neither; False when another worker has taken the job over."""
    settled = await outbox.settle_done.joined(actor, sheet.id, sheet.attempt, evidence={"file": file, "sha256": sha256})
    if not settled:
        return False
    await database.execute(
        """
        UPDATE print_job SET state = 'RENDERED', pages = $2, file = $3, sha256 = $4, problem = '', rendered_at = $5
        WHERE id = $1 AND state IN ('QUEUED', 'FAILED')
        """,
        sheet.print_job_id,
        pages,
        file,
        sha256,
        clock.now(),
    )
    # The settled row is locked until the commit, so a worker that was given up cannot overwrite this file.
    put_in_place()
    return True


@command
async def record_failed(actor: Actor, sheet: Claimed, *, reason: str) -> bool:
    """Record that the job cannot be printed and why; False when another worker has taken the job over."""
    settled = await outbox.settle_failed.joined(actor, sheet.id, sheet.attempt, reason=reason)
    if settled:
        await _fail(sheet.print_job_id, reason)
    return settled


@command
async def record_retry(actor: Actor, sheet: Claimed, *, reason: str) -> None:
    """Have the job tried again after a pause, or fail it after its last attempt."""
    became = await outbox.settle_retry.joined(actor, sheet.id, sheet.attempt, reason=reason)
    if became is OutboxState.FAILED:
        await _fail(sheet.print_job_id, reason)


@command
async def fail_abandoned(actor: Actor) -> int:
    """Fail the jobs whose every attempt ended with a dead worker; return how many there were."""
    del actor
    failed = await database.fetch(
        """
        UPDATE print_job j SET state = 'FAILED', problem = $1 FROM outbox o
        WHERE o.print_job = j.id AND o.kind = 'PRINT' AND o.state = 'FAILED' AND j.state = 'QUEUED' RETURNING j.id
        """,
        _("Печать не удалась: обработчик каждый раз прерывался."),
    )
    return len(failed)


async def _fail(job_id: UUID | None, reason: str) -> None:
    await database.execute(
        "UPDATE print_job SET state = 'FAILED', problem = $2 WHERE id = $1 AND state = 'QUEUED'", job_id, reason
    )


async def _office_member(account_id: int | None, school_id: UUID, route: str) -> Viewer:
    nobody = CannotBePrinted(reason=_("тот, кто просил, больше не работает в канцелярии школы"))
    if account_id is None:
        raise nobody
    try:
        viewer = await viewer_of(account_id, route=route)
    except SignInRequired:
        raise nobody from None
    if school_id not in viewer.schools(Role.OFFICE):
        raise nobody
    return viewer


def _collated(name: str) -> str:
    """Return the name as the register sorts it: Ё stands with Е."""
    return name.casefold().replace("ё", "е")
