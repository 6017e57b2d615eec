"""The real `diary` command: one installation, other commands beside it, and one line for whatever is wrong."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.running import announced
from embedded.servers import temporary_servers
from tests.embedded.conftest import ROOT, run_sql, servers_of, wait_until

DIARY = (sys.executable, str(ROOT / "cli.py"))
ROSTER = ROOT / "tests" / "samples" / "oneroster" / "school_1p1"


def environment(data: Path, **added: str) -> dict[str, str]:
    """Return the environment of a command on a data directory, whatever the tests around it have set."""
    kept = {name: text for name, text in os.environ.items() if not re.match(r"DIARY_|DATABASE_|REDIS_|SMTP_", name)}
    return kept | {"DIARY_DATA": str(data)} | added


def diary(data: Path, *arguments: str, **added: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, from a folder that has nothing to do with the clone."""
    return subprocess.run(
        [*DIARY, *arguments],
        env=environment(data, **added),
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
        check=False,
    )


@pytest.fixture
def running(place: Path) -> Iterator[tuple[Path, str]]:
    """A running installation without the demo: its data directory and address."""
    data = place / "data"
    up = subprocess.Popen(
        [*DIARY, "up", "--port", "0"],
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    log = []
    address = None
    for line in up.stdout:
        log.append(line)
        if "Начало" in line:
            address = line.split()[-1].rstrip("/")
            break
    assert address is not None, "".join(log)
    yield data, address
    up.send_signal(signal.SIGINT)
    rest = up.stdout.read()
    up.stdout.close()
    assert up.wait(10) == 0, rest
    assert servers_of(place) == []


def test_other_commands_work_beside_a_running_installation(running: tuple[Path, str]) -> None:
    data, address = running
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        assert answer.status == 200

    made = diary(data, "account", "create", "head", "--role", "operator", DIARY_PASSWORD="a long enough one")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == "login     head\npassword  a long enough one\n"

    again = diary(data, "account", "create", "head", "--role", "operator")
    assert again.returncode == 1
    assert re.fullmatch(r"Error: .*head.*\n", again.stderr)

    anew = diary(data, "account", "password", "head")
    assert (anew.returncode, anew.stderr) == (0, "")
    assert re.fullmatch(r"login     head\npassword  \S{16}\n", anew.stdout)

    closed = diary(data, "account", "close", "head")
    assert (closed.returncode, closed.stdout, closed.stderr) == (0, "head is closed\n", "")
    for command, login in (("close", "head"), ("password", "head"), ("close", "nobody")):
        refused = diary(data, "account", command, login)
        assert refused.returncode == 1
        assert re.fullmatch(r"Error: .+\n", refused.stderr)

    weak = diary(data, "account", "create", "second", "--role", "operator", DIARY_PASSWORD="diary-demo")
    assert re.fullmatch(r"Error: .+\n", weak.stderr)

    assert diary(data, "migrate").stdout == "The database is up to date\n"
    assert run_sql(announced(data)["DATABASE_URL"], "SELECT count(*) FROM account") == 1


def test_commands_bring_their_own_servers_when_nothing_runs(place: Path) -> None:
    first = diary(place / "data", "import", "oneroster", str(ROSTER))
    assert first.returncode == 0, first.stderr
    assert "--apply" in first.stdout

    unknown = diary(place / "data", "account", "create", "mother", "--role", "GUARDIAN", "--person", "nobody")
    assert (unknown.returncode, unknown.stderr) == (1, "Error: no guardian is known as nobody\n")
    assert servers_of(place) == []


@pytest.mark.parametrize(
    ("arguments", "added", "line"),
    [
        (["up"], {"DIARY_PORT": "none"}, r"DIARY_PORT must be a number from 1 to 65535, not 'none'"),
        (["up"], {"DIARY_MODE": "fast"}, r"DIARY_MODE must be one of production, demo, development, not 'fast'"),
        (["up", "--demo"], {"DIARY_MODE": "production"}, r"--demo and DIARY_MODE=production exclude each other"),
        (["up", "--host", "192.0.2.1"], {}, r"cannot listen on 192\.0\.2\.1, port \d+: .+"),
        (["up", "--port", "0"], {"DATABASE_URL_FILE": "/no/such"}, r"DATABASE_URL_FILE: cannot read /no/such: .+"),
        (["up", "--port", "0"], {"DATABASE_URL": "postgresql://diary@127.0.0.1:1/diary"}, r"the database refuses: .+"),
        (["up", "--port", "0"], {"DATABASE_URL": "mysql://diary"}, r"the database refuses: .+"),
        (["up", "--port", "0"], {"REDIS_URL": "redis://127.0.0.1:1"}, r"REDIS_URL: .+"),
        (["up", "--port", "0"], {"REDIS_URL": "carrier pigeon"}, r"REDIS_URL: .+"),
        (["up", "--port", "0"], {"DIARY_DATA": "/proc/diary"}, r"/proc/diary: .+"),
        (["web"], {}, r"DATABASE_URL is not set, and no `diary up` runs on .+"),
    ],
)
def test_what_is_wrong_at_the_start_is_one_line(
    place: Path, arguments: list[str], added: dict[str, str], line: str
) -> None:
    refused = diary(place / "data", *arguments, **added)

    assert refused.returncode == 1
    assert re.fullmatch(f"Error: {line}\n", refused.stderr.split("...\n")[-1]), refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert servers_of(place) == []


def test_a_database_of_ones_own_takes_the_place_of_ours(place: Path) -> None:
    with temporary_servers(valkey=False) as others:
        made = diary(
            place / "data", "account", "create", "head", "--role", "operator", DATABASE_URL=others.database_url
        )
        assert made.stderr == "Error: the database is not of this release yet: run `diary migrate`\n"
        assert diary(place / "data", "migrate", DATABASE_URL=others.database_url).returncode == 0
        made = diary(
            place / "data", "account", "create", "head", "--role", "operator", DATABASE_URL=others.database_url
        )
        assert made.returncode == 0, made.stderr
        assert run_sql(others.database_url, "SELECT count(*) FROM account") == 1
        assert (place / "data" / "valkey").exists()
        assert not (place / "data" / "postgres").exists()


def test_on_a_terminal_progress_moves(place: Path) -> None:
    ours, theirs = pty.openpty()
    up = subprocess.Popen(
        [*DIARY, "up", "--port", "0"],
        env=environment(place / "data", TERM="xterm", COLUMNS="100"),
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 30
    while "Готово".encode() not in shown:
        assert time.monotonic() < deadline, shown
        shown += os.read(ours, 10_000)
    up.send_signal(signal.SIGHUP)
    while True:
        try:
            os.read(ours, 10_000)
        except OSError:  # the terminal's other side is gone with the last process
            break
    assert up.wait(6) == 0
    os.close(ours)

    assert b"PostgreSQL" in shown
    assert "Миграция".encode() in shown
    assert b"\x1b[2K" in shown
    wait_until(lambda: servers_of(place) == [], seconds=1)
