"""The demo school's dated lessons: the week's pattern laid over the term, with topics and kinds of lessons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from diary.demo import courses as c
from diary.demo import school
from diary.demo.groups import Group, Part
from diary.demo.pattern import Entry
from diary.demo.people import SchoolClass
from diary.demo.seed import Identifiers
from diary.demo.staff import Teacher
from diary.demo.topics import title, topics
from diary.demo.year import Year
from diary.groups.tables import GroupKind
from diary.timetable.tables import LessonStatus, LessonType

_USUAL_RUN = (
    LessonType.NEW_MATERIAL, LessonType.PRACTICE, LessonType.NEW_MATERIAL, LessonType.PRACTICE,
    LessonType.NEW_MATERIAL, LessonType.PRACTICE, LessonType.REVISION, LessonType.TEST,
)  # fmt: skip
_RUN_WITH_LABS = (*_USUAL_RUN[:3], LessonType.LAB, *_USUAL_RUN[4:])
_CALM_RUN = (LessonType.NEW_MATERIAL, LessonType.PRACTICE)
_WITH_LABS = frozenset({c.PHYSICS, c.DEEP_PHYSICS, c.CHEMISTRY, c.BIOLOGY})
_CALM = frozenset({c.MUSIC, c.ART, c.CRAFT, c.SPORT, c.ETHICS, c.CULTURE, c.PROJECT, c.SAFETY})


@dataclass(slots=True, eq=False, kw_only=True)
class Lesson:
    """One dated lesson; a change of it changes the fields and is remembered apart."""

    id: UUID
    group: Group
    classes: tuple[SchoolClass, ...]
    grade: int
    subject: str
    teacher: Teacher
    day: date
    ordinal: int
    room: str
    theme: str
    kind: LessonType
    status: LessonStatus = LessonStatus.PLANNED

    @property
    def topic(self) -> str:
        """What stands in the journal."""
        return title(self.theme, self.kind)

    @property
    def begins_at(self) -> datetime:
        """When it begins."""
        return school.lesson_time(self.day, self.ordinal)[0]

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        return school.lesson_time(self.day, self.ordinal)[1]

    @property
    def is_of_whole_class(self) -> bool:
        """Whether the whole class sits in it."""
        return self.group.kind is GroupKind.CLASS

    @property
    def takes_place(self) -> bool:
        """Whether it is neither cancelled nor moved away."""
        return self.status in {LessonStatus.PLANNED, LessonStatus.HELD}


class Timetable:
    """All lessons of the term, and who is busy when."""

    def __init__(self, pattern: list[Entry], year: Year) -> None:
        self.lessons: list[Lesson] = []
        self.year = year
        self._ids = Identifiers("lesson", year.today)
        self._teachers: set[tuple[Teacher, date, int]] = set()
        self._last_ordinal: dict[tuple[SchoolClass, date], int] = {}
        lessons_before: Counter[Part] = Counter()
        for day in year.lesson_days:
            for entry in pattern:
                if entry.slot.weekday == day.weekday() and not year.is_free(day, entry.part.grade):
                    self._lay(entry, day, lessons_before[entry.part])
                    lessons_before[entry.part] += 1

    def is_free(self, teacher: Teacher, day: date, ordinal: int) -> bool:
        """Whether the teacher has nothing in that slot."""
        return (teacher, day, ordinal) not in self._teachers

    def engage(self, teacher: Teacher, day: date, ordinal: int) -> None:
        """Note that the teacher is needed in that slot."""
        self._teachers.add((teacher, day, ordinal))

    def slot_after_lessons(self, classes: tuple[SchoolClass, ...], day: date) -> int | None:
        """Return the first number after the lessons of all the classes, None when the day is full."""
        ordinal = 1 + max(self._last_ordinal.get((school_class, day), len(school.BELLS)) for school_class in classes)
        return ordinal if ordinal <= len(school.BELLS) else None

    def repeat(self, lesson: Lesson, day: date, ordinal: int) -> Lesson:
        """Add the lesson once more at another slot, with the same teacher, room and topic."""
        again = Lesson(
            id=self._ids.next(), group=lesson.group, classes=lesson.classes, grade=lesson.grade,
            subject=lesson.subject, teacher=lesson.teacher, day=day, ordinal=ordinal, room=lesson.room,
            theme=lesson.theme, kind=lesson.kind,
        )  # fmt: skip
        self._add(again)
        return again

    def close(self, now: datetime) -> None:
        """Mark what has been held by now, and put all lessons in their order."""
        for lesson in self.lessons:
            if lesson.status is LessonStatus.PLANNED and lesson.ends_at <= now:
                lesson.status = LessonStatus.HELD
        self.lessons.sort(key=lambda lesson: (lesson.day, lesson.ordinal))

    def _lay(self, entry: Entry, day: date, number: int) -> None:
        part = entry.part
        run = _CALM_RUN if part.subject in _CALM else _RUN_WITH_LABS if part.subject in _WITH_LABS else _USUAL_RUN
        # Classes and subjects are not in step, or all tests would fall on one day.
        shift = 2 * (ord(entry.classes[0].name[-1]) + part.grade + c.SUBJECTS.index(part.subject))
        kind = run[(number + shift) % len(run)]
        known = topics(part.subject, part.grade)
        self._add(
            Lesson(
                id=self._ids.next(), group=part.group, classes=entry.classes, grade=part.grade,
                subject=part.subject, teacher=part.teacher, day=day, ordinal=entry.slot.ordinal,
                room=part.teacher.room, theme=known[number // 2 % len(known)], kind=kind,
            )
        )  # fmt: skip

    def _add(self, lesson: Lesson) -> None:
        self.lessons.append(lesson)
        self.engage(lesson.teacher, lesson.day, lesson.ordinal)
        for school_class in lesson.classes:
            key = (school_class, lesson.day)
            self._last_ordinal[key] = max(self._last_ordinal.get(key, 0), lesson.ordinal)
