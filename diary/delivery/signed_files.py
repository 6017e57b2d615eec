"""Deciding by a signature file: an enhanced or qualified signature under the document of the school (63-FZ)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.signatures import apart
from diary.consent.signatures.container import opened
from diary.consent.signatures.result import Checked, NotASignature
from diary.consent.signatures.trust import UNTRUSTED, sha256_of
from diary.consent.signatures.trust import authorities as certificates
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind, SignatureVerdict
from diary.delivery import admissibility, consent_documents, consents, signature_attempts, signatures
from diary.delivery.consent_documents import NOTHING_TOLD, Issued, Particulars
from diary.delivery.signing import DocumentChanged, DocumentIncomplete
from diary.delivery.statements import close_overtaken, draft_note, keep_draft
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput
from diary.kit.wording import _

#: A signed document, and its signature with the certificates on the way, are no larger; a usual pair takes 15 KB.
LARGEST_DOCUMENT = 32 * 1024
LARGEST_SIGNATURE = 32 * 1024
#: How long a family waits for its file to be checked, its turn included: less than an answer may take altogether.
LONGEST_CHECK = 3.5

OTHER_DOCUMENT = _("Подписан не тот документ, который выдала школа.")
TO_BE_READ = _("Подпись действительна. То, что вписано в документ, сначала прочитает школа.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A signature file as its signer hands it in: what is decided, and with what it is signed."""

    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    document: bytes
    cms: bytes
    particulars: Particulars
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Who has to have signed, whom the school trusts, and under which number the attempt is counted."""

    expected: Issued
    trust: Authorities
    attempt: UUID


async def submit_signed_decision(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    document: bytes,
    cms: bytes,
    particulars: Particulars = NOTHING_TOLD,
    address: str = "",
) -> Submitted:
    """Check a signed document: a valid one is registered at once, anything else is kept as a draft for the office.

    A consent in whose places stands what the service has not filled in, or cannot tell from prose, is kept for the
    office too, which reads it. The same file once more returns what rests on it already; what is no signature file at
    all leaves nothing.
    Raises NotFound, BadInput, DocumentChanged, DocumentIncomplete, TooManySignatures, SignatureBeingChecked,
    ChecksBusy, OwnDecisionTooEarly, NothingToWithdraw.
    """
    consents.require_own(viewer, guardian_id, pupil_id)
    require_size("document", document, LARGEST_DOCUMENT)
    require_size("signature", cms, LARGEST_SIGNATURE)
    if decision is Decision.GIVEN and texts.BLANK.encode() in document:
        raise DocumentIncomplete
    handed = Handed(
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        document=document,
        cms=cms,
        particulars=particulars,
        address=address,
    )
    try:
        opened(cms)
    except NotASignature as found:
        # Told apart by its form alone: it costs no process and says nothing of the person.
        if found.verdict is SignatureVerdict.MALFORMED:
            return Submitted(
                verdict=found.verdict,
                reason=found.reason,
                signature_kind=SignatureKind.ENHANCED,
                decision=None,
                statement_id=None,
            )
    case = await _expectation(viewer, handed)
    if isinstance(case, Submitted):
        return case
    try:
        return await _submit(viewer, handed, await _checked(viewer, handed, case))
    finally:
        await signature_attempts.end(viewer, case.attempt)


async def _checked(viewer: Viewer, handed: Handed, case: _Case) -> Checked:
    """Check the file outside of any transaction: it takes a second and may take many."""
    try:
        return await apart.check(
            handed.document,
            handed.cms,
            expected=case.expected.signer,
            trusted=case.trust.trusted,
            accredited=case.trust.accredited,
            at=clock.now(),
            seconds=LONGEST_CHECK,
        )
    except apart.ChecksBusy:
        await signature_attempts.take_back(viewer, case.attempt)
        raise


@command
async def _expectation(viewer: Viewer, handed: Handed) -> Submitted | _Case:
    """Return who has to have signed, and whom the school trusts; count the attempt, refuse what comes to nothing."""
    issued, _told = await _documents(handed)
    if (resting := await _resting(issued.school, handed)) is not None:
        return resting
    if issued.is_overtaken(handed.document):
        raise DocumentChanged
    await admissibility.require_possible(
        guardian_id=handed.guardian_id, pupil_id=handed.pupil_id, purpose=handed.purpose, decision=handed.decision
    )
    attempt = await signature_attempts.begin(viewer)
    return _Case(expected=issued, trust=await authorities(issued.school), attempt=attempt)


@command
async def _submit(viewer: Viewer, handed: Handed, checked: Checked) -> Submitted:
    school = await consents.lock_pair(None, handed.guardian_id, handed.pupil_id)
    issued, told = await _documents(handed)
    # Of a double click the second waits for the pair and finds what the first has left.
    if (resting := await _resting(school, handed)) is not None:
        return resting
    if issued.is_overtaken(handed.document):
        raise DocumentChanged
    checked = await of_this_moment(of_this_document(checked, handed.document, issued), school)
    # A refusal and a withdrawal take effect whatever stands in their places: there is no consent to turn (R2.3).
    speaks_for_itself = handed.decision is not Decision.GIVEN or (
        handed.document == told.text.document.encode() and not told.unread
    )
    kind = signatures.kind_of(checked)
    signature = await signatures.keep_checked(
        checked,
        school=school,
        document=handed.document,
        sha256=hashlib.sha256(handed.document).hexdigest(),
        cms=handed.cms,
        account_id=viewer.account_id,
        address=handed.address,
    )
    registered, statement = None, None
    if checked.verdict is SignatureVerdict.VALID and speaks_for_itself:
        registered = await consents.register_signed(
            viewer,
            guardian_id=handed.guardian_id,
            pupil_id=handed.pupil_id,
            purpose=handed.purpose,
            decision=handed.decision,
            signature_kind=kind,
            signature_id=signature,
        )
        await close_overtaken(registered)
    else:
        put_in = filled_places(checked, handed.document, issued)
        statement = await keep_draft(
            school=school,
            guardian_id=handed.guardian_id,
            pupil_id=handed.pupil_id,
            purpose=handed.purpose,
            decision=handed.decision,
            kind=kind,
            signature_id=signature,
            text_version=issued.text.version,
            check_note=draft_note(checked, put_in),
            needs_reading=checked.verdict is SignatureVerdict.VALID,
        )
    return Submitted(
        verdict=checked.verdict,
        reason=TO_BE_READ if checked.verdict is SignatureVerdict.VALID and statement else checked.reason,
        signature_kind=kind,
        decision=registered,
        statement_id=statement,
    )


async def _documents(handed: Handed) -> tuple[Issued, Issued]:
    """Return the document with its places open, and as the service fills it in with what the signer tells it."""
    open_one, told = [
        await consent_documents.issued(
            guardian_id=handed.guardian_id,
            pupil_id=handed.pupil_id,
            purpose=handed.purpose,
            decision=handed.decision,
            particulars=particulars,
        )
        for particulars in (NOTHING_TOLD, handed.particulars)
    ]
    return open_one, told


async def _resting(school: UUID, handed: Handed) -> Submitted | None:
    """Return what rests on this very file already: the person's latest decision, or a draft, with its verdict."""
    rows = await database.fetch(
        """
        SELECT s.kind, s.verdict, s.reason, d.id, d.received_at, d.registered_at, d.valid_until, t.id AS statement
        FROM signature s
        LEFT JOIN consent_decision d ON d.signature = s.id AND d.guardian IS NOT DISTINCT FROM $4 AND d.pupil = $5
            AND d.purpose = $6 AND d.decision = $7
            AND NOT EXISTS (SELECT FROM consent_decision l WHERE l.guardian IS NOT DISTINCT FROM $4 AND l.pupil = $5
                AND l.purpose = $6 AND l.seq > d.seq)
        LEFT JOIN statement t ON t.signature = s.id AND t.guardian IS NOT DISTINCT FROM $4 AND t.pupil = $5
            AND t.purpose = $6 AND t.decision = $7 AND t.state = 'DRAFT'
        WHERE s.school = $1 AND sha256(s.cms) = sha256($2) AND s.document = $3
            AND (d.id IS NOT NULL OR t.id IS NOT NULL)
        ORDER BY d.id IS NULL, s.id LIMIT 1
        """,
        school,
        handed.cms,
        handed.document,
        handed.guardian_id,
        handed.pupil_id,
        handed.purpose.value,
        handed.decision.value,
    )
    if not rows:
        return None
    found = rows[0]
    decision = None
    if found["id"] is not None:
        decision = consents.RegisteredDecision(
            id=found["id"],
            guardian_id=handed.guardian_id,
            pupil_id=handed.pupil_id,
            purpose=handed.purpose,
            decision=handed.decision,
            form=DocumentForm.ELECTRONIC,
            received_at=found["received_at"],
            registered_at=found["registered_at"],
            valid_until=found["valid_until"],
        )
    return Submitted(
        verdict=SignatureVerdict(found["verdict"]),
        reason=TO_BE_READ if decision is None and found["verdict"] == SignatureVerdict.VALID else found["reason"],
        signature_kind=SignatureKind(found["kind"]),
        decision=decision,
        statement_id=None if decision else found["statement"],
    )


