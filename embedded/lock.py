"""One supervisor at a time on one data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from embedded.error import ServerError

LOCK_FILE = "lock"


class DirectoryLock:
    """A lock on a directory, let go by the operating system when its holder dies, however it dies."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = -1

    def take(self) -> None:
        """Take the lock.

        Raises ServerError if another process holds it.
        """
        file = os.open(self._directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise ServerError(
                f"{self._directory} is already in use by process {holder or '?'}: stop it, or choose another DIARY_DATA"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode("ascii"), 0)
        self._file = file

    def release(self) -> None:
        """Let the lock go; the file stays, because removing it would let two holders in."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_held(directory: Path) -> bool:
    """Return whether some process holds the directory's lock now."""
    try:
        file = os.open(directory / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
