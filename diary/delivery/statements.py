"""Statements: incoming documents that wait as drafts until the office registers them (D10, R2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.signatures.result import VERDICTS, Checked
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind
from diary.delivery import alerts
from diary.delivery.consents import RegisteredDecision, register_consent
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _


class StatementClosed(Refusal):
    """The statement is registered or rejected already and can no longer be changed."""

    code = "STATEMENT_CLOSED"
    wording = _("Заявление уже зарегистрировано или отклонено, изменить его нельзя.")


class RejectionNeedsReason(Refusal):
    """Whoever asks later reads why a family's document came to nothing."""

    code = "REJECTION_NEEDS_REASON"
    wording = _("Укажите, почему заявление отклонено.")


#: Why a draft is closed without a clerk.
SIGNED_ANEW = _("То же решение подписано заново и зарегистрировано.")
_VERDICT = _("Подпись: {verdict}. {reason}")
_PUT_IN = _("Вписано подписавшим, прочитайте до регистрации:")


def draft_note(checked: Checked, put_in: Sequence[str] = ()) -> str:
    """Return what the office reads of an electronic draft: how its signature stands, and what the signer put in."""
    said = _VERDICT.format(verdict=VERDICTS[checked.verdict].lower(), reason=checked.reason)
    # On lines of their own: nothing that was put in looks like a piece that the service counts.
    pieces = [f"{place}) «{piece}»" for place, piece in enumerate(put_in, 1)]
    return "\n".join([said, _PUT_IN, *pieces]) if pieces else said


async def keep_draft(
    *,
    school: UUID,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    kind: SignatureKind,
    signature_id: UUID,
    text_version: str,
    check_note: str,
    needs_reading: bool = False,
    statement_id: UUID | None = None,
) -> UUID:
    """Write down an electronic document, inside the command that keeps its signature.

    It takes the place of the pair's newest draft of the same decision that no valid signature stands under, or of the
    draft that is named; raises StatementClosed when that one is a draft no more.
    """
    kept = await database.fetch(
        """
        UPDATE statement SET signature = $6, signature_kind = $7, text_version = $8, check_note = $9,
            needs_reading = $10, received_at = CASE WHEN $11::uuid IS NULL THEN $12 ELSE received_at END
        WHERE state = 'DRAFT' AND id = coalesce($11, (
            SELECT t.id FROM statement t LEFT JOIN signature s ON s.id = t.signature
            WHERE t.school = $1 AND t.guardian IS NOT DISTINCT FROM $2 AND t.pupil = $3 AND t.purpose = $4
                AND t.decision = $5 AND t.form = 'ELECTRONIC' AND t.state = 'DRAFT'
                AND s.verdict IS DISTINCT FROM 'VALID'
            ORDER BY t.received_at DESC, t.id DESC LIMIT 1))
        RETURNING id
        """,
        school,
        guardian_id,
        pupil_id,
        purpose.value,
        decision.value,
        signature_id,
        kind.value,
        text_version,
        check_note,
        needs_reading,
        statement_id,
        clock.now(),
    )
    if not kept and statement_id is not None:
        raise StatementClosed
    rows = kept or await database.fetch(
        """
        INSERT INTO statement (id, school, guardian, pupil, purpose, decision, form, signature_kind, signature,
            text_version, received_at, check_note, needs_reading, state)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, 'ELECTRONIC', $6, $7, $8, $9, $10, $11, 'DRAFT') RETURNING id
        """,
        school,
        guardian_id,
        pupil_id,
        purpose.value,
        decision.value,
        kind.value,
        signature_id,
        text_version,
        clock.now(),
        check_note,
        needs_reading,
    )
    statement: UUID = rows[0]["id"]
    return statement


@command
async def register_statement(viewer: Viewer, statement_id: UUID) -> RegisteredDecision:
    """Append a draft's decision to the ledger and lock the draft.

    Raises NotFound, StatementClosed and whatever `register_consent` refuses; then the draft stays as it was.
    """
    rows = await database.fetch("SELECT * FROM statement WHERE id = $1 FOR UPDATE", statement_id)
    if not rows or rows[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    draft = rows[0]
    if draft["state"] != "DRAFT":
        raise StatementClosed
    registered = await register_consent.joined(
        viewer,
        guardian_id=draft["guardian"],
        pupil_id=draft["pupil"],
        purpose=Purpose(draft["purpose"]),
        decision=Decision(draft["decision"]),
        form=DocumentForm(draft["form"]),
        signature_kind=SignatureKind(draft["signature_kind"]) if draft["signature_kind"] else None,
        document_reference=draft["document_reference"],
        scan=draft["scan"],
        signature_id=draft["signature"],
        text_version=draft["text_version"],
        received_at=draft["received_at"],
        valid_until=draft["valid_until"],
    )
    await database.execute(
        "UPDATE statement SET state = 'REGISTERED', registered_as = $2 WHERE id = $1", statement_id, registered.id
    )
    await close_overtaken(registered)
    return registered


@command
async def reject_statement(viewer: Viewer, statement_id: UUID, *, reason: str) -> None:
    """Close a draft that cannot be registered; it stays in sight, and the person reads the reason in the mailbox.

    Raises NotFound, StatementClosed, RejectionNeedsReason, BadInput.
    """
    rows = await database.fetch("SELECT * FROM statement WHERE id = $1 FOR UPDATE", statement_id)
    if not rows or rows[0]["school"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    if rows[0]["state"] != "DRAFT":
        raise StatementClosed
    reason = typed_line(reason, field="reason")
    if not reason:
        raise RejectionNeedsReason
    await database.execute(
        "UPDATE statement SET state = 'REJECTED', closing_reason = $2 WHERE id = $1", statement_id, reason
    )
    draft = rows[0]
    await alerts.rejected(
        viewer,
        guardian_id=draft["guardian"],
        pupil_id=draft["pupil"],
        decision=Decision(draft["decision"]),
        purpose=Purpose(draft["purpose"]),
        received_at=draft["received_at"],
        reason=reason,
    )


async def close_overtaken(registered: RegisteredDecision) -> None:
    """Close the person's electronic drafts of a decision that has just been registered by a valid signature.

    Inside the command that registers it.
    """
    if registered.form is not DocumentForm.ELECTRONIC:
        return
    await database.execute(
        """
        UPDATE statement SET state = 'REJECTED', closing_reason = $5
        WHERE guardian IS NOT DISTINCT FROM $1 AND pupil = $2 AND purpose = $3 AND decision = $4
            AND form = 'ELECTRONIC' AND state = 'DRAFT'
        """,
        registered.guardian_id,
        registered.pupil_id,
        registered.purpose.value,
        registered.decision.value,
        SIGNED_ANEW,
    )
