"""Signing one's own decision: with a code that came back, or with a signature file (63-FZ, R2.1, D5)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.signatures.check import check_cms
from diary.consent.signatures.result import Checked
from diary.consent.tables import Decision, Purpose, SignatureKind, SignatureVerdict
from diary.delivery import admissibility, codes, consent_documents, consents, signatures
from diary.delivery.consent_documents import NOTHING_TOLD, Issued, Particulars
from diary.delivery.statements import keep_draft
from diary.delivery.tables import CodePurpose
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _

#: A signed document, and its signature with the certificates on the way, are no larger; a usual pair takes 15 KB.
LARGEST_DOCUMENT = 32 * 1024
LARGEST_SIGNATURE = 32 * 1024
#: So many signature files are looked at for one account in a day: each is kept for ever.
FILES_AT_MOST, FILES_WITHIN = 10, timedelta(days=1)


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


class TooManySignatures(Refusal):
    """So many signature files have come from this account lately that no more are looked at for a while."""

    code = "TOO_MANY_SIGNATURES"
    wording = _("За сутки принято подписей: {most}. Попробуйте завтра или принесите документ в школу.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What has become of a signature file: a decision in the ledger, or a draft that waits for the office."""

    verdict: SignatureVerdict
    reason: str
    signature_kind: SignatureKind
    decision: consents.RegisteredDecision | None
    statement_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """Certificates that a school trusts at an instant, and those of them that make a signature qualified."""

    trusted: tuple[str, ...]
    accredited: tuple[str, ...]


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

    Raises NotFound, DocumentChanged, DocumentIncomplete, BadInput, TooManyCodes and what
    `admissibility.require_possible` raises.
    """
    consents.require_own(viewer, guardian_id, pupil_id)
    issued = await _issued(guardian_id, pupil_id, purpose, decision, particulars)
    document = issued.text
    await admissibility.require_possible(guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision)
    if document_sha256.strip().lower() != document.document_sha256:
        raise DocumentChanged
    if decision is Decision.GIVEN and not issued.is_complete:
        raise DocumentIncomplete
    await _require_contact(contact_id, guardian_id or pupil_id)
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

    A wrong try counts although it is refused. Raises NotFound, CodeWrong, CodeExpired, CodeSpent, DocumentChanged and
    what `admissibility.require_possible` raises.
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
    await _require_contact(used.contact_id, guardian_id or pupil_id)
    confirmed_at = await codes.spend(used)
    document = await _issued(guardian_id, pupil_id, purpose, decision)
    if used.document is None or not document.is_signed_in(used.document):
        raise DocumentChanged
    signature = await signatures.keep_simple(
        used,
        school=school,
        account_id=viewer.account_id,
        signer=" ".join(filter(None, (document.signer.family, document.signer.given, document.signer.patronymic))),
        at=confirmed_at,
        address=address,
    )
    return await consents.register_signed(
        viewer,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        signature_kind=SignatureKind.SIMPLE,
        signature_id=signature,
    )


async def submit_signed_decision(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    document: bytes,
    cms: bytes,
    address: str = "",
) -> Submitted:
    """Check a signed document: a valid one is registered at once, anything else is kept as a draft for the office.

    Raises NotFound, BadInput, DocumentIncomplete, TooManySignatures, OwnDecisionTooEarly, NothingToWithdraw.
    """
    consents.require_own(viewer, guardian_id, pupil_id)
    require_size("document", document, LARGEST_DOCUMENT)
    require_size("signature", cms, LARGEST_SIGNATURE)
    if decision is Decision.GIVEN and texts.BLANK.encode() in document:
        raise DocumentIncomplete
    expected, trust = await _expectation(viewer, guardian_id, pupil_id, purpose, decision)
    # Outside of any transaction: checking computes and may wait for openssl.
    checked = await asyncio.to_thread(
        check_cms,
        document,
        cms,
        expected=expected.signer,
        trusted=trust.trusted,
        accredited=trust.accredited,
        at=clock.now(),
    )
    return await _submit(
        viewer,
        checked,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        document=document,
        cms=cms,
        address=address,
    )


@command
async def _expectation(
    viewer: Viewer, guardian_id: UUID | None, pupil_id: UUID, purpose: Purpose, decision: Decision
) -> tuple[Issued, Authorities]:
    """Return who has to have signed, and whom the school trusts; refuse what would come to nothing."""
    document = await _issued(guardian_id, pupil_id, purpose, decision)
    await admissibility.require_possible(guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision)
    await _require_few(viewer)
    return document, await authorities(document.school)


@command
async def _submit(
    viewer: Viewer,
    checked: Checked,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    document: bytes,
    cms: bytes,
    address: str,
) -> Submitted:
    school = await consents.lock_pair(None, guardian_id, pupil_id)
    await _require_few(viewer)
    issued = await _issued(guardian_id, pupil_id, purpose, decision)
    checked = of_this_document(checked, document, issued)
    kind = signatures.kind_of(checked)
    signature = await signatures.keep_checked(
        checked,
        school=school,
        document=document,
        sha256=hashlib.sha256(document).hexdigest(),
        cms=cms,
        account_id=viewer.account_id,
        address=address,
    )
    registered, statement = None, None
    if checked.verdict is SignatureVerdict.VALID:
        registered = await consents.register_signed(
            viewer,
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            purpose=purpose,
            decision=decision,
            signature_kind=kind,
            signature_id=signature,
        )
    else:
        statement = await keep_draft(
            school=school,
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            purpose=purpose,
            decision=decision,
            kind=kind,
            signature_id=signature,
            text_version=issued.text.version,
            note=f"{checked.verdict.value}: {checked.reason}",
        )
    return Submitted(
        verdict=checked.verdict,
        reason=checked.reason,
        signature_kind=kind,
        decision=registered,
        statement_id=statement,
    )


def of_this_document(checked: Checked, document: bytes, issued: Issued) -> Checked:
    """Return the check as it counts for this decision: a good signature under other words is no signature of it."""
    if checked.verdict is SignatureVerdict.VALID and not issued.is_signed_in(document):
        return replace(
            checked, verdict=SignatureVerdict.TAMPERED, reason=_("Подписан не тот документ, который выдала школа.")
        )
    return checked


async def authorities(school: UUID) -> Authorities:
    """Return the certificates that a school trusts now; those taken out of use are not among them."""
    rows = await database.fetch(
        "SELECT pem, qualified FROM trusted_certificate "
        "WHERE school = $1 AND (retired_at IS NULL OR retired_at > $2) ORDER BY id",
        school,
        clock.now(),
    )
    return Authorities(
        trusted=tuple(row["pem"] for row in rows), accredited=tuple(row["pem"] for row in rows if row["qualified"])
    )


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


async def _require_contact(contact_id: UUID, person: UUID) -> None:
    """Refuse an address that is not the signer's own, confirmed and in use; raises NotFound."""
    rows = await database.fetch(
        "SELECT FROM contact_point WHERE id = $1 AND coalesce(guardian, pupil) = $2 AND confirmed_at IS NOT NULL "
        "AND retired_at IS NULL",
        contact_id,
        person,
    )
    if not rows:
        raise NotFound


async def _require_few(actor: Actor) -> None:
    """Refuse an account's next signature file for a while; two that come at once are counted one after the other."""
    await database.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('signatures:' || $1, 0))", str(actor.account_id)
    )
    rows = await database.fetch(
        "SELECT count(*) AS lately FROM signature WHERE account = $1 AND kind <> 'SIMPLE' AND checked_at > $2",
        actor.account_id,
        clock.now() - FILES_WITHIN,
    )
    if rows[0]["lately"] >= FILES_AT_MOST:
        raise TooManySignatures(most=FILES_AT_MOST)


def require_size(field: str, content: bytes, largest: int) -> None:
    """Refuse a file that is empty or larger than any real one; raises BadInput."""
    if not content:
        raise BadInput(field=field, reason=_("файл пуст"))
    if len(content) > largest:
        raise BadInput(field=field, reason=_("файл слишком большой"))