def of_this_document(checked: Checked, document: bytes, issued: Issued) -> Checked:
    """Return the check as it counts for this decision: a good signature under other words is no signature of it."""
    if checked.verdict is SignatureVerdict.VALID and not issued.is_signed_in(document):
        return replace(checked, verdict=SignatureVerdict.TAMPERED, reason=OTHER_DOCUMENT, authority_sha256="")
    return checked


async def of_this_moment(checked: Checked, school: UUID) -> Checked:
    """Return the check as it counts now: the authority may have been retired while the file was looked at."""
    if checked.verdict is not SignatureVerdict.VALID:
        return checked
    trust = await authorities(school)
    standing = trust.accredited if checked.qualified else trust.trusted
    if checked.authority_sha256 in {sha256_of(authority) for authority in certificates(standing)}:
        return checked
    return replace(checked, verdict=SignatureVerdict.UNTRUSTED, reason=UNTRUSTED, authority_sha256="", qualified=False)


def filled_places(checked: Checked, document: bytes, issued: Issued) -> tuple[str, ...]:
    """Return what the signer of a valid signature has put into the places of the open document."""
    if checked.verdict is not SignatureVerdict.VALID:
        return ()
    return tuple(piece for piece in issued.put_in(document) or () if piece != texts.BLANK)


async def authorities(school: UUID) -> Authorities:
    """Return the certificates that a school trusts now; those taken out of use are not among them."""
    rows = await database.fetch(
        "SELECT pem, qualified FROM trusted_certificate "
        "WHERE school = $1 AND sha256 <> '' AND (retired_at IS NULL OR retired_at > $2) ORDER BY id",
        school,
        clock.now(),
    )
    return Authorities(
        trusted=tuple(row["pem"] for row in rows), accredited=tuple(row["pem"] for row in rows if row["qualified"])
    )


def require_size(field: str, content: bytes, largest: int) -> None:
    """Refuse a file that is empty or larger than any real one; raises BadInput."""
    if not content:
        raise BadInput(field=field, reason=_("файл пуст"))
    if len(content) > largest:
        raise BadInput(field=field, reason=_("файл слишком большой"))
