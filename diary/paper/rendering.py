"""Rendering a print job: what a worker needs to know, and what it records about the file (R3.10, R9.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.tables import Role
from diary.access.viewer import SignInRequired, Viewer, printer, viewer_of
from diary.delivery import obligations, outbox
from diary.delivery.consent_documents import ConsentDocument
from diary.delivery.outbox import Claimed
from diary.delivery.owed import RIGHTS_ENDED
from diary.delivery.tables import OutboxState
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, Refusal
from diary.kit.wording import _
from diary.paper.addressees import may_be_given
from diary.paper.consent_forms import documents_of
from diary.paper.tables import SheetKind
from diary.paper.weekly import pupils_of_batch
from diary.people.names import folded

#: A class has at most so many sheets; more are a mistake in the memberships.
PUPILS_AT_MOST = 60
#: Two guardians and the own decision of each.
FORMS_AT_MOST = 3 * PUPILS_AT_MOST


class CannotBePrinted(Refusal):
    """The job can never become a sheet: nobody to print for, or nobody any more who may ask for it."""

    code = "CANNOT_BE_PRINTED"
    wording = _("Напечатать нельзя: {reason}")


class SheetNotWanted(Refusal):
    """Nobody may receive the sheet any more: rights have ended, or nothing is owed on paper now (D5, R9)."""

    code = "SHEET_NOT_WANTED"
    wording = _("Печатать больше некому: права представителя прекратились или бумажная форма уже не нужна.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekToPrint:
    """One document: the week of a pupil, or of each pupil of a class in the order of the register."""

    job_id: UUID
    viewer: Viewer
    pupil_ids: tuple[UUID, ...]
    week_of: date
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsToPrint:
    """One document: the forms of consent of one person, of a class, or a blank one."""

    job_id: UUID
    documents: tuple[ConsentDocument, ...]
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


_JOB = """
    SELECT j.id, j.school, j.kind, j.pupil, j.school_class, j.guardian, j.week_of, j.purpose, j.requested_by,
        s.time_zone
    FROM print_job j JOIN school s ON s.id = j.school WHERE j.id = $1
