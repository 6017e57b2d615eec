"""What goes otherwise than planned in the demo school: substitutions, moved and cancelled lessons (R3.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from diary.demo import school
from diary.demo.groups import Group
from diary.demo.people import LIZAS_CLASS, MISHAS_CLASS
from diary.demo.seed import Identifiers, dice
from diary.demo.staff import Staff, Teacher
from diary.demo.timetable import Lesson, Timetable
from diary.demo.topics import topics
from diary.demo.year import DAY, SCHOOL_WEEK, WEEK
from diary.timetable.tables import ChangeKind, LessonStatus

#: How likely a teacher is away on a day.
ABSENCE = 0.02
MOVED = 0.004
CANCELLED = 0.003
#: A lesson moves by at most so many school days.
FARTHEST_MOVE = 4
_WHY_ABSENT = ("Болезнь педагога", "Курсы повышения квалификации", "Командировка", "Семейные обстоятельства педагога")
_WHY_MOVED = ("Диспансеризация класса", "Экскурсия", "Участие класса в олимпиаде", "Репетиция праздника")
_WHY_CANCELLED = ("Общешкольное мероприятие", "Отключение отопления в кабинете", "День здоровья")


@dataclass(slots=True, eq=False, kw_only=True)
class Change:
    """A change of a lesson with what it was before."""

    id: UUID
    lesson: Lesson
    kind: ChangeKind
    reason: str
    at: datetime
    moved_to: Lesson | None = None
    was_teacher: Teacher | None = None
    was_subject: str | None = None


class Changes:
    """All changes of the term; nothing is known yet of the days after next week."""

    def __init__(self, timetable: Timetable, staff: Staff, now: datetime) -> None:
        self.made: dict[Lesson, Change] = {}
        self._timetable = timetable
        self._staff = staff
        self._now = now
        self._dice = dice("changes")
        self._ids = Identifiers("change", timetable.year.today)
        self._away: set[tuple[Teacher, date]] = set()
        self._teaches: dict[Group, list[tuple[Teacher, str]]] = defaultdict(list)
        for lesson in timetable.lessons:
            if lesson.is_of_whole_class and (lesson.teacher, lesson.subject) not in self._teaches[lesson.group]:
                self._teaches[lesson.group].append((lesson.teacher, lesson.subject))
        self._show_each_kind()
        self._absences()
        self._moves_and_cancellations()

    def _known_days(self) -> list[date]:
        year = self._timetable.year
        return [day for day in year.lesson_days if day < year.this_monday + 2 * WEEK]

    def _show_each_kind(self) -> None:
        """Let Misha's week have one change of each kind, none of them in Vera's lessons."""
        year = self._timetable.year
        week = [
            lesson
            for lesson in self._timetable.lessons
            if lesson.classes[0].name == MISHAS_CLASS
            and lesson.is_of_whole_class
            and lesson.teacher is not self._staff.vera
            and year.this_monday <= lesson.day < year.this_monday + WEEK
        ]
        acts: tuple[tuple[int, Callable[[Lesson], bool]], ...] = (
            (1, lambda lesson: self._substitute(lesson, _WHY_ABSENT[0], other_subject=False)),
            (2, lambda lesson: self._move(lesson, _WHY_MOVED[1], (lesson.day + DAY,))),
            (4, lambda lesson: self._cancel(lesson, _WHY_CANCELLED[0])),
        )
        for weekday, act in acts:
            near_first = sorted(
                week, key=lambda lesson: ((lesson.day.weekday() - weekday) % SCHOOL_WEEK, -lesson.ordinal)
            )
            next(lesson for lesson in near_first if lesson not in self.made and act(lesson))

    def _absences(self) -> None:
        lessons: dict[tuple[Teacher, date], list[Lesson]] = defaultdict(list)
        for lesson in self._timetable.lessons:
            lessons[lesson.teacher, lesson.day].append(lesson)
        for day in self._known_days():
            away = [teacher for teacher in self._staff.teachers if self._dice.random() < ABSENCE]
            away = [who for who in away if who is not self._staff.vera or not self._timetable.year.around_today(day)]
            self._away.update((teacher, day) for teacher in away)
            for teacher in away:
                reason = self._dice.choice(_WHY_ABSENT)
                for lesson in lessons[teacher, day]:
                    if lesson in self.made or lesson.teacher is not teacher:
                        continue
                    if not self._substitute(lesson, reason, other_subject=True):
                        self._cancel(lesson, reason)

    def _moves_and_cancellations(self) -> None:
        year = self._timetable.year
        days = self._known_days()
        last = days[-1]
        for lesson in list(self._timetable.lessons):
            chance = self._dice.random()
            if chance > MOVED + CANCELLED or lesson.day > last or lesson in self.made or not lesson.is_of_whole_class:
                continue
            if lesson.teacher is self._staff.vera and year.around_today(lesson.day):
                continue
            if chance < MOVED:
                place = days.index(lesson.day)
                self._move(lesson, self._dice.choice(_WHY_MOVED), tuple(days[place + 1 : place + 1 + FARTHEST_MOVE]))
            else:
                self._cancel(lesson, self._dice.choice(_WHY_CANCELLED))

    def _substitute(self, lesson: Lesson, reason: str, *, other_subject: bool) -> bool:
        colleagues = [(who, lesson.subject) for who in self._staff.teachers if who.trade == lesson.teacher.trade]
        others = self._teaches[lesson.group] if other_subject and lesson.is_of_whole_class else []
        for teacher, subject in (*_shuffled(self._dice, colleagues), *others):
            if self._may_come(teacher, lesson):
                change = self._note(lesson, ChangeKind.SUBSTITUTION, reason)
                change.was_teacher = lesson.teacher
                if subject != lesson.subject:
                    change.was_subject = lesson.subject
                    lesson.subject = subject
                    lesson.theme = self._dice.choice(topics(subject, lesson.grade))
                lesson.teacher = teacher
                self._timetable.engage(teacher, lesson.day, lesson.ordinal)
                return True
        return False

    def _may_come(self, teacher: Teacher, lesson: Lesson) -> bool:
        stranger = teacher is self._staff.gleb and lesson.classes[0].name in {MISHAS_CLASS, LIZAS_CLASS}
        return (
            teacher is not lesson.teacher
            and not stranger
            and (teacher, lesson.day) not in self._away
            and self._timetable.is_free(teacher, lesson.day, lesson.ordinal)
        )

    def _move(self, lesson: Lesson, reason: str, days: tuple[date, ...]) -> bool:
        for day in days:
            ordinal = self._timetable.slot_after_lessons(lesson.classes, day)
            if (
                ordinal is not None
                and (lesson.teacher, day) not in self._away
                and self._timetable.is_free(lesson.teacher, day, ordinal)
            ):
                change = self._note(lesson, ChangeKind.MOVE, reason)
                change.moved_to = self._timetable.repeat(lesson, day, ordinal)
                lesson.status = LessonStatus.MOVED
                return True
        return False

    def _cancel(self, lesson: Lesson, reason: str) -> bool:
        self._note(lesson, ChangeKind.CANCELLATION, reason)
        lesson.status = LessonStatus.CANCELLED
        return True

    def _note(self, lesson: Lesson, kind: ChangeKind, reason: str) -> Change:
        known_at = school.instant(lesson.day - DAY, time(15, 30)) + timedelta(minutes=self._dice.randrange(120))
        change = Change(
            id=self._ids.next(),
            lesson=lesson,
            kind=kind,
            reason=reason,
            at=min(known_at, self._now - timedelta(minutes=30)),
        )
        self.made[lesson] = change
        return change


def _shuffled(chance: Random, found: list[tuple[Teacher, str]]) -> list[tuple[Teacher, str]]:
    return chance.sample(found, len(found))
