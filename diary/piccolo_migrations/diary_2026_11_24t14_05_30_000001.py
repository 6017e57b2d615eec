"""What Piccolo cannot express for the evidence of signatures: whom nobody can be sure to trust, and what a clerk reads.

Authorities of before whose certificate is unreadable or not one, drafts of before that nobody has read, the part of a
draft that the check alone writes, and an index (D10, 63-FZ).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T14:05:30:000001"
VERSION = "1.38.0"
DESCRIPTION = "Unclear authorities are retired; a clerk does not rewrite what the check says of a draft"

# Which certificate of two a signature names nobody can say, and an unreadable one makes nothing valid.
AUTHORITIES = """
UPDATE trusted_certificate SET retired_at = greatest(now(), added_at)
WHERE (retired_at IS NULL OR retired_at > now())
    AND (sha256 = '' OR pem ~ '-----BEGIN CERTIFICATE-----.*-----BEGIN CERTIFICATE-----');
"""

# What an electronic draft of before says of its signature stood in the note, and what was put into its document nowhere.
DRAFTS = """
UPDATE statement SET needs_reading = true, check_note = CASE WHEN signature IS NULL THEN '' ELSE note END,
    note = CASE WHEN signature IS NULL THEN note ELSE '' END
WHERE state = 'DRAFT' AND form = 'ELECTRONIC';
"""

INDEX = """
CREATE INDEX signature_attempt_of_account ON signature_attempt (account, started_at);
"""

KEPT = """
-- As before; and what the check says of a draft, the check alone writes: whoever has to read it cannot change it.
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
    RETURN NEW;
END $$;
"""


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (AUTHORITIES, DRAFTS, INDEX, KEPT):
            await database.execute(block)

    manager.add_raw(run)
    return manager
