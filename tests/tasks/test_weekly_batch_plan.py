"""The Thursday batch of a school of 1,000 pupils reads no table that grows from end to end (R9.1, D14)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from diary.access.viewer import Nobody
from diary.delivery import duties
from diary.kit import clock as clocks
from diary.kit import database
from diary.paper.weekly import due_statement
from tests.support.town import School, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
#: Thursday, 6:00 in Moscow.
BATCH = datetime(2026, 11, 26, 3, tzinfo=UTC)
GROWING = ("obligation", "print_job", "outbox", "membership", "pupil", "guardianship")

PEOPLE = """
    WITH c AS (
        INSERT INTO school_class (school, school_year, name, grade_level)
        SELECT $1, $2, 'К' || n, 5 FROM generate_series(1, 40) AS n RETURNING id, name
    ), t AS (
        INSERT INTO teaching_group (school, school_year, kind, name, school_class)
        SELECT $1, $2, 'CLASS', name, id FROM c RETURNING id, name
    ), p AS (
        INSERT INTO pupil (school, family_name, given_name, birth_date)
        SELECT $1, 'К' || 1 + n % 40, 'И' || n, '2015-01-01'::date FROM generate_series(1, 1000) AS n
        RETURNING id, family_name
    ), m AS (
        INSERT INTO membership (school, pupil, teaching_group, valid_from)
        SELECT $1, p.id, t.id, '2026-09-01' FROM p JOIN t ON t.name = p.family_name
    ), g AS (
        INSERT INTO guardian (school, family_name, given_name)
        SELECT $1, 'Г' || n, 'Р' FROM generate_series(1, 2000) AS n RETURNING id
    )
    INSERT INTO guardianship (school, guardian, pupil, relation, legal_basis, restricted, valid_from)
    SELECT $1, g.id, p.id, 'PARENT', 'PARENT', false, '2020-01-01'::date
    FROM (SELECT id, row_number() OVER () AS n FROM p) AS p
    JOIN (SELECT id, row_number() OVER () AS n FROM g) AS g ON (g.n + 1) / 2 = p.n
"""
PRINTED = """
    WITH done AS (
        INSERT INTO print_job (school, school_class, kind, week_of, state, handed_over_at, handed_over_to, received_by)
        SELECT c.school, c.id, 'WEEK', '2026-11-23'::date - 7 * n, 'HANDED_OVER', $2, 'Классу', 'PUPIL'
        FROM school_class c, generate_series(1, 36) AS n WHERE c.school = $1 RETURNING id, school, school_class
    )
    INSERT INTO outbox (school, kind, dedup_key, print_job, subject, state, due_at, created_at, evidence)
    SELECT done.school, 'PRINT', 'print:' || done.id, done.id, 'Печатный дневник', 'DONE', $2, $2,
        jsonb_build_object('pupils', (
            SELECT jsonb_agg(m.pupil) FROM membership m JOIN teaching_group t ON t.id = m.teaching_group
            WHERE t.school_class = done.school_class))
    FROM done
"""
YEAR = """
    INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at, met_at, met_by, evidence,
        state)
    SELECT $1, 'WEEKLY_DIARY', '9', w.pupil, w.guardian, 'week:' || '2026-11-23'::date - 7 * $3::integer,
        due - interval '5 days', due, due, 'HAND_OVER', '{}', 'MET'
    FROM guardianship w, LATERAL (SELECT $2::timestamptz - $3::integer * interval '7 days' AS due) AS d
    WHERE w.school = $1
"""


async def fill(school: School) -> None:
    """A thousand pupils in forty classes, all on paper, with twenty weeks met and as many printed."""
    await database.execute(PEOPLE, school.id, school.year)
    await database.execute(PRINTED, school.id, BATCH)
    # In parts: one statement for all runs into its timeout on a busy machine.
    for week in range(1, 21):
        await database.execute(YEAR, school.id, BATCH, week)


async def test_the_batch_of_a_thousand_pupils_reads_no_growing_table_whole(town: Town, clock: clocks.SetClock) -> None:
    await fill(town.first)
    clock.instant = BATCH
    await duties.keep(CLOCK, now=BATCH)
    await database.execute("ANALYZE")
    text, arguments = due_statement(BATCH)
    assert len(await database.fetch(text, *arguments)) == 41, "forty classes and Nina's"

    plan = "\n".join(row[0] for row in await database.fetch(f"EXPLAIN {text}", *arguments))

    assert "Index" in plan
    whole = re.findall(r"Seq Scan on (\w+)", plan)
    assert not set(whole) & set(GROWING), plan
    # The assertion can fail: without a usable condition such a table is read whole.
    other = await database.fetch("EXPLAIN SELECT * FROM print_job WHERE problem = 'x'")
    assert "Seq Scan on print_job" in "\n".join(row[0] for row in other)
