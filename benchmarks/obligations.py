"""How long the ledger of duties takes for a school of 1,000 pupils: a week, its sheets, and a page of a year's rows."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.access.viewer import Nobody
from diary.delivery import duties, obligations
from diary.delivery.obligation_pages import Filter, Obligation, cursor_of, statement
from diary.delivery.tables import ObligationKind, ObligationState
from diary.kit import database
from diary.kit.announcement import announcements
from diary.kit.command import transaction
from diary.paper import weekly
from embedded.servers import temporary_servers
from settings import settings

CLOCK = Nobody(route="CLOCK")
PUPILS = 1_000
ROWS = 40_000
ROUNDS = 30
#: What a page of the list aims at, milliseconds.
AIM_MS = 50
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)

SCHOOL = """
    WITH s AS (
        INSERT INTO school (name, time_zone) VALUES ('Школа', 'Europe/Moscow') RETURNING id
    ), y AS (
        INSERT INTO school_year (school, name, starts_on, ends_on)
        SELECT id, '2026/27', '2026-09-01', '2027-05-31' FROM s RETURNING id, school
    ), q AS (
        INSERT INTO grading_period (school, school_year, kind, name, starts_on, ends_on)
        SELECT school, id, 'QUARTER', 'II', '2026-11-02', '2026-12-27' FROM y
    ), c AS (
        INSERT INTO school_class (school, school_year, name, grade_level)
        SELECT school, id, '5А', 5 FROM y RETURNING id, school, school_year
    ), t AS (
        INSERT INTO teaching_group (school, school_year, kind, name, school_class)
        SELECT school, school_year, 'CLASS', '5А', id FROM c RETURNING id, school
    ), p AS (
        INSERT INTO pupil (school, family_name, given_name, birth_date)
        SELECT s.id, 'Ф' || n, 'И', '2012-01-01'::date FROM s, generate_series(1, $1::integer) AS n RETURNING id, school
    ), m AS (
        INSERT INTO membership (school, pupil, teaching_group, valid_from)
        SELECT p.school, p.id, t.id, '2026-09-01' FROM p, t
    ), g AS (
        INSERT INTO guardian (school, family_name, given_name)
        SELECT s.id, 'Ф' || n, 'Р' FROM s, generate_series(1, 2 * $1::integer) AS n RETURNING id, school
    ), numbered AS (
        SELECT p.id AS pupil, g.id AS guardian, p.school
        FROM (SELECT *, row_number() OVER () AS n FROM p) AS p
        JOIN (SELECT *, row_number() OVER () AS n FROM g) AS g ON (g.n + 1) / 2 = p.n
    ), w AS (
        INSERT INTO guardianship (school, guardian, pupil, relation, legal_basis, restricted, valid_from)
        SELECT school, guardian, pupil, 'PARENT', 'PARENT', false, '2020-01-01'::date FROM numbered
    )
    SELECT id FROM s
"""
YEAR = """
    INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at)
    SELECT $1, CASE n % 10 WHEN 0 THEN 'FORECAST' ELSE 'WEEKLY_DIARY' END, '9', pair.pupil, pair.guardian,
        'bulk:' || n, due - interval '5 days', due
    FROM generate_series(1, $2::integer) AS n
    JOIN (SELECT row_number() OVER () - 1 AS place, pupil, guardian FROM guardianship WHERE school = $1) AS pair
        ON pair.place = n % $4::integer,
    LATERAL (SELECT $3::timestamptz + (n % 250) * interval '1 day' AS due) AS d
"""


#: Every class's sheets of so many weeks before, handed over.
WEEKS_PRINTED = 36
PRINTED = """
    WITH done AS (
        INSERT INTO print_job (school, school_class, kind, week_of, state, handed_over_at, handed_over_to, received_by)
        SELECT c.school, c.id, 'WEEK', $2::date - 7 * n, 'HANDED_OVER', $2, 'Классу', 'PUPIL'
        FROM school_class c, generate_series(1, $3::integer) AS n WHERE c.school = $1 RETURNING id, school
    )
    INSERT INTO outbox (school, kind, dedup_key, print_job, subject, state, due_at, created_at, evidence)
    SELECT done.school, 'PRINT', 'print:' || done.id, done.id, 'Печатный дневник', 'DONE', $2, $2,
        jsonb_build_object('pupils', (SELECT jsonb_agg(p.id) FROM pupil p WHERE p.school = done.school))
    FROM done
"""


async def milliseconds(act: Callable[[], Awaitable[Any]], *, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the median and the slowest of some rounds."""
    spans = []
    for _round in range(rounds):
        begun = time.perf_counter()
        await act()
        spans.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spans), max(spans)


