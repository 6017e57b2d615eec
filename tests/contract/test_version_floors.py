"""No installed library is older than the release that closed a hole we know of (docs/trust.md 1.1)."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = {
    "strawberry-graphql": (0, 327, 2),
    "starlette": (1, 5, 1),
    "piccolo": (1, 1, 1),
    "piccolo-admin": (1, 14),
    "dramatiq": (2, 2, 1),
}


@pytest.mark.parametrize("package", FLOORS)
def test_a_library_with_a_known_hole_is_not_installed(package: str) -> None:
    installed = tuple(int(part) for part in version(package).split(".") if part.isdigit())

    assert installed >= FLOORS[package]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_carry_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) > 30
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") > len(pinned)
    assert "://" not in text
