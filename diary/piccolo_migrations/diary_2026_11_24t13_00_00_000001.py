"""What Piccolo cannot express for agreements on simple signatures, authorities that stay, and rejected drafts.

A changed condition, indexes, tenant-safe keys, what may change in each table, the trail and row-level security (D10,
63-FZ art. 9).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T13:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Authorities and signing agreements are kept; a rejected statement is closed"

# Piccolo does not notice that a condition has changed (D13).
CHANGED_CONDITIONS = """
ALTER TABLE statement DROP CONSTRAINT statement_state_is_known,
    ADD CONSTRAINT statement_state_is_known CHECK (state IN ('DRAFT', 'REGISTERED', 'REJECTED'));
"""

INDEXES = """
CREATE UNIQUE INDEX signing_agreement_one_in_force ON signing_agreement (coalesce(guardian, pupil)) WHERE ended_at IS NULL;
CREATE INDEX signature_of_file ON signature (school, sha256(cms)) WHERE cms IS NOT NULL;
"""

# The same as before, for the keys that have come since.
TENANT_KEYS = """
ALTER TABLE signing_agreement ADD CONSTRAINT signing_agreement_of_school UNIQUE (school, id);
DO $$
DECLARE
    child record;
BEGIN
    FOR child IN
        SELECT c.conrelid::regclass AS name, a.attname AS key, c.confrelid::regclass AS parent
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE contype = 'f' AND array_length(conkey, 1) = 1
          AND (c.conrelid = 'signing_agreement'::regclass OR c.confrelid = 'signing_agreement'::regclass)
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.confrelid AND s.attname = 'school' AND NOT s.attisdropped)
    LOOP
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (school, %I) REFERENCES %s (school, id) ON UPDATE RESTRICT ON DELETE RESTRICT',
            child.name, child.name || '_' || child.key || '_of_school', child.key, child.parent);
    END LOOP;
