"""Signatures with Russian national algorithms, checked by the computer's own openssl when it knows them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from asn1crypto import pem, x509

from diary.consent.signatures.container import BAD_BYTES, SEVERAL_CERTIFICATES
from diary.consent.signatures.result import NotASignature
from diary.consent.signatures.trust import EXPIRED, NOT_YET_VALID, UNTRUSTED, authorities, sha256_of
from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: How long openssl may take over one signature, in seconds.
OPENSSL_SECONDS = 10

NO_GOST = _("Подпись по ГОСТ не проверена: на сервере школы нет средства проверки таких подписей.")
GOST_FAILED = _("Подпись по ГОСТ не проверена: средство проверки не справилось с файлом.")
#: By these alone openssl says that the signature is not one of these bytes; anything else is a failure of its own.
OTHER_BYTES = frozenset({"verification failure", "content verify error", "signature mismatch", "bad signature"})
#: By these it says that the certificate leads to no authority of the school.
NO_WAY_TO_TRUST = frozenset(
    {
        "unable to get local issuer certificate",
        "unable to get issuer certificate",
        "unable to verify the first certificate",
        "self-signed certificate",
        "self-signed certificate in certificate chain",
        "self signed certificate",
        "self signed certificate in certificate chain",
        "certificate signature failure",
        "invalid ca certificate",
    }
)
TAMPERED = _("Документ не совпадает с тем, что подписано: он изменён или подпись от другого документа.")


@cache
def gost_arguments() -> tuple[str, ...] | None:
    """Return what makes openssl know the national algorithms, None when nothing does."""
    if shutil.which("openssl") is None:
        return None
    tries = (
        (("engine", "gost", "-t"), ("-engine", "gost"), "[ available ]"),
        (
            ("list", "-providers", "-provider", "gostprov"),
            ("-provider", "gostprov", "-provider", "default"),
            "gostprov",
        ),
    )
    for question, arguments, answer in tries:
        try:
            told = _openssl(question)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if told.returncode == 0 and answer in told.stdout:
            return arguments
    return None


def checked_by() -> str:
    """Return the name and version of the openssl that checked."""
    return " ".join(_openssl(("version",)).stdout.split()[:2])


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A document and its signature where openssl can read them."""

    place: Path
    arguments: Sequence[str]

    def verified(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Let openssl check the signature; raises NotASignature when it cannot be run."""
        files = ("-inform", "DER", "-in", str(self.place / "cms"), "-content", str(self.place / "document"))
        command = ("cms", "-verify", "-binary", *self.arguments, *files, "-out", str(self.place / "out"))
        try:
            return _openssl((*command, *more))
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED) from error

    def signers(self) -> list[bytes]:
        """Return the certificates that openssl says it has checked by, none when it says nothing readable."""
        try:
            told = (self.place / "signer").read_bytes()
            return [der for _kind, _headers, der in pem.unarmor(told, multiple=True)]
        except (OSError, *BAD_BYTES):
            return []


@contextmanager
def signed_file(document: bytes, cms: bytes, *, arguments: Sequence[str] | None) -> Iterator[SignedFile]:
    """Keep the two for the while of the check; refuse where openssl does not know the national algorithms."""
    if arguments is None:
        raise NotASignature(SignatureVerdict.NOT_CHECKED, NO_GOST)
    with tempfile.TemporaryDirectory(prefix="diary-signature-") as folder:
        place = Path(folder)
        (place / "document").write_bytes(document)
        (place / "cms").write_bytes(cms)
        yield SignedFile(place, arguments)


def require_same_bytes(file: SignedFile, certificate: x509.Certificate) -> None:
    """Refuse what openssl does not confirm to be signed: tampered only when it says exactly that, else not checked.

    It says by whose certificate it has checked; by another than the one whose name is read nothing was checked.
    """
    told = file.verified("-noverify", "-signer", str(file.place / "signer"))
    if told.returncode == 0:
        if file.signers() != [certificate.dump()]:
            raise NotASignature(SignatureVerdict.MALFORMED, SEVERAL_CERTIFICATES)
        return
    reasons = _reasons(told.stderr)
    if reasons and reasons <= OTHER_BYTES:
        raise NotASignature(SignatureVerdict.TAMPERED, TAMPERED)
    raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED)


def require_trust(file: SignedFile, *, trusted: Sequence[str], at: datetime) -> str:
    """Return the hash of the trusted authority that the certificate leads to at this instant; refuse one without any.

    What openssl says in words that are not known here is no verdict.
    """
    roots = authorities(trusted)
    told = _led(file, roots, at)
    if told.returncode == 0:
        # Which of them it was openssl does not say.
        for root in roots:
            if _led(file, [root], at).returncode == 0:
                return sha256_of(root)
        raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED)
    found = re.search(r"Verify error: *(.+)", told.stderr)
    problem = found[1].strip().lower() if found else ""
    if problem == "certificate has expired":
        raise NotASignature(SignatureVerdict.EXPIRED, EXPIRED)
    if problem == "certificate is not yet valid":
        raise NotASignature(SignatureVerdict.EXPIRED, NOT_YET_VALID)
    if problem in NO_WAY_TO_TRUST:
        raise NotASignature(SignatureVerdict.UNTRUSTED, UNTRUSTED)
    raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED)


def _led(file: SignedFile, roots: Sequence[x509.Certificate], at: datetime) -> subprocess.CompletedProcess[str]:
    """Let openssl look for a way to these authorities alone: not to what the operating system trusts."""
    trusted = file.place / "trusted"
    trusted.write_bytes(b"".join(pem.armor("CERTIFICATE", root.dump()) for root in roots))
    only = ("-CAfile", str(trusted)) if roots else ("-no-CAfile",)
    return file.verified(
        *only, "-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "any", "-attime", str(int(at.timestamp()))
    )


def _reasons(told: str) -> set[str]:
    """Return the reasons of openssl's error lines: number, "error", code, library, function, reason, place."""
    errors = [line.split(":") for line in told.splitlines() if ":error:" in line]
    return {error[5].strip().lower() if len(error) > 5 else "" for error in errors}


def _openssl(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ("openssl", *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=OPENSSL_SECONDS,
        check=False,
    )
