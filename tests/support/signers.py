"""Certificates and detached signatures as people bring them: made for each test, valid for the test's own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

#: What is signed unless a test says otherwise.
DOCUMENT = "Согласие на обработку персональных данных\r\nвторая строка\n".encode()
DETACHED = (PKCS7Options.DetachedSignature, PKCS7Options.Binary)
SAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "УЦ Школьный")])
NOW = datetime.now(UTC).replace(microsecond=0)
SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(days=30)
#: An authority outlives whoever it certifies.
LONG_AGO, FAR_AWAY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """A key with its certificate."""

    key: Key
    certificate: x509.Certificate


def subject(
    *, surname: str = "Петрова", given_name: str = "Алёна Сергеевна", common_name: str = "Петрова Алёна Сергеевна"
) -> x509.Name:
    """Return the name in a certificate."""
    parts = ((NameOID.SURNAME, surname), (NameOID.GIVEN_NAME, given_name), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts if text])


def authority(number: int = 1) -> Signer:
    """Return a certification authority; another number is another one under the same name."""
    return _authorities(number)


@cache
def _authorities(number: int) -> Signer:
    del number
    key = ec.generate_private_key(ec.SECP256R1())
    return Signer(key, certified(key.public_key(), SAME, key, is_authority=True, since=LONG_AGO, until=FAR_AWAY))


def certified(
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    name: x509.Name,
    issuer: Signer | Key,
    *,
    is_authority: bool = False,
    for_signing: bool = True,
    since: datetime = SINCE,
    until: datetime = UNTIL,
    serial: int | None = None,
) -> x509.Certificate:
    """Return a certificate."""
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(SAME).public_key(public)
    builder = (
        builder.serial_number(serial or x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    usage = x509.KeyUsage(
        digital_signature=for_signing and not is_authority,
        content_commitment=False,
        key_encipherment=not for_signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    return builder.add_extension(usage, critical=True).sign(
        issuer.key if isinstance(issuer, Signer) else issuer, SHA256()
    )


@cache
def key_of(kind: str) -> Key:
    """Return the one key of a kind."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def person(
    kind: str = "ECDSA",
    *,
    name: x509.Name | None = None,
    issuer: Signer | None = None,
    for_signing: bool = True,
    since: datetime = SINCE,
    until: datetime = UNTIL,
) -> Signer:
    """Return somebody with a certificate for signing."""
    key = key_of(kind)
    certificate = certified(
        key.public_key(),
        subject() if name is None else name,
        issuer or authority(),
        for_signing=for_signing,
        since=since,
        until=until,
    )
    return Signer(key, certificate)


def signed(
    *signers: Signer,
    document: bytes = DOCUMENT,
    encoding: Encoding = Encoding.DER,
    options: Sequence[PKCS7Options] = DETACHED,
    digest: SHA256 | SHA512 | None = None,
) -> bytes:
    """Return a signature file."""
    builder = PKCS7SignatureBuilder().set_data(document)
    for signer in signers:
        builder = builder.add_signer(signer.certificate, signer.key, digest or SHA256())
    return builder.sign(encoding, list(options))


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def with_algorithms(cms: bytes, *, digest: str, signature: str) -> bytes:
    """Return a signature file that says it was made with other algorithms."""
    container = asn1.ContentInfo.load(cms)
    info = container["content"]["signer_infos"][0]
    info["digest_algorithm"] = {"algorithm": digest}
    info["signature_algorithm"] = {"algorithm": signature}
    der: bytes = container.dump(force=True)
    return der


def with_certificates(cms: bytes, *certificates: x509.Certificate) -> bytes:
    """Return a signature file with these certificates in its bag, in this order."""
    bag = b"".join(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    container = asn1.ContentInfo.load(cms)
    # Written as it stands: the library would put a set in order.
    container["content"]["certificates"] = asn1.CertificateSet.load(b"\x31\x82" + len(bag).to_bytes(2, "big") + bag)
    der: bytes = container.dump()
    return der
