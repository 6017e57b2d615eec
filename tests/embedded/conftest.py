"""Folders and killable supervisors for the tests of the embedded servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import redis

ROOT = Path(__file__).parents[2]
HOLDER = Path(__file__).with_name("holder.py")
SERVER_PROGRAMS = {"postgres", "valkey-server"}

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account of the machine can pass through but not list, as a service's folder is."""
    folder = Path(tempfile.mkdtemp(prefix="diary-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Held:
    """Servers held by another process."""

    supervisor: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def processes(self) -> list[psutil.Process]:
        """Every process of the servers, taken while their supervisor lives."""
        return list(psutil.Process(self.supervisor.pid).children(recursive=True))


Hold = Callable[..., Held]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Start servers under a supervisor of their own; whatever the test left of them is ended."""
    held: list[Held] = []

    def start(data: Path, *, durable: bool = False, command: tuple[str, ...] = (sys.executable,)) -> Held:
        supervisor = subprocess.Popen(
            [*command, str(HOLDER), str(data), "durable" if durable else "fast"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        )
        assert supervisor.stdout is not None
        assert supervisor.stderr is not None
        line = supervisor.stdout.readline()
        assert line, supervisor.stderr.read()
        held.append(Held(supervisor, json.loads(line)))
        return held[-1]

    yield start
    for one in held:
        one.supervisor.terminate()
        one.supervisor.wait(20)
        for stream in (one.supervisor.stdout, one.supervisor.stderr):
            assert stream is not None
            stream.close()


def run_sql(url: str, sql: str) -> Any:
    """Run one statement and return its single value."""

    async def ask() -> Any:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def valkey(url: str) -> redis.Redis:
    """Return a client of a Valkey server."""
    return redis.Redis.from_url(url, decode_responses=True)


def servers_of(folder: Path | str) -> list[psutil.Process]:
    """Return the PostgreSQL and Valkey processes that stand in or below a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.exe()).name in SERVER_PROGRAMS and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def wait_until(happened: Callable[[], bool], *, seconds: float) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
