"""Two small schools with the cast: enough people that every rule has somebody it lets in and somebody it keeps out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import uuid_utils.compat

from diary.access import passwords
from diary.access.viewer import Nobody
from diary.kit import clock, database
from diary.kit.command import transaction

PASSWORD = "diary-tests"
MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)
YEAR_START, YEAR_END = date(2026, 9, 1), date(2027, 5, 31)


@cache
def password_hash() -> str:
    """Everybody's password, hashed once."""
    return passwords.hash_now(PASSWORD)


async def insert(table: str, **values: Any) -> Any:
    """Insert a row past every face, as an import does, and return its id."""
    if table not in {"account", "audit_entry"}:
        values.setdefault("id", uuid_utils.compat.uuid7())
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({places}) RETURNING id'
    if table == "guardianship":
        # Since when it is known is told by the test's clock, not by the machine's.
        async with transaction(Nobody(route="IMPORT")):
            return (await database.fetch(statement, *values.values()))[0]["id"]
    return (await database.fetch(statement, *values.values()))[0]["id"]


@dataclass
class School:
    """One school and the records that tests name."""

    id: UUID
    year: UUID
    pupils: dict[str, UUID] = field(default_factory=dict)
    guardians: dict[str, UUID] = field(default_factory=dict)
    teachers: dict[str, UUID] = field(default_factory=dict)
    groups: dict[str, UUID] = field(default_factory=dict)
    classes: dict[str, UUID] = field(default_factory=dict)
    subjects: dict[str, UUID] = field(default_factory=dict)
    lessons: dict[str, UUID] = field(default_factory=dict)

    async def add_class(self, name: str, *, class_teacher: str | None = None) -> None:
        """Open a class with its group."""
        self.classes[name] = await insert(
            "school_class", school=self.id, school_year=self.year, name=name, grade_level=5,
            class_teacher=self.teachers[class_teacher] if class_teacher else None,
        )  # fmt: skip
        self.groups[name] = await insert(
            "teaching_group", school=self.id, school_year=self.year, kind="CLASS", name=name,
            school_class=self.classes[name],
        )  # fmt: skip

    async def add_pupil(self, key: str, family: str, given: str, group: str, *, born: date | None = None) -> UUID:
        """Enrol a pupil."""
        self.pupils[key] = await insert(
            "pupil", school=self.id, family_name=family, given_name=given, patronymic="", birth_date=born
        )
        await insert(
            "membership", school=self.id, pupil=self.pupils[key], teaching_group=self.groups[group],
            valid_from=YEAR_START,
        )  # fmt: skip
        return self.pupils[key]

    async def add_guardian(self, key: str, family: str, given: str, *wards: str, until: date | None = None) -> UUID:
        """Enter a guardian of pupils."""
        self.guardians[key] = await insert(
            "guardian", school=self.id, family_name=family, given_name=given, patronymic=""
        )
        for ward in wards:
            await insert(
                "guardianship", school=self.id, guardian=self.guardians[key], pupil=self.pupils[ward],
                relation="PARENT", legal_basis="PARENT", restricted=False, valid_from=date(2020, 9, 1), valid_to=until,
            )  # fmt: skip
        return self.guardians[key]

    async def add_teacher(self, key: str, family: str, given: str) -> None:
        """Employ a teacher."""
        self.teachers[key] = await insert(
            "teacher", school=self.id, family_name=family, given_name=given, patronymic=""
        )

    async def assign(self, teacher: str, group: str, subject: str) -> None:
        """Give a teacher a subject in a group."""
        if subject not in self.subjects:
            self.subjects[subject] = await insert("subject", school=self.id, name=subject)
        await insert(
            "teaching_assignment", school=self.id, teacher=self.teachers[teacher], teaching_group=self.groups[group],
            subject=self.subjects[subject], valid_from=YEAR_START,
        )  # fmt: skip

    async def add_lesson(
        self, key: str, group: str, subject: str, teacher: str, *, day: date, ordinal: int, status: str = "PLANNED"
    ) -> UUID:
        """Put a lesson into the timetable; lessons start at 8:30 Moscow time and take 45 minutes."""
        start = datetime(day.year, day.month, day.day, 5, 30, tzinfo=UTC) + timedelta(hours=ordinal - 1)
        self.lessons[key] = await insert(
            "lesson", school=self.id, teaching_group=self.groups[group], subject=self.subjects[subject],
            teacher=self.teachers[teacher], date=day, ordinal=ordinal, starts_at=start,
            ends_at=start + timedelta(minutes=45), room="12", topic="", lesson_type="NEW_MATERIAL", status=status,
        )  # fmt: skip
        return self.lessons[key]

    async def decide(self, guardian: str | None, pupil: str, decision: str = "GIVEN", **more: Any) -> None:
        """Append a decision to the ledger, as of now."""
        await insert(
            "consent_decision",
            **{
                "school": self.id, "guardian": self.guardians[guardian] if guardian else None,
                "pupil": self.pupils[pupil], "purpose": "PERSONAL_DATA", "decision": decision, "form": "PAPER",
                "signature_kind": "HANDWRITTEN", "document_reference": "Папка 7, лист 3",
                "received_at": clock.now(), "registered_at": clock.now(),
            }
            | more,
        )  # fmt: skip

    async def agree(self, guardian: str, pupil: str, *channels: str, **more: Any) -> UUID:
        """Agree about the form of delivery: these channels in their order, on paper without any."""
        agreed: UUID = await insert(
            "delivery_agreement",
            **{
                "school": self.id, "guardian": self.guardians[guardian], "pupil": self.pupils[pupil],
                "form": "ELECTRONIC" if channels else "PAPER", "reason": None if channels else "UNWILLING",
                "channels": list(channels), "schedule": "SCHOOL_DEFAULT", "weekdays": [], "month_days": [], "dates": [],
                "origin": "OFFICE", "document_reference": "Папка 3, лист 9", "agreed_at": clock.now(),
                "registered_at": clock.now(),
            }
            | more,
        )  # fmt: skip
        return agreed

    async def add_contact(self, guardian: str, value: str, channel: str = "EMAIL", **more: Any) -> UUID:
        """Enter an address that a paper of the family confirms."""
        entered: UUID = await insert(
            "contact_point",
            **{
                "school": self.id, "guardian": self.guardians[guardian], "channel": channel, "value": value,
                "provenance": "PAPER", "document_reference": "Папка 3, лист 10", "confirmed_at": clock.now(),
                "failure": "",
            }
            | more,
        )  # fmt: skip
        return entered


