"""What openssl says of a signature with national algorithms, and what of it is a verdict (63-FZ).

Where no engine for these algorithms is installed, a program of the same name stands in for openssl. Where one is
(OPENSSL_ENGINES may say in which folder), the last test here makes such signatures and has them checked.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from diary.consent.signatures import gost
from diary.consent.signatures.check import check_cms
from diary.consent.signatures.container import opened
from diary.consent.signatures.result import Checked, NotASignature, PersonName
from diary.consent.signatures.trust import authorities, sha256_of
from diary.consent.tables import SignatureVerdict
from tests.support.signers import (
    DOCUMENT,
    NOW,
    Signer,
    authority,
    certified,
    pem,
    person,
    signed,
    subject,
    with_algorithms,
    with_certificates,
)

PETROVA = PersonName("Петрова", "Алёна", "Сергеевна")
OWN, OTHER = pem(authority().certificate), pem(authority(2).certificate)
ALYONA = person()
national = partial(with_algorithms, digest="1.2.643.7.1.1.2.2", signature="1.2.643.7.1.1.3.2")

#: Knows the algorithms, writes down that it was asked, and says what the test wants; trusts one authority.
STAND_IN = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
engine) echo "(gost) Reference implementation"; echo "     [ available ]"; exit 0;;
version) echo "OpenSSL 9.9 1 Jan 2026"; exit 0;;
esac
echo "$@" >> "$here/asked"
roots=
part=trust
while [ $# -gt 0 ]; do
    [ "$1" = -CAfile ] && roots=$2
    [ "$1" = -noverify ] && part=bytes
    [ "$1" = -signer ] && cp "$here/signer" "$2"
    shift
done
if [ -s "$here/$part" ]; then cat "$here/$part" >&2; exit 4; fi
[ $part = bytes ] && exit 0
wanted=$(sed -n 2p "$here/wanted")
if [ -n "$roots" ] && grep -qF "$wanted" "$roots"; then exit 0; fi
echo "4:error:17:CMS routines:c:certificate verify error:f.c:1:Verify error: unable to get local issuer certificate" >&2
exit 4
"""
ERROR = "40776A:error:1700009E:CMS routines:CMS_verify:{}:../crypto/cms/cms_sd.c:1000:\n"
UNTRUSTED = "40:error:17:CMS routines:c:certificate verify error:f.c:1:Verify error: {}\n"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program that answers in openssl's place and agrees to everything."""
    program = tmp_path / "openssl"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    (tmp_path / "wanted").write_text(OWN)
    (tmp_path / "signer").write_text(pem(ALYONA.certificate))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    gost.gost_arguments.cache_clear()
    yield tmp_path
    gost.gost_arguments.cache_clear()


def check(cms: bytes, *, trusted: Sequence[str] = (OTHER, OWN), accredited: Sequence[str] = ()) -> Checked:
    return check_cms(DOCUMENT, cms, expected=PETROVA, trusted=trusted, accredited=accredited, at=NOW)


