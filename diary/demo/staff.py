"""The demo school's teachers: hired trade by trade until every lesson of every class has one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from diary.demo import courses as c
from diary.demo import names
from diary.demo.courses import Course, Split
from diary.demo.names import FullName, Sex
from diary.demo.people import GLEBS_CLASS, MISHAS_CLASS, Families, SchoolClass
from diary.demo.seed import Identifiers, dice
from diary.demo.year import Year

#: A specialist teaches no more lessons a week, so that all of them fit beside each other.
FULL_LOAD = 20
PRIMARY = -1
#: The trades that have rooms of their own kind; all others teach in numbered rooms.
_ROOMS = {c.SPORT: "Спортзал", c.CRAFT: "Мастерская", c.MUSIC: "Кабинет музыки"}
_MEN_TEACH = frozenset({c.SAFETY})
WOMEN_OF_TEN = 8


@dataclass(slots=True, eq=False, kw_only=True)
class Teacher:
    """A teacher with the one room that is always theirs: two lessons never meet in a room."""

    id: UUID
    name: FullName
    sex: Sex
    trade: int
    room: str
    login: str
    hours: int = 0


@dataclass(frozen=True, slots=True)
class _Duty:
    """All lessons of one trade in one class, for one of the parts that the class is split in."""

    class_name: str
    trade: int
    part: int
    hours: int
    men: bool | None = None


class Staff:
    """All teachers, who teaches what, and who leads which class."""

    def __init__(self, families: Families, year: Year) -> None:
        self.teachers: list[Teacher] = []
        self.class_teachers: dict[SchoolClass, Teacher] = {}
        self._dice = dice("staff")
        self._ids = Identifiers("teacher", year.today)
        self._rooms: Counter[str] = Counter()
        self._on_duty: dict[tuple[str, int, int], Teacher] = {}
        self._taken: set[str] = set()
        self.vera = self._hire(
            c.trade_of(c.RUSSIAN), Sex.FEMALE, FullName("Белова", "Вера", "Николаевна"), login="vera"
        )
        self.gleb = self._hire(c.trade_of(c.PHYSICS), Sex.MALE, FullName("Тарасов", "Глеб", "Игоревич"), login="gleb")
        self._take(
            _Duty(MISHAS_CLASS, self.vera.trade, 0, _hours_of(families, MISHAS_CLASS, self.vera.trade)), self.vera
        )
        self._take(_Duty(GLEBS_CLASS, self.gleb.trade, 0, _hours_of(families, GLEBS_CLASS, self.gleb.trade)), self.gleb)
        for school_class in families.classes:
            if school_class.grade <= c.LAST_PRIMARY_GRADE:
                self.class_teachers[school_class] = self._hire(PRIMARY, Sex.FEMALE)
        for duty in sorted(_duties(families), key=lambda duty: -duty.hours):
            if (duty.class_name, duty.trade, duty.part) not in self._on_duty:
                self._take(duty, self._find(duty))
        self._lead(families)

    def teacher(self, school_class: SchoolClass, course: Course, part: int = 0) -> Teacher:
        """Return who teaches the course to the class, or to the given part of it."""
        if _is_primary(school_class, course):
            return self.class_teachers[school_class]
        subject = course.other_subject if course.split is Split.STREAMS and part else course.subject
        return self._on_duty[school_class.name, c.trade_of(subject), part]

    def _lead(self, families: Families) -> None:
        """Give every class from the fifth grade on the free teacher who sees it most."""
        self.class_teachers[families.class_named(MISHAS_CLASS)] = self.vera
        self.class_teachers[families.class_named(GLEBS_CLASS)] = self.gleb
        for school_class in families.classes:
            if school_class in self.class_teachers:
                continue
            leading = set(self.class_teachers.values())
            seen = [who for (name, _trade, _part), who in self._on_duty.items() if name == school_class.name]
            free = [who for who in seen if who not in leading and who.trade != c.trade_of(c.SPORT)]
            self.class_teachers[school_class] = free[0]

    def _find(self, duty: _Duty) -> Teacher:
        colleagues = {
            who for (name, trade, _part), who in self._on_duty.items() if (name, trade) == (duty.class_name, duty.trade)
        }
        for teacher in self.teachers:
            fits = teacher.trade == duty.trade and teacher.hours + duty.hours <= FULL_LOAD
            if fits and teacher not in colleagues and duty.men in {None, teacher.sex is Sex.MALE}:
                return teacher
        if duty.men is None:
            subjects = c.TRADES[duty.trade]
            man = bool(subjects & _MEN_TEACH) or self._dice.randrange(10) >= WOMEN_OF_TEN
            return self._hire(duty.trade, Sex.MALE if man else Sex.FEMALE)
        return self._hire(duty.trade, Sex.MALE if duty.men else Sex.FEMALE)

    def _take(self, duty: _Duty, teacher: Teacher) -> None:
        self._on_duty[duty.class_name, duty.trade, duty.part] = teacher
        teacher.hours += duty.hours

    def _hire(self, trade: int, sex: Sex, name: FullName | None = None, *, login: str = "") -> Teacher:
        while name is None or name.family.removesuffix("а") in self._taken:
            name = names.grown_up(self._dice, sex)
        self._taken.add(name.family.removesuffix("а"))
        teacher = Teacher(
            id=self._ids.next(), name=name, sex=sex, trade=trade, room=self._room(trade),
            login=login or f"teacher-{len(self.teachers) + 1:02}",
        )  # fmt: skip
        self.teachers.append(teacher)
        return teacher

    def _room(self, trade: int) -> str:
        kind = next((room for subject, room in _ROOMS.items() if trade == c.trade_of(subject)), "")
        if kind:
            self._rooms[kind] += 1
            return f"{kind} {self._rooms[kind]}"
        floor = "1" if trade == PRIMARY else "2" if self._rooms["2"] < 20 else "3"
        self._rooms[floor] += 1
        return f"{floor}{self._rooms[floor]:02}"


def _is_primary(school_class: SchoolClass, course: Course) -> bool:
    return school_class.grade <= c.LAST_PRIMARY_GRADE and course.subject not in c.SPECIALISTS


def _duties(families: Families) -> list[_Duty]:
    """Sum the courses up into what one teacher takes as a whole: a trade in a class."""
    hours: Counter[tuple[str, int, int]] = Counter()
    men: dict[tuple[str, int, int], bool] = {}
    streamed: set[int] = set()
    for school_class in families.classes:
        for course in c.courses(school_class.grade):
            if _is_primary(school_class, course):
                continue
            if course.split is Split.STREAMS:
                if school_class.grade in streamed:
                    continue
                streamed.add(school_class.grade)
            for part in range(1 if course.split is Split.WHOLE else 2):
                subject = course.other_subject if course.split is Split.STREAMS and part else course.subject
                key = (school_class.name, c.trade_of(subject), part)
                hours[key] += course.hours
                if course.split is Split.BY_SEX:
                    men[key] = part == 0
    return [_Duty(*key, count, men.get(key)) for key, count in hours.items()]


def _hours_of(families: Families, class_name: str, trade: int) -> int:
    return next(
        duty.hours for duty in _duties(families) if (duty.class_name, duty.trade, duty.part) == (class_name, trade, 0)
    )
