"""The diary's own records of the schools that an import speaks about, loaded once and looked up by the file's ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.delivery.tables import ContactPoint
from diary.exchange.difference import Difference
from diary.exchange.sheet import Sheet
from diary.groups.tables import Membership, SchoolClass, TeachingAssignment, TeachingGroup
from diary.kit import database
from diary.people.tables import Guardian, Guardianship, Pupil, Teacher
from diary.schools.tables import GradingPeriod, School, SchoolYear, Subject

#: The zone of a school that has not said otherwise.
DEFAULT_ZONE = "Europe/Moscow"
_NAMES = ("family_name", "given_name", "patronymic")


class Holdings:
    """One sheet for each table that an import writes, in the order in which they refer to each other."""

    def __init__(self, difference: Difference, now: datetime) -> None:
        self.difference = difference
        self._now = now
        self.school_ids: dict[str, UUID] = {}
        self._zones: dict[UUID, str] = {}
        #: Names of schools that came from no file.
        self.own_schools: set[str] = set()

        def sheet(table: Any, *columns: str) -> Sheet:
            return Sheet(table, columns, difference)

        self.schools = sheet(School, "name", "external_id")
        self.years = sheet(SchoolYear, "name", "starts_on", "ends_on", "external_id")
        self.periods = sheet(GradingPeriod, "school_year", "kind", "name", "starts_on", "ends_on", "external_id")
        self.subjects = sheet(Subject, "name")
        self.teachers = sheet(Teacher, *_NAMES, "left_on", "external_id")
        self.pupils = sheet(Pupil, *_NAMES, "birth_date", "grade_level", "left_on", "external_id")
        self.guardians = sheet(Guardian, *_NAMES, "external_id")
        guardianship = ("guardian", "pupil", "relation", "legal_basis", "restricted", "valid_from", "valid_to")
        self.guardianships = sheet(Guardianship, *guardianship)
        self.classes = sheet(SchoolClass, "school_year", "name", "grade_level", "class_teacher", "external_id")
        self.groups = sheet(TeachingGroup, "school_year", "kind", "name", "school_class", "external_id")
        span = ("valid_from", "valid_to", "external_id")
        self.memberships = sheet(Membership, "pupil", "teaching_group", *span)
        self.assignments = sheet(TeachingAssignment, "teacher", "teaching_group", "subject", *span)
        self.contacts = sheet(ContactPoint, "guardian", "channel", "value", "provenance")

    def __iter__(self) -> Iterator[Sheet]:
        """Yield the sheets in the order in which they may be written."""
        return iter(
            (
                self.schools,
                self.years,
                self.periods,
                self.subjects,
                self.teachers,
                self.pupils,
                self.guardians,
                self.guardianships,
                self.classes,
                self.groups,
                self.memberships,
                self.assignments,
                self.contacts,
            )
        )

    async def load(self, school_keys: Iterable[str]) -> None:
        """Read everything of the schools with these ids that earlier imports or the office left."""
        rows = await database.fetch(
            "SELECT id, id AS school, name, external_id, time_zone FROM school WHERE external_id = ANY ($1)",
            list(school_keys),
        )
        self.schools.take(rows)
        for row in rows:
            self.name_school(row["external_id"], row["id"], row["name"])
            self._zones[row["id"]] = row["time_zone"]
        own = await database.fetch("SELECT name FROM school WHERE external_id IS NULL")
        self.own_schools = {row["name"] for row in own}
        if rows:
            for sheet in self:
                if sheet is not self.schools:
                    await sheet.load(row["id"] for row in rows)

    def name_school(self, key: str, school: UUID, name: str) -> None:
        """Let facts find a school by its id in the file, and differences call it by id and name."""
        self.school_ids[key] = school
        self.difference.schools[school] = f"{key} ({name})" if name else key

    def today(self, school: UUID) -> date:
        """Return the school's own date."""
        return self._now.astimezone(ZoneInfo(self._zones.get(school, DEFAULT_ZONE))).date()

    def person(self, sheet: Sheet, person: UUID) -> str:
        """Return a person's full name as it will be."""
        return " ".join(filter(None, (sheet.get(person, column) for column in _NAMES)))

    def worded(self, column: str, value: Any) -> object:
        """Return a value as the office reads it: a reference by the name of what it refers to."""
        if not isinstance(value, UUID):
            return value
        sheets = {
            "school_year": self.years,
            "school_class": self.classes,
            "teaching_group": self.groups,
            "subject": self.subjects,
        }
        if column in sheets:
            return sheets[column].get(value, "name")
        people = {"class_teacher": self.teachers, "teacher": self.teachers, "pupil": self.pupils}
        return self.person(people[column], value)