def test_what_openssl_agrees_to_is_valid_and_names_its_authority(stand_in: Path) -> None:
    checked = check(national(signed(ALYONA)))
    assert (checked.verdict, checked.checked_by, checked.qualified) == (SignatureVerdict.VALID, "OpenSSL 9.9", False)
    assert checked.authority_sha256 == sha256_of(authorities([OWN])[0])
    qualified = check(national(signed(ALYONA)), accredited=[OWN])
    assert (qualified.qualified, qualified.authority_sha256) == (True, checked.authority_sha256)
    assert not check(national(signed(ALYONA)), accredited=[OTHER]).qualified


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (ERROR.format("verification failure") + ERROR.format("content verify error"), SignatureVerdict.TAMPERED),
        ("40:error:4000007F:lib(128)::signature mismatch:g.c:430:\n", SignatureVerdict.TAMPERED),
        (ERROR.format("unknown digest algorithm"), SignatureVerdict.NOT_CHECKED),
        (ERROR.format("no matching digest"), SignatureVerdict.NOT_CHECKED),
        (
            ERROR.format("verification failure") + ERROR.format("unsupported parameter set"),
            SignatureVerdict.NOT_CHECKED,
        ),
        ("Verification failure\n", SignatureVerdict.NOT_CHECKED),
        ("engine: digest of the licence has expired\n", SignatureVerdict.NOT_CHECKED),
    ],
)
def test_only_what_openssl_says_of_the_bytes_themselves_is_tampering(
    stand_in: Path, told: str, verdict: SignatureVerdict
) -> None:
    (stand_in / "bytes").write_text(told)
    assert check(national(signed(ALYONA))).verdict is verdict


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (UNTRUSTED.format("unable to get local issuer certificate"), SignatureVerdict.UNTRUSTED),
        (UNTRUSTED.format("self-signed certificate"), SignatureVerdict.UNTRUSTED),
        (UNTRUSTED.format("certificate has expired"), SignatureVerdict.EXPIRED),
        (UNTRUSTED.format("certificate is not yet valid"), SignatureVerdict.EXPIRED),
        (UNTRUSTED.format("unhandled critical extension"), SignatureVerdict.NOT_CHECKED),
        (ERROR.format("certificate verify error"), SignatureVerdict.NOT_CHECKED),
        ("Segmentation fault\n", SignatureVerdict.NOT_CHECKED),
    ],
)
def test_only_known_words_about_the_way_to_trust_are_a_verdict(
    stand_in: Path, told: str, verdict: SignatureVerdict
) -> None:
    (stand_in / "trust").write_text(told)
    checked = check(national(signed(ALYONA)))
    assert (checked.verdict, checked.authority_sha256) == (verdict, "")


def test_what_a_certificate_is_for_is_asked_before_the_engine(stand_in: Path) -> None:
    checked = check(national(signed(person("RSA", for_signing=False))))
    assert (checked.verdict, "не предназначен" in checked.reason) == (SignatureVerdict.UNTRUSTED, True)
    assert not (stand_in / "asked").exists()


def test_somebody_elses_national_signature_is_not_this_persons(stand_in: Path) -> None:
    checked = check_cms(
        DOCUMENT, national(signed(ALYONA)), expected=PersonName("Иванова", "Алёна"), trusted=[OWN], at=NOW
    )
    assert (checked.verdict, checked.qualified) == (SignatureVerdict.WRONG_SIGNER, False)


def two_of_one_number() -> tuple[bytes, Signer, bytes]:
    """Return a stranger's signature, and a certificate of the same issuer and number that says Petrova, made up."""
    name = subject(surname="Чужой", given_name="Иван", common_name="Чужой Иван")
    stranger = person("RSA", name=name)
    key = authority(3).key
    made_up = certified(key.public_key(), subject(), key, serial=stranger.certificate.serial_number)
    return signed(stranger), stranger, made_up.public_bytes(Encoding.DER)


def as_national(certificate: bytes) -> x509.Certificate:
    """Return the certificate as if a national algorithm had certified it: for the eye only, as its maker wants it."""
    ecdsa, gost_2012 = "06082a8648ce3d040302", "06082a85030701010302"
    return x509.load_der_x509_certificate(certificate.replace(bytes.fromhex(ecdsa), bytes.fromhex(gost_2012)))


@pytest.mark.parametrize("first", ["stranger", "made up"])
@pytest.mark.parametrize("path", ["library", "openssl"])
def test_a_second_certificate_of_the_signers_number_makes_it_no_signature(
    stand_in: Path, first: str, path: str
) -> None:
    cms, stranger, fake = two_of_one_number()
    made_up = as_national(fake) if path == "openssl" else x509.load_der_x509_certificate(fake)
    bag = (stranger.certificate, made_up) if first == "stranger" else (made_up, stranger.certificate)
    checked = check(with_certificates(cms, *bag), accredited=[OWN])
    assert (checked.verdict, checked.qualified) == (SignatureVerdict.MALFORMED, False)
    assert not (stand_in / "asked").exists()
    assert check(with_certificates(cms, stranger.certificate)).verdict is SignatureVerdict.WRONG_SIGNER


@pytest.mark.parametrize("told", ["another", "nothing", "both"])
def test_what_openssl_checked_by_another_certificate_is_nobodys_signature(stand_in: Path, told: str) -> None:
    another = pem(person("RSA").certificate)
    said = {"another": another, "nothing": "", "both": another + pem(ALYONA.certificate)}[told]
    (stand_in / "signer").write_text(said)
    checked = check(national(signed(ALYONA)), accredited=[OWN])
    assert (checked.verdict, checked.qualified) == (SignatureVerdict.MALFORMED, False)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this computer")
