"""School years and grading periods out of the academic sessions of an export."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from diary.exchange.intake import PeriodFact, YearFact
from diary.exchange.oneroster.records import AcademicSession, Roster, SessionKind
from diary.exchange.problem import notice
from diary.kit.wording import _
from diary.schools.tables import PeriodKind

SHORT_YEAR = notice(
    _("Учебный год длится {days} дн.: за учебный год не принят, год определён по датам."),
    _("Проверьте даты начала и конца года."),
)
OVERLAPPING = notice(
    _("Периоды «{one}» и «{other}» пересекаются: отчётные периоды {year} года не перенесены."),
    _("Исправьте даты в academicSessions.csv или заведите четверти в панели."),
)
NO_CURRENT_YEAR = notice(
    _("В файле нет учебного года, идущего сейчас: взят {year}."),
    _("Добавьте его в academicSessions.csv или проверьте даты года в панели."),
)

#: A school year is no shorter and no longer, days.
SHORTEST_YEAR, LONGEST_YEAR = 200, 400
#: A Russian school year starts on this day; presumed years end with August, so that exams and summer belong to them.
FIRST_MONTH, NEW_YEAR_MONTH, LAST_MONTH = 9, 8, 8
#: Up to so many days a period without a telling title is a quarter, up to so many a trimester.
LONGEST_QUARTER, LONGEST_TRIMESTER = 75, 110
LONGEST_PERIOD_NAME = 64
_TITLES = (
    (re.compile(r"четверт|quarter", re.IGNORECASE), PeriodKind.QUARTER),
    (re.compile(r"тримест|trimester", re.IGNORECASE), PeriodKind.TRIMESTER),
    (re.compile(r"полугод|semester|half", re.IGNORECASE), PeriodKind.HALF_YEAR),
)


@dataclass(slots=True)
class Year:
    """A school year as the export tells or as it is presumed."""

    name: str
    starts_on: date
    ends_on: date
    key: str | None = None
    row: int = 0


def name_of(starts_on: date, ends_on: date) -> str:
    """Return 2026/27, or 2026 for a year within one calendar year."""
    if starts_on.year == ends_on.year:
        return str(starts_on.year)
    return f"{starts_on.year}/{ends_on.year % 100:02}"


def presumed_year(day: date) -> Year:
    """Return the school year that a day falls into when nobody has said otherwise."""
    first = day.year if day.month >= NEW_YEAR_MONTH else day.year - 1
    starts_on, ends_on = date(first, FIRST_MONTH, 1), date(first + 1, LAST_MONTH, 31)
    return Year(name_of(starts_on, ends_on), starts_on, ends_on)


class Calendar:
    """The years and periods of one export."""

    def __init__(self, roster: Roster, today: date) -> None:
        self._roster = roster
        self._today = today
        self._years: dict[str, Year] = {}
        self._year_of: dict[str, str] = {}
        sessions = [session for session in roster.sessions.values() if session.in_force]
        for session in sessions:
            if session.kind is SessionKind.SCHOOL_YEAR:
                self._stated(session)
        for session in sessions:
            self._year_of[session.id] = self._above(session) or self._by_dates(session)

    def year_of(self, session_ids: Iterable[str]) -> tuple[str, bool]:
        """Return the year of a class by its sessions, and whether they told; else the current year."""
        for session_id in session_ids:
            if session_id in self._year_of:
                return self._year_of[session_id], True
        return self.current(), False

    def current(self) -> str:
        """Return the year that runs today, presuming one when the export has none."""
        for year in self._years.values():
            if year.starts_on <= self._today <= year.ends_on:
                return year.name
        year = presumed_year(self._today)
        found = self._years.setdefault(year.name, year)
        if found is year and self._roster.sessions:
            place = self._roster.place("academicSessions")
            self._roster.problems.add(NO_CURRENT_YEAR, file=place, year=year.name)
        return found.name

    def years(self, school: str) -> list[YearFact]:
        """Return the years of a school."""
        return [
            YearFact(
                school=school,
                table="academicSessions",
                row=year.row,
                key=year.key,
                name=year.name,
                starts_on=year.starts_on,
                ends_on=year.ends_on,
            )
            for year in self._years.values()
        ]

    def periods(self, schools: Iterable[str]) -> list[PeriodFact]:
        """Return the grading periods, of each year on its own; periods that overlap are left to the school."""
        facts: list[PeriodFact] = []
        for year in self._years.values():
            sessions = self._finest(year.name)
            if not self._overlap(year.name, sessions):
                facts += [
                    self._period(school, year.name, session, name)
                    for school in schools
                    for session, name in zip(sessions, _names(sessions), strict=True)
                ]
        return facts

    def _stated(self, session: AcademicSession) -> None:
        days = (session.ends_on - session.starts_on).days + 1
        if not SHORTEST_YEAR <= days <= LONGEST_YEAR:
            place = self._roster.place("academicSessions")
            self._roster.problems.add(SHORT_YEAR, file=place, row=session.row, days=days)
            return
        name = name_of(session.starts_on, session.ends_on)
        year = Year(name, session.starts_on, session.ends_on, session.id, session.row)
        self._year_of[session.id] = self._years.setdefault(name, year).name

    def _above(self, session: AcademicSession) -> str | None:
        seen: set[str] = set()
        at: str = session.id
        while at and at not in seen:
            seen.add(at)
            if at in self._year_of:
                return self._year_of[at]
            above = self._roster.sessions.get(at)
            at = above.parent_id if above else ""
        return None

    def _by_dates(self, session: AcademicSession) -> str:
        """Find the year around the session's middle; a presumed one grows to hold the whole session."""
        middle = session.starts_on + (session.ends_on - session.starts_on) / 2
        for year in self._years.values():
            if year.key and year.starts_on <= middle <= year.ends_on:
                return year.name
        presumed = presumed_year(middle)
        year = self._years.setdefault(presumed.name, presumed)
        if year.key is None:
            year.starts_on = min(year.starts_on, session.starts_on)
            year.ends_on = max(year.ends_on, session.ends_on)
        return year.name

    def _finest(self, year: str) -> list[AcademicSession]:
        for kind in (SessionKind.GRADING_PERIOD, SessionKind.TERM, SessionKind.SEMESTER):
            found = [
                session
                for session in self._roster.sessions.values()
                if session.in_force and session.kind is kind and self._year_of[session.id] == year
                if session.starts_on < session.ends_on
            ]
            if found:
                return sorted(found, key=lambda session: session.starts_on)
        return []

    def _overlap(self, year: str, sessions: list[AcademicSession]) -> bool:
        for one, other in pairwise(sessions):
            if other.starts_on <= one.ends_on:
                place = self._roster.place("academicSessions")
                facts = {"one": one.title, "other": other.title, "year": year}
                self._roster.problems.add(OVERLAPPING, file=place, row=other.row, **facts)
                return True
        return False

    def _period(self, school: str, year: str, session: AcademicSession, name: str) -> PeriodFact:
        return PeriodFact(
            school=school,
            table="academicSessions",
            row=session.row,
            key=session.id,
            year=year,
            kind=_kind_of(session),
            name=name,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
        )


def _names(sessions: list[AcademicSession]) -> list[str]:
    """Return a name for each period; titles that repeat get a number."""
    names: list[str] = []
    for session in sessions:
        title = (session.title or session.id)[: LONGEST_PERIOD_NAME - 5]
        names.append(title if title not in names else f"{title} ({len(names) + 1})")
    return names


def _kind_of(session: AcademicSession) -> PeriodKind:
    for pattern, kind in _TITLES:
        if pattern.search(session.title):
            return kind
    length = session.ends_on - session.starts_on
    if session.kind is SessionKind.SEMESTER or length > timedelta(LONGEST_TRIMESTER):
        return PeriodKind.HALF_YEAR
    return PeriodKind.QUARTER if length <= timedelta(LONGEST_QUARTER) else PeriodKind.TRIMESTER
