"""A signature file is checked in a process of its own, which ends in time, whatever the file does to it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from diary.consent.signatures import apart
from diary.consent.signatures.check import check_cms
from diary.consent.signatures.result import PersonName
from diary.consent.tables import SignatureVerdict
from tests.support.signers import DOCUMENT, NOW, authority, pem, person, signed, with_algorithms

PETROVA = PersonName("Петрова", "Алёна", "Сергеевна")
OWN = pem(authority().certificate)

#: Knows the national algorithms and then thinks for ever, deaf to every polite signal.
ENDLESS = """#!/bin/sh
case "$1" in
engine) echo "     [ available ]"; exit 0;;
version) echo "OpenSSL 9.9"; exit 0;;
esac
trap '' TERM INT HUP
echo $$ > "$(dirname "$0")/pid"
while :; do sleep 0.1; done
"""


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose check never ends."""
    program = tmp_path / "openssl"
    program.write_text(ENDLESS)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def national() -> bytes:
    """Return a signature file that goes to openssl."""
    return with_algorithms(signed(person()), digest="1.2.643.7.1.1.2.2", signature="1.2.643.7.1.1.3.2")


async def gone(pid: int) -> bool:
    """Wait until a process is no more."""
    for _try in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        await asyncio.sleep(0.1)
    return False


async def started(folder: Path) -> int:
    """Wait until the endless program runs and return its number."""
    for _try in range(200):
        if (folder / "pid").exists() and (text := (folder / "pid").read_text().strip()):
            return int(text)
        await asyncio.sleep(0.1)
    raise AssertionError("it was never asked")


async def test_it_says_the_same_as_here() -> None:
    cms = signed(person())
    for document in (DOCUMENT, DOCUMENT + b"!"):
        facts: Any = {"expected": PETROVA, "trusted": [OWN], "accredited": [OWN], "at": NOW}
        assert await apart.check(document, cms, **facts) == await asyncio.to_thread(check_cms, document, cms, **facts)


async def test_a_check_without_end_is_killed_with_all_it_has_started_and_nothing_is_said_to_be_checked(
    endless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = endless / "folders"
    folders.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folders))
    waiting = asyncio.create_task(apart.check(DOCUMENT, national(), expected=PETROVA, trusted=[OWN], at=NOW, seconds=6))
    pid = await started(endless)
    assert [path.read_bytes() for path in folders.rglob("document")] == [DOCUMENT]
    checked = await waiting
    assert (checked.verdict, checked.reason) == (SignatureVerdict.NOT_CHECKED, apart.TOO_SLOW)
    assert await gone(pid)
    assert list(folders.iterdir()) == []


async def test_whoever_stops_waiting_leaves_no_process_behind(endless: Path) -> None:
    waiting = asyncio.create_task(apart.check(DOCUMENT, national(), expected=PETROVA, trusted=[OWN], at=NOW))
    pid = await started(endless)
    children = psutil.Process(os.getpid()).children()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await gone(pid)
    assert all([await gone(child.pid) for child in children if "diary.consent.signatures" in " ".join(told(child))])


def told(process: psutil.Process) -> list[str]:
    """Return how a process was started, nothing for one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_a_check_that_dies_has_checked_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    checked = await apart.check(DOCUMENT, signed(person()), expected=PETROVA, trusted=[OWN], at=NOW)
    assert (checked.verdict, checked.reason) == (SignatureVerdict.NOT_CHECKED, apart.BROKEN_OFF)


async def test_no_secret_of_the_service_reaches_the_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIARY_SECRET_KEY", "it stays here")
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    await apart.check(DOCUMENT, b"0", expected=PETROVA, trusted=[], at=NOW)
    seen = (tmp_path / "seen").read_text()
    assert "it stays here" not in seen
    assert "DATABASE_URL" not in seen


async def test_other_requests_are_answered_while_a_file_is_looked_at(endless: Path) -> None:
    waiting = asyncio.create_task(apart.check(DOCUMENT, national(), expected=PETROVA, trusted=[OWN], at=NOW, seconds=3))
    longest, last = 0.0, time.monotonic()
    while not waiting.done():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < 2.5, "the check itself would have taken three"


async def test_of_many_files_at_once_some_wait_and_the_rest_are_refused(endless: Path) -> None:
    facts: Any = {"expected": PETROVA, "trusted": [OWN], "at": NOW, "seconds": 2}
    many = apart.AT_ONCE + apart.MOST_WAITING
    waiting = [asyncio.create_task(apart.check(DOCUMENT, national(), **facts)) for _ in range(many)]
    await asyncio.sleep(0.1)
    with pytest.raises(apart.ChecksBusy):
        await apart.check(DOCUMENT, national(), **facts)
    begun = time.monotonic()
    checked = await asyncio.gather(*waiting)
    assert {found.reason for found in checked} == {apart.TOO_SLOW}
    assert time.monotonic() - begun < 5, "waiting counts too"
    assert (await apart.check(DOCUMENT, b"garbage", **{**facts, "seconds": 30})).verdict is SignatureVerdict.MALFORMED
