"""A small school in the database, with letters and sheets that are owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

TODAY = dt.datetime.now(dt.UTC).date()
LONG_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(days=30)


MANY_FAMILIES = """
    INSERT INTO pupil (id, school, family_name, given_name, birth_date)
        SELECT pupil, school, 'Ёлкин' || place, 'Миша', DATE '{born}' FROM people;
    INSERT INTO membership (id, school, pupil, teaching_group, valid_from)
        SELECT gen_random_uuid(), school, pupil, teaching_group, DATE '{begins}' FROM people;
    INSERT INTO guardian (id, school, family_name, given_name) SELECT guardian, school, 'Ёлкина', 'Анна' FROM people;
    INSERT INTO guardianship (id, school, guardian, pupil, valid_from)
        SELECT gen_random_uuid(), school, guardian, pupil, DATE '{begins}' FROM people;
    INSERT INTO contact_point (id, school, guardian, channel, value, provenance, document_reference, confirmed_at)
        SELECT gen_random_uuid(), school, guardian, 'EMAIL', address, 'PAPER', 'Заявление 1', at FROM people;
    INSERT INTO consent_decision (id, school, guardian, pupil, purpose, decision, form, document_reference,
            received_at, registered_at)
        SELECT gen_random_uuid(), school, guardian, pupil, 'PERSONAL_DATA', 'GIVEN', 'PAPER', 'Заявление 1', at, at
        FROM people;
    INSERT INTO delivery_agreement (id, school, guardian, pupil, form, channels, schedule, origin, document_reference,
            agreed_at, registered_at)
        SELECT gen_random_uuid(), school, guardian, pupil, 'ELECTRONIC', '{{EMAIL,MAILBOX}}', 'SCHOOL_DEFAULT',
            'OFFICE', 'Заявление 2', at, at
        FROM people;
