"""What Piccolo cannot express for who received a sheet: the guardian is one of the sheet's own school."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T12:51:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Who received a sheet is a guardian of its school"

TENANT_KEY = """
ALTER TABLE print_job ADD CONSTRAINT print_job_received_guardian_of_school
    FOREIGN KEY (school, received_guardian) REFERENCES guardian (school, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
"""


async def forwards() -> MigrationManager:
    """Run the block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        await database.execute(TENANT_KEY)

    manager.add_raw(run)
    return manager
