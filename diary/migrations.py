"""Bringing a database to the schema of this release, once, whoever starts first (D13)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration

from diary.kit import database

APP = "diary"
#: The advisory lock that keeps two starting processes from migrating at once.
LOCK_KEY = 0x6469_6172_79
#: So long a starting process waits for another one's migrations before it gives up.
WAIT_FOR_OTHERS = "120s"


class MigrationFailed(RuntimeError):  # noqa: N818 - says what happened
    """Raised when a migration did not go through; the database is as it was before that migration."""


async def pending() -> list[str]:
    """Return the migrations that this database has not seen yet, oldest first."""
    manager = ForwardsMigrationManager(app_name=APP)
    await manager.create_migration_table()
    done = set(await Migration.get_migrations_which_ran(app_name=APP))
    folder = manager.get_app_config(app_name=APP).resolved_migrations_folder_path
    return sorted(set(manager.get_migration_ids(manager.get_migration_modules(folder))) - done)


async def migrate(report: Callable[[str], None]) -> int:
    """Run every pending migration, reporting each, and return how many ran.

    Raises MigrationFailed with the migration's name.
    """
    connection = await database.engine().get_new_connection()
    try:
        await connection.execute(f"SET lock_timeout = '{WAIT_FOR_OTHERS}'")
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        waiting = await pending()
        for migration in waiting:
            report(migration)
            said = io.StringIO()
            try:
                with contextlib.redirect_stdout(said):
                    result = await ForwardsMigrationManager(app_name=APP, migration_id=migration).run()
            except Exception as problem:
                raise MigrationFailed(f"{migration}: {problem}") from problem
            if not result.success:
                raise MigrationFailed(f"{migration}: {result.message}")
        return len(waiting)
    finally:
        await connection.close()