@dataclass
class Town:
    """Both schools, and everybody's account by login."""

    first: School
    second: School
    accounts: dict[str, int] = field(default_factory=dict)

    async def open_account(self, login: str, **capacity: Any) -> int:
        """Open an account, with a capacity or without any."""
        role = capacity.get("role")
        account: int = await insert(
            "account", username=login, password=password_hash(), password_given=False, active=True,
            admin=role in ("OFFICE", "OPERATOR"), superuser=role == "OPERATOR",
        )  # fmt: skip
        if capacity:
            await insert("capacity", account=account, **capacity)
        self.accounts[login] = account
        return account


async def _school(name: str) -> School:
    school = await insert("school", name=name, time_zone="Europe/Moscow")
    year = await insert("school_year", school=school, name="2026/27", starts_on=YEAR_START, ends_on=YEAR_END)
    return School(school, year)


async def _first_school() -> School:
    school = await _school("Школа № 1")
    await school.add_teacher("vera", "Белова", "Вера")
    await school.add_teacher("gleb", "Титов", "Глеб")
    await school.add_teacher("ivan", "Гусев", "Иван")
    await school.add_class("5А", class_teacher="vera")
    await school.add_class("5Б", class_teacher="gleb")
    await school.add_class("3В")
    await school.assign("vera", "5А", "Алгебра")
    await school.assign("ivan", "5А", "Музыка")
    await school.assign("gleb", "5Б", "История")
    await school.assign("vera", "3В", "Математика")
    await school.add_pupil("misha", "Орлов", "Михаил", "5А", born=date(2015, 5, 1))
    await school.add_pupil("liza", "Орлова", "Елизавета", "3В", born=date(2017, 7, 2))
    await school.add_pupil("nina", "Галкина", "Нина", "5А", born=date(2015, 2, 3))
    await school.add_guardian("anna", "Орлова", "Анна", "misha", "liza")
    await school.add_guardian("boris", "Орлов", "Борис", "misha", until=date(2026, 11, 23))
    await school.add_guardian("galina", "Галкина", "Галина", "nina")
    await school.add_guardian("stranger", "Чужова", "Софья")
    await school.decide("anna", "misha")
    await school.decide("anna", "liza")
    await school.decide("boris", "misha")
    await school.add_lesson("algebra_monday", "5А", "Алгебра", "vera", day=MONDAY, ordinal=1, status="HELD")
    await school.add_lesson("algebra_tuesday", "5А", "Алгебра", "vera", day=TUESDAY, ordinal=1)
    await school.add_lesson("music_tuesday", "5А", "Музыка", "ivan", day=TUESDAY, ordinal=2)
    await school.add_lesson("algebra_wednesday", "5А", "Алгебра", "vera", day=TUESDAY + timedelta(days=1), ordinal=1)
    await school.add_lesson("history_tuesday", "5Б", "История", "gleb", day=TUESDAY, ordinal=1)
    await school.add_lesson("maths_tuesday", "3В", "Математика", "vera", day=TUESDAY, ordinal=3)
    return school


async def _second_school() -> School:
    school = await _school("Школа № 2")
    await school.add_teacher("zoya", "Зуева", "Зоя")
    await school.add_class("5А", class_teacher="zoya")
    await school.assign("zoya", "5А", "Алгебра")
    await school.add_pupil("kolya", "Лебедев", "Николай", "5А", born=date(2015, 1, 9))
    await school.add_guardian("olga", "Лебедева", "Ольга", "kolya")
    await school.decide("olga", "kolya")
    await school.add_lesson("algebra_tuesday", "5А", "Алгебра", "zoya", day=TUESDAY, ordinal=1)
    return school


async def build_town() -> Town:
    """Build both schools and open everybody's account."""
    town = Town(await _first_school(), await _second_school())
    for school, office in ((town.first, "daria"), (town.second, "elena")):
        for login, guardian in school.guardians.items():
            await town.open_account(login, role="GUARDIAN", school=school.id, guardian=guardian)
        for login, teacher in school.teachers.items():
            await town.open_account(login, role="TEACHER", school=school.id, teacher=teacher)
        await town.open_account(office, role="OFFICE", school=school.id)
    await town.open_account("misha", role="PUPIL", school=town.first.id, pupil=town.first.pupils["misha"])
    await town.open_account("root", role="OPERATOR")
    await town.open_account("nobody")
    return town
