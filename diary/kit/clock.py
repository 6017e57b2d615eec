"""The one source of the current instant, so that deadlines can be simulated and tested."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can tell the instant."""

    def now(self) -> datetime:
        """Return the current instant, always in UTC."""


class FollowingClock:
    """The machine's monotonic clock set by PostgreSQL's time: a wrong or jumping wall clock moves no deadline."""

    def __init__(self) -> None:
        self._instant = datetime.now(UTC)
        self._read_at = time.monotonic()

    def now(self) -> datetime:
        """Return the last known instant plus the time that has run since."""
        return self._instant + timedelta(seconds=time.monotonic() - self._read_at)

    def follow(self, instant: datetime, *, doubt: timedelta) -> None:
        """Take over the instant that the database tells, unless ours lies within what its answer leaves in doubt."""
        if abs(self.now() - instant) > doubt:
            self._instant = instant.astimezone(UTC)
            self._read_at = time.monotonic()


class SetClock:
    """A clock that stands still until it is moved, for tests and simulations."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self.instant

    def move(self, by: timedelta) -> None:
        """Let the time run by the given span."""
        self.instant += by


_following = FollowingClock()
_clock: Clock = _following


def now() -> datetime:
    """Return the current instant in UTC."""
    return _clock.now()


def use(clock: Clock | None) -> None:
    """Replace the process's clock; None goes back to the one that follows the database."""
    global _clock  # noqa: PLW0603 - the clock is the process's, by intent
    _clock = clock or _following


def follow(instant: datetime, *, doubt: timedelta) -> None:
    """Tell the default clock what PostgreSQL's clock says, give or take the doubt."""
    _following.follow(instant, doubt=doubt)
