"""How soon the letters leave that were queued before letters knew it, and since when staff see a password is given.

They all became notices, which keep to the agreed days; the news of one's own decision was urgent before and stays so.
A letter with a day of its own although none was agreed was a scheduled one.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T14:06:20:000001"
VERSION = "1.38.0"
DESCRIPTION = "Letters that wait keep their urgency"

TIMING = """
UPDATE outbox o SET timing = 'URGENT' FROM mailing m
WHERE m.id = o.mailing AND m.kind = 'CONSENT_EFFECT' AND o.timing = 'NOTICE' AND o.state IN ('QUEUED', 'STARTED', 'UNCERTAIN');
UPDATE outbox o SET timing = 'MAILING'
WHERE o.timing = 'NOTICE' AND o.state IN ('QUEUED', 'STARTED', 'UNCERTAIN') AND o.agreed_day IS NOT NULL
    AND coalesce((SELECT a.schedule FROM delivery_agreement a
        WHERE a.guardian = o.guardian AND a.pupil = o.pupil AND a.registered_at <= o.created_at
        ORDER BY a.seq DESC LIMIT 1), 'SCHOOL_DEFAULT') = 'SCHOOL_DEFAULT';
"""

STAFF = "GRANT SELECT (password_given_at) ON account TO diary_staff"


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (TIMING, STAFF):
            await database.execute(block)

    manager.add_raw(run)
    return manager
