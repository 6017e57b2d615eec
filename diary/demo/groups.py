"""Who sits together in which course: whole classes, halves, boys and girls, streams, one individual curriculum."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from diary.demo import courses as c
from diary.demo.courses import Course, Split
from diary.demo.names import Sex
from diary.demo.people import Families, Pupil, SchoolClass
from diary.demo.seed import Identifiers
from diary.demo.staff import Staff, Teacher
from diary.demo.year import DAY, WEEK, Year
from diary.groups.tables import GroupKind

INDIVIDUAL_CLASS = "7А"
INDIVIDUAL_COURSES = (c.ALGEBRA, c.RUSSIAN)
#: A pupil of the first class has moved to the second, a parallel one, in the middle of the term.
TRANSFERS = (("2А", "2Б"), ("5Б", "5А"), ("7Б", "7А"), ("9А", "9Б"))
TRANSFERRED_WEEKS_AGO = 4


@dataclass(slots=True, eq=False)
class Member:
    """A pupil's time in a group, both ends included."""

    pupil: Pupil
    first: date
    last: date | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Group:
    """Those who sit in one lesson together."""

    id: UUID
    kind: GroupKind
    name: str
    school_class: SchoolClass | None
    members: list[Member] = field(default_factory=list)

    def on(self, day: date) -> list[Pupil]:
        """Return who belongs to the group on that day."""
        return [
            member.pupil
            for member in self.members
            if member.first <= day and (member.last is None or day <= member.last)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One group, learning one subject with one teacher."""

    group: Group
    subject: str
    teacher: Teacher
    grade: int


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """What happens at one time: one part, or the parts of a split class or of two classes; so often a week."""

    classes: tuple[SchoolClass, ...]
    parts: tuple[Part, ...]
    hours: int
    after_lessons: bool = False


class Groups:
    """All groups of the school, with the units that its timetable is made of."""

    def __init__(self, families: Families, staff: Staff, year: Year) -> None:
        self.groups: list[Group] = []
        self.units: list[Unit] = []
        self._staff = staff
        self._year = year
        self._ids = Identifiers("group", year.today)
        self._whole: dict[SchoolClass, Group] = {}
        self._split: dict[tuple[SchoolClass, str], tuple[Group, Group]] = {}
        for school_class in families.classes:
            self._whole[school_class] = self._group(
                GroupKind.CLASS, school_class.name, school_class, school_class.pupils
            )
        for school_class in families.classes:
            for course in c.courses(school_class.grade):
                if course.split is not Split.STREAMS:
                    self._course(school_class, course)
        for grade in (10, 11):
            self._streams([found for found in families.classes if found.grade == grade])
        for left, entered in TRANSFERS:
            self._transfer(families, families.class_named(left), families.class_named(entered))
        self._individual(families.class_named(INDIVIDUAL_CLASS))

    def _group(self, kind: GroupKind, name: str, school_class: SchoolClass | None, pupils: list[Pupil]) -> Group:
        group = Group(id=self._ids.next(), kind=kind, name=name, school_class=school_class)
        group.members = [Member(pupil, self._year.first) for pupil in pupils]
        self.groups.append(group)
        return group

    def _course(self, school_class: SchoolClass, course: Course) -> None:
        groups = (self._whole[school_class],) if course.split is Split.WHOLE else self._halves(school_class, course)
        parts = tuple(
            Part(group, course.subject, self._staff.teacher(school_class, course, number), school_class.grade)
            for number, group in enumerate(groups)
        )
        self.units.append(Unit((school_class,), parts, course.hours))

    def _halves(self, school_class: SchoolClass, course: Course) -> tuple[Group, Group]:
        if course.split is Split.BY_SEX:
            labels = ("юноши", "девушки") if school_class.grade >= 9 else ("мальчики", "девочки")
            rows = tuple([p for p in school_class.pupils if p.sex is sex] for sex in (Sex.MALE, Sex.FEMALE))
        else:
            labels = ("группа 1", "группа 2")
            middle = (len(school_class.pupils) + 1) // 2
            rows = (school_class.pupils[:middle], school_class.pupils[middle:])
        first, second = (
            self._group(GroupKind.GROUP, f"{school_class.name}, {course.subject}, {label}", school_class, row)
            for label, row in zip(labels, rows, strict=True)
        )
        self._split[school_class, course.subject] = (first, second)
        return first, second

    def _streams(self, classes: list[SchoolClass]) -> None:
        """Let two classes learn in two streams, each pupil in the one they have chosen."""
        grade = classes[0].grade
        course = next(course for course in c.courses(grade) if course.split is Split.STREAMS)
        pupils = [pupil for school_class in classes for pupil in school_class.pupils]
        parts = []
        for number, subject in enumerate((course.subject, course.other_subject)):
            group = self._group(GroupKind.STREAM, f"Поток {grade}: {subject}", None, pupils[number::2])
            parts.append(Part(group, subject, self._staff.teacher(classes[0], course, number), grade))
        self.units.append(Unit(tuple(classes), tuple(parts), course.hours))

    def _transfer(self, families: Families, left: SchoolClass, entered: SchoolClass) -> None:
        """Move the first pupil outside the cast from one class to its parallel one, with all their groups."""
        day = self._year.this_monday - TRANSFERRED_WEEKS_AGO * WEEK
        pupil = next(pupil for pupil in left.pupils if pupil not in families.cast.pupils)
        pairs = [(self._whole[left], self._whole[entered])]
        for (school_class, subject), groups in self._split.items():
            if school_class is left:
                pairs += zip(groups, self._split[entered, subject], strict=True)
        for old, new in pairs:
            for member in old.members:
                if member.pupil is pupil:
                    member.last = day - DAY
                    new.members.append(Member(pupil, day))
        left.pupils.remove(pupil)
        entered.pupils.append(pupil)
        entered.sort()

    def _individual(self, school_class: SchoolClass) -> None:
        """Give one pupil lessons of the own curriculum, after those of the class."""
        pupil = school_class.pupils[-1]
        name = f"Индивидуальный учебный план: {pupil.name.family} {pupil.name.given}"
        group = self._group(GroupKind.INDIVIDUAL, name, school_class, [pupil])
        for course in c.courses(school_class.grade):
            if course.subject in INDIVIDUAL_COURSES:
                part = Part(group, course.subject, self._staff.teacher(school_class, course), school_class.grade)
                self.units.append(Unit((school_class,), (part,), 1, after_lessons=True))
