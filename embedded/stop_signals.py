"""What Ctrl-C, SIGTERM and SIGHUP mean to a process that holds others: once, end all in order; twice, at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: The same wish may arrive twice at once, from the terminal and from make; that is one signal, seconds.
ONE_WISH = 0.5


class StopRequested(BaseException):
    """Raised out of whatever is being started when somebody asks to stop; not an error."""


class StopSignals:
    """While open, the first signal raises StopRequested, or is only noted once `defer` was called."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._first: float | None = None
        self._is_deferred = False
        self._before: dict[signal.Signals, object] = {}
        self.kill: Callable[[], None] = lambda: None

    @property
    def is_requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._first is not None

    def defer(self) -> None:
        """Only note signals from now on: a loop asks for them."""
        self._is_deferred = True
        if self.is_requested:
            raise StopRequested

    def __enter__(self) -> Self:
        """Take the signals over."""
        for number in STOPPING:
            self._before[number] = signal.signal(number, self._notice)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _notice(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - what a handler is given
        if self._first is None:
            self._first = self._now()
            if not self._is_deferred:
                raise StopRequested
        elif self._now() - self._first > ONE_WISH:
            self.kill()
