"""The office checks a signature file that a family has sent it; registering is a step of its own (63-FZ, D10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.signatures import apart
from diary.consent.signatures.result import Checked
from diary.consent.tables import Decision, Purpose, SignatureVerdict
from diary.delivery import consent_documents, consents, signatures
from diary.delivery.signed_files import (
    LARGEST_DOCUMENT,
    LARGEST_SIGNATURE,
    Authorities,
    authorities,
    filled_places,
    of_this_document,
    of_this_moment,
    require_size,
)
from diary.delivery.statements import draft_note, keep_draft
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput
from diary.kit.wording import _


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStatement:
    """A draft with what checking its signature has shown; only a valid one can be registered."""

    statement_id: UUID
    verdict: SignatureVerdict
    reason: str
    signer: str
    #: What the signer has put into the document's places; somebody reads it before registering.
    put_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is to be checked: a file against the document that it has to be under."""

    statement_id: UUID | None
    issued: consent_documents.Issued
    trust: Authorities
    document: bytes
    cms: bytes


async def check_statement_signature(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    cms: bytes | None = None,
    document: bytes | None = None,
) -> CheckedStatement:
    """Check a signature file under the pair's document and keep it with its electronic draft, a new one if need be.

    The signed document comes with the file when the person has filled in its empty places. Without a file the one that
    the draft has is checked again: an authority may have become trusted since. Raises
    NotFound for a pair that the office does not know, BadInput, StatementClosed, ChecksBusy.
    """
    if cms is not None:
        require_size("signature", cms, LARGEST_SIGNATURE)
    if document is not None:
        require_size("document", document, LARGEST_DOCUMENT)
    case = await _case(
        viewer,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        cms=cms,
        document=document,
    )
    # Outside of any transaction: checking takes a second and may take many.
    checked = await apart.check(
        case.document,
        case.cms,
        expected=case.issued.signer,
        trusted=case.trust.trusted,
        accredited=case.trust.accredited,
        at=clock.now(),
    )
    return await _keep(viewer, case, checked, guardian_id=guardian_id, pupil_id=pupil_id, decision=decision)


@command
async def _case(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    cms: bytes | None,
    document: bytes | None,
) -> _Case:
    school = await consents.lock_pair(viewer.schools(Role.OFFICE), guardian_id, pupil_id)
    drafts = await database.fetch(
        """
        SELECT t.id, t.text_version, s.document, s.cms FROM statement t LEFT JOIN signature s ON s.id = t.signature
        WHERE t.school = $1 AND t.guardian IS NOT DISTINCT FROM $2 AND t.pupil = $3 AND t.purpose = $4
            AND t.decision = $5 AND t.form = 'ELECTRONIC' AND t.state = 'DRAFT'
        ORDER BY t.received_at DESC, t.id DESC LIMIT 1
        """,
        school,
        guardian_id,
        pupil_id,
        purpose.value,
        decision.value,
    )
    draft = drafts[0] if drafts else None
    issued = await consent_documents.issued(
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        version=draft["text_version"] if draft else "",
    )
    file: bytes | None = cms
    if file is None and draft is not None:
        file = draft["cms"]
    if file is None:
        raise BadInput(field="signature", reason=_("приложите файл подписи: в заявлении его ещё нет"))
    return _Case(
        statement_id=draft["id"] if draft else None,
        issued=issued,
        trust=await authorities(school),
        document=document or (issued.text.document.encode() if draft is None or cms is not None else draft["document"]),
        cms=file,
    )


@command
async def _keep(
    viewer: Viewer, case: _Case, checked: Checked, *, guardian_id: UUID | None, pupil_id: UUID, decision: Decision
) -> CheckedStatement:
    school = await consents.lock_pair(viewer.schools(Role.OFFICE), guardian_id, pupil_id)
    text = case.issued.text
    checked = await of_this_moment(of_this_document(checked, case.document, case.issued), school)
    kind = signatures.kind_of(checked)
    signature = await signatures.keep_checked(
        checked,
        school=school,
        document=case.document,
        sha256=hashlib.sha256(case.document).hexdigest(),
        cms=case.cms,
        account_id=None,
    )
    put_in = filled_places(checked, case.document, case.issued)
    statement = await keep_draft(
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=text.purpose,
        decision=decision,
        kind=kind,
        signature_id=signature,
        text_version=text.version,
        check_note=draft_note(checked, put_in),
        needs_reading=decision is Decision.GIVEN and bool(put_in),
        statement_id=case.statement_id,
    )
    return CheckedStatement(
        statement_id=statement, verdict=checked.verdict, reason=checked.reason, signer=checked.signer, put_in=put_in
    )
