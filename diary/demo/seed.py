"""One seed behind the whole demo school: the same day always gives the same school, identifiers included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from random import Random
from uuid import UUID

SEED = "школа № 57"


def dice(*of: object) -> Random:
    """Return the stream of chance of one matter, so that a change in one matter does not reshuffle the others."""
    return Random(":".join((SEED, *map(str, of))))  # noqa: S311 - believable data, not secrets


class Identifiers:
    """Version 7 identifiers that grow like real ones but follow from the seed and the day."""

    def __init__(self, kind: str, day: date) -> None:
        self._dice = dice("id", kind, day)
        self._first_ms = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
        self._count = 0

    def next(self) -> UUID:
        """Return the next identifier; 4,096 of them share a millisecond."""
        milliseconds, counter = divmod(self._count, 0x1000)
        self._count += 1
        high = (self._first_ms + milliseconds) << 16 | 0x7000 | counter
        return UUID(int=high << 64 | 0x8000_0000_0000_0000 | self._dice.getrandbits(62))
