"""The environment that the children of one installation share, and the secrets kept beside its data."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_FILE = "secret.key"
_SECRET_BYTES = 48


def child_environment(environ: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Return the parent's environment with the added variables, each in place of its NAME_FILE form."""
    replaced = {f"{name}_FILE" for name in added}
    kept = {name: value for name, value in environ.items() if name not in replaced}
    return {**kept, **added, "PYTHONUNBUFFERED": "1"}


def kept_secret(data: Path) -> str:
    """Return the installation's secret key, made once and readable by its owner alone."""
    path = data / KEY_FILE
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    unfinished = data / f"{KEY_FILE}.new"
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    key = secrets.token_urlsafe(_SECRET_BYTES)
    with os.fdopen(file, "w", encoding="ascii") as text:
        text.write(f"{key}\n")
    unfinished.rename(path)
    return key
