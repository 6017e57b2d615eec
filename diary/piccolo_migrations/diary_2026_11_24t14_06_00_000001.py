"""A trail that stays quick for a thousand rows at once, and that shows a school what happened to its people's accounts.

The transition tables have no statistics, and PL/pgSQL keeps the plan that it made when they were all but empty: a loop
over both, which takes minutes for a thousand rows. So the function is never planned as one, and nothing is planned for
no rows at all (ADR 0014). Accounts and sessions have no school of their own: theirs are the schools of the capacities.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from diary.kit import database

ID = "2026-11-24T14:06:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "The trail of many rows is quick, and that of accounts is seen by their schools"

TRAIL = """
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
        IF NOT EXISTS (SELECT FROM new_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, after)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(n) AS row FROM new_rows n) rows WHERE (row @> unseen) IS NOT TRUE;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM old_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before)
        SELECT at, (row ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(o) AS row FROM old_rows o) rows WHERE (row @> unseen) IS NOT TRUE;
    ELSE
        IF NOT EXISTS (SELECT FROM new_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before, after)
        SELECT at, (became ->> school_key)::uuid, who, via, TG_OP, TG_TABLE_NAME, became ->> 'id',
               changed_only(was, became) - secret, changed_only(became, was) - secret
        FROM (SELECT to_jsonb(o) AS was, to_jsonb(n) AS became FROM old_rows o JOIN new_rows n ON n.id = o.id) rows
        WHERE was - quiet IS DISTINCT FROM became - quiet AND (became @> unseen) IS NOT TRUE;
    END IF;
    RETURN NULL;
END $$;

-- An entry for each school that the account belongs to: a clerk of either may ask who gave the password. That a secret
-- was changed is told, never what it was or became.
CREATE FUNCTION audit_account_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := nullif(current_setting('diary.actor', true), '')::integer;
    via text := coalesce(nullif(current_setting('diary.route', true), ''), 'SQL');
    secret text[] := TG_ARGV[0]::text[];
    quiet text[] := TG_ARGV[1]::text[];
    account_key text := CASE WHEN TG_TABLE_NAME = 'session' THEN 'user_id' ELSE 'id' END;
    at timestamptz := diary_now();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, after)
        SELECT at, s.school, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(n) AS row FROM new_rows n) rows
        LEFT JOIN LATERAL (SELECT DISTINCT c.school FROM capacity c WHERE c.account = (row ->> account_key)::integer) s ON true;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before)
        SELECT at, s.school, who, via, TG_OP, TG_TABLE_NAME, row ->> 'id', row - secret
        FROM (SELECT to_jsonb(o) AS row FROM old_rows o) rows
        LEFT JOIN LATERAL (SELECT DISTINCT c.school FROM capacity c WHERE c.account = (row ->> account_key)::integer) s ON true;
    ELSE
        IF NOT EXISTS (SELECT FROM new_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, before, after)
        SELECT at, s.school, who, via, TG_OP, TG_TABLE_NAME, became ->> 'id', changed_only(was, became) - secret,
            (changed_only(became, was) - secret) || (
                SELECT coalesce(jsonb_object_agg(key, 'changed'), '{}') FROM unnest(secret) AS key
                WHERE was -> key IS DISTINCT FROM became -> key)
        FROM (SELECT to_jsonb(o) AS was, to_jsonb(n) AS became FROM old_rows o JOIN new_rows n ON n.id = o.id) rows
        LEFT JOIN LATERAL (SELECT DISTINCT c.school FROM capacity c WHERE c.account = (became ->> account_key)::integer) s ON true
        WHERE was - quiet IS DISTINCT FROM became - quiet;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER audit_insert AFTER INSERT ON account REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{password}', '{last_login}');
CREATE OR REPLACE TRIGGER audit_update AFTER UPDATE ON account REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{password}', '{last_login}');
CREATE OR REPLACE TRIGGER audit_delete AFTER DELETE ON account REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{password}', '{last_login}');
CREATE OR REPLACE TRIGGER audit_insert AFTER INSERT ON session REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{token}', '{expiry_date}');
CREATE OR REPLACE TRIGGER audit_update AFTER UPDATE ON session REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{token}', '{expiry_date}');
CREATE OR REPLACE TRIGGER audit_delete AFTER DELETE ON session REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_account_rows('{token}', '{expiry_date}');
"""

# The operator is above the schools and reads also what belongs to none.
OPERATOR = """
CREATE FUNCTION staff_is_operator() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('diary.operator', true) = 'yes', false) $$;
CREATE POLICY of_the_operator ON audit_entry FOR SELECT TO diary_staff USING ((SELECT staff_is_operator()));
"""

# CREATE OR REPLACE FUNCTION forgets the settings of a function: whoever replaces it next has to say this again, last.
PLANS = """
ALTER FUNCTION audit_rows() SET enable_nestloop = off;
ALTER FUNCTION audit_account_rows() SET enable_nestloop = off;
"""


async def forwards() -> MigrationManager:
    """Run every block in the migration's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="diary", description=DESCRIPTION)

    async def run() -> None:
        for block in (TRAIL, OPERATOR, PLANS):
            await database.execute(block)

    manager.add_raw(run)
    return manager
