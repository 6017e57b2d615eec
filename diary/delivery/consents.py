"""Registering decisions: the only place that appends to the ledger (R2.1, R2.3, D10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind
from diary.delivery import admissibility, consent_effects, signatures
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _

#: A paper may have been received so long ago, because a school brings its existing consents along; no longer, because
#: nobody is at school for twenty years and the date is a slip of the pen.
OLDEST_RECEIPT = timedelta(days=20 * 365)


class DocumentRequired(Refusal):
    """A paper decision needs its document: a reference (shelf mark) or a scan (R2.2)."""

    code = "DOCUMENT_REQUIRED"
    wording = _("Укажите документ (номер, дата, место хранения) или приложите скан.")


class SignatureMisfits(Refusal):
    """An electronic document has no handwritten signature, and paper no electronic one (63-FZ)."""

    code = "SIGNATURE_MISFITS"
    wording = _("Подпись не подходит к форме документа: на бумаге она собственноручная, в электронном - электронная.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDecision:
    """A decision as it stands in the ledger."""

    id: UUID
    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    form: DocumentForm
    received_at: datetime
    registered_at: datetime
    valid_until: datetime | None


@command
async def register_consent(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose = Purpose.PERSONAL_DATA,
    decision: Decision = Decision.GIVEN,
    form: DocumentForm = DocumentForm.PAPER,
    signature_kind: SignatureKind | None = SignatureKind.HANDWRITTEN,
    document_reference: str = "",
    scan: str = "",
    signature_id: UUID | None = None,
    text_version: str = "",
    received_at: datetime | None = None,
    valid_until: datetime | None = None,
) -> RegisteredDecision:
    """Append a decision that the office has received; it takes effect at once (R1.3, R2.1).

    Paper needs its document, a reference or a scan; an electronic document needs its signature, checked and valid.
    Without a guardian it is the pupil's own decision (A12). Raises NotFound for a pair that the office does not
    know, DocumentRequired, SignatureMisfits, SignatureNotValid, BadInput; a text version, when it is named, must be
    one that the school has published.
    """
    school = await lock_pair(viewer.schools(Role.OFFICE), guardian_id, pupil_id)
    now = clock.now()
    received = received_at or now
    on_paper = form is DocumentForm.PAPER
    document_reference = typed_line(document_reference, field="documentReference")
    if on_paper and not document_reference and not scan:
        raise DocumentRequired
    if signature_kind is not None and (signature_kind is SignatureKind.HANDWRITTEN) != on_paper:
        raise SignatureMisfits
    if on_paper and signature_id is not None:
        raise SignatureMisfits
    if received > now:
        raise BadInput(field="receivedAt", reason=_("документ не мог прийти в будущем"))
    if now - received > OLDEST_RECEIPT:
        raise BadInput(field="receivedAt", reason=_("документ получен слишком давно"))
    if valid_until is not None and valid_until <= now:
        raise BadInput(field="validUntil", reason=_("срок действия уже истёк"))
    if valid_until is not None and decision is not Decision.GIVEN:
        raise BadInput(
            field="validUntil",
            reason=_("срок бывает только у согласия: отказ и отзыв действуют, пока человек не решит иначе"),
        )
    await admissibility.require_possible(
        guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision, received_at=received
    )
    version = text_version.strip()
    if not on_paper:
        version = await signatures.require_valid(
            signature_id,
            school=school,
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            purpose=purpose,
            decision=decision,
            kind=signature_kind,
            text_version=version,
        )
    return await _append(
        viewer,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        form=form,
        signature_kind=signature_kind,
        signature_id=signature_id,
        document_reference=document_reference,
        scan=scan,
        text_version=version,
        received_at=received,
        registered_at=now,
        valid_until=valid_until,
    )


async def register_signed(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    signature_kind: SignatureKind,
    signature_id: UUID,
) -> RegisteredDecision:
    """Append one's own decision that one has just signed, inside the command that keeps the signature (D5).

    Raises NotFound for somebody else's, and what `admissibility.require_possible` and
    `signatures.require_valid` raise.
    """
    require_own(viewer, guardian_id, pupil_id)
    school = await lock_pair(None, guardian_id, pupil_id)
    await admissibility.require_possible(guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision)
    version = await signatures.require_valid(
        signature_id,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        kind=signature_kind,
        text_version="",
    )
    now = clock.now()
    return await _append(
        viewer,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        form=DocumentForm.ELECTRONIC,
        signature_kind=signature_kind,
        signature_id=signature_id,
        document_reference="",
        scan="",
        text_version=version,
        received_at=now,
        registered_at=now,
        valid_until=None,
    )


def require_own(viewer: Viewer, guardian_id: UUID | None, pupil_id: UUID) -> None:
    """Refuse whoever is not the person that decides; no consent is asked for (D5). Raises NotFound."""
    own = pupil_id in viewer.people(Role.PUPIL) if guardian_id is None else guardian_id in viewer.people(Role.GUARDIAN)
    if not own:
        raise NotFound


@command
async def withdraw_consent(
    viewer: Viewer, *, pupil_id: UUID, guardian_id: UUID | None = None, purpose: Purpose = Purpose.PERSONAL_DATA
) -> RegisteredDecision:
    """Withdraw one's own consent about a child; the effect is immediate, the session stays (R2.3, D5).

    A person with a login withdraws as easily as that; the office registers a withdrawal on paper with
    `register_consent`. Raises NotFound, NothingToWithdraw.
    """
    own = viewer.people(Role.GUARDIAN)
    if guardian_id is None and pupil_id not in viewer.people(Role.PUPIL):
        rows = await database.fetch(
            "SELECT guardian FROM guardianship WHERE pupil = $1 AND guardian = ANY ($2) LIMIT 1", pupil_id, list(own)
        )
        if not rows:
            raise NotFound
        guardian_id = rows[0]["guardian"]
    if guardian_id is not None and guardian_id not in own:
        raise NotFound
    school = await lock_pair(None, guardian_id, pupil_id)
    await admissibility.require_given(guardian_id, pupil_id, purpose)
    now = clock.now()
    return await _append(
        viewer,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=Decision.WITHDRAWN,
        form=DocumentForm.ELECTRONIC,
        signature_kind=None,
        signature_id=None,
        document_reference="",
        scan="",
        text_version="",
        received_at=now,
        registered_at=now,
        valid_until=None,
    )


async def lock_pair(schools: frozenset[UUID] | None, guardian_id: UUID | None, pupil_id: UUID) -> UUID:
    """Find the pair's school and let decisions about one pair follow one another."""
    if guardian_id is None:
        rows = await database.fetch("SELECT school FROM pupil WHERE id = $1 FOR NO KEY UPDATE", pupil_id)
    else:
        rows = await database.fetch(
            "SELECT school FROM guardianship WHERE guardian = $1 AND pupil = $2 FOR NO KEY UPDATE",
            guardian_id,
            pupil_id,
        )
    if not rows or (schools is not None and rows[0]["school"] not in schools):
        raise NotFound
    school: UUID = rows[0]["school"]
    return school


