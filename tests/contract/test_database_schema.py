"""The migrations build exactly what the tables declare, on a fresh database, and nobody forgot one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from embedded.servers import EmbeddedServers, temporary_servers
from tests.support.signers import authority, pem

ROOT = Path(__file__).parents[2]

#: What the hand-written migration adds to what the tables can declare (D13).
HAND_MADE_SUFFIX = "_of_school"
HAND_MADE_DEFAULTS = {("consent_decision", "seq"), ("delivery_agreement", "seq")}

MIGRATE = "import asyncio; from diary.migrations import migrate; asyncio.run(migrate(print))"
#: Only what the first release had.
MIGRATE_FIRST = """
import asyncio
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
manager = ForwardsMigrationManager(app_name="diary", migration_id="2026-11-24T03:00:00:000001")
assert asyncio.run(manager.run()).success
"""
#: The release whose authorities and drafts were taken as they came.
MIGRATE_SIGNATURES = MIGRATE_FIRST.replace("03:00:00:000001", "13:00:00:000001")
PENDING = "import asyncio; from diary.migrations import pending; print(asyncio.run(pending()))"
DECLARE = """
import asyncio
from piccolo.table import create_db_tables
from diary.piccolo_app import APP_CONFIG
asyncio.run(create_db_tables(*APP_CONFIG.table_classes))
"""
DRIFT = """
import asyncio, contextlib, io
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from diary.piccolo_app import APP_CONFIG
with contextlib.redirect_stdout(io.StringIO()):
    found = asyncio.run(AutoMigrationManager(auto_input="y").get_alter_statements(APP_CONFIG))
