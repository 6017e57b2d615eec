"""Signatures with Russian national algorithms, checked by the computer's own openssl when it knows them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from diary.consent.signatures.result import NotASignature
from diary.consent.signatures.trust import EXPIRED, NOT_YET_VALID, UNTRUSTED
from diary.consent.tables import SignatureVerdict
from diary.kit.wording import _

#: How long openssl may take over one signature, in seconds.
OPENSSL_SECONDS = 10

NO_GOST = _("Подпись по ГОСТ не проверена: на сервере школы нет средства проверки таких подписей.")
GOST_FAILED = _("Подпись по ГОСТ не проверена: средство проверки не справилось с файлом.")
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


def require_openssl_agrees(
    document: bytes, cms: bytes, trusted: Sequence[str], at: datetime, *, arguments: Sequence[str] | None
) -> None:
    """Refuse a signature that openssl does not confirm: first the bytes, then the way to a trusted authority."""
    if arguments is None:
        raise NotASignature(SignatureVerdict.NOT_CHECKED, NO_GOST)
    with tempfile.TemporaryDirectory(prefix="diary-signature-") as folder:
        place = Path(folder)
        (place / "document").write_bytes(document)
        (place / "cms").write_bytes(cms)
        (place / "trusted").write_text("\n".join(trusted), encoding="utf-8")
        files = ("-inform", "DER", "-in", str(place / "cms"), "-content", str(place / "document"))
        command = ("cms", "-verify", "-binary", *arguments, *files, "-out", str(place / "out"))
        roots = ("-CAfile", str(place / "trusted")) if trusted else ("-no-CAfile",)
        try:
            bytes_agree = _openssl((*command, "-noverify"))
            # Only the school's own list: not what the operating system trusts.
            leads_to_trust = _openssl(
                (
                    *command,
                    *roots,
                    *("-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "any"),
                    *("-attime", str(int(at.timestamp()))),
                )
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED) from error
    if bytes_agree.returncode != 0:
        told = bytes_agree.stderr.lower()
        if "verification failure" in told or "digest" in told or "bad signature" in told:
            raise NotASignature(SignatureVerdict.TAMPERED, TAMPERED)
        raise NotASignature(SignatureVerdict.NOT_CHECKED, GOST_FAILED)
    if leads_to_trust.returncode != 0:
        told = leads_to_trust.stderr.lower()
        if "certificate has expired" in told:
            raise NotASignature(SignatureVerdict.EXPIRED, EXPIRED)
        if "not yet valid" in told:
            raise NotASignature(SignatureVerdict.EXPIRED, NOT_YET_VALID)
        raise NotASignature(SignatureVerdict.UNTRUSTED, UNTRUSTED)


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
