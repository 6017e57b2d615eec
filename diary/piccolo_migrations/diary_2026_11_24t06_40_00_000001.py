"""What Piccolo cannot express for signatures, contacts, agreements, obligations and the mailbox.

Changed conditions, indexes, tenant-safe keys, append-only rows, what may change in an obligation, the trail, the feed
and row-level security; the same order as the first release's migration (D4, D6, D10, R2.4).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T06:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Keys, append-only rows, trail and row-level security of the whole ledger"

# Piccolo does not notice that a condition has changed (D13).
CHANGED_CONDITIONS = """
ALTER TABLE consent_decision DROP CONSTRAINT consent_decision_purpose_is_known,
    ADD CONSTRAINT consent_decision_purpose_is_known CHECK (purpose IN ('PERSONAL_DATA', 'ELECTRONIC_FORM', 'GUARDIAN_ACCESS'));
ALTER TABLE statement DROP CONSTRAINT statement_purpose_is_known,
    ADD CONSTRAINT statement_purpose_is_known CHECK (purpose IN ('PERSONAL_DATA', 'ELECTRONIC_FORM', 'GUARDIAN_ACCESS'));
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_is_known,
    ADD CONSTRAINT outbox_kind_is_known CHECK (kind IN ('EMAIL', 'SMS', 'MESSENGER', 'WEB_PUSH', 'PRINT'));
ALTER TABLE print_job DROP CONSTRAINT print_job_state_is_known,
    ADD CONSTRAINT print_job_state_is_known CHECK (state IN ('QUEUED', 'RENDERED', 'PRINTED', 'HANDED_OVER', 'FAILED', 'CANCELLED'));
ALTER TABLE print_job DROP CONSTRAINT print_job_of_a_pupil_or_a_class,
    ADD CONSTRAINT print_job_of_a_pupil_or_a_class CHECK ((pupil IS NULL) <> (school_class IS NULL)
        OR (kind = 'CONSENT_FORM' AND pupil IS NULL AND school_class IS NULL));
"""

INDEXES = """
ALTER TABLE delivery_agreement ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY;
CREATE INDEX agreement_of_pair ON delivery_agreement (guardian, pupil, seq DESC);
CREATE UNIQUE INDEX obligation_once ON obligation (kind, pupil, coalesce(guardian, '00000000-0000-0000-0000-000000000000'), about);
CREATE INDEX obligation_by_due ON obligation (school, due_at, id);
CREATE INDEX obligation_by_state ON obligation (school, state, due_at, id);
CREATE INDEX obligation_by_kind ON obligation (school, kind, state, due_at, id);
CREATE INDEX obligation_of_guardian ON obligation (guardian, due_at, id);
CREATE INDEX obligation_of_pupil ON obligation (pupil, due_at, id);
CREATE INDEX obligation_open ON obligation (due_at) WHERE state = 'OPEN';
CREATE INDEX mailbox_of_guardian ON mailbox_message (guardian, sent_at DESC, id DESC);
CREATE INDEX mailbox_of_pupil ON mailbox_message (reader_pupil, sent_at DESC, id DESC);
CREATE INDEX code_of_contact ON one_time_code (contact_point, sent_at DESC);
CREATE INDEX outbox_of_print_job ON outbox (print_job) WHERE print_job IS NOT NULL;
CREATE INDEX obligation_weekly_unmet ON obligation (due_at)
    WHERE kind = 'WEEKLY_DIARY' AND met_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX print_job_of_week ON print_job (school, week_of);
CREATE INDEX outbox_of_pair ON outbox (guardian, pupil) WHERE state = 'QUEUED';
CREATE INDEX guardianship_version_of_pair ON guardianship_version (guardian, pupil, recorded_at DESC, id DESC);
CREATE UNIQUE INDEX consent_decision_one_per_signature ON consent_decision (signature) WHERE signature IS NOT NULL;
CREATE INDEX signature_of_account ON signature (account, checked_at);
CREATE INDEX consent_text_newest ON consent_text (school, purpose, published_at DESC);
DROP INDEX contact_point_once;
CREATE UNIQUE INDEX contact_point_once ON contact_point
    (coalesce(guardian, pupil), channel, coalesce(messenger, ''), lower(value)) WHERE retired_at IS NULL;
