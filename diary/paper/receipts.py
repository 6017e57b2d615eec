"""Who received a sheet, and whose duties that meets: each addressee's own (R9, A11, A18, docs/decisions/0016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.delivery.agreements import carried_by_pupil
from diary.delivery.tables import PaperReceiver
from diary.kit import database
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _
from diary.paper.addressees import may_receive
from diary.paper.tables import SheetKind


class RightsEnded(Refusal):
    """Who asked for the sheet, or would receive it, has no rights about the pupil any more (A11, A12)."""

    code = "RIGHTS_ENDED"
    wording = _("Права представителя прекратились: выдать ему этот лист нельзя.")


class SheetForAnother(Refusal):
    """Somebody else has asked for this sheet; through the pupil it goes only where that was agreed (R9.2, A18)."""

    code = "SHEET_FOR_ANOTHER"
    wording = _(
        "Этот лист просил другой человек: выдайте его тому, кто просил. "
        "Через обучающегося лист передают, только если так записано в соглашении."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A guardian who received the sheet in person, or the pupil, who carries it home."""

    by: PaperReceiver
    guardian_id: UUID | None

    def reaches(self, guardian_id: UUID | None, *, through_pupil: bool) -> bool:
        """Whether the sheet has reached an addressee, None for the pupil (A11, A18).

        What a guardian received tells nothing of another one; what the pupil carries reaches those who agreed to that.
        """
        if self.by is PaperReceiver.GUARDIAN:
            return guardian_id is not None and guardian_id == self.guardian_id
        return guardian_id is None or through_pupil

    def evidence(self) -> dict[str, str]:
        """Return what is kept with the duties that it meets."""
        guardian = {} if self.guardian_id is None else {"guardian": str(self.guardian_id)}
        return {"received_by": self.by.value, **guardian}


def receipt_of(job: Mapping[str, Any], by: PaperReceiver, guardian_id: UUID | None) -> Receipt:
    """Return who is said to have received a sheet; whoever asked for it need not be named again. Raises BadInput."""
    if by is PaperReceiver.PUPIL:
        if guardian_id is not None:
            raise BadInput(field="guardianId", reason=_("лист получил обучающийся: представителя не указывают"))
        return Receipt(by=by, guardian_id=None)
    guardian_id = guardian_id or job["guardian"]
    if guardian_id is None:
        raise BadInput(field="guardianId", reason=_("укажите, кто из представителей получил лист"))
    return Receipt(by=by, guardian_id=guardian_id)


async def require_receiver(job: Mapping[str, Any], receipt: Receipt, pupil_ids: Sequence[UUID], at: datetime) -> None:
    """Refuse a receipt by somebody who may not have the sheet.

    Raises NotFound for a stranger, RightsEnded, SheetForAnother.
    """
    for guardian_id in {receipt.guardian_id, job["guardian"]} - {None}:
        await _require_rights(guardian_id, job["school"], pupil_ids, at)
    if not job["asked_for"]:
        return
    # A form to be signed is brought home by the pupil as well: nobody is informed by it.
    through = job["kind"] == SheetKind.CONSENT_FORM or await is_carried(job["guardian"], job["pupil"])
    if not receipt.reaches(job["guardian"], through_pupil=through):
        raise SheetForAnother


async def is_carried(guardian_id: UUID | None, pupil_id: UUID | None) -> bool:
    """Whether the guardian has agreed to get paper through the pupil."""
    rows = await database.fetch(f"SELECT {carried_by_pupil('$1::uuid', '$2::uuid')} AS agreed", guardian_id, pupil_id)
    agreed: bool = rows[0]["agreed"]
    return agreed


_RIGHTS = f"""
    SELECT EXISTS (SELECT FROM guardian g WHERE g.id = $1 AND g.school = $2) AS is_ours,
        EXISTS (SELECT FROM guardianship w WHERE w.guardian = $1 AND w.pupil = ANY ($3::uuid[])) AS is_theirs,
        EXISTS (
            SELECT FROM (SELECT $1::uuid AS guardian, p.id AS pupil, p.school FROM pupil p
                WHERE p.id = ANY ($3::uuid[])) AS asked
            JOIN school s ON s.id = asked.school
            WHERE {may_receive("asked", at="$4", today="($4 AT TIME ZONE s.time_zone)::date")}
        ) AS may_receive
"""  # noqa: S608 - constants only


async def _require_rights(guardian_id: UUID | None, school_id: UUID, pupil_ids: Sequence[UUID], at: datetime) -> None:
    found = (await database.fetch(_RIGHTS, guardian_id, school_id, list(pupil_ids), at))[0]
    # A blank form is about nobody: any guardian of the school may take it.
    if not found["is_ours"] or (pupil_ids and not found["is_theirs"]):
        raise NotFound
    if pupil_ids and not found["may_receive"]:
        raise RightsEnded
