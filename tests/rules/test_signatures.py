"""A detached signature counts only when this person signed exactly these bytes with a trusted certificate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.consent.signatures import gost
from diary.consent.signatures.check import check_cms
from diary.consent.signatures.container import LARGEST_CMS
from diary.consent.signatures.result import Checked, PersonName
from diary.consent.tables import SignatureVerdict
from diary.people.names import folded
from tests.support.signers import (
    DETACHED,
    DOCUMENT,
    NOW,
    SAME,
    SINCE,
    UNTIL,
    Signer,
    authority,
    certified,
    key_of,
    pem,
    person,
    signed,
    subject,
    with_algorithms,
)

PETROVA = PersonName("Петрова", "Алёна", "Сергеевна")


@cache
def petrovas() -> bytes:
    return signed(person())


def check(
    cms: bytes,
    *,
    document: bytes = DOCUMENT,
    expected: PersonName = PETROVA,
    trusted: Sequence[str] | None = None,
    at: datetime = NOW,
) -> Checked:
    roots = [pem(authority().certificate)] if trusted is None else trusted
    return check_cms(document, cms, expected=expected, trusted=roots, at=at)


@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_signature_of_the_person_under_the_document_is_valid(kind: str, encoding: Encoding) -> None:
    signer = person(kind)
    checked = check(signed(signer, encoding=encoding, digest=SHA512()))
    assert checked.verdict is SignatureVerdict.VALID
    assert checked.signer == "Петрова Алёна Сергеевна"
    assert checked.certificate == signer.certificate.public_bytes(Encoding.DER)
    assert checked.signed_at is not None
    assert abs(checked.signed_at - datetime.now(UTC)) < timedelta(minutes=10)
    assert checked.checked_by.startswith("pyHanko ")
    assert checked.reason


def test_a_signature_is_qualified_only_through_an_accredited_authority() -> None:
    own, other = pem(authority().certificate), pem(authority(2).certificate)

    def qualified(accredited: list[str], cms: bytes, document: bytes = DOCUMENT) -> bool:
        return check_cms(document, cms, expected=PETROVA, trusted=[own, other], accredited=accredited, at=NOW).qualified

    assert qualified([own], petrovas())
    assert not qualified([other], petrovas())
    assert not qualified([], petrovas())
    assert not qualified([own], petrovas(), DOCUMENT + b"!")
    assert not qualified([own], signed(person(name=subject(surname="Иванова"))))


def test_a_valid_signature_names_the_certificate_that_the_school_trusts() -> None:
    own, other = authority().certificate, authority(2).certificate
    checked = check_cms(DOCUMENT, petrovas(), expected=PETROVA, trusted=[pem(other), pem(own)], at=NOW)
    assert checked.authority_sha256 == own.fingerprint(SHA256()).hex()
    assert check(petrovas(), document=DOCUMENT + b"!").authority_sha256 == ""
    assert check(signed(person(name=subject(surname="Иванова")))).authority_sha256 == ""


def test_a_signature_without_signed_attributes_is_valid_and_says_no_time() -> None:
    checked = check(signed(person("RSA"), options=(*DETACHED, PKCS7Options.NoAttributes)))
    assert (checked.verdict, checked.signed_at) == (SignatureVerdict.VALID, None)


def test_a_signature_through_an_authority_in_between_is_valid() -> None:
    key = key_of("between")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "УЦ промежуточный")])
    between = certified(key.public_key(), name, authority(), is_authority=True)
    own = key_of("RSA")
    builder = x509.CertificateBuilder().subject_name(subject()).issuer_name(name).public_key(own.public_key())
    builder = builder.serial_number(7).not_valid_before(SINCE).not_valid_after(UNTIL)
    signer = Signer(own, builder.sign(key, SHA256()))
    bundle = PKCS7SignatureBuilder().set_data(DOCUMENT).add_signer(signer.certificate, own, SHA256())
    with_it = bundle.add_certificate(between).sign(Encoding.DER, list(DETACHED))
    assert check(with_it).verdict is SignatureVerdict.VALID
    assert check(signed(signer)).verdict is SignatureVerdict.UNTRUSTED


@given(place=st.integers(0, len(DOCUMENT) - 1), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_any_flipped_bit_of_the_document_is_noticed(place: int, bit: int) -> None:
    changed = bytearray(DOCUMENT)
    changed[place] ^= 1 << bit
    assert check(petrovas(), document=bytes(changed)).verdict is SignatureVerdict.TAMPERED


@given(place=st.integers(0, 100_000), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_a_flipped_bit_of_the_signature_file_never_changes_what_a_valid_one_says(place: int, bit: int) -> None:
    whole = check(petrovas())
    changed = bytearray(petrovas())
    changed[place % len(changed)] ^= 1 << bit
    checked = check(bytes(changed))
    if checked.verdict is SignatureVerdict.VALID:
        assert checked == whole


def test_a_changed_signature_value_is_tampered() -> None:
    container = asn1.ContentInfo.load(signed(person("RSA")))
    info = container["content"]["signer_infos"][0]
    value = bytearray(info["signature"].native)
    value[10] ^= 1
    info["signature"] = bytes(value)
    assert check(container.dump(force=True)).verdict is SignatureVerdict.TAMPERED


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        (UNTIL - timedelta(seconds=2), SignatureVerdict.VALID),
        (UNTIL + timedelta(seconds=2), SignatureVerdict.EXPIRED),
        (SINCE + timedelta(seconds=2), SignatureVerdict.VALID),
        (SINCE - timedelta(seconds=2), SignatureVerdict.EXPIRED),
    ],
)
def test_a_certificate_counts_only_within_its_term(at: datetime, verdict: SignatureVerdict) -> None:
    long = certified(
        authority().key.public_key(),
        SAME,
        authority(),
        is_authority=True,
        since=SINCE - timedelta(days=999),
        until=UNTIL + timedelta(days=999),
    )
    assert check(petrovas(), trusted=[pem(long)], at=at).verdict is verdict


def test_an_authority_outside_the_list_is_untrusted_even_under_the_same_name() -> None:
    stranger = authority(2)
    for cms in (signed(person(issuer=stranger)), signed(person(issuer=stranger, until=NOW - timedelta(days=1)))):
        assert check(cms).verdict is SignatureVerdict.UNTRUSTED


@pytest.mark.parametrize("trusted", [[], ["мусор"], ["-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"]])
def test_without_a_readable_authority_nobody_is_trusted(trusted: list[str]) -> None:
    assert check(petrovas(), trusted=trusted).verdict is SignatureVerdict.UNTRUSTED


def test_an_unreadable_authority_does_not_hide_the_others() -> None:
    assert check(petrovas(), trusted=["мусор", pem(authority().certificate)]).verdict is SignatureVerdict.VALID


def test_a_certificate_that_is_not_for_signing_is_untrusted() -> None:
    assert check(signed(person("RSA", for_signing=False))).verdict is SignatureVerdict.UNTRUSTED


@pytest.mark.parametrize(
    ("name", "expected", "verdict"),
    [
        (subject(surname="ПЕТРОВА", given_name="алена  сергеевна"), PETROVA, SignatureVerdict.VALID),
        (subject(surname="", given_name=""), PETROVA, SignatureVerdict.VALID),
        (subject(common_name="ООО «Ромашка»"), PETROVA, SignatureVerdict.VALID),
        (subject(given_name="Алёна"), PersonName("Петрова", "Алёна"), SignatureVerdict.VALID),
        (subject(surname="Иванова"), PETROVA, SignatureVerdict.WRONG_SIGNER),
        (subject(given_name="Алёна Ивановна"), PETROVA, SignatureVerdict.WRONG_SIGNER),
        (subject(given_name="Алёна"), PETROVA, SignatureVerdict.WRONG_SIGNER),
        (subject(surname="", given_name="", common_name="ООО «Ромашка»"), PETROVA, SignatureVerdict.WRONG_SIGNER),
        (subject(surname="", given_name="", common_name=""), PETROVA, SignatureVerdict.WRONG_SIGNER),
        (subject(), PersonName("", "", ""), SignatureVerdict.WRONG_SIGNER),
    ],
)
def test_the_name_in_the_certificate_is_the_persons(
    name: x509.Name, expected: PersonName, verdict: SignatureVerdict
) -> None:
    assert check(signed(person(name=name)), expected=expected).verdict is verdict


def test_two_spellings_of_one_letter_are_one_name() -> None:
    assert folded("Семён  АНДРЕЙ") == folded("семен андреи\u0306")


def test_two_signers_are_told_apart_from_one() -> None:
    other = person("RSA", name=subject(surname="Иванова"))
    assert check(signed(person(), other)).verdict is SignatureVerdict.SEVERAL_SIGNERS


def test_a_signature_with_the_document_inside_is_not_detached() -> None:
    checked = check(signed(person(), options=(PKCS7Options.Binary,)))
    assert checked.verdict is SignatureVerdict.MALFORMED
    assert "отсоединённая" in checked.reason


def test_a_file_above_the_limit_is_not_looked_at() -> None:
    padded = petrovas() + b"\0" * (LARGEST_CMS - len(petrovas()))
    assert "1 МБ" not in check(padded).reason
    too_large = check(padded + b"\0")
    assert (too_large.verdict, "1 МБ" in too_large.reason) == (SignatureVerdict.MALFORMED, True)


@pytest.mark.parametrize(("more", "verdict"), [(5, SignatureVerdict.VALID), (6, SignatureVerdict.MALFORMED)])
def test_a_bag_of_certificates_is_looked_through_up_to_a_real_chains_length(
    more: int, verdict: SignatureVerdict
) -> None:
    signer = person()
    builder = PKCS7SignatureBuilder().set_data(DOCUMENT).add_signer(signer.certificate, signer.key, SHA256())
    for number in range(more):
        builder = builder.add_certificate(authority(number + 2).certificate)
    checked = check(builder.sign(Encoding.DER, list(DETACHED)))
    assert checked.verdict is verdict


@pytest.mark.parametrize("garbage", [b"", b"\x30", b"0\x80", DOCUMENT, b"-----BEGIN CMS-----\n!\n", b"\x30\x80" * 5000])
def test_garbage_is_malformed(garbage: bytes) -> None:
    assert check(garbage).verdict is SignatureVerdict.MALFORMED


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_at_all_break_the_check(garbage: bytes) -> None:
    assert check(garbage).verdict is SignatureVerdict.MALFORMED


def test_a_signature_without_its_certificate_is_malformed() -> None:
    checked = check(signed(person(), options=(*DETACHED, PKCS7Options.NoCerts)))
    assert (checked.verdict, "сертификата" in checked.reason) == (SignatureVerdict.MALFORMED, True)


@pytest.mark.skipif(gost.gost_arguments() is not None, reason="this computer's openssl knows the national algorithms")
def test_a_national_algorithm_is_honestly_not_checked_where_openssl_does_not_know_it() -> None:
    checked = check(with_algorithms(petrovas(), digest="1.2.643.7.1.1.2.2", signature="1.2.643.7.1.1.3.2"))
    assert (checked.verdict, checked.checked_by) == (SignatureVerdict.NOT_CHECKED, "")
    assert "ГОСТ" in checked.reason
    assert checked.signer == "Петрова Алёна Сергеевна"


@pytest.mark.parametrize(("digest", "signature"), [("sha1", "sha1_ecdsa"), ("sha256", "sha1_ecdsa"), ("md5", "ecdsa")])
def test_an_algorithm_of_the_past_is_not_checked(digest: str, signature: str) -> None:
    checked = check(with_algorithms(petrovas(), digest=digest, signature=signature))
    assert checked.verdict is SignatureVerdict.NOT_CHECKED
    assert "устарел" in checked.reason
