"""Everything is held together: one log, crashed children come back, and nothing outlives the parent."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from embedded.running import announced
from tests.embedded.conftest import ROOT, run_sql, servers_of, valkey, wait_until

STAND_IN = Path(__file__).with_name("stand_in.py")


class Up:
    """A running stand-in, its log and every process it ever showed."""

    def __init__(self, options: dict[str, object], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(STAND_IN), "up", json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            start_new_session=True,
        )
        self.log: list[str] = []
        self._found: dict[str, int] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self.process.stdout.close()

    def until(self, pattern: str, *, seconds: float = 15) -> re.Match[str]:
        """Wait for the next line that matches, counting from the one that this pattern found last."""
        deadline = time.monotonic() + seconds
        place = self._found.get(pattern, 0)
        while True:
            while place < len(self.log):
                found = re.search(pattern, self.log[place])
                place += 1
                if found:
                    self._found[pattern] = place
                    return found
            try:
                self.log.append(self._lines.get(timeout=max(deadline - time.monotonic(), 0.01)))
            except queue.Empty:
                raise AssertionError(f"no line {pattern!r} in {self.log}") from None

    def ready(self) -> int:
        """Wait until everything runs, and return the port."""
        return int(self.until(r"^READY http://127.0.0.1:(\d+)$")[1])

    def processes(self) -> list[psutil.Process]:
        """Return every process below this one."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def ended(self, seconds: float) -> int:
        """Wait for the end, and return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        while not self._lines.empty():
            self.log.append(self._lines.get())
        return code


Start = Callable[..., Up]


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """Start stand-ins on the place's data directory; whatever the test left is killed."""
    started: list[Up] = []

    def begin(*, servers: bool = False, port: int = 0, **environment: str) -> Up:
        started.append(Up({"data": str(place / "data"), "servers": servers, "port": port}, environment))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.ended(5)
    wait_until(lambda: servers_of(place) == [], seconds=10)


def ask(port: int) -> int:
    """Ask the web process for its number."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        return int(caller.recv(100))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def assert_gone(processes: list[psutil.Process], *, seconds: float = 1) -> None:
    """Check that none of the processes is left but for its entry in the table, which the machine's init clears."""
    assert processes
    deadline = time.monotonic() + seconds
    while alive := [one for one in processes if _runs(one)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.02)


def test_servers_and_children_come_up_together_and_sigterm_ends_all_in_time(start: Start, place: Path) -> None:
    up = start(servers=True)
    works_with = up.until(r"^worker-1 \| works as \d+ (\S+)$")[1]
    port = up.ready()

    assert ask(port) in {process.pid for process in up.processes()}
    assert run_sql(works_with, "SELECT current_user") == "diary"
    addresses = announced(place / "data")
    assert addresses["DATABASE_URL"] == works_with
    assert valkey(addresses["REDIS_URL"]).ping()
    for secret in ("servers.json", "secret.key"):
        assert stat.S_IMODE((place / "data" / secret).stat().st_mode) == 0o600

    everything = up.processes()
    began = time.monotonic()
    up.process.terminate()
    assert up.ended(5) == 0
    assert time.monotonic() - began < 5
    assert_gone(everything, seconds=0.1)
    assert servers_of(place) == []
    assert announced(place / "data") == {}
    assert not (place / "data" / "servers.json").exists()


def test_sigkill_of_the_parent_leaves_no_process(start: Start, place: Path) -> None:
    up = start(servers=True, WORKER="stubborn")
    up.ready()
    everything = [process for process in up.processes() if process.name() != "sleep"]

    up.process.kill()

    assert_gone(everything, seconds=5)
    assert announced(place / "data") == {}
    for process in psutil.process_iter(["name", "ppid", "cmdline"]):
        if process.info["cmdline"] == ["sleep", "600"]:  # a child's child is the child's to end
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_stopping_ends_even_a_stubborn_child_and_what_it_started(
    start: Start, number: signal.Signals
) -> None:
    up = start(WORKER="stubborn")
    up.until("helped by")
    up.ready()
    everything = up.processes()
    assert "sleep" in {process.name() for process in everything}

    began = time.monotonic()
    up.process.send_signal(number)

    assert up.ended(5) == 0
    assert 2.5 < time.monotonic() - began < 5
    assert_gone(everything, seconds=0.1)
    assert any("worker-1 did not end in 3 s and is cut off" in line for line in up.log)


def test_the_second_signal_ends_all_at_once(start: Start) -> None:
    up = start(servers=True, WORKER="stubborn")
    up.until("helped by")
    up.ready()
    everything = up.processes()

    up.process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    began = time.monotonic()
    up.process.send_signal(signal.SIGINT)

    assert up.ended(3) == 0
    assert time.monotonic() - began < 1.5
    assert_gone(everything, seconds=0.1)


