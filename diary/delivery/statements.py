"""Statements: incoming documents that wait as drafts until the office registers them (D10, R2.2)."""

from __future__ import annotations

from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind
from diary.delivery.consents import RegisteredDecision, register_consent
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import NotFound, Refusal
from diary.kit.wording import _


class StatementClosed(Refusal):
    """The statement is registered already and can no longer be changed."""

    code = "STATEMENT_CLOSED"
    wording = _("Заявление уже зарегистрировано, изменить его нельзя.")


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
    note: str,
) -> UUID:
    """Write down an electronic document that came in now, inside the command that keeps its signature."""
    rows = await database.fetch(
        """
        INSERT INTO statement (id, school, guardian, pupil, purpose, decision, form, signature_kind, signature,
            text_version, received_at, note, state)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, 'ELECTRONIC', $6, $7, $8, $9, $10, 'DRAFT') RETURNING id
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
        note,
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
    return registered