"""

# The same as in the first release, for the tables and keys that have come since.
TENANT_KEYS = """
DO $$
DECLARE
    parent record;
    child record;
BEGIN
    FOR parent IN
        SELECT DISTINCT confrelid::regclass AS name FROM pg_constraint c
        WHERE contype = 'f' AND c.connamespace = 'public'::regnamespace AND array_length(conkey, 1) = 1
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'school' AND NOT attisdropped)
          AND NOT EXISTS (SELECT FROM pg_constraint u WHERE u.conrelid = c.confrelid AND u.contype = 'u'
              AND u.conname = c.confrelid::regclass || '_of_school')
    LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (school, id)', parent.name, parent.name || '_of_school');
    END LOOP;
    FOR child IN
        SELECT c.conrelid::regclass AS name, a.attname AS key, c.confrelid::regclass AS parent
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE contype = 'f' AND array_length(conkey, 1) = 1 AND c.connamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.confrelid AND s.attname = 'school' AND NOT s.attisdropped)
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.conrelid AND s.attname = 'school' AND NOT s.attisdropped)
          AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.conrelid AND f.contype = 'f'
              AND f.conname = c.conrelid::regclass || '_' || a.attname || '_of_school')
    LOOP
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (school, %I) REFERENCES %s (school, id) ON UPDATE RESTRICT ON DELETE RESTRICT',
            child.name, child.name || '_' || child.key || '_of_school', child.key, child.parent);
    END LOOP;
END $$;
"""

APPEND_ONLY = ("consent_text", "signature", "delivery_agreement", "guardianship_version",
)  # fmt: skip

KEPT = """
-- The text of a consent carries the hash of what is really in it.
CREATE FUNCTION seal_consent_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sha256 := encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex');
    RETURN NEW;
END $$;
CREATE TRIGGER seal_consent_text BEFORE INSERT ON consent_text FOR EACH ROW EXECUTE FUNCTION seal_consent_text();

-- A duty is who, what and when; what happens to it is written once and stays (D6).
CREATE FUNCTION keep_obligation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an obligation is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'obligation_is_kept';
    END IF;
    IF (OLD.school, OLD.kind, OLD.clause, OLD.pupil, OLD.guardian, OLD.about, OLD.opened_at, OLD.due_at)
        IS DISTINCT FROM (NEW.school, NEW.kind, NEW.clause, NEW.pupil, NEW.guardian, NEW.about, NEW.opened_at, NEW.due_at)
        OR (OLD.met_at IS NOT NULL
            AND (OLD.met_at, OLD.met_by, OLD.evidence) IS DISTINCT FROM (NEW.met_at, NEW.met_by, NEW.evidence))
        OR (OLD.breached_at IS NOT NULL AND OLD.breached_at IS DISTINCT FROM NEW.breached_at)
        OR (OLD.cancelled_at IS NOT NULL
            AND (OLD.cancelled_at, OLD.cancel_reason) IS DISTINCT FROM (NEW.cancelled_at, NEW.cancel_reason))
    THEN
        RAISE EXCEPTION 'what is known of an obligation stays' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'obligation_is_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_obligation BEFORE UPDATE OR DELETE ON obligation FOR EACH ROW EXECUTE FUNCTION keep_obligation();
CREATE TRIGGER append_only BEFORE TRUNCATE ON obligation EXECUTE FUNCTION refuse_change();

-- A confirmed contact stands on its document or its code: a new address is a new contact, and the old one is retired (R8).
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
        AND (OLD.guardian, OLD.pupil, OLD.channel, OLD.messenger, OLD.value, OLD.push_keys, OLD.confirmed_at,
             OLD.confirmed_by_code, OLD.provenance, OLD.document_reference)
        IS DISTINCT FROM (NEW.guardian, NEW.pupil, NEW.channel, NEW.messenger, NEW.value, NEW.push_keys, NEW.confirmed_at,
             NEW.confirmed_by_code, NEW.provenance, NEW.document_reference)
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
DROP TRIGGER keep_contact_point ON contact_point;
CREATE TRIGGER keep_contact_point BEFORE INSERT OR UPDATE ON contact_point FOR EACH ROW EXECUTE FUNCTION keep_contact_point();

