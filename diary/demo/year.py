"""The demo school's year: the usual Russian one, bent where it must be so that the weeks around today are taught."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from diary.schools.tables import PeriodKind

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
#: Monday to Friday.
SCHOOL_WEEK = 5
#: So many weeks before this one always hold lessons, so that there is a past to look at.
PAST_WEEKS = 7
#: A period with today in it begins at most so many weeks ago and ends at most so many weeks ahead.
LONGEST_PAST_WEEKS = 11
LONGEST_AHEAD_WEEKS = 8
QUARTERS = ("I четверть", "II четверть", "III четверть", "IV четверть")
HALF_YEARS = ("I полугодие", "II полугодие")
#: Month, day and name; those from January to June belong to the year's second half.
PUBLIC_HOLIDAYS = (
    (11, 4, "День народного единства"),
    (2, 23, "День защитника Отечества"),
    (3, 8, "Международный женский день"),
    (5, 1, "Праздник Весны и Труда"),
    (5, 9, "День Победы"),
    (6, 12, "День России"),
)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days without lessons, both ends included, for the whole school or for one grade."""

    name: str
    first: date
    last: date
    grade: int | None = None

    def holds(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.first <= day <= self.last

    def meets(self, other: Pause) -> bool:
        """Whether the two share a day."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Period:
    """A grading period, both ends included."""

    kind: PeriodKind
    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Year:
    """One school year with its periods and pauses, and the days for which the demo school keeps lessons."""

    today: date
    name: str
    first: date
    last: date
    periods: tuple[Period, ...]
    pauses: tuple[Pause, ...]
    lesson_days: tuple[date, ...]

    @property
    def this_monday(self) -> date:
        """The Monday of the week that today belongs to."""
        return monday_of(self.today)

    def around_today(self, day: date) -> bool:
        """Whether the day lies in last week, this week or next week."""
        return -WEEK <= monday_of(day) - self.this_monday <= WEEK

    def is_free(self, day: date, grade: int) -> bool:
        """Whether the grade has no lessons on that day."""
        return any(pause.holds(day) and pause.grade in {None, grade} for pause in self.pauses)


def monday_of(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - day.weekday() * DAY


def school_year(today: date) -> Year:
    """Return the year that today falls in, with last week, this week and next week inside one grading period."""
    monday = monday_of(today)
    autumn_year = today.year if today.month >= 8 else today.year - 1
    first = min(_first_of_september(autumn_year), monday - PAST_WEEKS * WEEK)
    last = max(date(autumn_year + 1, 5, 26), monday + 2 * WEEK + 4 * DAY)
    breaks = _breaks(autumn_year, monday)
    quarters = _quarters(first, last, breaks)
    halves = (
        Period(PeriodKind.HALF_YEAR, HALF_YEARS[0], first, quarters[1].last),
        Period(PeriodKind.HALF_YEAR, HALF_YEARS[1], quarters[2].first, last),
    )
    if last < date(autumn_year + 1, 8, 31):
        breaks.append(Pause("Летние каникулы", last + DAY, date(autumn_year + 1, 8, 31)))
    pauses = [*breaks, *_public_holidays(autumn_year, monday, breaks)]
    current = next(quarter for quarter in quarters if quarter.first <= today <= quarter.last + 2 * DAY)
    start = max(first, min(current.first, monday - (PAST_WEEKS + 2) * WEEK))
    return Year(
        today=today,
        name=f"{autumn_year}/{(autumn_year + 1) % 100:02}",
        first=first,
        last=last,
        periods=(*quarters, *halves),
        pauses=tuple(sorted(pauses, key=lambda pause: pause.first)),
        lesson_days=tuple(_school_days(start, current.last, pauses)),
    )


def _first_of_september(year: int) -> date:
    """Return Knowledge Day, or the Monday after it when it falls on a weekend."""
    day = date(year, 9, 1)
    return day if day.weekday() < SCHOOL_WEEK else monday_of(day) + WEEK


def _breaks(autumn_year: int, monday: date) -> list[Pause]:
    spring_year = autumn_year + 1
    autumn = _nine_days("Осенние каникулы", monday_of(date(autumn_year, 10, 28)))
    winter = Pause("Зимние каникулы", date(autumn_year, 12, 31), monday_of(date(spring_year, 1, 8)) + 6 * DAY)
    february = replace(_nine_days("Дополнительные каникулы", monday_of(date(spring_year, 2, 15))), grade=1)
    spring = _nine_days("Весенние каникулы", monday_of(date(spring_year, 3, 26)))
    # In summer the first or the fourth quarter reaches over today; its far break comes nearer to keep it a quarter.
    if autumn.first - monday > LONGEST_AHEAD_WEEKS * WEEK:
        autumn = _nine_days(autumn.name, monday + (LONGEST_AHEAD_WEEKS - 2) * WEEK)
    if monday - spring.last > LONGEST_PAST_WEEKS * WEEK:
        spring = _nine_days(spring.name, monday - (LONGEST_PAST_WEEKS - 1) * WEEK)
    return [_beside_today(pause, monday) for pause in (autumn, winter, february, spring)]


def _nine_days(name: str, monday: date) -> Pause:
    return Pause(name, monday - 2 * DAY, monday + 6 * DAY)


def _beside_today(pause: Pause, monday: date) -> Pause:
    """Move a break out of the three weeks around today, to the nearer side, in whole weeks."""
    if not pause.meets(_weeks_around(monday)):
        return pause
    weeks = -(-((pause.last - pause.first).days - 2) // 7)
    if pause.first >= monday:
        saturday = monday + WEEK + 5 * DAY
        return replace(pause, first=saturday, last=saturday + weeks * WEEK + DAY)
    sunday = monday - WEEK - DAY
    return replace(pause, first=sunday - weeks * WEEK - DAY, last=sunday)


def _weeks_around(monday: date) -> Pause:
    return Pause("", monday - WEEK, monday + WEEK + 4 * DAY)


def _quarters(first: date, last: date, breaks: list[Pause]) -> list[Period]:
    bounds = [first]
    for pause in breaks:
        if pause.grade is None:
            bounds += [_school_day_before(pause.first), pause.last + DAY]
    bounds.append(last)
    return [
        Period(PeriodKind.QUARTER, name, start, end)
        for name, start, end in zip(QUARTERS, bounds[::2], bounds[1::2], strict=True)
    ]


def _school_day_before(day: date) -> date:
    before = day - DAY
    return before if before.weekday() < SCHOOL_WEEK else monday_of(before) + 4 * DAY


def _public_holidays(autumn_year: int, monday: date, breaks: list[Pause]) -> list[Pause]:
    """Return the state holidays; a day off on a weekend moves to Monday, one near today to the week after next."""
    usual: list[Pause] = []
    moved: list[str] = []
    for month, day, name in PUBLIC_HOLIDAYS:
        first = date(autumn_year if month > 8 else autumn_year + 1, month, day)
        last = first if first.weekday() < SCHOOL_WEEK else monday_of(first) + WEEK
        pause = Pause(name, first, last)
        if pause.meets(_weeks_around(monday)):
            moved.append(name)
        elif not any(pause.meets(other) and other.grade is None for other in breaks):
            usual.append(pause)
    next_free = monday + 2 * WEEK
    for name in moved:
        while any(other.holds(next_free) and other.grade is None for other in (*breaks, *usual)):
            next_free += DAY
        usual.append(Pause(f"{name} (перенесённый выходной)", next_free, next_free))
    return usual


def _school_days(start: date, end: date, pauses: list[Pause]) -> list[date]:
    days = [start + shift * DAY for shift in range((end - start).days + 1)]
    return [
        day
        for day in days
        if day.weekday() < SCHOOL_WEEK and not any(pause.holds(day) and pause.grade is None for pause in pauses)
    ]
