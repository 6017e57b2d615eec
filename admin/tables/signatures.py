"""Authorities that the school trusts, agreements on simple signatures, and the evidence of signatures (63-FZ).

All of them are only read here: forms add, retire, agree and end.
"""

from __future__ import annotations

from admin.tables.listing import listing
from diary.consent.tables import Signature, SigningAgreement, TrustedCertificate

GROUP = "Электронные подписи"

LISTINGS = (
    listing(
        GROUP,
        (
            TrustedCertificate.name,
            TrustedCertificate.qualified,
            TrustedCertificate.added_at,
            TrustedCertificate.retired_at,
            TrustedCertificate.sha256,
            TrustedCertificate.school,
        ),
        link=TrustedCertificate.name,
        order=TrustedCertificate.name,
    ),
    listing(
        GROUP,
        (
            SigningAgreement.registered_at,
            SigningAgreement.guardian,
            SigningAgreement.pupil,
            SigningAgreement.document_reference,
            SigningAgreement.signed_on,
            SigningAgreement.registrar,
            SigningAgreement.ended_at,
            SigningAgreement.school,
        ),
        link=SigningAgreement.registered_at,
        order=SigningAgreement.registered_at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            Signature.checked_at,
            Signature.kind,
            Signature.verdict,
            Signature.reason,
            Signature.signer,
            Signature.signed_at,
            Signature.checked_by,
            Signature.authority_sha256,
            Signature.agreement,
            Signature.school,
        ),
        link=Signature.checked_at,
        order=Signature.checked_at,
        newest_first=True,
        unreadable=(Signature.document, Signature.cms, Signature.certificate),
    ),
)