async def _append(
    viewer: Viewer,
    *,
    school: UUID,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    form: DocumentForm,
    signature_kind: SignatureKind | None,
    signature_id: UUID | None,
    document_reference: str,
    scan: str,
    text_version: str,
    received_at: datetime,
    registered_at: datetime,
    valid_until: datetime | None,
) -> RegisteredDecision:
    text_hash = await texts.hash_of(school, purpose, text_version) if text_version else ""
    # The pair is locked, so the number decides which is the latest, and the times agree with the numbers whatever the
    # clocks of two processes say.
    row = (
        await database.fetch(
            """
            INSERT INTO consent_decision (school, guardian, pupil, purpose, decision, form, signature_kind,
                document_reference, scan, received_at, registered_at, valid_until, registrar, text_version, text_hash,
                signature)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, greatest($11, (
                SELECT max(registered_at) + interval '1 microsecond' FROM consent_decision
                WHERE guardian IS NOT DISTINCT FROM $2 AND pupil = $3 AND purpose = $4::varchar)), $12, $13, $14, $15,
                $16)
            RETURNING id, registered_at
            """,
            school,
            guardian_id,
            pupil_id,
            purpose.value,
            decision.value,
            form.value,
            signature_kind.value if signature_kind else None,
            document_reference,
            scan,
            received_at,
            registered_at,
            valid_until,
            viewer.account_id,
            text_version,
            text_hash,
            signature_id,
        )
    )[0]
    await consent_effects.take_effect(
        viewer,
        consent_effects.Taken(
            decision_id=row["id"], guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision,
            document_reference=document_reference,
        ),
    )  # fmt: skip
    return RegisteredDecision(
        id=row["id"],
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        form=form,
        received_at=received_at,
        registered_at=row["registered_at"],
        valid_until=valid_until,
    )
