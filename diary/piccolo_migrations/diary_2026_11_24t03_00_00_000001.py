"""What Piccolo cannot express: indexes, tenant-safe keys, append-only tables, the trail, the feed and row-level security.

Read top to bottom it is the database's half of the design: D4 (feed), D10 (staff role), R2.4 (append-only ledger).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T03:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Indexes, composite keys, append-only tables, audit trail, feed, row-level security"

INDEXES = """
CREATE INDEX lesson_group_date ON lesson (teaching_group, date);
CREATE INDEX lesson_school_date ON lesson (school, date);
CREATE INDEX mark_pupil_lesson ON mark (pupil, lesson);
CREATE INDEX membership_pupil_group ON membership (pupil, teaching_group);
CREATE INDEX guardianship_pair ON guardianship (guardian, pupil);
CREATE INDEX consent_of_guardian ON consent_decision (guardian, pupil, purpose, seq DESC);
CREATE INDEX consent_of_pupil ON consent_decision (pupil, purpose, seq DESC) WHERE guardian IS NULL;
CREATE INDEX outbox_waiting ON outbox (due_at) WHERE state = 'QUEUED';
CREATE INDEX outbox_started ON outbox (lease_until) WHERE state = 'STARTED';
CREATE INDEX outbox_for_a_person ON outbox (school, created_at) WHERE state IN ('UNCERTAIN', 'FAILED');
CREATE INDEX audit_entry_of_record ON audit_entry (record, record_id);
CREATE INDEX audit_entry_of_school ON audit_entry (school, at);
CREATE UNIQUE INDEX contact_point_once ON contact_point (guardian, channel, lower(value)) WHERE retired_at IS NULL;
"""

# A row of one school can never point to a row of another: the plain key says "exists", this one says "and is ours" (D10).
TENANT_KEYS = """
DO $$
DECLARE
    parent record;
    child record;
BEGIN
    FOR parent IN
        SELECT DISTINCT confrelid::regclass AS name FROM pg_constraint c
        WHERE contype = 'f' AND c.connamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'school' AND NOT attisdropped)
    LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (school, id)', parent.name, parent.name || '_of_school');
    END LOOP;
    FOR child IN
        SELECT c.conrelid::regclass AS name, a.attname AS key, c.confrelid::regclass AS parent
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE contype = 'f' AND array_length(conkey, 1) = 1 AND c.connamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.confrelid AND s.attname = 'school' AND NOT s.attisdropped)
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.conrelid AND s.attname = 'school' AND NOT s.attisdropped)
    LOOP
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (school, %I) REFERENCES %s (school, id) ON UPDATE RESTRICT ON DELETE RESTRICT',
            child.name, child.name || '_' || child.key || '_of_school', child.key, child.parent);
    END LOOP;
END $$;
"""

LEDGER = """
ALTER TABLE consent_decision ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_decision EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mark_history EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();

-- A registered statement is closed; the staff role cannot register one past the command.
CREATE FUNCTION keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') AND OLD.state = 'REGISTERED' THEN
        RAISE EXCEPTION 'a registered statement is closed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'statement_is_closed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF current_user = 'diary_staff' AND (NEW.state <> 'DRAFT' OR NEW.registered_as IS NOT NULL) THEN
        RAISE EXCEPTION 'a statement is registered by its command' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'statement_by_command';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_statement BEFORE INSERT OR UPDATE OR DELETE ON statement FOR EACH ROW EXECUTE FUNCTION keep_statement();

-- A guardianship that decisions rest on is ended by its date: deleted and made anew it would bring an old consent back.
CREATE FUNCTION keep_guardianship() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM consent_decision d WHERE d.guardian = OLD.guardian AND d.pupil = OLD.pupil)
        AND (TG_OP = 'DELETE' OR (OLD.guardian, OLD.pupil) IS DISTINCT FROM (NEW.guardian, NEW.pupil)) THEN
        RAISE EXCEPTION 'a guardianship with decisions is ended, not deleted'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guardianship_has_decisions';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_guardianship BEFORE UPDATE OR DELETE ON guardianship FOR EACH ROW EXECUTE FUNCTION keep_guardianship();