"""


async def to_print(actor: Actor, job_id: UUID) -> WeekToPrint | FormsToPrint:
    """Return what a queued job prints; raises CannotBePrinted, SheetNotWanted."""
    job = await _job(job_id)
    if job["kind"] == SheetKind.CONSENT_FORM:
        return await forms_to_print(actor, job_id)
    return await week_to_print(job_id, route=actor.route)


async def week_to_print(job_id: UUID, *, route: str) -> WeekToPrint:
    """Return whose week a queued job prints, and with whose eyes it is read.

    Consent does not limit paper (D5), so the sheet of a family that refused the electronic form is printed. What the
    office asked for is seen as the member who asked; what a guardian asked for, or the clock queued, is read by the
    service itself, limited to the pupils for whose addressees the right to it is in force at this moment.
    Raises CannotBePrinted, SheetNotWanted when nobody may receive it any more.
    """
    job = await _job(job_id)
    if job["kind"] != SheetKind.WEEK or job["week_of"] is None:
        raise CannotBePrinted(reason=_("это задание — не дневник на неделю"))
    try:
        monday = monday_of(job["week_of"])
    except BadInput as problem:
        raise CannotBePrinted(reason=problem.facts["reason"]) from problem
    viewer, pupils = await _readers_pupils(job, monday, route)
    if len(pupils) > PUPILS_AT_MOST:
        raise CannotBePrinted(reason=_("в классе слишком много обучающихся"))
    pupils.sort(key=lambda row: (*map(folded, (row["family_name"], row["given_name"], row["patronymic"])), row["id"]))
    return WeekToPrint(
        job_id=job_id,
        viewer=viewer or printer((row["id"] for row in pupils), route=route),
        pupil_ids=tuple(row["id"] for row in pupils),
        week_of=job["week_of"],
        zone=ZoneInfo(job["time_zone"]),
    )


async def _readers_pupils(job: Any, monday: date, route: str) -> tuple[Viewer | None, list[Any]]:
    """Return the member of the office who reads, None for the service itself, and the pupils of the job."""
    now = clock.now()
    if job["guardian"] is None and job["requested_by"] is None:
        pupils = await pupils_of_batch(job, monday=monday, now=now)
        if not pupils:
            raise SheetNotWanted
        return None, pupils
    viewer = None
    if job["guardian"] is not None:
        if not await may_be_given(guardian_id=job["guardian"], pupil_id=job["pupil"], at=now):
            raise SheetNotWanted
    else:
        viewer = await _office_member(job["requested_by"], job["school"], route)
    pupils = await database.fetch(PUPILS_OF_WEEK, job["pupil"], job["school_class"], monday, monday + timedelta(days=6))
    if not pupils:
        raise CannotBePrinted(reason=_("в классе на этой неделе нет обучающихся"))
    return viewer, pupils


@command
async def forms_to_print(actor: Actor, job_id: UUID) -> FormsToPrint:
    """Return the documents of a job about forms of consent; raises CannotBePrinted, SheetNotWanted."""
    job = await _job(job_id)
    zone = ZoneInfo(job["time_zone"])
    if job["guardian"] is None:
        # What a pupil asked for about the own data needs no office.
        await _office_member(job["requested_by"], job["school"], actor.route, or_pupil=job["pupil"])
    documents = await documents_of(job, today=clock.now().astimezone(zone).date())
    if not documents and job["school_class"] is not None:
        raise CannotBePrinted(reason=_("в классе некому подписывать этот документ"))
    if not documents:
        raise SheetNotWanted
    if len(documents) > FORMS_AT_MOST:
        raise CannotBePrinted(reason=_("в классе слишком много обучающихся"))
    return FormsToPrint(job_id=job_id, documents=tuple(documents), zone=zone)


@command
async def record_rendered(
    actor: Actor,
    sheet: Claimed,
    *,
    pages: int,
    file: str,
    sha256: str,
    pupil_ids: Sequence[UUID],
    put_in_place: Callable[[], None],
) -> bool:
    """Put the file in its place and record it, both or neither; False when another worker has taken the job over.

    The evidence keeps whose week is in the file, so that handing it over meets exactly what is owed about these.
    """
    evidence = {"file": file, "sha256": sha256, "pupils": [str(pupil_id) for pupil_id in pupil_ids]}
    settled = await outbox.settle_done.joined(actor, sheet.id, sheet.attempt, evidence=evidence)
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
async def record_not_wanted(actor: Actor, sheet: Claimed, *, reason: str) -> bool:
    """Record that nobody may receive the sheet any more, and take back what was owed with it."""
    settled = await outbox.settle_refused.joined(actor, sheet.id, sheet.attempt, code=SheetNotWanted.code)
    if settled:
        jobs = await database.fetch(
            "UPDATE print_job SET state = 'CANCELLED', problem = $2 WHERE id = $1 AND state = 'QUEUED' "
            "RETURNING obligation",
            sheet.print_job_id,
            reason,
        )
        if jobs and jobs[0]["obligation"] is not None:
            await obligations.cancel(actor, jobs[0]["obligation"], reason=RIGHTS_ENDED)
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


async def _job(job_id: UUID) -> Any:
    jobs = await database.fetch(_JOB, job_id)
    if not jobs:
        raise CannotBePrinted(reason=_("такого задания нет"))
    return jobs[0]


async def _office_member(
    account_id: int | None, school_id: UUID, route: str, *, or_pupil: UUID | None = None
) -> Viewer:
    nobody = CannotBePrinted(reason=_("тот, кто просил, больше не работает в канцелярии школы"))
    if account_id is None:
        raise nobody
    try:
        viewer = await viewer_of(account_id, route=route)
    except SignInRequired:
        raise nobody from None
    if school_id not in viewer.schools(Role.OFFICE) and or_pupil not in viewer.people(Role.PUPIL):
        raise nobody
    return viewer
