"""What is installed is whole: sheets, wordings, pages and catalogues travel with the code."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tomllib import loads

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("admin", "api", "cabinet", "diary", "embedded", "printing", "tasks")


def packaged() -> set[str]:
    """Return the files beside code that the build takes in, by the patterns of pyproject.toml."""
    settings = loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    return {
        str(file.relative_to(ROOT))
        for package, patterns in settings.items()
        for pattern in patterns
        for file in (ROOT / package.replace(".", "/")).glob(pattern)
    }


def kept() -> list[str]:
    """Return the files beside code that the repository keeps inside the packages."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    return sorted(name for name in listed.stdout.split("\0") if name and not name.endswith(".py"))


def test_every_file_beside_the_code_is_installed() -> None:
    files = kept()
    assert "diary/consent/forms/personal_data.txt" in files
    assert "printing/sheets/consent/sheet.typ" in files
    assert set(files) - packaged() == set()


def test_a_pattern_that_takes_nothing_in_is_a_mistake() -> None:
    settings = loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    for package, patterns in settings.items():
        for pattern in patterns:
            assert any((ROOT / package.replace(".", "/")).glob(pattern)), (package, pattern)
