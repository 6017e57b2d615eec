"""The demo school itself: its name, its clock and its bells."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

NAME = "Школа № 57 (учебный пример)"
SHORT_NAME = "Школа № 57"
ADDRESS = "Город Примерный, улица Учебная, дом 1"
TIME_ZONE = "Europe/Moscow"
#: By the number of the lesson, from 1.
BELLS = tuple(
    (time(*begin), time(*end))
    for begin, end in (
        ((8, 30), (9, 15)),
        ((9, 25), (10, 10)),
        ((10, 30), (11, 15)),
        ((11, 35), (12, 20)),
        ((12, 40), (13, 25)),
        ((13, 35), (14, 20)),
        ((14, 30), (15, 15)),
        ((15, 25), (16, 10)),
    )
)
_ZONE = ZoneInfo(TIME_ZONE)


def today(now: datetime) -> date:
    """Return the school's date at that instant."""
    return now.astimezone(_ZONE).date()


def instant(day: date, at: time) -> datetime:
    """Return the instant of the school's wall clock."""
    return datetime.combine(day, at, _ZONE).astimezone(UTC)


@cache
def lesson_time(day: date, ordinal: int) -> tuple[datetime, datetime]:
    """Return when the lesson of that number begins and ends on that day."""
    begin, end = BELLS[ordinal - 1]
    return instant(day, begin), instant(day, end)
