"""Become a server or service that dies with its parent; run by path in a fresh, single-threaded interpreter (D2).

The order matters: privileges are dropped first because dropping them clears the death signal, then the signal is set,
then the parent is looked for again, because one that died before the signal was set would never be noticed.
Everything is imported before privileges are dropped: the account may be unable to read this interpreter's library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
NOT_STARTED = 126
#: Ignored or handled signals would be inherited by the program, so each is put back to its default.
RESET = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)


def die_with_parent(death_signal: int, parent: int) -> None:
    """Ask Linux to send `death_signal` when the parent's thread ends, and leave at once if it already has."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(NOT_STARTED)


def obey(order: dict[str, Any], command: list[str]) -> None:
    """Drop privileges, bind this process's life to the parent's, and become `command`."""
    for number in RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    account = order.get("account")
    if account is not None:
        os.setgroups([account["gid"]])
        os.setgid(account["gid"])
        os.setuid(account["uid"])
    if "reach" in order:
        sys.exit(0 if all(os.access(path, mode) for path, mode in order["reach"]) else 1)
    os.umask(0o077)
    if order.get("directory"):
        os.chdir(order["directory"])
    die_with_parent(order["death_signal"], order["parent"])
    os.execv(command[0], command)  # noqa: S606 - a shell between would take the signals


def main() -> None:
    """Carry out the order given as JSON in the first argument."""
    try:
        obey(json.loads(sys.argv[1]), sys.argv[2:])
    except OSError as problem:
        sys.stderr.write(f"FATAL: {' '.join(sys.argv[2:3])}: {problem.strerror}\n")
        sys.exit(NOT_STARTED)


if __name__ == "__main__":
    main()
