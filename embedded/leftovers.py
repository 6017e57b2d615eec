"""Servers of a supervisor that was killed: recognised without doubt, waited for, never signalled by a mere number.

A process number in a stale file may by now belong to anybody. A server is recognised by what cannot be reused: its
program's name and the data directory it stands in.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from embedded.error import ServerError

PROCESSES = Path("/proc")
#: A server told to stop by its parent's death may be writing its last checkpoint for so long, seconds.
PATIENCE = 60.0
_STEP = 0.05


def servers_in(directory: Path, program: str) -> list[int]:
    """Return the running processes of `program` whose current directory is `directory`."""
    try:
        home = directory.stat()
    except OSError:
        return []
    found = []
    for entry in PROCESSES.glob("[0-9]*"):
        try:
            place = (entry / "cwd").stat()
            running = (entry / "exe").readlink().name.removesuffix(" (deleted)")
        except OSError:  # ended meanwhile, or belongs to somebody else
            continue
        if running == program and (place.st_dev, place.st_ino) == (home.st_dev, home.st_ino):
            found.append(int(entry.name))
    return sorted(found)


def wait_for_leftovers(directory: Path, program: str, *, patience: float = PATIENCE) -> None:
    """Wait until no server of a killed supervisor is left in the directory.

    Raises ServerError naming the process when it does not end.
    """
    deadline = time.monotonic() + patience
    while left := servers_in(directory, program):
        if time.monotonic() > deadline:
            numbers = ", ".join(map(str, left))
            raise ServerError(f"{program} still runs in {directory} (process {numbers}): stop it and try again")
        time.sleep(_STEP)


def is_alive(process: int) -> bool:
    """Return whether a process has that number, whoever's it is."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
