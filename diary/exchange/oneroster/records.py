"""The rows of a OneRoster export as values: what the file says, before anybody asks what it means for a school."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from diary.exchange.problem import Problems


class Standing(StrEnum):
    """Whether a record is in force; both ways of leaving force end what hangs on the record."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    TO_BE_DELETED = "tobedeleted"


class Capacity(StrEnum):
    """What a person is to the school, with the many roles of the standard folded together."""

    STUDENT = "student"
    TEACHER = "teacher"
    PARENT = "parent"
    GUARDIAN = "guardian"
    RELATIVE = "relative"
    STAFF = "staff"


#: Who may be somebody's guardian.
GUARDIAN_CAPACITIES = frozenset({Capacity.PARENT, Capacity.GUARDIAN, Capacity.RELATIVE})


class SessionKind(StrEnum):
    """The academic sessions of the standard."""

    SCHOOL_YEAR = "schoolYear"
    SEMESTER = "semester"
    TERM = "term"
    GRADING_PERIOD = "gradingPeriod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has: its id, the row it stands in, and whether it is in force."""

    id: str
    row: int
    standing: Standing = Standing.ACTIVE

    @property
    def in_force(self) -> bool:
        """Whether the school still counts with it."""
        return self.standing is Standing.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Org(Record):
    """A school, or what is above or within schools."""

    name: str
    kind: str
    parent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcademicSession(Record):
    """A school year or a part of it."""

    title: str
    kind: SessionKind
    starts_on: date
    ends_on: date
    parent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Record):
    """A course: many classes may teach the same one."""

    title: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterClass(Record):
    """A class of the standard: a homeroom is a school class, a scheduled one is a teaching group."""

    title: str
    code: str
    grades: tuple[str, ...]
    is_homeroom: bool
    course_id: str
    school_id: str
    session_ids: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """A person: pupil, guardian, teacher or staff."""

    family_name: str
    given_name: str
    middle_name: str
    capacities: frozenset[Capacity]
    org_ids: tuple[str, ...]
    agent_ids: tuple[str, ...]
    grades: tuple[str, ...]
    email: str
    sms: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant(Record):
    """One role of one person in one organisation (1.2)."""

    user_id: str
    capacity: Capacity
    org_id: str
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics(Record):
    """What is known of a person's birth; the id is the person's."""

    birth_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment(Record):
    """Who is in which class, as what, from when till when."""

    class_id: str
    school_id: str
    user_id: str
    capacity: Capacity
    primary: bool
    begins_on: date | None
    ends_on: date | None


class Mode(StrEnum):
    """How much of the truth a file holds: all of it, or only what changed."""

    BULK = "bulk"
    DELTA = "delta"
    ABSENT = "absent"


@dataclass(slots=True, kw_only=True)
class Roster:
    """A whole export: every record by its id, how complete each file is, and what is wrong with it."""

    name: str
    problems: Problems
    version: str = ""
    modes: dict[str, Mode] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    #: Tables that could not be read to the end: what refers to them is not to blame.
    broken: set[str] = field(default_factory=set)
    #: Ids of rows that could not be read, by table: nor is what refers to them.
    rejected: dict[str, set[str]] = field(default_factory=dict)
    orgs: dict[str, Org] = field(default_factory=dict)
    sessions: dict[str, AcademicSession] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    classes: dict[str, RosterClass] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    roles: dict[str, RoleGrant] = field(default_factory=dict)
    demographics: dict[str, Demographics] = field(default_factory=dict)
    enrollments: dict[str, Enrollment] = field(default_factory=dict)

    def place(self, table: str) -> str:
        """How messages name the file of a table."""
        return self.places.get(table, f"{table}.csv")

    def is_complete(self, table: str) -> bool:
        """Whether a record that the table lacks is gone from the school."""
        return self.modes.get(table) is Mode.BULK
