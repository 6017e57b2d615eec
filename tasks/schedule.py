"""When the clock's entries are due: cron on the wall clock of a zone, and what becomes of missed runs (D8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]

#: Wall clocks are turned by an hour or two at most; so far around an instant its neighbours are looked for.
CLOCK_TURN = timedelta(hours=3)
#: No more missed runs than this are caught up at once.
CATCH_UP_AT_MOST = 1_000


class CatchUp(StrEnum):
    """What happens to runs that were due while no clock was there."""

    ALL = "ALL"
    LATEST = "LATEST"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job of the clock; its act is idempotent, because a dying clock's unfinished run is begun again.

    `cron` has five fields, or six with the seconds last; Sunday is 0 or 7. An entry that runs more often than daily
    keeps to UTC: on a wall clock that is turned back, the doubled hour happens once.
    """

    name: str
    cron: str
    act: Callable[[], Awaitable[str]]
    catch_up: CatchUp
    zone: tzinfo = field(default=UTC)
    #: With NONE a run that is later than this is left out.
    grace: timedelta = timedelta(seconds=30)

    def next_after(self, instant: datetime) -> datetime:
        """Return the first due instant after the given one."""
        return next(due for due in self._forwards(instant) if due > instant)

    def missed(self, since: datetime, now: datetime) -> list[datetime]:
        """Return the due instants after `since` up to now that are to be run, oldest first."""
        if self.catch_up is CatchUp.ALL:
            found: list[datetime] = []
            for due in self._forwards(since):
                if due > now or len(found) == CATCH_UP_AT_MOST:
                    break
                if due > since and due not in found[-1:]:
                    found.append(due)
            return found
        latest = next(due for due in self._backwards(now) if due <= now)
        too_late = self.catch_up is CatchUp.NONE and now - latest > self.grace
        return [] if latest <= since or too_late else [latest]

    def _forwards(self, instant: datetime) -> Iterator[datetime]:
        times = self._times(instant.astimezone(self.zone) - self._turn())
        while True:
            yield self._instant(times.get_next(datetime))

    def _backwards(self, instant: datetime) -> Iterator[datetime]:
        # One second later, so that an instant that is due itself is found.
        start = instant.astimezone(self.zone).replace(microsecond=0) + timedelta(seconds=1)
        times = self._times(start + self._turn())
        while True:
            yield self._instant(times.get_prev(datetime))

    def _times(self, local: datetime) -> croniter:
        return croniter(self.cron, local.replace(tzinfo=None, fold=0))

    def _instant(self, local: datetime) -> datetime:
        # A time that a turned clock leaves out comes after the gap; one that it shows twice is the first.
        return local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def _turn(self) -> timedelta:
        return CLOCK_TURN if isinstance(self.zone, ZoneInfo) else timedelta(0)