END $$;
"""

KEPT = """
-- The hash by which a signature names the authority that it was checked against; what cannot be read has none.
CREATE FUNCTION certificate_sha256(pem text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(encode(sha256(decode(
        substring(pem FROM '-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----'), 'base64')), 'hex'), '');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN '';
END $$;
UPDATE trusted_certificate SET sha256 = certificate_sha256(pem);

-- Who is trusted, for what and since when is never rewritten and never deleted: an authority is retired by a date (63-FZ).
CREATE FUNCTION keep_trusted_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.sha256 := certificate_sha256(NEW.pem);
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an authority is retired, not deleted'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'trusted_certificate_is_kept';
    END IF;
    IF (OLD.id, OLD.school, OLD.name, OLD.pem, OLD.sha256, OLD.qualified, OLD.added_at)
        IS DISTINCT FROM (NEW.id, NEW.school, NEW.name, NEW.pem, NEW.sha256, NEW.qualified, NEW.added_at)
        OR (OLD.retired_at IS NOT NULL AND (NEW.retired_at IS NULL OR NEW.retired_at > OLD.retired_at))
    THEN
        RAISE EXCEPTION 'an authority stays what it was'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'trusted_certificate_is_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_trusted_certificate BEFORE INSERT OR UPDATE OR DELETE ON trusted_certificate
    FOR EACH ROW EXECUTE FUNCTION keep_trusted_certificate();
CREATE TRIGGER append_only BEFORE TRUNCATE ON trusted_certificate EXECUTE FUNCTION refuse_change();

-- An agreement on simple signatures is only ever ended, once.
CREATE FUNCTION keep_signing_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL
        OR (OLD.id, OLD.school, OLD.guardian, OLD.pupil, OLD.document_reference, OLD.signed_on, OLD.registered_at, OLD.registrar)
        IS DISTINCT FROM (NEW.id, NEW.school, NEW.guardian, NEW.pupil, NEW.document_reference, NEW.signed_on,
            NEW.registered_at, NEW.registrar)
    THEN
        RAISE EXCEPTION 'a signing agreement is only ended'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'signing_agreement_is_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_signing_agreement BEFORE UPDATE OR DELETE ON signing_agreement
    FOR EACH ROW EXECUTE FUNCTION keep_signing_agreement();
CREATE TRIGGER append_only BEFORE TRUNCATE ON signing_agreement EXECUTE FUNCTION refuse_change();

-- A statement that is registered or rejected is closed; the staff role can do neither past the commands.
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
    RETURN NEW;
END $$;

-- As before, but what a document has confirmed may be confirmed by its owner's code as well, once (R8, 63-FZ art. 9).
CREATE OR REPLACE FUNCTION keep_contact_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A code goes to the address that was entered: it is never another one by the time the code comes back.
    IF TG_OP = 'UPDATE' AND (OLD.guardian, OLD.pupil, OLD.channel, OLD.messenger, OLD.value)
        IS DISTINCT FROM (NEW.guardian, NEW.pupil, NEW.channel, NEW.messenger, NEW.value)
    THEN
        RAISE EXCEPTION 'another address is another contact'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_is_one_address';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL THEN
        RAISE EXCEPTION 'a retired contact stays retired'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_stays_retired';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NOT NULL
        AND ((OLD.guardian, OLD.pupil, OLD.channel, OLD.messenger, OLD.value, OLD.push_keys, OLD.confirmed_at,
             OLD.provenance, OLD.document_reference)
        IS DISTINCT FROM (NEW.guardian, NEW.pupil, NEW.channel, NEW.messenger, NEW.value, NEW.push_keys, NEW.confirmed_at,
             NEW.provenance, NEW.document_reference)
        OR (OLD.confirmed_by_code IS NOT NULL AND OLD.confirmed_by_code IS DISTINCT FROM NEW.confirmed_by_code))
    THEN
        RAISE EXCEPTION 'a confirmed contact is kept as it was confirmed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_is_confirmed';
    END IF;
    -- Only a code that reached this very address and came back confirms what a family entered itself.
    IF NEW.confirmed_by_code IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.confirmed_by_code IS DISTINCT FROM NEW.confirmed_by_code) THEN
        -- A statement of its own: staff may not even look at codes.
        IF current_user = 'diary_staff' THEN
            RAISE EXCEPTION 'a contact is confirmed by its own code' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_by_code';
        ELSIF NOT EXISTS (
            SELECT FROM one_time_code c WHERE c.id = NEW.confirmed_by_code AND c.contact_point = NEW.id
                AND c.purpose = 'CONFIRM_CONTACT' AND c.used_at IS NOT NULL)
        THEN
            RAISE EXCEPTION 'a contact is confirmed by its own code' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_by_code';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""

AUDITED = """
CREATE TRIGGER audit_insert AFTER INSERT ON signing_agreement REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_rows('{}', '{}');
CREATE TRIGGER audit_update AFTER UPDATE ON signing_agreement REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_rows('{}', '{}');
CREATE TRIGGER audit_delete AFTER DELETE ON signing_agreement REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_rows('{}', '{}');
"""

STAFF = """
ALTER TABLE signing_agreement ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_school ON signing_agreement FOR ALL TO diary_staff
    USING (school = ANY ((SELECT staff_schools())::uuid[])) WITH CHECK (school = ANY ((SELECT staff_schools())::uuid[]));
GRANT SELECT ON signing_agreement TO diary_staff;
-- Whom a school trusts is an operator's to say, by a command: the panel's role only reads it.
REVOKE INSERT, UPDATE, DELETE ON trusted_certificate FROM diary_staff;
GRANT SELECT (authority_sha256, agreement) ON signature TO diary_staff;
GRANT SELECT (password_given) ON account TO diary_staff;
"""


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (CHANGED_CONDITIONS, INDEXES, TENANT_KEYS, KEPT, AUDITED, STAFF):
            await database.execute(block)

    manager.add_raw(run)
    return manager
