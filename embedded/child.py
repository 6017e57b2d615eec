"""Starting and ending one child process that cannot outlive its parent (D2)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from embedded.account import Account

LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, as whom, and the signal it gets when its parent dies.

    The death signal follows the *thread* that starts the child, so start children from a thread that lives as long.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGKILL
    directory: Path | None = None
    pass_fds: Sequence[int] = field(default=())

    def launcher(self) -> list[str]:
        """Return the command line that becomes this command."""
        order: dict[str, object] = {
            "parent": os.getpid(),
            "death_signal": int(self.death_signal),
            "directory": None if self.directory is None else str(self.directory),
        }
        return [*_launcher(order, self.account), *self.argv]


def _launcher(order: dict[str, object], account: Account | None) -> list[str]:
    if account is not None and not account.is_invoker:
        order["account"] = {"uid": account.uid, "gid": account.gid}
    return [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(order)]


def launch(
    command: Command, *, output: int | IO[bytes], source: int | IO[bytes] = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, so that Ctrl-C reaches the parent alone, which ends all in order."""
    return subprocess.Popen(
        command.launcher(),
        env=dict(command.environment),
        stdin=source,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=command.pass_fds,
        start_new_session=True,
    )


def run(command: Command, *, text: str = "") -> tuple[int, str]:
    """Run the command to its end with `text` as its input, and return its exit code and all it said."""
    done = subprocess.run(
        command.launcher(),
        env=dict(command.environment),
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def can_reach(account: Account, wanted: Sequence[tuple[Path, int]]) -> bool:
    """Return whether the account has the wanted kind of access (os.R_OK, os.X_OK) to every path."""
    order: dict[str, object] = {"reach": [(str(path), mode) for path, mode in wanted]}
    return subprocess.run(_launcher(order, account), stdin=subprocess.DEVNULL, check=False).returncode == 0


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the child and to everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """End the child: each signal in turn with the seconds it is given, then SIGKILL to it and all it started."""
    for number, patience in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(patience, 0))
    signal_group(process, signal.SIGKILL)
    process.wait()


def wait_until_gone(process: subprocess.Popen[bytes], until: float) -> bool:
    """Wait for the child's end until the given instant of the monotonic clock, and return whether it came."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(until - time.monotonic(), 0))
    return process.poll() is not None
