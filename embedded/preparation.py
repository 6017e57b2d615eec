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


def note(line: str) -> None:
    """In the child: hand the parent a line to print once everything runs."""
    print(json.dumps({"note": line}), flush=True)  # noqa: T201 - this is the channel


def prepare(command: Command, *, report: Report, log_folder: Path) -> list[str]:
    """Run the preparing child to its end, showing what it tells, and return its notes.

    Raises ServerError with its last line when it fails; all it said is then in the log folder.
    """
    process = launch(command, output=subprocess.PIPE)
    said: list[str] = []
    notes: list[str] = []
    try:
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            match _told(line):
                case {"step": str(step), "fraction": fraction}:
                    report(step, fraction)
                case {"note": str(text)}:
                    notes.append(text)
                case _:
                    said.append(line)
        code = process.wait()
    finally:
        signal_group(process, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code == 0:
        return notes
    meaningful = [line for line in said if line.strip()] or [f"the preparation ended with exit code {code}"]
    if len(meaningful) == 1:
        raise ServerError(meaningful[0].removeprefix("Error: "))
    log_folder.mkdir(parents=True, exist_ok=True)
    log = log_folder / LOG_FILE
    log.write_text("\n".join(said) + "\n", encoding="utf-8")
    raise ServerError(f"{meaningful[-1]} (see {log})")


def _told(line: str) -> object:
    try:
        return json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
