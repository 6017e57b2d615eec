"""The child that brings the database up to date before anything serves, telling how far it is."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from embedded.child import Command, launch, signal_group
from embedded.error import ServerError
from embedded.progress import Report

LOG_FILE = "prepare.log"


def tell(step: str, fraction: float | None) -> None:
    """In the child: tell the parent what is being done, and the share of it that is done."""
    print(json.dumps({"step": step, "fraction": fraction}), flush=True)  # noqa: T201 - this is the channel


def prepare(command: Command, *, report: Report, log_folder: Path) -> None:
    """Run the preparing child to its end, showing what it tells.

    Raises ServerError with its last line when it fails; all it said is then in the log folder.
    """
    process = launch(command, output=subprocess.PIPE)
    said: list[str] = []
    try:
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            told = _told(line)
            if told is None:
                said.append(line)
            else:
                report(*told)
        code = process.wait()
    finally:
        signal_group(process, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code == 0:
        return
    meaningful = [line for line in said if line.strip()] or [f"the preparation ended with exit code {code}"]
    if len(meaningful) == 1:
        raise ServerError(meaningful[0].removeprefix("Error: "))
    log_folder.mkdir(parents=True, exist_ok=True)
    log = log_folder / LOG_FILE
    log.write_text("\n".join(said) + "\n", encoding="utf-8")
    raise ServerError(f"{meaningful[-1]} (see {log})")


def _told(line: str) -> tuple[str, float | None] | None:
    if not line.startswith('{"step"'):
        return None
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return str(message["step"]), message["fraction"]
