"""Signing one's own decision with a code that came back: a simple signature (63-FZ art. 9, R2.1, D5)."""

from __future__ import annotations

from uuid import UUID

from diary.access.accounts import require_own_password
from diary.access.viewer import Viewer
from diary.consent.signing_agreements import require_agreed
from diary.consent.tables import Decision, Purpose, SignatureKind
from diary.delivery import admissibility, alerts, codes, consent_documents, consents, signatures
from diary.delivery.consent_documents import NOTHING_TOLD, Issued, Particulars
from diary.delivery.settled_contacts import require_settled
from diary.delivery.statements import close_overtaken
from diary.delivery.tables import CodePurpose
from diary.kit import database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _

TO_BE_READ = _(
    "укажите только адрес, документ или основание, с номером; если его нет, подайте файл подписи или бумагу: "
    "сначала это прочитает школа"
)


class DocumentChanged(Refusal):
    """The document is no longer the one that was shown: a new wording, another name, or a decision in between."""

    code = "DOCUMENT_CHANGED"
    wording = _("Документ изменился, пока вы его подписывали. Прочитайте его заново.")


class DocumentIncomplete(Refusal):
    """A consent that leaves out whose papers and address are meant is none (152-FZ art. 9 p. 4)."""

    code = "DOCUMENT_INCOMPLETE"
    wording = _(
        "В документе остались пустые места: укажите адреса, документы и основание полномочий. "
        "Адрес школы указывает школа."
    )


class ContactNeedsCode(Refusal):
    """An address that a paper names was typed by staff; codes to sign with go where a code has come back from."""

    code = "CONTACT_NEEDS_CODE"
    wording = _("Этот адрес записан по документу. Сначала подтвердите его кодом, тогда на него придёт и код подписи.")


@command
async def request_signing_code(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    contact_id: UUID,
    document_sha256: str,
    particulars: Particulars = NOTHING_TOLD,
    address: str = "",
) -> codes.CodeSent:
    """Send a code to an own confirmed contact, bound to the very document that was shown.

    Raises NotFound, DocumentChanged, DocumentIncomplete, PasswordNotOwn, SigningNotAgreed, ContactNeedsCode,
    ContactTooNew, BadInput, TooManyCodes and what `admissibility.require_possible` raises.
    """
    consents.require_own(viewer, guardian_id, pupil_id)
    issued = await _issued(guardian_id, pupil_id, purpose, decision, particulars)
    document = issued.text
    await admissibility.require_possible(guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision)
    if document_sha256.strip().lower() != document.document_sha256:
        raise DocumentChanged
    if decision is Decision.GIVEN and not issued.is_complete:
        raise DocumentIncomplete
    if decision is Decision.GIVEN and issued.unread:
        # By a code it would be in force at once, with nobody to read it first.
        raise BadInput(field=issued.unread[0], reason=TO_BE_READ)
    await _require_signer(viewer, guardian_id, pupil_id)
    await _require_contact(viewer, contact_id, guardian_id or pupil_id)
    return await codes.send_code(
        viewer,
        account_id=viewer.account_id,
        contact_id=contact_id,
        purpose=CodePurpose.SIGN_DECISION,
        document=document.document.encode(),
        document_sha256=document.document_sha256,
        facts={
            "guardian": str(guardian_id) if guardian_id else None,
            "pupil": str(pupil_id),
            "purpose": purpose.value,
            "decision": decision.value,
            "version": document.version,
        },
        address=address,
    )


async def sign_with_code(
    viewer: Viewer, *, request_id: UUID, code: str, address: str = ""
) -> consents.RegisteredDecision:
    """Sign the document that the code was bound to, and register the decision, all or nothing.

    A wrong try counts although it is refused. Raises NotFound, CodeWrong, CodeExpired, CodeSpent, DocumentChanged,
    PasswordNotOwn, SigningNotAgreed, ContactNeedsCode, ContactTooNew and what `admissibility.require_possible` raises.
    """
    used = await codes.try_code(
        viewer,
        request_id=request_id,
        account_id=viewer.account_id,
        code=code,
        purpose=CodePurpose.SIGN_DECISION,
    )
    return await _sign(viewer, used, address)


@command
async def _sign(viewer: Viewer, used: codes.UsedCode, address: str) -> consents.RegisteredDecision:
    facts = used.facts or {}
    guardian_id = UUID(facts["guardian"]) if facts["guardian"] else None
    pupil_id, purpose, decision = UUID(facts["pupil"]), Purpose(facts["purpose"]), Decision(facts["decision"])
    consents.require_own(viewer, guardian_id, pupil_id)
    # Decisions about the pair wait for one another, so the document stays what it is until the end.
    school = await consents.lock_pair(None, guardian_id, pupil_id)
    agreement = await _require_signer(viewer, guardian_id, pupil_id)
    await _require_contact(viewer, used.contact_id, guardian_id or pupil_id)
    confirmed_at = await codes.spend(used)
    document = await _issued(guardian_id, pupil_id, purpose, decision)
    if used.document is None or not document.is_signed_in(used.document):
        raise DocumentChanged
    signature = await signatures.keep_simple(
        used,
        school=school,
        account_id=viewer.account_id,
        agreement_id=agreement,
        signer=" ".join(filter(None, (document.signer.family, document.signer.given, document.signer.patronymic))),
        at=confirmed_at,
        address=address,
    )
    registered = await consents.register_signed(
        viewer,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        signature_kind=SignatureKind.SIMPLE,
        signature_id=signature,
    )
    await close_overtaken(registered)
    await alerts.signed(viewer, contact_id=used.contact_id, signature_id=signature, decision=decision, purpose=purpose)
    return registered


async def _issued(
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    particulars: Particulars = NOTHING_TOLD,
) -> Issued:
    return await consent_documents.issued(
        guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision, particulars=particulars
    )


async def _require_signer(viewer: Viewer, guardian_id: UUID | None, pupil_id: UUID) -> UUID:
    """Return the agreement under which the person signs by codes; raises PasswordNotOwn, SigningNotAgreed."""
    await require_own_password(viewer.account_id)
    return await require_agreed(guardian_id=guardian_id, pupil_id=pupil_id)


async def _require_contact(viewer: Viewer, contact_id: UUID, person: UUID) -> None:
    """Refuse an address that is not the signer's own, in use, and confirmed by a code that came back from it.

    What staff typed out of a paper could be anybody's. Raises NotFound, ContactNeedsCode, ContactTooNew.
    """
    rows = await database.fetch(
        "SELECT confirmed_by_code IS NOT NULL AS by_code FROM contact_point WHERE id = $1 "
        "AND coalesce(guardian, pupil) = $2 AND confirmed_at IS NOT NULL AND retired_at IS NULL",
        contact_id,
        person,
    )
    if not rows:
        raise NotFound
    if not rows[0]["by_code"]:
        raise ContactNeedsCode
    await require_settled(contact_id, account_id=viewer.account_id)
