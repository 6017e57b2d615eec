"""Workers and clocks as processes of their own, with the command line's environment."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = "import logging; logging.basicConfig(level=logging.INFO); from tasks import {what}; {what}.run()"


@dataclass
class Processes:
    """Starts workers, clocks and webs, and leaves none behind."""

    environment: dict[str, str]
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, what: str) -> subprocess.Popen[bytes]:
        """Start a worker, a clock or the web."""
        command = ["cli.py", "web"] if what == "web" else ["-c", START.format(what=what)]
        # What the web tells of its pool is not what is looked for in the log of workers and clocks.
        with (self.log.with_name("web.txt") if what == "web" else self.log).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    async def ends(self, text: str) -> None:
        """Run a program with the same environment until it has done its work."""
        with self.log.open("ab") as log:
            await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", text],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                check=True,
            )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process as a power cut would."""
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, process: subprocess.Popen[bytes]) -> float:
        """Ask a process to end; return how many seconds it took."""
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        return time.monotonic() - asked

    def end_all(self) -> None:
        """Leave nothing running."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()

    def told(self) -> str:
        """Return what all of them have logged."""
        return self.log.read_text()


async def until(happened: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not await happened():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        await asyncio.sleep(0.05)
