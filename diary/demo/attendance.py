"""Who was missing or late in the demo school's lessons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from diary.demo.people import Cast, Pupil
from diary.demo.seed import Identifiers, dice
from diary.demo.timetable import Lesson
from diary.demo.year import Year
from diary.journal.tables import AttendanceCode
from diary.timetable.tables import LessonStatus

#: How likely a pupil falls ill on a school day, is away for a day without and with a note, or comes late to a lesson.
FALLS_ILL = 0.006
ABSENT = 0.003
EXCUSED = 0.003
LATE = 0.003
LONGEST_ILLNESS_DAYS = 7


@dataclass(frozen=True, slots=True)
class Absence:
    """One pupil's absence from one lesson, or late arrival."""

    id: UUID
    pupil: Pupil
    lesson: Lesson
    code: AttendanceCode
    minutes_late: int | None = None


class Attendance:
    """All absences of the lessons held so far; who is not in them was there."""

    def __init__(self, pupils: list[Pupil], cast: Cast, lessons: list[Lesson], year: Year) -> None:
        self.absences: list[Absence] = []
        self._ids = Identifiers("attendance", year.today)
        self._away = _days_away([pupil for pupil in pupils if pupil not in cast.pupils], year)
        self._present: dict[Lesson, list[Pupil]] = {}
        late = dice("late")
        for lesson in lessons:
            if lesson.status is not LessonStatus.HELD:
                continue
            present = self._present[lesson] = []
            for pupil in lesson.group.on(lesson.day):
                code = self._away.get((pupil, lesson.day))
                if code:
                    self.absences.append(Absence(self._ids.next(), pupil, lesson, code))
                    continue
                present.append(pupil)
                if late.random() < LATE:
                    minutes = late.randrange(3, 20)
                    self.absences.append(Absence(self._ids.next(), pupil, lesson, AttendanceCode.LATE, minutes))

    def present(self, lesson: Lesson) -> list[Pupil]:
        """Return who was in the lesson; nobody in one that has not been held."""
        return self._present.get(lesson, [])


def _days_away(pupils: list[Pupil], year: Year) -> dict[tuple[Pupil, date], AttendanceCode]:
    chance = dice("away")
    away: dict[tuple[Pupil, date], AttendanceCode] = {}
    for pupil in pupils:
        for place, day in enumerate(year.lesson_days):
            what = chance.random()
            if what < FALLS_ILL:
                days = year.lesson_days[place : place + chance.randrange(2, LONGEST_ILLNESS_DAYS + 1)]
                away.update(((pupil, ill_on), AttendanceCode.ILL) for ill_on in days)
            elif what < FALLS_ILL + ABSENT:
                away.setdefault((pupil, day), AttendanceCode.ABSENT)
            elif what < FALLS_ILL + ABSENT + EXCUSED:
                away.setdefault((pupil, day), AttendanceCode.EXCUSED)
    return away
