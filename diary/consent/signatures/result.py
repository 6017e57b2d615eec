"""What a check of an electronic signature says, and whom it was checked against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: What people call each verdict.
VERDICTS = {
    SignatureVerdict.VALID: _("Действительна"),
    SignatureVerdict.NOT_CHECKED: _("Не проверена"),
    SignatureVerdict.TAMPERED: _("Документ изменён"),
    SignatureVerdict.EXPIRED: _("Срок сертификата истёк"),
    SignatureVerdict.UNTRUSTED: _("Центр не в списке доверенных"),
    SignatureVerdict.WRONG_SIGNER: _("Подписал другой человек"),
    SignatureVerdict.SEVERAL_SIGNERS: _("Несколько подписей"),
    SignatureVerdict.MALFORMED: _("Не файл подписи"),
}


@dataclass(frozen=True, slots=True)
class PersonName:
    """The person who should have signed, as the school's register names them."""

    family: str
    given: str
    patronymic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of one check, to be kept beside the document; only VALID counts as a signature."""

    verdict: SignatureVerdict
    reason: str
    signer: str = ""
    certificate: bytes | None = None
    signed_at: datetime | None = None
    checked_by: str = ""
    #: Whether the certificate leads to an accredited authority, so that the signature is a qualified one.
    qualified: bool = False
    #: The SHA-256 of the authority's certificate that a valid signature leads to.
    authority_sha256: str = ""


class NotASignature(Exception):  # noqa: N818 - the outcome of a check, which the caller keeps as evidence
    """Why the signature does not count; it never leaves this package."""

    def __init__(self, verdict: SignatureVerdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
