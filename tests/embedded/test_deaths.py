"""Servers never outlive their supervisor, and whatever was killed comes back with its data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from embedded.error import ServerError
from embedded.leftovers import wait_for_leftovers
from embedded.servers import EmbeddedServers
from tests.embedded.conftest import Hold, run_sql, servers_of, valkey, wait_until


def test_sigkill_of_the_supervisor_leaves_no_server(place: Path, hold: Hold) -> None:
    held = hold(place, durable=True)
    processes = held.processes
    assert {process.name() for process in processes} == {"postgres", "valkey-server"}

    held.supervisor.kill()
    held.supervisor.wait()

    wait_until(lambda: not any(process.is_running() for process in processes), seconds=5)
    assert servers_of(place) == []


def test_a_stopped_supervisor_leaves_no_server_and_no_socket(place: Path, hold: Hold) -> None:
    held = hold(place)
    processes = held.processes

    held.supervisor.terminate()

    assert held.supervisor.wait(10) == 0
    assert not any(process.is_running() for process in processes)
    assert not (place / "run").exists()


def test_kill_9_of_everything_loses_nothing_that_was_acknowledged(place: Path, hold: Hold) -> None:
    held = hold(place, durable=True)
    processes = held.processes
    run_sql(held.told["database_url"], "CREATE TABLE kept AS SELECT 5 AS mark")
    client = valkey(held.told["redis_url"])
    client.set("kept", "yes")
    assert client.waitaof(1, 0, 5000)[0] == 1

    for process in (psutil.Process(held.supervisor.pid), *processes):
        with suppress(psutil.NoSuchProcess):  # a child may follow its parent first
            process.kill()
    held.supervisor.wait()

    again = hold(place, durable=True)
    assert run_sql(again.told["database_url"], "SELECT mark FROM kept") == 5
    assert valkey(again.told["redis_url"]).get("kept") == "yes"


def test_a_start_right_after_sigkill_waits_for_the_dying_server(place: Path, hold: Hold) -> None:
    for _ in range(3):
        held = hold(place)
        held.supervisor.kill()
        held.supervisor.wait()
    assert run_sql(hold(place).told["database_url"], "SELECT 1") == 1


def test_a_start_during_a_slow_shutdown_waits_for_it(place: Path, hold: Hold) -> None:
    held = hold(place)
    postmaster = int((place / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGSTOP)
    held.supervisor.kill()
    held.supervisor.wait()
    resume = subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(1.5); os.kill({postmaster}, 18)"])
    began = time.monotonic()

    with EmbeddedServers(data=place, durable=False) as servers:
        assert time.monotonic() - began > 1
        assert run_sql(servers.database_url, "SELECT 1") == 1
    resume.wait()


def test_a_second_start_on_the_same_directory_is_refused(place: Path, hold: Hold) -> None:
    held = hold(place)

    with pytest.raises(ServerError, match=rf"already in use by process {held.supervisor.pid}") as refused:
        EmbeddedServers(data=place, durable=False).__enter__()

    assert "\n" not in str(refused.value)
    assert run_sql(held.told["database_url"], "SELECT 1") == 1


@pytest.mark.parametrize("written", ["pid", "garbage"])
def test_a_stale_process_file_naming_a_stranger_harms_neither(place: Path, hold: Hold, written: str) -> None:
    held = hold(place)
    file = place / "postgres" / "postmaster.pid"
    lines = file.read_text().split("\n")
    processes = held.processes
    for process in (psutil.Process(held.supervisor.pid), *processes):
        with suppress(psutil.NoSuchProcess):  # a child may follow its parent first
            process.kill()
    held.supervisor.wait()
    wait_until(lambda: not any(process.is_running() for process in processes), seconds=5)
    stranger = subprocess.Popen(["sleep", "60"])
    file.write_text("\n".join([str(stranger.pid), *lines[1:]]) if written == "pid" else "no number\n")

    try:
        with EmbeddedServers(data=place, durable=False) as servers:
            assert run_sql(servers.database_url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_of_somebody_else_in_the_directory_is_neither_joined_nor_killed(place: Path) -> None:
    with EmbeddedServers(data=place, valkey=False, durable=False) as servers:
        with pytest.raises(ServerError, match=r"postgres still runs in .* \(process \d+"):
            wait_for_leftovers(place / "postgres", "postgres", patience=0.2)
        assert run_sql(servers.database_url, "SELECT 1") == 1
