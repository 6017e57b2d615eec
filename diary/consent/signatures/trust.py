"""Whether a signer's certificate leads to an authority that the school trusts, without asking the network."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from asn1crypto import pem, x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InvalidCertificateError,
    NotYetValidError,
    PathError,
    ValidationError,
)

from diary.consent.signatures.container import BAD_BYTES
from diary.consent.signatures.result import NotASignature
from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: A certificate for signing documents says at least one of these, when it says anything.
SIGNING = frozenset({"digital_signature", "non_repudiation"})

EXPIRED = _("Срок действия сертификата истёк.")
NOT_YET_VALID = _("Срок действия сертификата ещё не начался.")
UNTRUSTED = _("Сертификат выдан удостоверяющим центром, которого нет в списке доверенных.")
WEAK_CERTIFICATE = _("Сертификат заверен устаревшим алгоритмом, которому нельзя доверять.")
NOT_FOR_SIGNING = _("Сертификат не предназначен для подписания документов.")


def authorities(trusted: Iterable[str]) -> list[x509.Certificate]:
    """Return the certificates in these PEM texts; one that cannot be read adds no trust and stops nothing."""
    found: list[x509.Certificate] = []
    for text in trusted:
        try:
            for _kind, _headers, der in pem.unarmor(text.encode(), multiple=True):
                certificate = x509.Certificate.load(der, strict=True)
                _key = (certificate.subject.hashable, certificate.public_key.algorithm)
                found.append(certificate)
        except BAD_BYTES:
            continue
    return found


def sha256_of(authority: x509.Certificate) -> str:
    """Return the hash by which a signature names its authority."""
    return hashlib.sha256(authority.dump()).hexdigest()


def require_for_signing(certificate: x509.Certificate) -> None:
    """Refuse a certificate that says what it is for, and signing documents is not among it."""
    try:
        if certificate.key_usage_value is not None:
            KeyUsageConstraints(key_usage=SIGNING, match_all_key_usages=False).validate(certificate)
    except (InvalidCertificateError, *BAD_BYTES) as error:
        raise NotASignature(SignatureVerdict.UNTRUSTED, NOT_FOR_SIGNING) from error


def require_trust(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], trusted: Sequence[str], at: datetime
) -> str:
    """Return the hash of the trusted authority that a certificate leads to at this instant; refuse one without any.

    Nothing is fetched (no OCSP, no CRL).
    """
    roots = authorities(trusted)
    if not roots:
        raise NotASignature(SignatureVerdict.UNTRUSTED, UNTRUSTED)
    try:
        # An empty list is never passed on: the library would fall back to what the operating system trusts.
        context = ValidationContext(trust_roots=roots, other_certs=others, moment=at, allow_fetching=False)
        path = asyncio.run(CertificateValidator(certificate, others, context).async_validate_path())
    except ExpiredError as error:
        raise NotASignature(SignatureVerdict.EXPIRED, EXPIRED) from error
    except NotYetValidError as error:
        raise NotASignature(SignatureVerdict.EXPIRED, NOT_YET_VALID) from error
    except DisallowedAlgorithmError as error:
        raise NotASignature(SignatureVerdict.UNTRUSTED, WEAK_CERTIFICATE) from error
    except InvalidCertificateError as error:
        raise NotASignature(SignatureVerdict.UNTRUSTED, NOT_FOR_SIGNING) from error
    except (PathError, ValidationError, UnsupportedAlgorithm, *BAD_BYTES) as error:
        raise NotASignature(SignatureVerdict.UNTRUSTED, UNTRUSTED) from error
    # The roots are certificates, so the end of the way is one.
    assert isinstance(path.trust_anchor, CertTrustAnchor)
    return sha256_of(path.trust_anchor.certificate)
