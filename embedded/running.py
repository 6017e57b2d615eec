"""How other `diary` commands on this machine find the servers that a running `diary up` holds."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from embedded.lock import is_held

ADDRESSES_FILE = "servers.json"


def announce(data: Path, addresses: Mapping[str, str]) -> None:
    """Write the addresses (DATABASE_URL, REDIS_URL) where only the invoking user can read them."""
    unfinished = data / f"{ADDRESSES_FILE}.new"
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as text:
        json.dump(dict(addresses), text)
    unfinished.rename(data / ADDRESSES_FILE)


def withdraw(data: Path) -> None:
    """Remove the addresses when the servers stop."""
    (data / ADDRESSES_FILE).unlink(missing_ok=True)


def announced(data: Path) -> dict[str, str]:
    """Return the addresses of the running installation, or nothing when none runs."""
    if not is_held(data):
        return {}
    try:
        addresses: dict[str, str] = json.loads((data / ADDRESSES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return addresses
