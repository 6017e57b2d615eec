"""The demo school's homework: set in most lessons, due in the next one of the same subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from diary.demo import courses as c
from diary.demo import tasks
from diary.demo.groups import Group
from diary.demo.seed import Identifiers, dice
from diary.demo.timetable import Lesson
from diary.demo.year import WEEK, Year
from diary.timetable.tables import LessonStatus

#: Homework stands in the diary so long before the bell.
BEFORE_THE_BELL = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Homework:
    """What was set in a lesson and by when."""

    id: UUID
    lesson: Lesson
    text: str
    due_on: date


def homework(lessons: list[Lesson], year: Year) -> list[Homework]:
    """Return the homework of the lessons held; the first grade has none."""
    ids = Identifiers("homework", year.today)
    chance = dice("homework")
    next_on: dict[tuple[Group, str], date] = {}
    found: list[tuple[Lesson, date]] = []
    for lesson in reversed(lessons):
        if lesson.takes_place:
            key = (lesson.group, lesson.subject)
            due_on = next_on.get(key, lesson.day + WEEK)
            if lesson.status is LessonStatus.HELD and lesson.grade > c.UNMARKED_GRADE and due_on > lesson.day:
                found.append((lesson, due_on))
            next_on[key] = lesson.day
    return [
        Homework(ids.next(), lesson, tasks.text(chance, lesson.subject, lesson.theme), due_on)
        for lesson, due_on in reversed(found)
        if chance.random() < tasks.likelihood(lesson.subject)
    ]
