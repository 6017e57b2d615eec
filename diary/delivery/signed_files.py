"""Deciding by a signature file: an enhanced or qualified signature under the document of the school (63-FZ)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.signatures import apart
from diary.consent.signatures.result import Checked
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind, SignatureVerdict
from diary.delivery import admissibility, consent_documents, consents, signatures
from diary.delivery.consent_documents import NOTHING_TOLD, Issued, Particulars
from diary.delivery.signing import DocumentChanged, DocumentIncomplete
from diary.delivery.statements import close_overtaken, draft_note, keep_draft
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, Refusal
from diary.kit.wording import _

#: A signed document, and its signature with the certificates on the way, are no larger; a usual pair takes 15 KB.
LARGEST_DOCUMENT = 32 * 1024
LARGEST_SIGNATURE = 32 * 1024
#: So many signature files are looked at for one account in a day: each is kept for ever.
FILES_AT_MOST, FILES_WITHIN = 10, timedelta(days=1)

OTHER_DOCUMENT = _("Подписан не тот документ, который выдала школа.")
TO_BE_READ = _("Подпись действительна. Документ заполнен не через дневник, поэтому его сначала прочитает школа.")


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

    A document whose places were filled in past the service is kept for the office too, which reads what they say. The
    same file once more returns what rests on it already.
    Raises NotFound, BadInput, DocumentChanged, DocumentIncomplete, TooManySignatures, OwnDecisionTooEarly,
    NothingToWithdraw.
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
    case = await _expectation(viewer, handed)
    if isinstance(case, Submitted):
        return case
    expected, trust = case
    # Outside of any transaction: checking takes a second and may take many.
    checked = await apart.check(
        document,
        cms,
        expected=expected.signer,
        trusted=trust.trusted,
        accredited=trust.accredited,
        at=clock.now(),
    )
    return await _submit(viewer, handed, checked)


@command
async def _expectation(viewer: Viewer, handed: Handed) -> Submitted | tuple[Issued, Authorities]:
    """Return who has to have signed, and whom the school trusts; refuse what would come to nothing."""
    issued, _told = await _documents(handed)
    if (resting := await _resting(issued.school, handed)) is not None:
        return resting
    if issued.is_overtaken(handed.document):
        raise DocumentChanged
    await admissibility.require_possible(
        guardian_id=handed.guardian_id, pupil_id=handed.pupil_id, purpose=handed.purpose, decision=handed.decision
    )
    await _require_few(viewer)
    return issued, await authorities(issued.school)


@command
async def _submit(viewer: Viewer, handed: Handed, checked: Checked) -> Submitted:
    school = await consents.lock_pair(None, handed.guardian_id, handed.pupil_id)
    issued, told = await _documents(handed)
    # Of a double click the second waits for the pair and finds what the first has left.
    if (resting := await _resting(school, handed)) is not None:
        return resting
    if issued.is_overtaken(handed.document):
        raise DocumentChanged
    await _require_few(viewer)
    checked = of_this_document(checked, handed.document, issued)
    as_told = handed.document == told.text.document.encode()
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
    if checked.verdict is SignatureVerdict.VALID and as_told:
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
            note=draft_note(checked, put_in),
            needs_reading=bool(put_in),
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
    """Return what rests on this very file already: the person's latest decision, or a draft to be read."""
    rows = await database.fetch(
        """
        SELECT s.kind, s.reason, d.id, d.received_at, d.registered_at, d.valid_until, t.id AS statement
        FROM signature s
        LEFT JOIN consent_decision d ON d.signature = s.id AND d.guardian IS NOT DISTINCT FROM $4 AND d.pupil = $5
            AND d.purpose = $6 AND d.decision = $7
            AND NOT EXISTS (SELECT FROM consent_decision l WHERE l.guardian IS NOT DISTINCT FROM $4 AND l.pupil = $5
                AND l.purpose = $6 AND l.seq > d.seq)
        LEFT JOIN statement t ON t.signature = s.id AND t.guardian IS NOT DISTINCT FROM $4 AND t.pupil = $5
            AND t.purpose = $6 AND t.decision = $7 AND t.state = 'DRAFT'
        WHERE s.school = $1 AND sha256(s.cms) = sha256($2) AND s.document = $3 AND s.verdict = 'VALID'
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
        verdict=SignatureVerdict.VALID,
        reason=found["reason"] if decision else TO_BE_READ,
        signature_kind=SignatureKind(found["kind"]),
        decision=decision,
        statement_id=None if decision else found["statement"],
    )


def of_this_document(checked: Checked, document: bytes, issued: Issued) -> Checked:
    """Return the check as it counts for this decision: a good signature under other words is no signature of it."""
    if checked.verdict is SignatureVerdict.VALID and not issued.is_signed_in(document):
        return replace(checked, verdict=SignatureVerdict.TAMPERED, reason=OTHER_DOCUMENT, authority_sha256="")
    return checked


def filled_places(checked: Checked, document: bytes, issued: Issued) -> tuple[str, ...]:
    """Return what the signer of a valid signature has put into the places of the open document."""
    if checked.verdict is not SignatureVerdict.VALID:
        return ()
    return tuple(piece for piece in issued.put_in(document) or () if piece != texts.BLANK)


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
