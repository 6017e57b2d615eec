"""Taking a detached CMS signature apart, before anything in it is believed (RFC 5652)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, core, pem, x509
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info

from diary.consent.signatures.result import NotASignature
from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: The largest signature file that is looked at; a real one takes a few kilobytes.
LARGEST_CMS = 1024 * 1024
#: A real chain is shorter. Ways through a bag of authorities of one name grow faster than any power of their number.
MOST_CERTIFICATES = 6
#: Every Russian national algorithm (GOST) has its identifier in this branch.
GOST_BRANCH = "1.2.643."
#: What parsing hostile bytes may raise in asn1crypto.
BAD_BYTES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)

NOT_A_CMS = _("Файл не является электронной подписью в формате CMS (PKCS#7).")
TOO_LARGE = _("Файл подписи слишком большой: допускается не более 1 МБ.")
NOT_DETACHED = _("Нужна отсоединённая подпись: в этом файле подпись лежит вместе с документом.")
TOO_MANY_CERTIFICATES = _("В файле подписи слишком много сертификатов.")
NO_SIGNER = _("В файле нет ни одной подписи.")
NO_CERTIFICATE = _("В файле подписи нет сертификата подписавшего.")
SEVERAL_CERTIFICATES = _("В файле подписи несколько сертификатов подписавшего.")
SEVERAL = _("В файле несколько подписей, а документ подписывает один человек.")


@dataclass(frozen=True, slots=True)
class Container:
    """The single signature of one document with the certificates that came along."""

    der: bytes
    signer_info: cms.SignerInfo
    certificate: x509.Certificate
    others: list[x509.Certificate]
    content_type: str

    @property
    def is_gost(self) -> bool:
        """Say whether a Russian national algorithm takes part in the signature or in its certificate."""
        return any(
            algorithm.dotted.startswith(GOST_BRANCH)
            for algorithm in (
                self.signer_info["signature_algorithm"]["algorithm"],
                self.signer_info["digest_algorithm"]["algorithm"],
                self.certificate["signature_algorithm"]["algorithm"],
            )
        )

    @property
    def signed_at(self) -> datetime | None:
        """Return when the signer's own clock says it was signed; nobody else vouches for it."""
        for attribute in self.signer_info["signed_attrs"].native or ():
            if attribute["type"] == "signing_time":
                moment = attribute["values"][0]
                return moment.astimezone(UTC) if isinstance(moment, datetime) else None
        return None


def opened(data: bytes) -> Container:
    """Return the one signature in the file (DER or PEM), or say why there is none."""
    if len(data) > LARGEST_CMS:
        raise NotASignature(SignatureVerdict.MALFORMED, TOO_LARGE)
    try:
        return _opened(data)
    except CMSExtractionError as error:
        raise NotASignature(SignatureVerdict.MALFORMED, NO_CERTIFICATE) from error
    except BAD_BYTES as error:
        raise NotASignature(SignatureVerdict.MALFORMED, NOT_A_CMS) from error


def _opened(data: bytes) -> Container:
    der = pem.unarmor(data)[2] if pem.detect(data) else data
    outer = cms.ContentInfo.load(der, strict=True)
    if outer["content_type"].native != "signed_data":
        raise NotASignature(SignatureVerdict.MALFORMED, NOT_A_CMS)
    signed = outer["content"]
    signers = list(signed["signer_infos"])
    if not signers:
        raise NotASignature(SignatureVerdict.MALFORMED, NO_SIGNER)
    if len(signers) > 1:
        raise NotASignature(SignatureVerdict.SEVERAL_SIGNERS, SEVERAL)
    if len(signed["certificates"]) > MOST_CERTIFICATES:
        raise NotASignature(SignatureVerdict.MALFORMED, TOO_MANY_CERTIFICATES)
    if signed["encap_content_info"]["content"] is not core.VOID and signed["encap_content_info"]["content"].native:
        raise NotASignature(SignatureVerdict.MALFORMED, NOT_DETACHED)
    found = extract_certificate_info(signed)
    # One that was passed over is in neither of its lists.
    bag = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
    if sum(_is_named(signers[0]["sid"], certificate) for certificate in bag) != 1:
        # Which of them is meant each program answers otherwise: pyHanko takes the last, openssl the first.
        raise NotASignature(SignatureVerdict.MALFORMED, SEVERAL_CERTIFICATES)
    content_type = str(signed["encap_content_info"]["content_type"].native)
    container = Container(der, signers[0], found.signer_cert, list(found.other_certs), content_type)
    # asn1crypto parses late: what is broken inside must show here.
    _parsed = (container.is_gost, container.signed_at, container.certificate.subject.native)
    return container


def _is_named(signer: cms.SignerIdentifier, certificate: x509.Certificate) -> bool:
    """Say whether a signature's own words fit this certificate: its issuer and serial number, or its key's number."""
    if signer.name != "issuer_and_serial_number":
        return bool(certificate.key_identifier == signer.chosen.native)
    named = signer.chosen
    return bool(
        certificate.serial_number == named["serial_number"].native and certificate.issuer == named["issuer"].untag()
    )
