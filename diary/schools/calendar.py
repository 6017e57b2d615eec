"""Which days are school days, in the school's own zone: what every deadline in days and weeks rests on (A5, A8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.kit import database

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
#: No school is closed longer than this; whoever asks for the next school day beyond it gets the plain next one.
LONGEST_BREAK = 200


@dataclass(frozen=True, slots=True)
class Span:
    """A run of days, both ends included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Break:
    """Days without lessons, for all grades or for some (R3.7)."""

    days: Span
    grades: tuple[int, int] | None = None

    def frees(self, day: date, grade: int | None) -> bool:
        """Whether the day is free; a pupil without a grade is freed only by what frees the whole school."""
        return day in self.days and (
            self.grades is None or (grade is not None and self.grades[0] <= grade <= self.grades[1])
        )


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """The school days of one school: its weekdays within its years, without its holidays."""

    school_id: UUID
    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    years: tuple[Span, ...] = ()
    breaks: tuple[Break, ...] = field(default=())

    def is_school_day(self, day: date, grade: int | None = None) -> bool:
        """Whether lessons are held on the day."""
        return (
            day.isoweekday() in self.weekdays
            and any(day in year for year in self.years)
            and not any(pause.frees(day, grade) for pause in self.breaks)
        )

    def last_school_day(self, monday: date, grade: int | None = None) -> date | None:
        """Return the last school day of the week, None for a week without any (A8)."""
        days = (monday + DAY * number for number in range(6, -1, -1))
        return next((day for day in days if self.is_school_day(day, grade)), None)

    def next_school_day(self, day: date, grade: int | None = None) -> date:
        """Return the first school day after the given one; out of every school year the weekday alone decides."""
        later = [day + DAY * number for number in range(1, LONGEST_BREAK)]
        found = next((one for one in later if self.is_school_day(one, grade)), None)
        return found or next(one for one in later if one.isoweekday() in self.weekdays)

    def today(self, now: datetime) -> date:
        """Return the school's own date of an instant."""
        return now.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Return the day's 24:00:00 in the school's zone, as an instant in UTC."""
        return datetime.combine(day + DAY, time(0), self.zone).astimezone(UTC)


def monday_of(day: date) -> date:
    """Return the Monday of the day's calendar week (A8)."""
    return day - DAY * day.weekday()


def mondays(first: date, last: date) -> Iterator[date]:
    """Yield the Monday of each calendar week that touches the span."""
    monday = monday_of(first)
    while monday <= last:
        yield monday
        monday += WEEK


async def calendars(school_ids: Sequence[UUID] | None = None) -> list[SchoolCalendar]:
    """Return the calendars of the given schools, or of all."""
    rows = await database.fetch(
        """
        SELECT s.id, s.time_zone, s.school_days,
            ARRAY(SELECT y.starts_on FROM school_year y WHERE y.school = s.id ORDER BY y.starts_on, y.id) AS begins,
            ARRAY(SELECT y.ends_on FROM school_year y WHERE y.school = s.id ORDER BY y.starts_on, y.id) AS ends,
            ARRAY(SELECT h.starts_on FROM holiday h WHERE h.school = s.id ORDER BY h.id) AS free_from,
            ARRAY(SELECT h.ends_on FROM holiday h WHERE h.school = s.id ORDER BY h.id) AS free_to,
            ARRAY(SELECT h.grade_from FROM holiday h WHERE h.school = s.id ORDER BY h.id) AS grade_from,
            ARRAY(SELECT h.grade_to FROM holiday h WHERE h.school = s.id ORDER BY h.id) AS grade_to
        FROM school s WHERE $1::uuid[] IS NULL OR s.id = ANY ($1) ORDER BY s.id
        """,
        None if school_ids is None else list(school_ids),
    )
    return [
        SchoolCalendar(
            school_id=row["id"],
            zone=ZoneInfo(row["time_zone"]),
            weekdays=frozenset(row["school_days"]),
            years=tuple(Span(first, last) for first, last in zip(row["begins"], row["ends"], strict=True)),
            breaks=tuple(
                Break(Span(first, last), None if low is None else (low, high))
                for first, last, low, high in zip(
                    row["free_from"], row["free_to"], row["grade_from"], row["grade_to"], strict=True
                )
            ),
        )
        for row in rows
    ]
