"""Checking a detached electronic signature of a document against the person who should have signed it (63-FZ)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from asn1crypto.cms import SignerInfo
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.version import __version__ as pyhanko_version

from diary.consent.signatures import gost, names
from diary.consent.signatures.container import BAD_BYTES, NOT_A_CMS, Container, opened
from diary.consent.signatures.result import Checked, NotASignature, PersonName
from diary.consent.signatures.trust import require_for_signing, require_trust
from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: Digests that still prove that a document is the same one; SHA-1 and older do not.
DIGESTS = ("sha256", "sha384", "sha512")
#: Kinds of keys whose signatures are checked here.
KEYS = ("rsassa_pkcs1v15", "rsassa_pss", "ecdsa")

#: Nothing is asked from addresses that a stranger's certificate names, and whoever reads the verdict is told so.
CONFIRMED = _("Подпись подтверждена; списки отозванных сертификатов не запрашивались.")
UNKNOWN_ALGORITHM = _("Подпись не проверена: алгоритм подписи устарел или неизвестен.")
WRONG_SIGNER = _("Подпись принадлежит другому человеку.")


class _Leads(Protocol):
    """Returns the hash of the authority among the trusted that a signature leads to; raises NotASignature."""

    def __call__(self, *, trusted: Sequence[str]) -> str: ...


def check_cms(
    document: bytes,
    cms: bytes,
    *,
    expected: PersonName,
    trusted: Sequence[str],
    accredited: Sequence[str] = (),
    at: datetime,
) -> Checked:
    """Say whether this person signed exactly these bytes with a certificate that the school trusts at this instant.

    A valid signature is a qualified one when its certificate leads to one of the accredited authorities, which are
    among the trusted ones. It computes without a bound and may wait for openssl: a server calls it through
    `apart.check`. It never asks the network.
    """
    checked_by = f"pyHanko {pyhanko_version}"
    try:
        container = opened(cms)
    except NotASignature as found:
        return Checked(verdict=found.verdict, reason=found.reason, checked_by=checked_by)
    verdict, reason, authority, qualified = SignatureVerdict.VALID, CONFIRMED, "", False
    try:
        require_for_signing(container.certificate)
        if container.is_gost:
            arguments = gost.gost_arguments()
            checked_by = gost.checked_by() if arguments is not None else ""
            with gost.signed_file(document, container.der, arguments=arguments) as file:
                gost.require_same_bytes(file, container.certificate)
                authority, qualified = _authority(partial(gost.require_trust, file, at=at), trusted, accredited)
        else:
            _require_same_bytes(document, container)
            authority, qualified = _authority(
                partial(require_trust, container.certificate, container.others, at=at), trusted, accredited
            )
        if not names.is_person(container.certificate, expected):
            raise NotASignature(SignatureVerdict.WRONG_SIGNER, WRONG_SIGNER)  # noqa: TRY301 - one way out for all
    except NotASignature as found:
        verdict, reason = found.verdict, found.reason
    return Checked(
        verdict=verdict,
        reason=reason,
        signer=names.signer_name(container.certificate),
        certificate=container.certificate.dump(),
        signed_at=container.signed_at,
        checked_by=checked_by,
        qualified=qualified and verdict is SignatureVerdict.VALID,
        authority_sha256=authority if verdict is SignatureVerdict.VALID else "",
    )


def _authority(lead: _Leads, trusted: Sequence[str], accredited: Sequence[str]) -> tuple[str, bool]:
    """Return the hash of the authority that the signature leads to, and whether it is an accredited one."""
    if accredited:
        try:
            return lead(trusted=accredited), True
        except NotASignature:
            pass
    return lead(trusted=trusted), False


def _require_same_bytes(document: bytes, container: Container) -> None:
    """Refuse when the certificate's key did not sign these bytes."""
    signer_info = container.signer_info
    try:
        digest = signer_info["digest_algorithm"]["algorithm"].native
        key = signer_info["signature_algorithm"].signature_algo
        signed_digest = _signed_digest(signer_info)
    except BAD_BYTES as error:
        raise NotASignature(SignatureVerdict.NOT_CHECKED, UNKNOWN_ALGORITHM) from error
    if digest not in DIGESTS or signed_digest not in DIGESTS or key not in KEYS:
        raise NotASignature(SignatureVerdict.NOT_CHECKED, UNKNOWN_ALGORITHM)
    try:
        intact, genuine = validate_sig_integrity(
            signer_info,
            container.certificate,
            expected_content_type=container.content_type,
            actual_digest=hashlib.new(digest, document).digest(),
        )
    except UnsupportedAlgorithm as error:
        raise NotASignature(SignatureVerdict.NOT_CHECKED, UNKNOWN_ALGORITHM) from error
    except (SignatureValidationError, *BAD_BYTES) as error:
        raise NotASignature(SignatureVerdict.MALFORMED, NOT_A_CMS) from error
    if not (intact and genuine):
        raise NotASignature(SignatureVerdict.TAMPERED, gost.TAMPERED)


def _signed_digest(signer_info: SignerInfo) -> str:
    """Return the digest that the signature's own algorithm names; a bare RSA or ECDSA takes the document's."""
    algorithm = signer_info["signature_algorithm"]
    if algorithm["algorithm"].native in {"rsassa_pkcs1v15", "ecdsa"}:
        return str(signer_info["digest_algorithm"]["algorithm"].native)
    return str(algorithm.hash_algo)
