"""Stopping in time: a process asked to end does so within four seconds, whatever hangs."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

#: Work in progress gets this long to end after SIGTERM, seconds.
WORK_PATIENCE = 2.5
#: After this time the process ends without ceremony, seconds; `diary up` kills after five.
PATIENCE = 3.9
#: The exit code of a process that did not manage to stop in order.
CUT_OFF = 1


class Stop:
    """SIGTERM and Ctrl-C as an event that the process waits for; the second signal ends it at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._listeners: list[Callable[[], object]] = []

    @property
    def is_asked(self) -> bool:
        """Whether the process has been asked to end."""
        return self._asked.is_set()

    def listen_to_signals(self) -> None:
        """Take SIGTERM and SIGINT from now on; main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)

    def on_ask(self, listener: Callable[[], object]) -> None:
        """Call the listener from the signal handler, once."""
        self._listeners.append(listener)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait in a thread until the process is asked to end; return whether it was."""
        return self._asked.wait(seconds)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._asked.is_set():
            _end_now()
        self._asked.set()
        last_resort = threading.Timer(PATIENCE, _end_now)
        last_resort.daemon = True
        last_resort.start()
        for listener in self._listeners:
            listener()


def _end_now() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(CUT_OFF)