"""


@dataclass
class Family:
    """A guardian with one child and one address."""

    guardian: UUID
    pupil: UUID
    contact: UUID
    address: str


@dataclass
class World:
    """One school with a class, an office member and families that have consented."""

    connection: asyncpg.Connection
    school: UUID = field(default_factory=uuid4)
    school_class: UUID = field(default_factory=uuid4)
    group: UUID = field(default_factory=uuid4)
    subject: UUID = field(default_factory=uuid4)
    teacher: UUID = field(default_factory=uuid4)
    office: int = 0

    @classmethod
    async def build(cls, connection: asyncpg.Connection, *, name: str = "Школа № 12") -> World:
        """Set up a school with an empty class."""
        world = cls(connection)
        year = uuid4()
        run = connection.execute
        # Without quiet hours, so that the tests say the same by day and by night.
        await run(
            "INSERT INTO school (id, name, time_zone, quiet_from, quiet_to) "
            "VALUES ($1, $2, 'Europe/Moscow', '00:00', '00:00')",
            world.school,
            name,
        )
        await run(
            "INSERT INTO school_year (id, school, name, starts_on, ends_on) VALUES ($1, $2, 'Год', $3, $4)",
            year,
            world.school,
            TODAY - dt.timedelta(days=100),
            TODAY + dt.timedelta(days=200),
        )
        await run(
            "INSERT INTO school_class (id, school, school_year, name, grade_level) VALUES ($1, $2, $3, '5А', 5)",
            world.school_class,
            world.school,
            year,
        )
        await run(
            "INSERT INTO teaching_group (id, school, school_year, kind, name, school_class) "
            "VALUES ($1, $2, $3, 'CLASS', '5А', $4)",
            world.group,
            world.school,
            year,
            world.school_class,
        )
        await run("INSERT INTO subject (id, school, name) VALUES ($1, $2, 'Алгебра')", world.subject, world.school)
        await run(
            "INSERT INTO teacher (id, school, family_name, given_name) VALUES ($1, $2, 'Соколова', 'Вера')",
            world.teacher,
            world.school,
        )
        world.office = await world.account("daria")
        await run(
            "INSERT INTO capacity (id, account, school, role) VALUES ($1, $2, $3, 'OFFICE')",
            uuid4(),
            world.office,
            world.school,
        )
        return world

    async def past_the_rules(self, table: str, statement: str) -> None:
        """Change what the table's triggers refuse, as a faulty restore might."""
        run = self.connection.execute
        await run(f"ALTER TABLE {table} DISABLE TRIGGER USER; {statement}; ALTER TABLE {table} ENABLE TRIGGER USER")

    async def account(self, login: str) -> int:
        """Open an account."""
        found: int = await self.connection.fetchval(
            "INSERT INTO account (username, password, active) VALUES ($1, '', true) RETURNING id", login
        )
        return found

    async def pupil(self, family_name: str, given_name: str) -> UUID:
        """Enrol a pupil in the class."""
        pupil = uuid4()
        await self.connection.execute(
            "INSERT INTO pupil (id, school, family_name, given_name, birth_date) VALUES ($1, $2, $3, $4, $5)",
            pupil,
            self.school,
            family_name,
            given_name,
            TODAY - dt.timedelta(days=4000),
        )
        await self.connection.execute(
            "INSERT INTO membership (id, school, pupil, teaching_group, valid_from) VALUES ($1, $2, $3, $4, $5)",
            uuid4(),
            self.school,
            pupil,
            self.group,
            TODAY - dt.timedelta(days=60),
        )
        return pupil

    async def family(self, number: int = 1, *, consent: bool = True, address: str | None = None) -> Family:
        """Add a pupil and a guardian with a confirmed address; with consent unless told otherwise."""
        pupil, guardian, contact = await self.pupil(f"Ёлкин{number}", "Миша"), uuid4(), uuid4()
        address = address or f"anna{number}@families.example"
        run = self.connection.execute
        await run(
            "INSERT INTO guardian (id, school, family_name, given_name) VALUES ($1, $2, 'Ёлкина', 'Анна')",
            guardian,
            self.school,
        )
        await run(
            "INSERT INTO guardianship (id, school, guardian, pupil, valid_from) VALUES ($1, $2, $3, $4, $5)",
            uuid4(),
            self.school,
            guardian,
            pupil,
            TODAY - dt.timedelta(days=60),
        )
        await run(
            "INSERT INTO contact_point (id, school, guardian, channel, value, provenance, document_reference, "
            "confirmed_at) VALUES ($1, $2, $3, 'EMAIL', $4, 'PAPER', 'Заявление 1', $5)",
            contact,
            self.school,
            guardian,
            address,
            LONG_AGO,
        )
        family = Family(guardian, pupil, contact, address)
        if consent:
            await self.decide(family, "GIVEN", at=LONG_AGO)
        await self.agree(family, "EMAIL", "MAILBOX")
        return family

    async def families(self, number: int) -> None:
        """Add many families at once, like `family`: each with a consent, an address and an agreement on e-mail."""
        people = [
            (uuid4(), uuid4(), place, f"guardian{place}@families.example", self.school, self.group, LONG_AGO)
            for place in range(number)
        ]
        begins, born = TODAY - dt.timedelta(days=60), TODAY - dt.timedelta(days=4000)
        async with self.connection.transaction():
            await self.connection.execute(
                "CREATE TEMP TABLE people (pupil uuid, guardian uuid, place int, address text, school uuid, "
                "teaching_group uuid, at timestamptz) ON COMMIT DROP"
            )
            await self.connection.copy_records_to_table("people", records=people)
            await self.connection.execute(MANY_FAMILIES.format(begins=begins, born=born))
        await self.connection.execute("ANALYZE")

    async def agree(self, family: Family, *channels: str) -> None:
        """Agree on channels, or on paper when none is named."""
        await self.connection.execute(
            "INSERT INTO delivery_agreement (id, school, guardian, pupil, form, reason, channels, schedule, origin, "
            "document_reference, agreed_at, registered_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, 'SCHOOL_DEFAULT', 'OFFICE', 'Заявление 2', $8, $8)",
            uuid4(),
            self.school,
            family.guardian,
            family.pupil,
            "ELECTRONIC" if channels else "PAPER",
            None if channels else "UNABLE",
            list(channels),
            LONG_AGO,
        )

    async def decide(self, family: Family, decision: str, *, at: dt.datetime | None = None) -> None:
        """Append a decision to the ledger."""
        at = at or dt.datetime.now(dt.UTC) - dt.timedelta(milliseconds=1)
        await self.connection.execute(
            "INSERT INTO consent_decision (id, school, guardian, pupil, purpose, decision, form, document_reference, "
            "received_at, registered_at) VALUES ($1, $2, $3, $4, 'PERSONAL_DATA', $5, 'PAPER', 'Заявление 1', $6, $6)",
            uuid4(),
            self.school,
            family.guardian,
            family.pupil,
            decision,
            at,
        )

    async def letter(self, family: Family, *, subject: str = "Письмо школы", due_at: dt.datetime | None = None) -> UUID:
        """Queue a letter to a family."""
        letter = uuid4()
        await self.connection.execute(
            "INSERT INTO outbox (id, school, kind, dedup_key, guardian, pupil, contact_point, subject, body, due_at) "
            "VALUES ($1, $2, 'EMAIL', $1::uuid::text, $3, $4, $5, $6, 'Здравствуйте!\n.\nДо встречи.', $7)",
            letter,
            self.school,
            family.guardian,
            family.pupil,
            family.contact,
            subject,
            due_at or dt.datetime.now(dt.UTC),
        )
        return letter

    async def letters(self, family: Family, number: int) -> list[UUID]:
        """Queue many letters to one family at once."""
        letters = [uuid4() for _ in range(number)]
        await self.connection.execute(
            "INSERT INTO outbox (id, school, kind, dedup_key, guardian, pupil, contact_point, subject, body) "
            "SELECT id, $2, 'EMAIL', id::text, $3, $4, $5, 'Письмо', 'Текст' FROM unnest($1::uuid[]) id",
            letters,
            self.school,
            family.guardian,
            family.pupil,
            family.contact,
        )
        return letters

    async def print_job(self, *, pupil: UUID | None = None, requested_by: int | None = None) -> tuple[UUID, UUID]:
        """Queue the printed week of a pupil, or of the class; return the job and its outbox row."""
        job, row = uuid4(), uuid4()
        await self.connection.execute(
            "INSERT INTO print_job (id, school, pupil, school_class, week_of, requested_by) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            job,
            self.school,
            pupil,
            None if pupil else self.school_class,
            TODAY,
            requested_by or self.office,
        )
        await self.connection.execute(
            "INSERT INTO outbox (id, school, kind, dedup_key, pupil, print_job) "
            "VALUES ($1, $2, 'PRINT', $1::uuid::text, $3, $4)",
            row,
            self.school,
            pupil,
            job,
        )
        return job, row

    async def row(self, outbox_id: UUID) -> Any:
        """Return an outbox row as it stands."""
        return await self.connection.fetchrow("SELECT * FROM outbox WHERE id = $1", outbox_id)

    async def job(self, job_id: UUID) -> Any:
        """Return a print job as it stands."""
        return await self.connection.fetchrow("SELECT * FROM print_job WHERE id = $1", job_id)

    async def states(self) -> dict[str, int]:
        """Count the outbox by state."""
        return dict(await self.connection.fetch("SELECT state, count(*)::int FROM outbox GROUP BY state"))