print([statement for part in found for statement in part.statements])
"""


def run(code: str, database_url: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    with temporary_servers(valkey=False) as running:
        yield running


async def new_database(servers: EmbeddedServers, name: str) -> str:
    superuser = await asyncpg.connect(servers.superuser_url)
    try:
        await superuser.execute(f'CREATE DATABASE "{name}" OWNER diary')
    finally:
        await superuser.close()
    return servers.database_url.replace("/diary?", f"/{name}?")


async def shape(database_url: str) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], str]]:
    connection = await asyncpg.connect(database_url)
    try:
        columns = await connection.fetch(
            """
            SELECT table_name, column_name, concat_ws(' ', data_type, character_maximum_length::text,
                CASE is_nullable WHEN 'NO' THEN 'NOT NULL' END, column_default) AS definition
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migration'
            """
        )
        constraints = await connection.fetch(
            """
            SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS definition
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'p', 'f')
                AND conrelid::regclass::text <> 'migration'
            """
        )
    finally:
        await connection.close()
    return (
        {(row["table_name"], row["column_name"]): row["definition"] for row in columns},
        {
            (row["table_name"], row["conname"]): row["definition"]
            for row in constraints
            if not row["conname"].endswith(HAND_MADE_SUFFIX)
        },
    )


async def test_a_fresh_database_gets_exactly_what_the_tables_declare(servers: EmbeddedServers) -> None:
    migrated = await new_database(servers, "migrated")
    declared = await new_database(servers, "declared")

    run(MIGRATE, migrated)
    run(DECLARE, declared)

    migrated_columns, migrated_constraints = await shape(migrated)
    declared_columns, declared_constraints = await shape(declared)
    assert len(migrated_columns) > 200
    assert migrated_columns.keys() == declared_columns.keys()
    assert {key for key in migrated_columns if migrated_columns[key] != declared_columns[key]} <= HAND_MADE_DEFAULTS
    assert migrated_constraints == declared_constraints


async def test_every_key_between_two_records_of_schools_stays_inside_the_school(servers: EmbeddedServers) -> None:
    database_url = await new_database(servers, "keys")
    run(MIGRATE, database_url)

    connection = await asyncpg.connect(database_url)
    try:
        loose = await connection.fetch(
            """
            SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c
            WHERE contype = 'f' AND array_length(conkey, 1) = 1 AND c.connamespace = 'public'::regnamespace
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.confrelid AND attname = 'school')
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.conrelid AND attname = 'school')
                AND NOT EXISTS (SELECT FROM pg_constraint pair WHERE pair.contype = 'f' AND pair.conrelid = c.conrelid
                    AND pair.confrelid = c.confrelid AND array_length(pair.conkey, 1) = 2 AND pair.conkey @> c.conkey)
            """
        )
        unguarded = await connection.fetch(
            """
            SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                AND has_table_privilege('diary_staff', oid, 'SELECT') AND NOT relrowsecurity
            """
        )
    finally:
        await connection.close()
    assert loose == []
    assert unguarded == []


async def test_no_table_has_changed_without_a_migration(servers: EmbeddedServers) -> None:
    assert run(DRIFT, servers.database_url) == "[]"


async def test_a_table_without_a_migration_would_be_noticed(servers: EmbeddedServers) -> None:
    planted = DRIFT.replace(
        "with contextlib",
        "from piccolo.table import Table\n"
        "class Planted(Table):\n    pass\n"
        "APP_CONFIG.table_classes.append(Planted)\n"
        "with contextlib",
    )

    assert "Planted" in run(planted, servers.database_url)


async def test_migrating_twice_changes_nothing_the_second_time(servers: EmbeddedServers) -> None:
    database_url = await new_database(servers, "twice")

    assert run(PENDING, database_url) != "[]"
    run(MIGRATE, database_url)
    run(MIGRATE, database_url)

    assert run(PENDING, database_url) == "[]"


async def test_guardianships_of_the_first_release_keep_their_history(servers: EmbeddedServers) -> None:
    database_url = await new_database(servers, "upgraded")
    run(MIGRATE_FIRST, database_url)
    connection = await asyncpg.connect(database_url)
    try:
        school, guardian, pupil, link = (str(uuid4()) for _ in range(4))
        await connection.execute(f"""
            INSERT INTO school (id, name) VALUES ('{school}', 'Школа');
            INSERT INTO guardian (id, school, family_name, given_name) VALUES ('{guardian}', '{school}', 'А', 'Б');
            INSERT INTO pupil (id, school, family_name, given_name) VALUES ('{pupil}', '{school}', 'А', 'В');
            SET diary.now = '2026-09-01 10:00+03';
            INSERT INTO guardianship (id, school, guardian, pupil, valid_from)
                VALUES ('{link}', '{school}', '{guardian}', '{pupil}', '2026-09-01');
            SET diary.now = '2026-10-12 14:05+03';
            UPDATE guardianship SET restricted = true WHERE id = '{link}';
        """)
        run(MIGRATE, database_url)
        versions = await connection.fetch(
            "SELECT restricted, valid_from, recorded_at FROM guardianship_version ORDER BY recorded_at"
        )
    finally:
        await connection.close()

    assert [tuple(row) for row in versions] == [
        (False, date(2026, 9, 1), datetime(2026, 9, 1, 7, tzinfo=UTC)),
        (True, date(2026, 9, 1), datetime(2026, 10, 12, 11, 5, tzinfo=UTC)),
    ]


async def test_authorities_and_electronic_drafts_of_before_are_not_taken_on_trust(servers: EmbeddedServers) -> None:
    database_url = await new_database(servers, "signatures")
    run(MIGRATE_SIGNATURES, database_url)
    connection = await asyncpg.connect(database_url)
    certificates = {name: pem(authority(number).certificate) for number, name in enumerate("ab")}
    broken = "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----"
    try:
        school = await connection.fetchval("INSERT INTO school (id, name) VALUES (uuidv7(), 'Школа') RETURNING id")
        pupil = await connection.fetchval(
            "INSERT INTO pupil (id, school, family_name, given_name) VALUES (uuidv7(), $1, 'А', 'Б') RETURNING id",
            school,
        )
        for name, text in (("good", certificates["a"]), ("two", "".join(certificates.values())), ("broken", broken)):
            await connection.execute(
                "INSERT INTO trusted_certificate (id, school, name, pem, added_at) "
                "VALUES (uuidv7(), $1, $2, $3, now())",
                school,
                name,
                text,
            )
        for form in ("PAPER", "ELECTRONIC"):
            await connection.execute(
                "INSERT INTO statement (id, school, pupil, form, note, state) "
                "VALUES (uuidv7(), $1, $2, $3, 'x', 'DRAFT')",
                school,
                pupil,
                form,
            )
        run(MIGRATE, database_url)
        trusted = await connection.fetch("SELECT name FROM trusted_certificate WHERE retired_at IS NULL")
        read = await connection.fetch("SELECT form, needs_reading, note FROM statement ORDER BY form")
    finally:
        await connection.close()

    assert [row["name"] for row in trusted] == ["good"]
    assert [tuple(row) for row in read] == [("ELECTRONIC", True, "x"), ("PAPER", False, "x")]
