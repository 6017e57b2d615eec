"""Paper leaves the school: a rendered sheet is printed and handed over, which meets what is owed on paper (R9, D6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery import duties, obligations
from diary.delivery.obligations import weekly_about
from diary.delivery.tables import MetBy, ObligationKind, PaperReceiver
from diary.journal.week import monday_of
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _
from diary.paper.addressees import Waiting, waiting_for_week
from diary.paper.receipts import Receipt, is_carried, receipt_of, require_receiver
from diary.paper.rendering import PUPILS_OF_WEEK
from diary.paper.tables import PrintState, SheetKind


class SheetNotReady(Refusal):
    """Only a sheet that exists is printed and handed over: this one is waiting, has failed or was cancelled."""

    code = "SHEET_NOT_READY"
    wording = _("Лист ещё не готов, не получился или отменён: отметить его нельзя.")


class SheetPrinted(Refusal):
    """The sheet was marked as printed before; the first mark stays."""

    code = "SHEET_PRINTED"
    wording = _("Лист уже отмечен как напечатанный.")


class SheetHandedOver(Refusal):
    """The sheet was handed over before; the evidence of that stays as it is (D6)."""

    code = "SHEET_HANDED_OVER"
    wording = _("Лист уже выдан: изменить запись о выдаче нельзя.")


class NothingOwed(Refusal):
    """The sheets of a class are given out to those whom they are owed to; else they stay to be given out (R9.1)."""

    code = "NOTHING_OWED"
    wording = _("На этих листах нет того, что ещё причитается получателю на бумаге.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What was recorded about a hand-over, how many duties it met, and who still waits for the week."""

    job_id: UUID
    state: PrintState
    at: datetime
    to: str
    receipt: Receipt
    duties_met: int
    still_waiting: tuple[Waiting, ...]


@command
async def mark_printed(viewer: Viewer, *, job_id: UUID) -> None:
    """Record that a rendered sheet has come out of the printer.

    Raises NotFound for a sheet of another school or class, SheetNotReady, SheetPrinted, SheetHandedOver.
    """
    job = await _own_job(viewer, job_id)
    if job["state"] == PrintState.PRINTED:
        raise SheetPrinted
    _require_ready(job)
    await database.execute("UPDATE print_job SET state = 'PRINTED', printed_at = $2 WHERE id = $1", job_id, clock.now())


@command
async def hand_over(
    viewer: Viewer, *, job_id: UUID, to: str, received_by: PaperReceiver, guardian_id: UUID | None = None
) -> HandedOver:
    """Record who received a sheet and how that is confirmed, and meet what is owed to that receiver (D6, A11, A18).

    A guardian's receipt meets that guardian's duties alone; what the pupil carries home meets the pupil's and those of
    the guardians who agreed to it. Another addressee may receive the same sheet later. Late duties stay breached.
    Raises NotFound for a sheet of another school or class and for a stranger, BadInput, SheetNotReady, RightsEnded,
    SheetForAnother, SheetHandedOver or NothingOwed when it would meet nothing more.
    """
    job = await _own_job(viewer, job_id)
    to = typed_line(to, field="to")
    if not to:
        raise BadInput(field="to", reason=_("укажите, кому выдан лист"))
    state = PrintState(job["state"])
    if state not in (PrintState.RENDERED, PrintState.PRINTED, PrintState.HANDED_OVER):
        raise SheetNotReady
    now = clock.now()
    receipt = receipt_of(job, received_by, guardian_id)
    job["pupils"] = await _pupils_on(job)
    await require_receiver(job, receipt, job["pupils"], now)
    # Who fetches one sheet out of a class's file leaves the others to be given out.
    out_of_a_pile = job["school_class"] is not None and received_by is PaperReceiver.GUARDIAN
    closes = state is not PrintState.HANDED_OVER and not out_of_a_pile
    if closes:
        await _close(viewer, job_id, to, receipt, now)
    evidence = {
        "job": str(job_id), "by": viewer.account_id, "to": to, "sha256": job["sha256"], **receipt.evidence(),
    }  # fmt: skip
    met, waiting = await _meet(viewer, job, receipt, evidence, now)
    # A pile that would be closed and reach nobody is left for those who have agreed to get it otherwise.
    is_a_pile = job["school_class"] is not None and job["kind"] == SheetKind.WEEK
    if not met and (is_a_pile or not closes):
        raise SheetHandedOver if state is PrintState.HANDED_OVER else NothingOwed
    return HandedOver(
        job_id=job_id,
        state=PrintState.HANDED_OVER if closes else state,
        at=now,
        to=to,
        receipt=receipt,
        duties_met=met,
        still_waiting=tuple(waiting),
    )


async def _close(viewer: Viewer, job_id: UUID, to: str, receipt: Receipt, now: datetime) -> None:
    # Who only hands over says nothing about when it was printed, so printed_at may stay empty.
    await database.execute(
        """
        UPDATE print_job SET state = 'HANDED_OVER', handed_over_at = $2, handed_over_by = $3, handed_over_to = $4,
            received_by = $5, received_guardian = $6
        WHERE id = $1
        """,
        job_id,
        now,
        viewer.account_id,
        to,
        receipt.by.value,
        receipt.guardian_id,
    )


