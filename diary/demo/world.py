"""The whole demo school, invented in memory: nothing here touches the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diary.demo import school
from diary.demo.accounts import Account, accounts
from diary.demo.attendance import Absence, Attendance
from diary.demo.changes import Change, Changes
from diary.demo.consents import Consents
from diary.demo.groups import Groups
from diary.demo.homework import Homework, homework
from diary.demo.marks import Mark, Marks
from diary.demo.pattern import weekly_pattern
from diary.demo.people import Families
from diary.demo.staff import Staff
from diary.demo.timetable import Lesson, Timetable
from diary.demo.year import Year, school_year


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that the demo school consists of."""

    now: datetime
    year: Year
    families: Families
    staff: Staff
    groups: Groups
    accounts: list[Account]
    consents: Consents
    lessons: list[Lesson]
    changes: list[Change]
    absences: list[Absence]
    marks: list[Mark]
    homework: list[Homework]


def invent(now: datetime) -> World:
    """Invent the school as it stands at that instant; the same instant gives the same school."""
    year = school_year(school.today(now))
    families = Families(year)
    staff = Staff(families, year)
    groups = Groups(families, staff, year)
    timetable = Timetable(weekly_pattern(groups.units), year)
    changes = Changes(timetable, staff, now)
    timetable.close(now)
    attendance = Attendance(families.pupils, families.cast, timetable.lessons, year)
    marks = Marks(timetable.lessons, attendance, year, now)
    return World(
        now=now,
        year=year,
        families=families,
        staff=staff,
        groups=groups,
        accounts=accounts(families, staff, year),
        consents=Consents(families, year, now),
        lessons=timetable.lessons,
        changes=sorted(changes.made.values(), key=lambda change: change.at),
        absences=attendance.absences,
        marks=sorted(marks.marks, key=lambda mark: mark.recorded_at),
        homework=homework(timetable.lessons, year),
    )
