"""What a file says about schools, in the diary's own terms: facts keyed by the ids of the system they come from."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from diary.delivery.tables import Channel
from diary.exchange.problem import Problems
from diary.groups.tables import GroupKind
from diary.people.tables import Relation
from diary.schools.tables import PeriodKind

#: Begins the ids of what no file names and the import derives: a class made of a whole grade, and being in it.
DERIVED = "grade:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that a row of a table says about one school; an empty value says nothing and changes nothing."""

    school: str
    table: str
    row: int


SomeFact = TypeVar("SomeFact", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolFact(Fact):
    """A school; `school` is its own id."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFact(Fact):
    """A school year; without a key it is only presumed and its dates are the usual ones."""

    key: str | None
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFact(Fact):
    """A grading period of a year."""

    key: str
    year: str
    kind: PeriodKind
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFact(Fact):
    """A subject by its name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFact(Fact):
    """A teacher or guardian."""

    key: str
    family_name: str
    given_name: str
    patronymic: str

    @property
    def full_name(self) -> str:
        """Family name, given name and patronymic."""
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilFact(PersonFact):
    """A pupil."""

    birth_date: date | None
    grade_level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianshipFact(Fact):
    """Who is whose guardian."""

    guardian: str
    pupil: str
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFact(Fact):
    """A school class; of `names` the first free one is taken, a year that is not stated is the current one."""

    key: str
    year: str
    year_is_stated: bool
    names: tuple[str, ...]
    grade_level: int | None
    class_teacher: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFact(Fact):
    """A teaching group; kind and class are unknown when the file holds only a part of its members."""

    key: str
    year: str
    year_is_stated: bool
    names: tuple[str, ...]
    kind: GroupKind | None
    school_class: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipFact(Fact):
    """A pupil's place in a group; without a start it counts from the group's first day of the year."""

    key: str
    pupil: str
    group: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFact(Fact):
    """A teacher's subject in a group."""

    key: str
    teacher: str
    group: str
    subject: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFact(Fact):
    """An address of a guardian; nothing is sent there until a document confirms it (R8.2)."""

    guardian: str
    channel: Channel
    value: str


@dataclass(slots=True, kw_only=True)
class Intake:
    """All facts of one file, what it says is gone, and how complete it is."""

    problems: Problems
    schools: list[SchoolFact] = field(default_factory=list)
    years: list[YearFact] = field(default_factory=list)
    periods: list[PeriodFact] = field(default_factory=list)
    subjects: list[SubjectFact] = field(default_factory=list)
    teachers: list[PersonFact] = field(default_factory=list)
    pupils: list[PupilFact] = field(default_factory=list)
    guardians: list[PersonFact] = field(default_factory=list)
    guardianships: list[GuardianshipFact] = field(default_factory=list)
    classes: list[ClassFact] = field(default_factory=list)
    groups: list[GroupFact] = field(default_factory=list)
    memberships: list[MembershipFact] = field(default_factory=list)
    assignments: list[AssignmentFact] = field(default_factory=list)
    contacts: list[ContactFact] = field(default_factory=list)
    #: Ids that the file says are gone: of people, of classes and groups, of places in them.
    gone_people: set[str] = field(default_factory=set)
    gone_groups: set[str] = field(default_factory=set)
    gone_places: set[str] = field(default_factory=set)
    #: Pupils whose class the file names, so that a place by grade is no longer theirs.
    in_homerooms: set[str] = field(default_factory=set)
    #: Whether somebody or something that the file lacks is gone too.
    people_are_complete: bool = False
    groups_are_complete: bool = False
    places_are_complete: bool = False

    def keep_only(self, schools: Container[str]) -> None:
        """Forget what is said about other schools."""
        self.schools = _of(schools, self.schools)
        self.years = _of(schools, self.years)
        self.periods = _of(schools, self.periods)
        self.subjects = _of(schools, self.subjects)
        self.teachers = _of(schools, self.teachers)
        self.pupils = _of(schools, self.pupils)
        self.guardians = _of(schools, self.guardians)
        self.guardianships = _of(schools, self.guardianships)
        self.classes = _of(schools, self.classes)
        self.groups = _of(schools, self.groups)
        self.memberships = _of(schools, self.memberships)
        self.assignments = _of(schools, self.assignments)
        self.contacts = _of(schools, self.contacts)

    @property
    def school_keys(self) -> list[str]:
        """The ids of the schools that the file speaks about."""
        return list(dict.fromkeys(fact.school for fact in self.schools))


def _of(schools: Container[str], facts: list[SomeFact]) -> list[SomeFact]:
    return [fact for fact in facts if fact.school in schools]