async def _meet(
    viewer: Viewer, job: dict[str, Any], receipt: Receipt, evidence: dict[str, Any], now: datetime
) -> tuple[int, list[Waiting]]:
    """Meet what the receipt reaches; return how many duties that were, and who still waits for the week."""
    met = 0
    waiting: list[Waiting] = []
    through = await is_carried(job["owed_to"], job["pupil"])
    if job["obligation"] is not None and receipt.reaches(job["owed_to"], through_pupil=through):
        met += await obligations.meet(viewer, job["obligation"], at=now, by=MetBy.HAND_OVER, evidence=evidence)
    # A sheet from before the week tells nothing of it.
    if job["kind"] != SheetKind.WEEK or job["rendered_on"] < monday_of(job["week_of"]):
        return met, waiting
    for owed in await _addressees(viewer, job, now):
        if not receipt.reaches(owed.guardian_id, through_pupil=owed.through_pupil):
            waiting.append(owed)
            continue
        met += await obligations.meet_about(
            viewer,
            kind=ObligationKind.WEEKLY_DIARY,
            pupil_id=owed.pupil_id,
            guardian_id=owed.guardian_id,
            about=weekly_about(monday_of(job["week_of"])),
            at=now,
            by=MetBy.HAND_OVER,
            evidence=evidence,
        )
    return met, waiting


def _require_ready(job: dict[str, Any]) -> None:
    if job["state"] == PrintState.HANDED_OVER:
        raise SheetHandedOver
    if job["state"] not in (PrintState.RENDERED, PrintState.PRINTED):
        raise SheetNotReady


async def _own_job(viewer: Viewer, job_id: UUID) -> dict[str, Any]:
    """Return the job, locked, for the office of its school and the class teacher of its pupils; raises NotFound."""
    rows = await database.fetch(
        """
        SELECT j.id, j.school, j.kind, j.pupil, j.school_class, j.guardian, j.week_of, j.state, j.sha256, j.obligation,
            o.guardian AS owed_to, j.guardian IS NOT NULL OR coalesce(o.kind = 'PRINTOUT', false) AS asked_for,
            (coalesce(j.rendered_at, $2::timestamptz) AT TIME ZONE s.time_zone)::date AS rendered_on,
            ARRAY(
                SELECT h.id FROM teacher h WHERE (h.left_on IS NULL OR h.left_on >= local.today) AND h.id IN (
                    SELECT c.class_teacher FROM school_class c WHERE c.id = j.school_class
                    UNION
                    SELECT c.class_teacher FROM membership m
                        JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
                        JOIN school_class c ON c.id = t.school_class
                    WHERE m.pupil = j.pupil AND m.valid_from <= local.today
                        AND (m.valid_to IS NULL OR m.valid_to >= local.today))
            ) AS class_teachers
        FROM print_job j JOIN school s ON s.id = j.school LEFT JOIN obligation o ON o.id = j.obligation
        CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE s.time_zone)::date AS today) AS local
        WHERE j.id = $1 FOR UPDATE OF j
        """,
        job_id,
        clock.now(),
    )
    if not rows:
        raise NotFound
    job = dict(rows[0])
    office = job["school"] in viewer.schools(Role.OFFICE)
    # A class teacher hands out diaries; forms of consent stay with the office.
    own_class = job["kind"] == SheetKind.WEEK and viewer.people(Role.TEACHER) & set(job["class_teachers"])
    if not office and not own_class:
        raise NotFound
    return job


async def _pupils_on(job: dict[str, Any]) -> list[UUID]:
    """Return about whom the sheet is: for a week those whose pages were rendered."""
    if job["kind"] != SheetKind.WEEK:
        return [job["pupil"]] if job["pupil"] else []
    monday = monday_of(job["week_of"])
    printed = await database.fetch(
        "SELECT jsonb_array_elements_text(evidence -> 'pupils')::uuid AS id FROM outbox WHERE print_job = $1", job["id"]
    ) or await database.fetch(PUPILS_OF_WEEK, job["pupil"], job["school_class"], monday, monday + timedelta(days=6))
    return [row["id"] for row in printed]


async def _addressees(viewer: Viewer, job: dict[str, Any], now: datetime) -> list[Waiting]:
    """Return to whom the week on this sheet is still owed; a duty that the clock has not opened yet is opened first.

    A duty that lost its basis since, but is breached already, is not met by a sheet that this guardian may not receive;
    and a sheet that somebody asked for reaches nobody else.
    """
    monday, pupil_ids = monday_of(job["week_of"]), job["pupils"]
    await duties.open_week(viewer, school_id=job["school"], monday=monday, pupil_ids=pupil_ids, now=now)
    waiting = await waiting_for_week(pupil_ids, monday, at=now)
    return [owed for owed in waiting if not job["asked_for"] or owed.guardian_id == job["guardian"]]