def tell(name: str, median: float, slowest: float) -> None:
    """Print one line."""
    print(f"{name:<58}{median:9.1f} ms median {slowest:9.1f} ms slowest")  # noqa: T201 - its only output


async def opening() -> None:
    """Measure the first run of a week, in which everything is opened, and the runs after it."""

    async def run() -> None:
        await duties.keep(CLOCK, now=MONDAY)

    tell("opening a week and a period: 5,000 duties, once", *await milliseconds(run, rounds=1))
    count = (await database.fetch("SELECT count(*) AS n FROM obligation"))[0]["n"]
    # Two guardians are owed a diary and a forecast, and the pupil, who is fourteen, a forecast too.
    if count != 5 * PUPILS:
        raise SystemExit(f"{count} duties were opened, not {5 * PUPILS}")
    await database.execute("ANALYZE obligation")
    tell("a run of the clock that changes nothing", *await milliseconds(run, rounds=10))


class _Undone(Exception):  # noqa: N818 - takes the measured breaches back
    """The duties stay open for what is measured next."""


async def breaching() -> None:
    """Measure the run after a deadline that a whole school has missed; the limit of a statement is 5 s."""

    async def run() -> None:
        with suppress(_Undone):
            async with transaction(CLOCK):
                # A session whose plans were made for nothing to note.
                for _run in range(8):
                    await obligations.note_breaches(CLOCK, MONDAY)
                if await obligations.note_breaches(CLOCK, MONDAY + timedelta(days=365)) != 5 * PUPILS:
                    raise SystemExit("not every duty was breached")
                raise _Undone

    tell("noting 5,000 breaches at once", *await milliseconds(run, rounds=3))


async def batch(school: UUID) -> None:
    """Measure what the clock asks on Thursday at six: whose sheets are to be queued."""
    await database.execute(PRINTED, school, MONDAY, WEEKS_PRINTED)
    await database.execute("ANALYZE")
    text, arguments = weekly.due_statement(MONDAY + timedelta(days=3))
    due = await database.fetch(text, *arguments)
    if len(due) != 1:
        raise SystemExit(f"{len(due)} jobs are to be queued, not the class's one")
    tell("the Thursday batch of 1,000 pupils on paper", *await milliseconds(lambda: database.fetch(text, *arguments)))


async def pages(school: UUID) -> None:
    """Measure pages of 50 as the office asks for them."""
    middle = (await database.fetch("SELECT id, due_at FROM obligation ORDER BY due_at OFFSET $1 LIMIT 1", ROWS // 2))[0]
    place = cursor_of(_place(middle["id"], middle["due_at"]))
    for name, wanted, after in (
        ("first page of the school", Filter(), None),
        ("page in the middle of the year", Filter(), place),
        ("open ones in the middle of the year", Filter(state=ObligationState.OPEN), place),
        ("breached ones, of which there are none", Filter(state=ObligationState.BREACHED), None),
        ("open forecasts", Filter(kind=ObligationKind.FORECAST, state=ObligationState.OPEN), None),
        ("due within a week", Filter(due_after=MONDAY, due_before=MONDAY + timedelta(days=7)), None),
    ):
        text, arguments = statement(school, None, wanted, first=50, after=after)
        median, slowest = await milliseconds(lambda t=text, a=arguments: database.fetch(t, *a))  # type: ignore[misc]
        tell(name, median, slowest)
        if median > AIM_MS:
            raise SystemExit(f"{name}: slower than {AIM_MS} ms")


def _place(identifier: UUID, due_at: datetime) -> Obligation:
    return Obligation(
        id=identifier, kind=ObligationKind.FORECAST, clause="", pupil_id=identifier, guardian_id=None, about="",
        state=ObligationState.OPEN, opened_at=due_at, due_at=due_at, met_at=None, met_by=None, breached_at=None,
        cancelled_at=None, cancel_reason="", warning_level=0, evidence=None,
    )  # fmt: skip


async def measure(redis_url: str) -> None:
    """Fill an empty database and measure."""
    from diary.migrations import migrate  # noqa: PLC0415 - reads the environment

    async with database.pool(size=4, statement_timeout_ms=60_000), announcements.connected(redis_url, hear=False):
        await migrate(lambda _: None)
        school = (await database.fetch(SCHOOL, PUPILS))[0]["id"]
        await database.execute("ANALYZE")
        await opening()
        await breaching()
        await database.execute(YEAR, school, ROWS, MONDAY, 2 * PUPILS)
        await batch(school)
        await pages(school)


def run() -> None:
    """Start servers of its own, measure and end them."""
    with temporary_servers() as servers:
        os.environ.update(DATABASE_URL=servers.database_url, REDIS_URL=servers.redis_url, DIARY_MODE="development")
        settings.cache_clear()
        asyncio.run(measure(servers.redis_url))


if __name__ == "__main__":
    run()
