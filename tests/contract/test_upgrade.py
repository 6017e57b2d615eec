"""A school that has worked with the release before upgrades with everything it holds, and reads it (trust.md G16)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from embedded.servers import EmbeddedServers
from tests.admin.world import AUTHORITY
from tests.contract.test_database_schema import MIGRATE, PENDING, new_database, run
from tests.contract.test_database_schema import servers as servers  # noqa: PLC0414 - a fixture

#: What the release before ended with.
MIGRATE_BEFORE = """
import asyncio
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
manager = ForwardsMigrationManager(app_name="diary", migration_id="2026-11-24T09:46:24:603780")
assert asyncio.run(manager.run()).success
"""
#: What a face reads after the upgrade: the sheets, the letters, the documents and the authorities of the school.
READ = """
import asyncio, json, sys
from uuid import UUID
from diary.access.tables import Role
from diary.access.viewer import CapacityOf, Viewer
from diary.delivery import contacts, statement_list
from diary.kit import database
from diary.paper.tables import PrintJob
from diary.delivery.tables import Outbox, Statement
from diary.consent.tables import Signature, TrustedCertificate

async def read():
    school, guardian, pupil = (UUID(key) for key in sys.argv[1:])
    office = Viewer(account_id=1, session_id=None, route="TEST", login="office",
        capacities=(CapacityOf(role=Role.OFFICE, school=school, person=None),))
    async with database.pool(size=1):
        held = await contacts.of_person(office, guardian_id=guardian)
        lines = await statement_list.statements(office, guardian_id=guardian, pupil_id=pupil)
        rows = {table._meta.tablename: len(await table.select()) for table in
            (PrintJob, Outbox, Statement, Signature, TrustedCertificate)}
    print(json.dumps({"contacts": [one.value for one in held], "states": [one.state for one in lines], "rows": rows}))

asyncio.run(read())
"""
ROWS = {"print_job": 2, "outbox": 4, "statement": 2, "signature": 1, "trusted_certificate": 1}


async def filled(connection: asyncpg.Connection) -> dict[str, UUID]:
    """Put a family's rows of each kind into a database of the release before."""
    ids = {
        name: uuid4()
        for name in (
            "school", "guardian", "pupil", "contact", "effect", "letter", "agreement", "signature", "authority", "duty",
        )
    }  # fmt: skip
    school, guardian, pupil, contact = ids["school"], ids["guardian"], ids["pupil"], ids["contact"]

    async def put(table: str, **values: Any) -> None:
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        names = ", ".join(values)
        await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())

    await put("school", id=school, name="Школа")
    await put("guardian", id=guardian, school=school, family_name="Орлова", given_name="Анна")
    await put("pupil", id=pupil, school=school, family_name="Орлов", given_name="Михаил")
    await connection.execute(
        "INSERT INTO guardianship (id, school, guardian, pupil, valid_from) VALUES ($1, $2, $3, $4, '2026-09-01')",
        uuid4(), school, guardian, pupil,
    )  # fmt: skip
    await connection.execute("INSERT INTO account (username, password) VALUES ('anna', 'x')")
    await put(
        "contact_point", id=contact, school=school, guardian=guardian, channel="EMAIL", value="anna@families.example",
        provenance="PAPER", document_reference="Папка 1", failure="",
    )  # fmt: skip
    await connection.execute("UPDATE contact_point SET confirmed_at = now()")
    await connection.execute(
        "INSERT INTO signature (id, school, kind, verdict, document, document_sha256, cms, checked_at) "
        "VALUES ($1, $2, 'ENHANCED', 'UNTRUSTED', 'x', '', 'x', now())",
        ids["signature"], school,
    )  # fmt: skip
    for form, signature in (("PAPER", None), ("ELECTRONIC", ids["signature"])):
        await connection.execute(
            "INSERT INTO statement (id, school, guardian, pupil, form, signature, document_reference, received_at, "
            "state) VALUES ($1, $2, $3, $4, $5, $6, 'Папка 1', now(), 'DRAFT')",
            uuid4(), school, guardian, pupil, form, signature,
        )  # fmt: skip
    await connection.execute(
        "INSERT INTO trusted_certificate (id, school, name, pem) VALUES ($1, $2, 'УЦ', $3)",
        ids["authority"], school, AUTHORITY,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO obligation (id, school, kind, clause, pupil, guardian, about, opened_at, due_at) "
        "VALUES ($1, $2, 'WEEKLY_DIARY', '9', $3, $4, 'week:2026-11-23', now(), now() + interval '1 day')",
        ids["duty"], school, pupil, guardian,
    )  # fmt: skip
    for state in ("RENDERED", "HANDED_OVER"):
        await connection.execute(
            "INSERT INTO print_job (id, school, pupil, week_of, state) VALUES ($1, $2, $3, '2026-11-23', $4)",
            uuid4(), school, pupil, state,
        )  # fmt: skip
    for kind in ("effect", "letter"):
        await connection.execute(
            "INSERT INTO mailing (id, school, kind, dedup_key, subject, body, created_at) "
            "VALUES ($1, $2, $3, $4, 'Тема', 'Текст', now())",
            ids[kind], school, "CONSENT_EFFECT" if kind == "effect" else "OFFICE_LETTER", kind,
        )  # fmt: skip
    for key, mailing, state, day in (
        ("urgent", ids["effect"], "QUEUED", None),
        ("scheduled", ids["letter"], "QUEUED", "2026-11-27"),
        ("notice", ids["letter"], "QUEUED", None),
        ("sent", ids["effect"], "DONE", None),
    ):
        await connection.execute(
            "INSERT INTO outbox (id, school, kind, dedup_key, guardian, pupil, contact_point, mailing, subject, body, "
            "state, due_at, created_at, agreed_day) "
            "VALUES ($1, $2, 'EMAIL', $3, $4, $5, $6, $7, 'Тема', 'Текст', $8, now(), now(), $9::text::date)",
            uuid4(), school, key, guardian, pupil, contact, mailing, state, day,
        )  # fmt: skip
    return ids


async def test_what_a_school_holds_comes_through_the_upgrade_and_is_read(servers: EmbeddedServers) -> None:
    database_url = await new_database(servers, "held")
    run(MIGRATE_BEFORE, database_url)
    connection = await asyncpg.connect(database_url)
    try:
        ids = await filled(connection)
        run(MIGRATE, database_url)
        timing = dict(await connection.fetch("SELECT dedup_key, timing FROM outbox"))
        (account,) = await connection.fetch("SELECT password_given, password_given_at FROM account")
        (duty,) = await connection.fetch("SELECT state FROM obligation")
        (authority,) = await connection.fetch("SELECT sha256 FROM trusted_certificate")
    finally:
        await connection.close()

    assert run(PENDING, database_url) == "[]"
    read = READ.replace("sys.argv[1:]", repr([str(ids[key]) for key in ("school", "guardian", "pupil")]))
    assert json.loads(run(read, database_url)) == {
        "contacts": ["anna@families.example"], "states": ["DRAFT", "DRAFT"], "rows": ROWS,
    }  # fmt: skip
    assert timing == {"urgent": "URGENT", "scheduled": "MAILING", "notice": "NOTICE", "sent": "NOTICE"}
    assert tuple(account) == (True, None), "families change the password that the school has given"
    assert (duty["state"], len(authority["sha256"])) == ("OPEN", 64)
