"""A small service with the shape of ours: what `diary up` holds in the tests of how it holds things.

`up JSON` starts the installation; the other arguments are its children, whose behaviour the environment tells.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from embedded.error import ServerError
from embedded.preparation import note, tell
from embedded.up import Installation, up

PROGRAM = (sys.executable, str(Path(__file__).resolve()))


def hold(options: dict[str, object]) -> None:
    """Run the installation as cli.py does."""
    servers = bool(options.get("servers"))
    installation = Installation(
        data=Path(str(options["data"])),
        host="127.0.0.1",
        port=int(str(options.get("port", 0))),
        program=PROGRAM,
        children=[("web", ["web"]), ("worker-1", ["worker"])],
        preparation=["prepare"],
        environ=os.environ,
        wants_postgres=servers,
        wants_valkey=servers,
    )
    try:
        up(
            installation,
            write=lambda line: print(line, flush=True),
            when_ready=lambda address, _seconds, notes: print(*notes, f"READY {address}", sep="\n", flush=True),
        )
    except ServerError as problem:
        sys.exit(f"Error: {problem}")


def prepare() -> None:
    """Prepare as the test wishes."""
    tell("Migrations", None)
    wish = os.environ.get("PREPARATION", "")
    if wish == "fails":
        sys.exit("Error: the migration of marks did not go through")
    if wish == "crashes":
        raise ZeroDivisionError("a mistake in a migration")
    if wish == "is slow":
        print("PREPARING", os.getpid(), flush=True)
        time.sleep(60)
    tell("Demo school: marks", 0.5)
    note("anna signs in")


def web(descriptor: int) -> None:
    """Answer each caller with this process's number."""
    if os.environ.get("WEB") == "cannot start":
        sys.exit("no module named asgi")
    listener = socket.socket(fileno=descriptor)
    listener.listen()
    while True:
        caller, _ = listener.accept()
        caller.sendall(str(os.getpid()).encode())
        caller.close()


def worker() -> None:
    """Say who it is, and end easily or not at all."""
    print("works as", os.getpid(), os.environ.get("DATABASE_URL", "-"), flush=True)
    if os.environ.get("WORKER") == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = subprocess.Popen(["sleep", "600"])
        print("helped by", grandchild.pid, flush=True)
    if os.environ.get("WORKER") == "noisy":
        sys.stdout.write("\x1b[2J\aдлинная строка\r\nunfinished")
        sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["up", text]:
            hold(json.loads(text))
        case ["prepare"]:
            prepare()
        case ["web", "--socket", number]:
            web(int(number))
        case ["worker"]:
            worker()
