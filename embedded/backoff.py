"""How long to wait before something that crashed is started again."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A child that ran for so long was well: its next crash is a first crash again, seconds.
RAN_WELL = 30.0


class Backoff:
    """Doubling pauses between starts, from the first again after a good run."""

    def __init__(
        self,
        *,
        first: float = FIRST_PAUSE,
        longest: float = LONGEST_PAUSE,
        ran_well: float = RAN_WELL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first, self._longest, self._ran_well, self._now = first, longest, ran_well, now
        self._pause = 0.0
        self._started_at = now()
        self.due: float | None = None

    def started(self) -> None:
        """Note that it was started now."""
        self._started_at = self._now()
        self.due = None

    def fail(self) -> float:
        """Note that it ended now, and return the pause before the next start."""
        if self._now() - self._started_at >= self._ran_well:
            self._pause = 0.0
        self._pause = min(self._pause * 2, self._longest) if self._pause else self._first
        self.due = self._now() + self._pause
        return self._pause

    def is_due(self) -> bool:
        """Return whether the pause is over."""
        return self.due is not None and self._now() >= self.due
