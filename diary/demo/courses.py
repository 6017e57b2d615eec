"""What each grade learns and how many hours a week, by the five-day plan of a general school."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

RUSSIAN, LITERATURE, READING = "Русский язык", "Литература", "Литературное чтение"
ENGLISH = "Английский язык"
MATHS, ALGEBRA, GEOMETRY, CHANCE = "Математика", "Алгебра", "Геометрия", "Вероятность и статистика"
COMPUTING = "Информатика"
HISTORY, SOCIETY = "История", "Обществознание"
ETHICS, CULTURE = "Основы религиозных культур и светской этики", "Основы духовно-нравственной культуры народов России"
WORLD, GEOGRAPHY, BIOLOGY = "Окружающий мир", "География", "Биология"
PHYSICS, CHEMISTRY = "Физика", "Химия"
MUSIC, ART, CRAFT = "Музыка", "Изобразительное искусство", "Труд (технология)"
SPORT, SAFETY = "Физическая культура", "Основы безопасности и защиты Родины"
PROJECT = "Индивидуальный проект"
DEEP_PHYSICS, LAW = "Физика (углублённый курс)", "Право (углублённый курс)"

#: The grades that learn without marks.
UNMARKED_GRADE = 1


class Split(StrEnum):
    """How a class sits in the lessons of a course."""

    WHOLE = "WHOLE"
    HALVES = "HALVES"
    BY_SEX = "BY_SEX"
    STREAMS = "STREAMS"


@dataclass(frozen=True, slots=True)
class Course:
    """A subject of one grade; in streams the second subject is what the others learn meanwhile."""

    subject: str
    hours: int
    split: Split = Split.WHOLE
    other_subject: str = ""


def _whole(hours: dict[str, int]) -> tuple[Course, ...]:
    return tuple(Course(subject, count) for subject, count in hours.items())


_PRIMARY = _whole({RUSSIAN: 5, MATHS: 4, WORLD: 2, ART: 1, MUSIC: 1, CRAFT: 1, SPORT: 3})
_ENGLISH = Course(ENGLISH, 3, Split.HALVES)
_COMPUTING = Course(COMPUTING, 1, Split.HALVES)
_CRAFT = Course(CRAFT, 2, Split.BY_SEX)
_SENIOR = (
    *_whole(
        {
            RUSSIAN: 2,
            LITERATURE: 3,
            ALGEBRA: 3,
            GEOMETRY: 2,
            CHANCE: 1,
            HISTORY: 2,
            SOCIETY: 2,
            GEOGRAPHY: 1,
            PHYSICS: 2,
        }
    ),
    *_whole({CHEMISTRY: 1, BIOLOGY: 1, SAFETY: 1, PROJECT: 1}),
    _ENGLISH,
    _COMPUTING,
    Course(SPORT, 3, Split.BY_SEX),
    Course(DEEP_PHYSICS, 5, Split.STREAMS, LAW),
)


@cache
def courses(grade: int) -> tuple[Course, ...]:
    """Return what the grade learns."""
    if grade == 1:
        return (*_PRIMARY, *_whole({READING: 4}))
    if grade < 5:
        reading = _whole({READING: 3, ETHICS: 1}) if grade == 4 else _whole({READING: 4})
        return (*_PRIMARY, *reading, Course(ENGLISH, 2, Split.HALVES))
    if grade >= 10:
        return _SENIOR
    common = {
        5: _whole(
            {RUSSIAN: 5, LITERATURE: 3, MATHS: 5, HISTORY: 3, GEOGRAPHY: 1, BIOLOGY: 1, CULTURE: 1, ART: 1, MUSIC: 1}
        ),
        6: _whole(
            {RUSSIAN: 6, LITERATURE: 3, MATHS: 5, HISTORY: 3, GEOGRAPHY: 1, BIOLOGY: 1, CULTURE: 1, ART: 1, MUSIC: 1}
        ),
        7: (
            *_whole(
                {RUSSIAN: 4, LITERATURE: 2, ALGEBRA: 3, GEOMETRY: 2, CHANCE: 1, HISTORY: 3, SOCIETY: 1, GEOGRAPHY: 2}
            ),
            *_whole({PHYSICS: 2, BIOLOGY: 1, ART: 1, MUSIC: 1}),
            _COMPUTING,
        ),
        8: (
            *_whole(
                {RUSSIAN: 3, LITERATURE: 2, ALGEBRA: 3, GEOMETRY: 2, CHANCE: 1, HISTORY: 2, SOCIETY: 1, GEOGRAPHY: 2}
            ),
            *_whole({PHYSICS: 2, CHEMISTRY: 2, BIOLOGY: 2, MUSIC: 1, SAFETY: 1}),
            _COMPUTING,
        ),
        9: (
            *_whole(
                {RUSSIAN: 3, LITERATURE: 3, ALGEBRA: 3, GEOMETRY: 2, CHANCE: 1, HISTORY: 3, SOCIETY: 1, GEOGRAPHY: 2}
            ),
            *_whole({PHYSICS: 3, CHEMISTRY: 2, BIOLOGY: 2, SAFETY: 1}),
            _COMPUTING,
        ),
    }[grade]
    sport = _whole({SPORT: 2 if grade == 9 else 3})
    return (*common, *sport, _ENGLISH, Course(CRAFT, 1, Split.BY_SEX) if grade == 9 else _CRAFT)


SUBJECTS: tuple[str, ...] = tuple(
    dict.fromkeys(
        subject
        for grade in range(1, 12)
        for course in courses(grade)
        for subject in (course.subject, course.other_subject)
        if subject
    )
)

#: Which subjects one teacher can teach; a primary class has one teacher for all that is not named in SPECIALISTS.
TRADES: tuple[frozenset[str], ...] = (
    frozenset({RUSSIAN, LITERATURE}),
    frozenset({MATHS, ALGEBRA, GEOMETRY, CHANCE}),
    frozenset({ENGLISH}),
    frozenset({COMPUTING}),
    frozenset({HISTORY, SOCIETY, CULTURE, LAW}),
    frozenset({GEOGRAPHY, PROJECT}),
    frozenset({BIOLOGY}),
    frozenset({CHEMISTRY}),
    frozenset({PHYSICS, DEEP_PHYSICS}),
    frozenset({MUSIC}),
    frozenset({ART}),
    frozenset({CRAFT}),
    frozenset({SPORT}),
    frozenset({SAFETY}),
)
SPECIALISTS = frozenset({ENGLISH, MUSIC, SPORT})
LAST_PRIMARY_GRADE = 4


def trade_of(subject: str) -> int:
    """Return the number of the trade that teaches the subject."""
    return next(number for number, trade in enumerate(TRADES) if subject in trade)


def weekly_hours(grade: int) -> int:
    """Return how many lessons a class of the grade has in a week."""
    return sum(course.hours for course in courses(grade))
