"""What Piccolo cannot express for drafts that a clerk puts under a signature: they wait to be read (D10, 63-FZ)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T14:05:45:000001"
VERSION = "1.38.0"
DESCRIPTION = "A draft that a clerk puts under a checked signature is read first"

KEPT = """
-- As before; and a draft that a clerk puts under a signature that was checked for another one is read first.
CREATE OR REPLACE FUNCTION keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') AND OLD.state <> 'DRAFT' THEN
        RAISE EXCEPTION 'a registered or rejected statement is closed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'statement_is_closed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF current_user = 'diary_staff' AND (NEW.state <> 'DRAFT' OR NEW.registered_as IS NOT NULL) THEN
        RAISE EXCEPTION 'a statement is registered by its command'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'statement_by_command';
    END IF;
    IF current_user = 'diary_staff'
        AND ((TG_OP = 'INSERT' AND (NEW.needs_reading OR NEW.check_note <> ''))
        OR (TG_OP = 'UPDATE'
            AND (OLD.needs_reading, OLD.check_note) IS DISTINCT FROM (NEW.needs_reading, NEW.check_note)))
    THEN
        RAISE EXCEPTION 'what the check says is not rewritten'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'statement_as_checked';
    END IF;
    -- A signature that a clerk enters beside a draft was checked for another one.
    IF current_user = 'diary_staff' AND NEW.signature IS NOT NULL
        AND (TG_OP = 'INSERT' OR OLD.signature IS DISTINCT FROM NEW.signature)
    THEN
        NEW.needs_reading := true;
    END IF;
    RETURN NEW;
END $$;
"""


async def forwards() -> MigrationManager:
    """Run the block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        await database.execute(KEPT)

    manager.add_raw(run)
    return manager