-- A confirmed contact stands on its document: a new address is a new contact, and the old one is retired (R8).
CREATE FUNCTION keep_contact_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.confirmed_at IS NOT NULL
        AND (OLD.guardian, OLD.channel, OLD.value, OLD.confirmed_at, OLD.provenance, OLD.document_reference)
        IS DISTINCT FROM (NEW.guardian, NEW.channel, NEW.value, NEW.confirmed_at, NEW.provenance, NEW.document_reference)
    THEN
        RAISE EXCEPTION 'a confirmed contact is kept as it was confirmed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_point_is_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_contact_point BEFORE UPDATE ON contact_point FOR EACH ROW EXECUTE FUNCTION keep_contact_point();
"""

# Statement-level triggers with transition tables: one insert per statement, so a COPY of 60,000 marks stays quick.
TRAIL = """
CREATE FUNCTION diary_now() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('diary.now', true), '')::timestamptz, clock_timestamp()) $$;

CREATE FUNCTION changed_only(was jsonb, became jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(was) WHERE became -> key IS DISTINCT FROM value $$;

CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := nullif(current_setting('diary.actor', true), '')::integer;
    via text := coalesce(nullif(current_setting('diary.route', true), ''), 'SQL');
    secret text[] := TG_ARGV[0]::text[]; -- never written down
    quiet text[] := TG_ARGV[1]::text[];  -- a change of these alone is no event
    school_key text := CASE WHEN TG_TABLE_NAME = 'school' THEN 'id' ELSE 'school' END;
    at timestamptz := diary_now();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, after)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(n) AS row FROM new_rows n) rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(o) AS row FROM old_rows o) rows;
    ELSE
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before, after)
        SELECT at, (became ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, became ->> 'id',
               changed_only(was, became) - secret, changed_only(became, was) - secret
        FROM (SELECT to_jsonb(o) AS was, to_jsonb(n) AS became FROM old_rows o JOIN new_rows n ON n.id = o.id) rows
        WHERE was - quiet IS DISTINCT FROM became - quiet;
    END IF;
    RETURN NULL;
END $$;
"""

AUDITED = (
    "school", "school_year", "grading_period", "bell_period", "holiday", "subject",
    "pupil", "guardian", "guardianship", "teacher",
    "school_class", "teaching_group", "membership", "teaching_assignment",
    "account", "capacity", "session",
    "consent_decision", "statement", "contact_point", "outbox",
    "lesson", "lesson_change", "mark", "attendance", "homework", "print_job",
)  # fmt: skip
SECRETS = {"account": "{password}", "session": "{token}", "outbox": "{body}"}
#: A session lives on with every request, and a sign-in is the row of its session.
QUIET = {"account": "{last_login}", "session": "{expiry_date}"}

FEED = """
CREATE FUNCTION feed_touch(pupils uuid[]) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('diary.touched',
        concat_ws(' ', nullif(current_setting('diary.touched', true), ''),
                  (SELECT string_agg(DISTINCT p::text, ' ') FROM unnest(pupils) p)), true);
$$;

-- Number the events of each pupil without gaps, locking the counters in one order, and note whom to wake (D4).
CREATE FUNCTION feed_append(pupils uuid[], kinds text[], subjects uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH events AS (
        SELECT pupil, kind, subject, row_number() OVER (PARTITION BY pupil ORDER BY place) AS nth
        FROM unnest(pupils, kinds, subjects) WITH ORDINALITY AS e (pupil, kind, subject, place)
    ), grown AS (
        INSERT INTO feed (id, version) SELECT pupil, count(*) FROM events GROUP BY pupil ORDER BY pupil
        ON CONFLICT (id) DO UPDATE SET version = feed.version + excluded.version
        RETURNING id, version
    ), sized AS (SELECT pupil, count(*) AS size FROM events GROUP BY pupil), written AS (
        INSERT INTO feed_event (pupil, seq, kind, subject_id, at)
        SELECT e.pupil, g.version - s.size + e.nth, e.kind, e.subject, diary_now()
        FROM events e JOIN grown g ON g.id = e.pupil JOIN sized s ON s.pupil = e.pupil
    )
    SELECT feed_touch(pupils);
$$;

CREATE FUNCTION feed_mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM feed_append(array_agg(pupil), array_agg('MARK_RECORDED'::text), array_agg(id)) FROM new_rows HAVING count(*) > 0;
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM feed_append(array_agg(pupil), array_agg('MARK_CORRECTED'::text), array_agg(id)) FROM new_rows HAVING count(*) > 0;
    ELSE
        PERFORM feed_append(array_agg(pupil), array_agg('MARK_REMOVED'::text), array_agg(id)) FROM old_rows HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_attendance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM feed_append(array_agg(pupil), array_agg('ATTENDANCE'::text), array_agg(lesson)) FROM old_rows HAVING count(*) > 0;
    ELSE
        PERFORM feed_append(array_agg(pupil), array_agg('ATTENDANCE'::text), array_agg(lesson)) FROM new_rows HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_lessons(lessons uuid[], kind text, subjects uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT feed_append(array_agg(m.pupil), array_agg(kind), array_agg(s.subject))
    FROM unnest(lessons, subjects) AS s (lesson, subject)
    JOIN lesson l ON l.id = s.lesson
    JOIN membership m ON m.teaching_group = l.teaching_group
        AND m.valid_from <= l.date AND (m.valid_to IS NULL OR m.valid_to >= l.date)
    HAVING count(*) > 0;
$$;

CREATE FUNCTION feed_homework() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM feed_lessons(array_agg(lesson), 'HOMEWORK_SET', array_agg(id)) FROM new_rows;
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM feed_lessons(array_agg(lesson), 'HOMEWORK_CORRECTED', array_agg(id)) FROM new_rows;
    ELSE
        PERFORM feed_lessons(array_agg(lesson), 'HOMEWORK_REMOVED', array_agg(id)) FROM old_rows;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_lesson_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM feed_lessons(array_agg(lesson), 'LESSON_CHANGED', array_agg(lesson)) FROM new_rows;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_lesson() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM feed_lessons(array_agg(id), 'LESSON_CHANGED', array_agg(id)) FROM new_rows;
    ELSE
        -- A timetable comes and goes by the thousand: one event per pupil, not one per lesson.
        PERFORM feed_append(array_agg(pupil), array_agg('TIMETABLE_CHANGED'::text), array_agg(NULL::uuid)) FROM (
            SELECT DISTINCT m.pupil FROM (SELECT DISTINCT teaching_group FROM touched_rows) l
            JOIN membership m ON m.teaching_group = l.teaching_group
        ) pupils HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

-- Consents and guardianships wake the pupil's listeners without an event of their own: who may listen has changed.
CREATE FUNCTION feed_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM feed_touch(array_agg(pupil)) FROM old_rows HAVING count(*) > 0;
    ELSE
        PERFORM feed_touch(array_agg(pupil)) FROM new_rows HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

-- Reference data has one counter per school.
CREATE FUNCTION feed_school() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO feed (id, version) SELECT DISTINCT school, 1 FROM touched_rows ORDER BY school
    ON CONFLICT (id) DO UPDATE SET version = feed.version + 1;
    RETURN NULL;
END $$;

CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('diary.outbox', 'yes', true);
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();
"""

REFERENCE_TABLES = (
    "school_year", "grading_period", "bell_period", "holiday", "subject", "pupil", "guardian", "guardianship", "teacher",
    "school_class", "teaching_group", "membership", "teaching_assignment",
)  # fmt: skip

STAFF_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'diary_staff') THEN
        CREATE ROLE diary_staff NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
    END IF;
    EXECUTE format('GRANT diary_staff TO %I WITH SET TRUE, INHERIT FALSE', current_user);
END $$;

CREATE FUNCTION staff_schools() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('diary.schools', true), ''), ',')::uuid[], '{}') $$;

GRANT USAGE ON SCHEMA public TO diary_staff;
"""

STAFF_EDITS = (
    "school_year", "grading_period", "bell_period", "holiday", "subject", "pupil", "guardian", "guardianship", "teacher",
    "school_class", "teaching_group", "membership", "teaching_assignment", "statement", "contact_point",
)  # fmt: skip
STAFF_READS = (
    "consent_decision", "outbox", "lesson", "lesson_change", "mark", "mark_history", "attendance", "homework",
    "print_job", "audit_entry", "capacity",
)  # fmt: skip

EVENTS = ("INSERT", "UPDATE", "DELETE")


def _transitions(event: str, *, only: str | None = None) -> str:
    old, new = (only, only) if only else ("old_rows", "new_rows")
    parts = {
        "INSERT": f"NEW TABLE AS {new}",
        "UPDATE": f"OLD TABLE AS old_rows NEW TABLE AS {new}",
        "DELETE": f"OLD TABLE AS {old}",
    }
    return f"REFERENCING {parts[event]}"


def _trigger(name: str, table: str, event: str, function: str, *, only: str | None = None) -> str:
    return (
        f"CREATE TRIGGER {name}_{event.lower()} AFTER {event} ON {table} {_transitions(event, only=only)} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function};"
    )


def _triggers() -> list[str]:
    made = [
        _trigger("audit", table, event, f"audit_rows('{SECRETS.get(table, '{}')}', '{QUIET.get(table, '{}')}')") for table in AUDITED for event in EVENTS
    ]
    for table in ("mark", "attendance", "homework"):
        made += [_trigger("feed", table, event, f"feed_{table}()") for event in EVENTS]
    made.append(_trigger("feed", "lesson_change", "INSERT", "feed_lesson_change()"))
    made.append(_trigger("feed", "lesson", "INSERT", "feed_lesson()", only="touched_rows"))
    made.append(_trigger("feed", "lesson", "UPDATE", "feed_lesson()"))
    made.append(_trigger("feed", "lesson", "DELETE", "feed_lesson()", only="touched_rows"))
    made += [_trigger("wake", "consent_decision", "INSERT", "feed_wake()")]
    made += [_trigger("wake", "guardianship", event, "feed_wake()") for event in EVENTS]
    for table in REFERENCE_TABLES:
        made += [_trigger("school", table, event, "feed_school()", only="touched_rows") for event in EVENTS]
    return made


def _staff_policies() -> list[str]:
    made = [
        "ALTER TABLE school ENABLE ROW LEVEL SECURITY;",
        "CREATE POLICY own_school ON school FOR ALL TO diary_staff "
        "USING (id = ANY ((SELECT staff_schools())::uuid[])) WITH CHECK (id = ANY ((SELECT staff_schools())::uuid[]));",
        "GRANT SELECT, UPDATE (name, short_name, address, time_zone) ON school TO diary_staff;",
    ]
    for table in (*STAFF_EDITS, *STAFF_READS):
        grants = "SELECT, INSERT, UPDATE, DELETE" if table in STAFF_EDITS else "SELECT"
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
            f"CREATE POLICY own_school ON {table} FOR ALL TO diary_staff "
            "USING (school = ANY ((SELECT staff_schools())::uuid[])) "
            "WITH CHECK (school = ANY ((SELECT staff_schools())::uuid[]));",
            f"GRANT {grants} ON {table} TO diary_staff;",
        ]
    # Of an account staff see the login and whether it is used, and only of those who act in one of their schools.
    made += [
        "ALTER TABLE account ENABLE ROW LEVEL SECURITY;",
        "CREATE POLICY of_own_school ON account FOR SELECT TO diary_staff "
        "USING (EXISTS (SELECT FROM capacity WHERE capacity.account = account.id));",
        "GRANT SELECT (id, username, active, last_login) ON account TO diary_staff;",
    ]
    return made


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (INDEXES, TENANT_KEYS, LEDGER, TRAIL, FEED, *_triggers(), STAFF_ROLE, *_staff_policies()):
            await database.execute(block)

    manager.add_raw(run)
    return manager