-- What was known of a guardianship, and since when (R2.4).
CREATE FUNCTION keep_guardianship_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO guardianship_version (school, guardianship, guardian, pupil, restricted, valid_from, valid_to, removed, recorded_at)
        VALUES (OLD.school, OLD.id, OLD.guardian, OLD.pupil, OLD.restricted, OLD.valid_from, OLD.valid_to, true, diary_now());
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' OR (OLD.restricted, OLD.valid_from, OLD.valid_to, OLD.guardian, OLD.pupil)
        IS DISTINCT FROM (NEW.restricted, NEW.valid_from, NEW.valid_to, NEW.guardian, NEW.pupil) THEN
        INSERT INTO guardianship_version (school, guardianship, guardian, pupil, restricted, valid_from, valid_to, removed, recorded_at)
        VALUES (NEW.school, NEW.id, NEW.guardian, NEW.pupil, NEW.restricted, NEW.valid_from, NEW.valid_to, false, diary_now());
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_guardianship_version AFTER INSERT OR UPDATE OR DELETE ON guardianship
    FOR EACH ROW EXECUTE FUNCTION keep_guardianship_version();

-- As before, but that a code is on its way is nobody's business.
CREATE OR REPLACE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := nullif(current_setting('diary.actor', true), '')::integer;
    via text := coalesce(nullif(current_setting('diary.route', true), ''), 'SQL');
    secret text[] := TG_ARGV[0]::text[]; -- never written down
    quiet text[] := TG_ARGV[1]::text[];  -- a change of these alone is no event
    school_key text := CASE WHEN TG_TABLE_NAME = 'school' THEN 'id' ELSE 'school' END;
    unseen jsonb := CASE WHEN TG_TABLE_NAME = 'outbox' THEN '{"topic": "CODE"}' END;
    at timestamptz := diary_now();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, after)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(n) AS row FROM new_rows n) rows WHERE (row @> unseen) IS NOT TRUE;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(o) AS row FROM old_rows o) rows WHERE (row @> unseen) IS NOT TRUE;
    ELSE
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before, after)
        SELECT at, (became ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, became ->> 'id',
               changed_only(was, became) - secret, changed_only(became, was) - secret
        FROM (SELECT to_jsonb(o) AS was, to_jsonb(n) AS became FROM old_rows o JOIN new_rows n ON n.id = o.id) rows
        WHERE was - quiet IS DISTINCT FROM became - quiet AND (became @> unseen) IS NOT TRUE;
    END IF;
    RETURN NULL;
END $$;

-- The trail of the earlier release tells since when each guardianship was known, and as what.
DO $$
DECLARE
    entry record;
    known jsonb := '{}';
    row_of text := '';
BEGIN
    FOR entry IN
        SELECT * FROM audit_entry WHERE record = 'guardianship' ORDER BY record_id, id
    LOOP
        IF entry.record_id <> row_of THEN
            row_of := entry.record_id;
            known := '{}';
        END IF;
        known := known || coalesce(entry.after, '{}');
        INSERT INTO guardianship_version (school, guardianship, guardian, pupil, restricted, valid_from, valid_to, removed, recorded_at)
        SELECT entry.school, row_of::uuid, g.id, p.id, (known ->> 'restricted')::boolean, (known ->> 'valid_from')::date,
            (known ->> 'valid_to')::date, entry.action = 'DELETE', entry.at
        FROM guardian g, pupil p
        WHERE g.id = (known ->> 'guardian')::uuid AND p.id = (known ->> 'pupil')::uuid AND known ? 'valid_from'
            AND g.school = entry.school AND p.school = entry.school;
    END LOOP;
END $$;

-- What no trail tells of is known from now on.
INSERT INTO guardianship_version (school, guardianship, guardian, pupil, restricted, valid_from, valid_to, removed, recorded_at)
SELECT school, id, guardian, pupil, restricted, valid_from, valid_to, false, diary_now() FROM guardianship g
WHERE NOT EXISTS (SELECT FROM guardianship_version v WHERE v.guardianship = g.id);
"""

AUDITED = (
    "consent_text", "trusted_certificate", "signature", "delivery_agreement", "obligation", "mailing", "mailbox_message",
)  # fmt: skip
#: The bytes of documents and the texts of letters are evidence, not events.
SECRETS = {"signature": "{document,cms,certificate}", "mailing": "{body}", "mailbox_message": "{body}"}
#: Tables of the first release that hold secrets since.
MORE_SECRETS = {"contact_point": "{push_keys}"}

STAFF_EDITS = ("trusted_certificate",)
#: Tables that staff read apart from their secrets.
STAFF_READS_MOST = {"contact_point": ("push_keys",), "signature": ("document", "cms", "certificate")}
STAFF_READS = (
    "consent_text", "delivery_agreement", "obligation", "mailing", "mailbox_message", "guardianship_version",
)  # fmt: skip

SCHOOL_SETTINGS = """
-- A code is for its owner: staff do not even see that one is on its way.
CREATE POLICY no_codes ON outbox AS RESTRICTIVE FOR ALL TO diary_staff USING (topic <> 'CODE');
GRANT UPDATE (own_decision_age, of_age, school_days, delivery_weekdays, delivery_time, quiet_from, quiet_to,
    responsible_email, processor) ON school TO diary_staff;
-- An address is entered, replaced and retired by its rules alone, and stays (R8.1): staff go through the commands.
REVOKE ALL ON contact_point FROM diary_staff;
"""

EVENTS = ("INSERT", "UPDATE", "DELETE")


def _audit(table: str, event: str, secrets: str) -> str:
    rows = {
        "INSERT": "NEW TABLE AS new_rows",
        "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "DELETE": "OLD TABLE AS old_rows",
    }
    return (
        f"CREATE TRIGGER audit_{event.lower()} AFTER {event} ON {table} REFERENCING {rows[event]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION audit_rows('{secrets}', '{{}}');"
    )


def _triggers() -> list[str]:
    made = [
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION refuse_change();"
        for table in APPEND_ONLY
    ]
    made += [_audit(table, event, SECRETS.get(table, "{}")) for table in AUDITED for event in EVENTS]
    for table, secrets in MORE_SECRETS.items():
        for event in EVENTS:
            made += [f"DROP TRIGGER audit_{event.lower()} ON {table};", _audit(table, event, secrets)]
    return made


def _staff_policies() -> list[str]:
    made = [SCHOOL_SETTINGS]
    grants = {
        **dict.fromkeys(STAFF_EDITS, "SELECT, INSERT, UPDATE, DELETE"),
        **dict.fromkeys(STAFF_READS, "SELECT"),
        "signature": "",
    }
    for table, grant in grants.items():
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
            f"CREATE POLICY own_school ON {table} FOR ALL TO diary_staff "
            "USING (school = ANY ((SELECT staff_schools())::uuid[])) "
            "WITH CHECK (school = ANY ((SELECT staff_schools())::uuid[]));",
            f"GRANT {grant} ON {table} TO diary_staff;" if grant else _readable(table),
        ]
    return [*made, _readable("contact_point")]


def _readable(table: str) -> str:
    """Return what lets staff read every column of a table that is not a secret."""
    secret = ", ".join(f"'{name}'" for name in STAFF_READS_MOST[table])
    return f"""
    DO $$ BEGIN EXECUTE (
        SELECT format('GRANT SELECT (%s) ON {table} TO diary_staff', string_agg(quote_ident(attname), ', '))
        FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname NOT IN ({secret}));
    END $$;
    """  # noqa: S608 - constants only


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (CHANGED_CONDITIONS, INDEXES, TENANT_KEYS, KEPT, *_triggers(), *_staff_policies()):
            await database.execute(block)

    manager.add_raw(run)
    return manager
