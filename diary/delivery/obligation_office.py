"""What the office says about a duty: met in person, or cancelled with the reason (D6)."""

from __future__ import annotations

from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery import obligations
from diary.delivery.tables import MetBy
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _


class ObligationSettled(Refusal):
    """The duty was met or cancelled before, or its time is over and it cannot be cancelled any more (D6)."""

    code = "OBLIGATION_SETTLED"
    wording = _("Обязанность уже исполнена, отменена или просрочена: изменить это нельзя.")


class NoteRequired(Refusal):
    """Whoever says that a duty was met in person says to whom and how: that is the evidence (D6)."""

    code = "NOTE_REQUIRED"
    wording = _("Напишите, кому и как выдано.")


@command
async def meet_in_person(viewer: Viewer, obligation_id: UUID, *, note: str) -> None:
    """Record that somebody of the office has met the duty in person, and how.

    Raises NotFound for a duty of another school, NoteRequired, ObligationSettled.
    """
    await _require_own(viewer, obligation_id)
    note = typed_line(note, field="reason", longest=obligations.LONGEST_REASON)
    if not note:
        raise NoteRequired
    evidence = {"confirmed_by_account": viewer.account_id, "note": note}
    if not await obligations.meet(viewer, obligation_id, at=clock.now(), by=MetBy.HAND_OVER, evidence=evidence):
        raise ObligationSettled


@command
async def cancel_with_reason(viewer: Viewer, obligation_id: UUID, *, reason: str) -> None:
    """Take a duty back whose basis is gone, before its time is over.

    Raises NotFound for a duty of another school, ReasonRequired, ObligationSettled.
    """
    await _require_own(viewer, obligation_id)
    if not await obligations.cancel(viewer, obligation_id, reason=reason):
        raise ObligationSettled


async def _require_own(viewer: Viewer, obligation_id: UUID) -> None:
    rows = await database.fetch("SELECT school FROM obligation WHERE id = $1 FOR UPDATE", obligation_id)
    if not rows or rows[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
