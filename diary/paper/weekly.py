"""The weekly batch: each Thursday morning one job per class for the families informed on paper (R9.1)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from diary.delivery.obligations import weekly_about
from diary.kit import database
from diary.kit.command import Actor, command
from diary.paper.addressees import class_in_week, may_receive, waits
from diary.paper.print_jobs import queue
from diary.paper.tables import SheetKind

#: Printed on this day of the week (0 is Monday) and time of the school, or on the duty's last day if that is earlier,
#: so that a day is left to hand it out.
BATCH_ON, BATCH_AT = 3, time(6)
#: After an outage the sheets of so long ago are still printed; what is older a person decides about.
LATE_AT_MOST = timedelta(days=28)
EARLY_AT_MOST = timedelta(days=8)
#: The lock that lets two clocks queue one after the other.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('weekly paper', 0))"


def printed_for(pupil: str, *, monday: str, apart_from: str) -> str:
    """Return the SQL condition that a pupil's page of the week is in the file of another job of the clock."""
    return f"""EXISTS (
        SELECT FROM print_job done JOIN outbox made ON made.print_job = done.id
        WHERE done.school = p.school AND done.week_of = {monday} AND done.kind = 'WEEK'
            AND done.requested_by IS NULL AND done.guardian IS NULL AND done.id IS DISTINCT FROM {apart_from}
            AND done.state IN ('RENDERED', 'PRINTED', 'HANDED_OVER')
            AND made.evidence -> 'pupils' ? {pupil}::text)"""  # noqa: S608 - column names and parameters only


# $1 now, $2 and $3 how late and how early a duty may be due, $4 days after Monday and $5 time of the batch.
_DUE = f"""
    WITH owed AS MATERIALIZED (
        SELECT DISTINCT o.school, o.pupil, substr(o.about, 6, 10)::date AS monday, s.time_zone,
            ((o.due_at - interval '1 microsecond') AT TIME ZONE s.time_zone)::date AS last_day
        FROM obligation o JOIN school s ON s.id = o.school
        WHERE o.kind = 'WEEKLY_DIARY' AND o.state IN ('OPEN', 'BREACHED') AND o.met_at IS NULL
            AND o.cancelled_at IS NULL AND o.due_at BETWEEN $1::timestamptz - $2::interval AND $1 + $3::interval
            AND o.about ~ '^week:[0-9]{{4}}-[0-9][0-9]-[0-9][0-9]'
            AND {may_receive("o", at="$1", today="($1 AT TIME ZONE s.time_zone)::date")}
    ), missing AS (
        SELECT DISTINCT p.school, k.id AS school_class, CASE WHEN k.id IS NULL THEN p.id END AS pupil, owed.monday
        FROM owed JOIN pupil p ON p.id = owed.pupil
        LEFT JOIN LATERAL ({class_in_week("p.id", monday="owed.monday")}) AS k ON true
        WHERE (least(owed.monday + $4::int, owed.last_day) + $5::time) AT TIME ZONE owed.time_zone <= $1
            AND NOT {printed_for("p.id", monday="owed.monday", apart_from="NULL")}
    )
    SELECT missing.* FROM missing
    WHERE NOT EXISTS (
        SELECT FROM print_job j
        WHERE j.school = missing.school AND j.week_of = missing.monday AND j.kind = 'WEEK'
            AND j.requested_by IS NULL AND j.guardian IS NULL AND j.state IN ('QUEUED', 'FAILED')
            AND j.school_class IS NOT DISTINCT FROM missing.school_class
            AND j.pupil IS NOT DISTINCT FROM missing.pupil)
    ORDER BY missing.school, missing.monday, missing.school_class, missing.pupil
"""  # noqa: S608 - constants only


def due_statement(now: datetime) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that finds the classes and pupils whose week is to be queued now, and its arguments."""
    return _DUE, (now, LATE_AT_MOST, EARLY_AT_MOST, BATCH_ON, BATCH_AT)


@command
async def queue_weekly(actor: Actor, *, now: datetime) -> int:
    """Queue what is due: one job per class and week, a further one for whom the first did not have; return how many.

    A job that waits takes in whoever has come since, and one that failed after all its retries is left to the office.
    """
    await database.execute(_LOCK)
    text, arguments = due_statement(now)
    rows = await database.fetch(text, *arguments)
    for row in rows:
        await queue(
            actor,
            school_id=row["school"],
            kind=SheetKind.WEEK,
            pupil_id=row["pupil"],
            class_id=row["school_class"],
            week_of=row["monday"],
        )
    return len(rows)


_PUPILS = f"""
    SELECT p.id, p.family_name, p.given_name, p.patronymic FROM pupil p JOIN school s ON s.id = p.school
    LEFT JOIN LATERAL ({class_in_week("p.id", monday="$4::date")}) AS k ON true
    WHERE p.school = $1 AND (p.id = $2 OR k.id = $3) AND EXISTS (
        SELECT FROM obligation o WHERE o.pupil = p.id AND {waits("o", about="$5::varchar")}
            AND {may_receive("o", at="$6", today="($6 AT TIME ZONE s.time_zone)::date")})
        AND NOT {printed_for("p.id", monday="$4", apart_from="$7")}
"""  # noqa: S608 - constants only


async def pupils_of_batch(job: Any, *, monday: date, now: datetime) -> list[Any]:
    """Return exactly whose pages a job of the clock has: the week is owed to them, and no other job has printed it."""
    return await database.fetch(
        _PUPILS, job["school"], job["pupil"], job["school_class"], monday, weekly_about(monday), now, job["id"]
    )
