"""Print jobs: asked for by the office, rendered by a worker, kept as files outside the web root (R3.10, R9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Purpose
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _
from diary.paper.tables import PrintState, SheetKind

#: Where rendered sheets lie in the data directory.
FOLDER = "print"
#: A person may ask for so many sheets in this time; the office for as many as it needs.
ASKED_AT_MOST, ASKED_WITHIN = 10, timedelta(days=1)

SUBJECTS = {SheetKind.WEEK: _("Печатный дневник"), SheetKind.CONSENT_FORM: _("Бланк согласия")}


class TooManySheets(Refusal):
    """So many sheets have been asked for lately that the school prints no more for a while."""

    code = "TOO_MANY_SHEETS"
    wording = _("Слишком много запросов на печать за сутки. Попробуйте завтра или обратитесь в школу.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A sheet that is being printed for somebody, and by when it is owed."""

    job_id: UUID
    state: PrintState
    requested_at: datetime
    due_at: datetime | None = None


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
    return await queue(
        viewer,
        school_id=await school_of_office(viewer, pupil_id=pupil_id, class_id=class_id),
        kind=SheetKind.WEEK,
        pupil_id=pupil_id,
        class_id=class_id,
        week_of=week_of,
    )


async def school_of_office(viewer: Viewer, *, pupil_id: UUID | None, class_id: UUID | None) -> UUID:
    """Return the school of a pupil or class whose office the viewer is; raises NotFound."""
    found = await database.fetch(
        "SELECT school FROM pupil WHERE id = $1 UNION ALL SELECT school FROM school_class WHERE id = $2",
        pupil_id,
        class_id,
    )
    if not found or found[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    school: UUID = found[0]["school"]
    return school


async def queue(
    actor: Actor,
    *,
    school_id: UUID,
    kind: SheetKind,
    pupil_id: UUID | None = None,
    class_id: UUID | None = None,
    guardian_id: UUID | None = None,
    week_of: date | None = None,
    purpose: Purpose | None = None,
    obligation_id: UUID | None = None,
) -> UUID:
    """Write down a job and queue its rendering, inside the command that wants it."""
    now = clock.now()
    job: UUID = (
        await database.fetch(
            """
            INSERT INTO print_job (school, kind, pupil, school_class, guardian, week_of, purpose, obligation,
                requested_by, requested_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id
            """,
            school_id,
            kind.value,
            pupil_id,
            class_id,
            guardian_id,
            week_of,
            purpose and purpose.value,
            obligation_id,
            actor.account_id,
            now,
        )
    )[0]["id"]
    await enqueue(actor, job, school_id=school_id, kind=kind, pupil_id=pupil_id, due_at=now)
    return job


async def enqueue(
    actor: Actor,
    job_id: UUID,
    *,
    school_id: UUID,
    kind: SheetKind,
    pupil_id: UUID | None,
    due_at: datetime,
    turn: int = 0,
) -> None:
    """Queue the rendering of a job for an instant; each turn after a failure is a row of its own."""
    await database.execute(
        """
        INSERT INTO outbox (school, kind, dedup_key, pupil, print_job, subject, due_at, created_at, created_by)
        VALUES ($1, 'PRINT', $2, $3, $4, $5, $6, $7, $8)
        """,
        school_id,
        f"print:{job_id}:{turn}" if turn else f"print:{job_id}",
        pupil_id,
        job_id,
        SUBJECTS[kind],
        due_at,
        clock.now(),
        actor.account_id,
    )


async def require_room(viewer: Viewer) -> None:
    """Refuse whoever has asked for too many sheets lately; raises TooManySheets."""
    asked = await database.fetch(
        "SELECT count(*) AS number FROM print_job WHERE requested_by = $1 AND requested_at > $2",
        viewer.account_id,
        clock.now() - ASKED_WITHIN,
    )
    if asked[0]["number"] >= ASKED_AT_MOST:
        raise TooManySheets


async def one_at_a_time(viewer: Viewer) -> None:
    """Let two requests of one account, a double click, come one after the other until the transaction ends."""
    await database.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('sheets:' || $1::text, 0))", str(viewer.account_id)
    )
