"""The demo school's marks: each pupil's ability, the work's weight, a comment now and then, a correction rarely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from diary.demo import courses as c
from diary.demo.attendance import Attendance
from diary.demo.people import Pupil
from diary.demo.seed import Identifiers, dice
from diary.demo.timetable import Lesson
from diary.demo.year import Year
from diary.journal.tables import WorkType
from diary.timetable.tables import LessonType

#: About so many marks in all, whatever the term's length.
MARKS = 60_000
#: In one lesson out of so many the whole class writes a short work of its own.
INDEPENDENT_ONE_OF = 4
#: No lesson marks more than this share of those who are there, beside works of the whole class.
MOST_MARKED = 0.8
WITH_COMMENT = 0.02
CORRECTED = 0.006
WEIGHTS = {
    WorkType.ANSWER: 1,
    WorkType.HOMEWORK: 1,
    WorkType.CLASSWORK: 1,
    WorkType.INDEPENDENT: 2,
    WorkType.LAB: 2,
    WorkType.PROJECT: 2,
    WorkType.DICTATION: 3,
    WorkType.TEST: 3,
}
_DAILY = (WorkType.ANSWER, WorkType.ANSWER, WorkType.HOMEWORK, WorkType.CLASSWORK)
_EASY = frozenset({c.MUSIC, c.ART, c.CRAFT, c.SPORT, c.SAFETY, c.ETHICS, c.CULTURE, c.PROJECT})
_PRAISE = ("Отличный ответ", "Молодец!", "Хорошая подготовка", "Аккуратная работа", "Заметный прогресс")
_ADVICE = (
    "Повторить правило",
    "Много ошибок по невнимательности",
    "Не выполнена часть заданий",
    "Нужно подтянуть тему",
)
_WHY_CORRECTED = (
    "Пересдача",
    "Ошибка при вводе",
    "Апелляция: работа проверена повторно",
    "Работа над ошибками выполнена",
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a mark was before."""

    id: UUID
    was: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark as it stands today."""

    id: UUID
    pupil: Pupil
    lesson: Lesson
    value: str
    work: WorkType
    comment: str
    recorded_at: datetime
    correction: Correction | None


class Marks:
    """All marks of the term; the first grade has none."""

    def __init__(self, lessons: list[Lesson], attendance: Attendance, year: Year, now: datetime) -> None:
        self.marks: list[Mark] = []
        self._now = now
        self._dice = dice("marks")
        self._ids = Identifiers("mark", year.today)
        self._correction_ids = Identifiers("correction", year.today)
        self._talents: dict[tuple[Pupil, str], float] = {}
        works = [
            (lesson, attendance.present(lesson), self._whole_class_work(lesson))
            for lesson in lessons
            if lesson.grade > c.UNMARKED_GRADE and attendance.present(lesson)
        ]
        sure = sum(len(present) for _lesson, present, work in works if work)
        open_seats = sum(len(present) for _lesson, present, work in works if not work)
        share = max(0.0, min(MOST_MARKED, (MARKS - sure) / max(1, open_seats)))
        for lesson, present, work in works:
            for pupil in present:
                if work:
                    self._record(lesson, pupil, work)
                elif self._dice.random() < share:
                    self._record(lesson, pupil, self._dice.choice(_DAILY))

    def _whole_class_work(self, lesson: Lesson) -> WorkType | None:
        if lesson.kind is LessonType.TEST:
            dictation = lesson.subject == c.RUSSIAN and self._dice.random() < 0.5
            return WorkType.DICTATION if dictation else WorkType.TEST
        if lesson.kind is LessonType.LAB:
            return WorkType.LAB
        if lesson.subject == c.PROJECT and lesson.kind is LessonType.PRACTICE:
            return WorkType.PROJECT
        short_work = lesson.kind is LessonType.PRACTICE and lesson.subject not in _EASY
        return WorkType.INDEPENDENT if short_work and self._dice.randrange(INDEPENDENT_ONE_OF) == 0 else None

    def _record(self, lesson: Lesson, pupil: Pupil, work: WorkType) -> None:
        chance = self._dice
        value = self._value(pupil, lesson.subject, work)
        began = lesson.begins_at
        # A written work is marked in the days after the lesson, an answer at once.
        hours = chance.randrange(3, 50) if WEIGHTS[work] > 1 else 0
        recorded_at = min(began + timedelta(hours=hours, minutes=chance.randrange(15, 45)), self._now)
        comment = ""
        if chance.random() < WITH_COMMENT:
            comment = chance.choice(_PRAISE if value >= 4 else _ADVICE)
        correction = None
        if chance.random() < CORRECTED:
            correction, value = self._correct(value, recorded_at)
        self.marks.append(Mark(self._ids.next(), pupil, lesson, str(value), work, comment, recorded_at, correction))

    def _value(self, pupil: Pupil, subject: str, work: WorkType) -> int:
        talent = self._talents.get((pupil, subject))
        if talent is None:
            talent = self._talents[pupil, subject] = pupil.ability + self._dice.gauss(0.0, 0.3)
            if subject in _EASY:
                talent = self._talents[pupil, subject] = talent + 0.6
        luck = self._dice.gauss(-0.15 if WEIGHTS[work] == 3 else 0.1, 0.55)
        return max(2, min(5, round(talent + luck)))

    def _correct(self, value: int, recorded_at: datetime) -> tuple[Correction | None, int]:
        at = recorded_at + timedelta(hours=self._dice.randrange(20, 120))
        became = max(3, min(5, value + 1))
        if at >= self._now or became == value:
            return None, value
        reason = self._dice.choice(_WHY_CORRECTED)
        return Correction(self._correction_ids.next(), str(value), reason, at), became
