"""Whose name a certificate carries, and whether it is the person whom the school expects."""

from __future__ import annotations

from asn1crypto import x509

from diary.consent.signatures.result import PersonName
from diary.people.names import folded

#: The longest signer's name that is kept.
SIGNER_LENGTH = 500


def signer_name(certificate: x509.Certificate) -> str:
    """Return the name in the certificate's subject: surname with given name, otherwise the common name."""
    subject = certificate.subject.native
    personal = (_one(subject.get("surname")), _one(subject.get("given_name")))
    name = " ".join(personal) if all(personal) else _one(subject.get("common_name"))
    return " ".join(name.replace("\0", "").split())[:SIGNER_LENGTH]


def is_person(certificate: x509.Certificate, expected: PersonName) -> bool:
    """Say whether the certificate is made out to this person: the whole name, whatever the case and ё or е.

    The patronymic counts on both sides: father and son often differ in nothing else.
    """
    wanted = folded(f"{expected.family} {expected.given} {expected.patronymic}")
    return bool(folded(expected.family) and folded(expected.given)) and folded(signer_name(certificate)) == wanted


def _one(value: object) -> str:
    """Return the attribute when the subject has it exactly once: of two surnames neither is the person's."""
    return value.strip() if isinstance(value, str) else ""
