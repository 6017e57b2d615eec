"""What a server said, kept in a file, and the line of it that explains a failed start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

#: A log longer than this is put aside at the next start, and the one put aside before is dropped, bytes.
LONGEST = 10_000_000
#: The strongest words first: a bad setting is told by a LOG line before the FATAL line that only counts it.
_TELLING = (
    re.compile(r"\bLOG:\s+((?:invalid|unrecognized|syntax error|parameter) .*(?:file|parameter|range|value) .+)"),
    re.compile(r"\b(?:FATAL|PANIC|ERROR|error):\s*(.+)"),
)
_TAIL = 20_000


class ServerLog:
    """The file that one server writes its log to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def open(self) -> IO[bytes]:
        """Open the log for a new run of the server."""
        if self.path.exists() and self.path.stat().st_size > LONGEST:
            self.path.replace(self.path.with_suffix(".log.1"))
        log = self.path.open("ab")
        self._start = log.tell()
        return log

    def explanation(self) -> str:
        """Return the line of this run that tells why the server ended."""
        with self.path.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(self._start, log.tell() - _TAIL))
            return telling_line(log.read().decode("utf-8", "replace"))


def telling_line(said: str) -> str:
    """Return the line of a program's output that tells best what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for telling in _TELLING:
        for line in reversed(lines):
            found = telling.search(line)
            if found:
                return found.group(1).strip()
    return lines[-1] if lines else "it said nothing"
