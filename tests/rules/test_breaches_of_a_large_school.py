"""The clock notes the breaches of a whole school at once, in the time that any statement has (D6)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.command import transaction
from tests.support.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
DUTIES = 2_000
#: PL/pgSQL keeps a plan for good after so many runs of the same statement in one session.
PLANNED_AFTER = 8
OWED_TO_MANY = """
    WITH people AS (
        INSERT INTO pupil (school, family_name, given_name) SELECT $1, 'Ф' || n, 'И' FROM generate_series(1, $2) AS n
        RETURNING id
    )
    INSERT INTO obligation (school, kind, clause, pupil, about, opened_at, due_at)
    SELECT $1, 'WEEKLY_DIARY', '9', id, 'week:2026-11-16', $3::timestamptz - interval '5 days', $3 FROM people
"""


async def test_a_session_that_had_nothing_to_note_notes_two_thousand_breaches_within_the_usual_limit(
    town: Town,
) -> None:
    due = clocks.now() - timedelta(seconds=1)
    await database.execute(OWED_TO_MANY, town.first.id, DUTIES, due)

    async with transaction(CLOCK):
        for _run in range(PLANNED_AFTER):
            assert await obligations.note_breaches(CLOCK, due) == 0
        (limit,) = await database.fetch(
            "SELECT setting::integer AS ms FROM pg_settings WHERE name = 'statement_timeout'"
        )
        begun = time.monotonic()
        noted = await obligations.note_breaches(CLOCK, clocks.now())
        took = time.monotonic() - begun

    assert limit["ms"] == database.STATEMENT_TIMEOUT_MS
    assert noted == DUTIES
    assert took < limit["ms"] / 1000
    (told,) = await database.fetch(
        "SELECT count(*) AS n FROM audit_entry WHERE record = 'obligation' AND action = 'UPDATE' "
        "AND after ->> 'state' = 'BREACHED'"
    )
    assert told["n"] == DUTIES
