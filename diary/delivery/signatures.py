"""Electronic signatures as evidence: one is kept for ever, and carries one decision at most (63-FZ, R2.1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.consent import texts
from diary.consent.signatures.result import VERDICTS, Checked
from diary.consent.tables import Decision, Purpose, SignatureKind, SignatureVerdict
from diary.delivery import consent_documents
from diary.delivery.codes import UsedCode
from diary.kit import clock, database
from diary.kit.refusal import Refusal
from diary.kit.wording import _

MISSING = _("электронной подписи под этим документом нет")
OTHER_KIND = _("подпись другого вида")
OTHER_DOCUMENT = _("подписан другой документ, чем выдан этому лицу для этого решения")
INCOMPLETE = _("в документе остались пустые места")
USED = _("эта подпись уже стоит под другим решением")
OTHER_PERSON = _("код подтверждён с чужой учётной записи")
NOT_TRUSTED = _("удостоверяющему центру этой подписи школа больше не доверяет, проверьте подпись ещё раз")
NOT_AGREED = _("простая подпись не основана на соглашении с этим лицом")
CODE_CAME_BACK = _("Код, отправленный на подтверждённый адрес, введён подписавшим.")


class SignatureNotValid(Refusal):
    """A decision in electronic form rests on a signature that was checked and is valid (63-FZ)."""

    code = "SIGNATURE_NOT_VALID"
    wording = _("Электронная подпись не принята: {reason}")


async def require_valid(
    signature_id: UUID | None,
    *,
    school: UUID,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    kind: SignatureKind | None,
    text_version: str,
) -> str:
    """Return the version of the wording under which a valid and unused signature of this very decision stands.

    The document itself tells whose and which decision it is. Raises SignatureNotValid.
    """
    rows = await database.fetch(
        """
        SELECT s.kind, s.verdict, s.reason, s.document,
            EXISTS (SELECT FROM consent_decision d WHERE d.signature = s.id) AS used,
            s.kind <> 'SIMPLE' OR EXISTS (SELECT FROM capacity c WHERE c.account = s.account
                AND CASE WHEN $3::uuid IS NULL THEN c.pupil = $4 ELSE c.guardian = $3 END) AS own,
            s.kind <> 'SIMPLE' OR EXISTS (SELECT FROM signing_agreement a WHERE a.id = s.agreement
                AND coalesce(a.guardian, a.pupil) = coalesce($3::uuid, $4)) AS agreed,
            s.kind = 'SIMPLE' OR EXISTS (SELECT FROM trusted_certificate t WHERE t.school = s.school
                AND t.sha256 = s.authority_sha256 AND t.sha256 <> ''
                AND (t.retired_at IS NULL OR t.retired_at > $5) AND (t.qualified OR s.kind <> 'QUALIFIED')) AS trusted
        FROM signature s WHERE s.id = $1 AND s.school = $2
        """,
        signature_id,
        school,
        guardian_id,
        pupil_id,
        clock.now(),
    )
    if not rows:
        raise SignatureNotValid(verdict="MISSING", reason=MISSING)
    found = rows[0]
    if found["verdict"] != SignatureVerdict.VALID:
        raise SignatureNotValid(verdict=found["verdict"], reason=found["reason"] or VERDICTS[found["verdict"]])
    document = await consent_documents.issued(
        guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision, version=text_version
    )
    problems = (
        (found["used"], USED),
        (kind is None or found["kind"] != kind, OTHER_KIND),
        (not found["own"], OTHER_PERSON),
        (not found["agreed"], NOT_AGREED),
        (not found["trusted"], NOT_TRUSTED),
        (not document.is_signed_in(found["document"]), OTHER_DOCUMENT),
        (decision is Decision.GIVEN and texts.BLANK.encode() in found["document"], INCOMPLETE),
    )
    for wrong, reason in problems:
        if wrong:
            raise SignatureNotValid(verdict=found["verdict"], reason=reason)
    return document.text.version


async def keep_simple(
    used: UsedCode, *, school: UUID, account_id: int, agreement_id: UUID, signer: str, at: datetime, address: str
) -> UUID:
    """Keep a simple signature: an account and a code that came back, with the document byte for byte."""
    rows = await database.fetch(
        """
        INSERT INTO signature (id, school, kind, verdict, reason, document, document_sha256, signer, signed_at,
            checked_at, checked_by, account, code_sent_to, code_sent_at, code_confirmed_at, address, agreement)
        VALUES (uuidv7(), $1, 'SIMPLE', 'VALID', $2, $3, $4, $5, $6, $6, '', $7, $8, $9, $6, $10, $11) RETURNING id
        """,
        school,
        CODE_CAME_BACK,
        used.document,
        used.document_sha256,
        signer,
        at,
        account_id,
        used.address[:254],
        used.sent_at,
        address[:64],
        agreement_id,
    )
    signature: UUID = rows[0]["id"]
    return signature


async def keep_checked(
    checked: Checked,
    *,
    school: UUID,
    document: bytes,
    sha256: str,
    cms: bytes,
    account_id: int | None,
    address: str = "",
) -> UUID:
    """Keep a signature file with what checking it has shown, whatever that is."""
    rows = await database.fetch(
        """
        INSERT INTO signature (id, school, kind, verdict, reason, document, document_sha256, cms, certificate, signer,
            signed_at, checked_at, checked_by, account, code_sent_to, address, authority_sha256)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14, $15) RETURNING id
        """,
        school,
        kind_of(checked).value,
        checked.verdict.value,
        checked.reason,
        document,
        sha256,
        cms,
        checked.certificate,
        checked.signer,
        checked.signed_at,
        clock.now(),
        checked.checked_by,
        account_id,
        address[:64],
        checked.authority_sha256,
    )
    signature: UUID = rows[0]["id"]
    return signature


def kind_of(checked: Checked) -> SignatureKind:
    """Return the kind that a signature file counts as: qualified only when that was proved."""
    return SignatureKind.QUALIFIED if checked.qualified else SignatureKind.ENHANCED