def test_openssl_itself_tells_the_same_verdicts_apart() -> None:
    def verdict(document: bytes, cms: bytes, trusted: Sequence[str], at: datetime = NOW) -> SignatureVerdict:
        try:
            with gost.signed_file(document, cms, arguments=()) as file:
                gost.require_same_bytes(file, opened(cms).certificate)
                gost.require_trust(file, trusted=trusted, at=at)
        except NotASignature as found:
            return found.verdict
        return SignatureVerdict.VALID

    by_petrova = signed(ALYONA)
    assert verdict(DOCUMENT, by_petrova, [OWN]) is SignatureVerdict.VALID
    assert verdict(DOCUMENT + b"!", by_petrova, [OWN]) is SignatureVerdict.TAMPERED
    assert verdict(DOCUMENT, signed(person(until=NOW - timedelta(days=1))), [OWN]) is SignatureVerdict.EXPIRED
    assert verdict(DOCUMENT, signed(person(since=NOW + timedelta(days=1))), [OWN]) is SignatureVerdict.EXPIRED
    assert verdict(DOCUMENT, signed(person(issuer=authority(2))), [OWN]) is SignatureVerdict.UNTRUSTED
    assert verdict(DOCUMENT, by_petrova, []) is SignatureVerdict.UNTRUSTED


# The algorithms themselves.


def openssl(folder: Path, *arguments: str) -> None:
    """Run openssl with the engine."""
    given = (arguments[0], *(gost.gost_arguments() or ()), *arguments[1:])
    subprocess.run(("openssl", *given), cwd=folder, check=True, capture_output=True, timeout=30)


def made(folder: Path) -> bytes:
    """Return a signature of Petrova under the document, made with national algorithms."""
    key = ("-newkey", "gost2012_256", "-pkeyopt", "paramset:A", "-nodes")
    (folder / "document").write_bytes(DOCUMENT)
    openssl(folder, "req", *key, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "90", "-subj", "/CN=CA")
    name = "/SN=Петрова/GN=Алёна Сергеевна/CN=Петрова Алёна Сергеевна"
    openssl(folder, "req", *key, "-keyout", "own.key", "-out", "own.csr", "-utf8", "-subj", name)
    ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl(folder, "x509", "-req", "-in", "own.csr", *ca, "-out", "own.pem", "-days", "30")
    own = ("-signer", "own.pem", "-inkey", "own.key", "-outform", "DER")
    openssl(folder, "cms", "-sign", "-binary", "-in", "document", *own, "-out", "signature")
    return (folder / "signature").read_bytes()


@pytest.mark.skipif(gost.gost_arguments() is None, reason="this computer's openssl does not know the algorithms")
def test_a_signature_with_national_algorithms_is_really_checked(tmp_path: Path) -> None:
    cms = made(tmp_path)
    own = (tmp_path / "ca.pem").read_text()
    at = datetime.now(NOW.tzinfo)
    agreed = check_cms(DOCUMENT, cms, expected=PETROVA, trusted=[OTHER, own], accredited=[own], at=at)
    assert (agreed.verdict, agreed.qualified, agreed.signer) == (
        SignatureVerdict.VALID, True, "Петрова Алёна Сергеевна",
    )  # fmt: skip
    assert agreed.authority_sha256 == sha256_of(authorities([own])[0])

    broken = bytearray(cms)
    broken[-5] ^= 1
    for document, file, trusted, later, verdict in (
        (DOCUMENT + b"!", cms, own, timedelta(), SignatureVerdict.TAMPERED),
        (DOCUMENT, bytes(broken), own, timedelta(), SignatureVerdict.TAMPERED),
        (DOCUMENT, cms, OTHER, timedelta(), SignatureVerdict.UNTRUSTED),
        (DOCUMENT, cms, own, timedelta(days=31), SignatureVerdict.EXPIRED),
    ):
        checked = check_cms(document, file, expected=PETROVA, trusted=[trusted], at=at + later)
        assert checked.verdict is verdict