def test_the_same_wish_from_terminal_and_make_is_one_signal(start: Start) -> None:
    up = start(WORKER="stubborn")
    up.until("helped by")
    up.ready()

    began = time.monotonic()
    up.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    up.process.send_signal(signal.SIGTERM)

    assert up.ended(5) == 0
    assert time.monotonic() - began > 2.5


def test_a_crashed_child_is_started_again(start: Start) -> None:
    up = start()
    first = int(up.until(r"works as (\d+)")[1])
    up.ready()

    os.kill(first, signal.SIGKILL)

    up.until(r"^diary    \| worker-1 ended \(SIGKILL\), starts again in 0\.5 s$")
    assert int(up.until(r"works as (\d+)")[1]) != first


def test_callers_wait_through_a_crash_of_the_web_process(start: Start) -> None:
    up = start()
    port = up.ready()
    first = ask(port)

    crashed = psutil.Process(first)
    crashed.kill()
    # Until it is really gone it may still take a call that nobody answers.
    wait_until(lambda: not _runs(crashed), seconds=10)

    assert ask(port) != first


def test_a_crashed_server_of_ours_is_started_again(start: Start, place: Path) -> None:
    up = start(servers=True)
    up.ready()
    for process in servers_of(place):
        process.kill()

    up.until(r"PostgreSQL ended \(-9\), starts again in 0\.5 s")
    database = announced(place / "data")["DATABASE_URL"]

    def answers() -> bool:
        try:
            return bool(run_sql(database, "SELECT 1") == 1)
        except (OSError, asyncpg.PostgresError):
            return False

    wait_until(answers, seconds=15)


def test_a_port_in_use_is_one_line_and_nothing_is_started(start: Start, place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start(servers=True, port=port)

        assert up.ended(5) == 1
    assert up.log == [
        f"Error: port {port} on 127.0.0.1 is in use: stop what uses it, or choose another with --port",
    ]
    assert not (place / "data").exists()


def test_a_port_is_free_again_right_after_a_stop(start: Start) -> None:
    up = start()
    port = up.ready()
    ask(port)
    up.process.terminate()
    assert up.ended(5) == 0

    assert start(port=port).ready() == port


def test_a_second_up_on_the_same_data_is_refused_in_one_line(start: Start, place: Path) -> None:
    first = start(servers=True)
    first.ready()
    second = start(servers=True)

    assert second.ended(5) == 1
    errors = [line for line in second.log if line.startswith("Error")]
    reason = f"{place / 'data'} is already in use by process {first.process.pid}: stop it"
    assert errors == [f"Error: {reason}, or choose another DIARY_DATA"]
    assert "Traceback" not in "".join(second.log)


@pytest.mark.parametrize(
    ("preparation", "line"),
    [
        ("fails", r"^Error: the migration of marks did not go through$"),
        ("crashes", r"^Error: ZeroDivisionError: a mistake in a migration \(see .*/prepare.log\)$"),
    ],
)
def test_a_failed_preparation_is_one_line(start: Start, preparation: str, line: str) -> None:
    up = start(PREPARATION=preparation)

    assert up.ended(10) == 1
    assert re.search(line, up.log[-1])
    assert not any("web" in entry or "Traceback" in entry for entry in up.log)


def test_a_child_that_never_starts_ends_everything_with_one_line(start: Start) -> None:
    up = start(WEB="cannot start")
    up.until("works as")

    assert up.ended(20) == 1
    assert up.log[-1] == "Error: web does not start (exit code 1); its own lines above say why"
    assert sum(line == "web      | no module named asgi" for line in up.log) == 5


def command_line(process: psutil.Process) -> list[str]:
    """Return how a process was started; one that has just ended was not started at all."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def test_a_stop_while_the_school_is_being_prepared_ends_at_once(start: Start, place: Path) -> None:
    up = start(servers=True, PREPARATION="is slow")
    wait_until(lambda: any("prepare" in command_line(process) for process in up.processes()), seconds=10)
    everything = up.processes()

    up.process.send_signal(signal.SIGINT)

    assert up.ended(4) == 0
    assert_gone(everything, seconds=0.5)
    assert servers_of(place) == []


def test_progress_is_told_step_by_step(start: Start) -> None:
    up = start(servers=True)
    up.ready()

    assert up.log[-2] == "anna signs in"
    steps = [line for line in up.log if line.endswith(" ...")]
    assert steps == ["PostgreSQL ...", "Valkey ...", "Migrations ...", "Demo school: marks ..."]


def test_a_log_line_cannot_play_with_the_operators_terminal(start: Start) -> None:
    up = start(WORKER="noisy")

    up.until(r"^worker-1 \| \ufffd\[2J\ufffdдлинная строка$")
    up.ready()
    up.process.terminate()
    assert up.ended(5) == 0
    assert "worker-1 | unfinished" in up.log
