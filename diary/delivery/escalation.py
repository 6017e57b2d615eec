"""Warnings before a deadline: the office sees them, and one letter a run goes to the school's responsible person."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from diary.delivery.deadlines import (
    CONSENT_EFFECT_WARNED_AFTER,
    FORECAST_WARNED_BEFORE,
    LONGEST_BETWEEN_DIARIES,
    RESULT_WARNED_AFTER,
    WARNED_AT,
    WEEKLY_WARNED_ON,
)
from diary.delivery.isolation import require_none, school_by_school
from diary.delivery.tables import ObligationKind
from diary.kit import database
from diary.kit.command import Actor
from diary.kit.wording import _

#: The level of a duty that was breached and has been told of.
BREACH_LEVEL = 3

KIND_NAMES = {
    ObligationKind.FORECAST: _("Прогноз успеваемости"),
    ObligationKind.RESULT: _("Результат в течение 24 часов"),
    ObligationKind.WEEKLY_DIARY: _("Печатный дневник за неделю"),
    ObligationKind.PRINTOUT: _("Распечатка по просьбе"),
    ObligationKind.CONSENT_EFFECT: _("Сообщение о действии согласия"),
}

# Sent in Russian: which language the responsible person reads is not recorded.
_SUBJECT = _("Сроки информирования: требуется внимание")
_OPENING = _("Здравствуйте!\n\nПриближаются или нарушены сроки информирования семей ({school}):\n")
_LINE = _("- {kind}: предупреждений {warned}, нарушено {breached}")
_CLOSING = _("\nСписок с именами и сроками - в разделе «Обязанности информирования».")

# The last hand-over to the addressee, or the first duty when there was none yet, and the weeks since then in which no
# diary was owed (holidays, a time without paper): told from the ledger itself, whatever the calendar says by now (A8).
_LAST_DIARY = """
    SELECT b.at, (d_week.monday - b.monday) / 7 - (
        SELECT count(DISTINCT date_trunc('week', (w.due_at AT TIME ZONE s.time_zone)::date - 1))
        FROM obligation w
        WHERE w.kind = 'WEEKLY_DIARY' AND w.pupil = d.pupil AND w.guardian IS NOT DISTINCT FROM d.guardian
            AND w.state <> 'CANCELLED' AND w.due_at <= d.due_at
            AND date_trunc('week', (w.due_at AT TIME ZONE s.time_zone)::date - 1)::date > b.monday
    ) AS weeks_off
    FROM (SELECT date_trunc('week', local.last_day)::date AS monday) AS d_week, LATERAL (
        SELECT since.at, date_trunc('week', (since.at AT TIME ZONE s.time_zone)::date)::date AS monday
        FROM (
            SELECT coalesce(max(w.met_at), min(w.opened_at)) AS at FROM obligation w
            WHERE w.kind = 'WEEKLY_DIARY' AND w.pupil = d.pupil AND w.guardian IS NOT DISTINCT FROM d.guardian
                AND w.state <> 'CANCELLED'
        ) AS since
    ) AS b
"""

# $1 now; a duty rises to the highest level whose instant has come.
_RAISE = f"""
    UPDATE obligation o SET warning_level = risen.level, warned_at = $1
    FROM (
        SELECT d.id, d.state, CASE
            WHEN d.state = 'BREACHED' THEN $9::smallint
            WHEN d.kind = 'RESULT' AND $1 >= d.opened_at + $3::interval THEN 2
            WHEN d.kind = 'RESULT' AND $1 >= d.opened_at + $2::interval THEN 1
            WHEN d.kind = 'FORECAST' AND $1 >= (local.ends - $5::interval) AT TIME ZONE s.time_zone THEN 2
            WHEN d.kind = 'FORECAST' AND $1 >= (local.ends - $4::interval) AT TIME ZONE s.time_zone THEN 1
            WHEN d.kind = 'CONSENT_EFFECT' AND $1 >= d.opened_at + $6::interval THEN 1
            WHEN d.kind = 'PRINTOUT' AND $1 >= (local.last_day + $7::time) AT TIME ZONE s.time_zone THEN 1
            WHEN d.kind = 'WEEKLY_DIARY' AND EXISTS (
                SELECT FROM ({_LAST_DIARY}) AS diary
                WHERE $1 > diary.at + $10::interval * (1 + greatest(diary.weeks_off, 0))) THEN 2
            WHEN d.kind = 'WEEKLY_DIARY' AND $1 >=
                (least(date_trunc('week', local.last_day)::date + $8::integer, local.last_day) + $7::time)
                AT TIME ZONE s.time_zone THEN 1
            ELSE 0 END AS level
        FROM obligation d JOIN school s ON s.id = d.school CROSS JOIN LATERAL (
            SELECT d.due_at AT TIME ZONE s.time_zone AS ends, (d.due_at AT TIME ZONE s.time_zone)::date - 1 AS last_day
        ) AS local
        WHERE d.school = $11
            AND (d.state = 'OPEN' OR d.state = 'BREACHED' AND d.met_at IS NULL AND d.warning_level < $9)
    ) AS risen
    WHERE o.id = risen.id AND risen.level > o.warning_level AND o.state = risen.state AND o.met_at IS NULL
    RETURNING o.kind, o.warning_level
"""  # noqa: S608 - constants only


async def warn(actor: Actor, *, now: datetime) -> int:
    """Raise the warnings whose time has come and queue one letter for each school; return how many duties rose.

    The letter holds numbers alone: names stay inside the system. Raises SchoolsFailedError when all others are warned.
    """
    risen = 0

    async def act(school_id: UUID) -> None:
        nonlocal risen
        risen += await _warn_school(actor, school_id, now)

    require_none(await school_by_school(actor, act))
    return risen


async def _warn_school(actor: Actor, school_id: UUID, now: datetime) -> int:
    rows = await database.fetch(
        _RAISE,
        now,
        *RESULT_WARNED_AFTER,
        *FORECAST_WARNED_BEFORE,
        CONSENT_EFFECT_WARNED_AFTER,
        WARNED_AT,
        WEEKLY_WARNED_ON,
        BREACH_LEVEL,
        LONGEST_BETWEEN_DIARIES,
        school_id,
    )
    if rows:
        numbers = Counter((ObligationKind(row["kind"]), row["warning_level"] == BREACH_LEVEL) for row in rows)
        await _tell(actor, school_id, numbers, now)
    return len(rows)


async def _tell(actor: Actor, school_id: UUID, numbers: Counter[tuple[ObligationKind, bool]], now: datetime) -> None:
    school = (await database.fetch("SELECT name, responsible_email FROM school WHERE id = $1", school_id))[0]
    if not school["responsible_email"]:
        return
    lines = [
        _LINE.format(kind=name, warned=numbers[kind, False], breached=numbers[kind, True])
        for kind, name in KIND_NAMES.items()
        if numbers[kind, False] or numbers[kind, True]
    ]
    await database.execute(
        """
        INSERT INTO outbox (school, kind, dedup_key, address, topic, subject, body, due_at, created_at, created_by)
        VALUES ($1, 'EMAIL', $2, $3, 'STAFF_WARNING', $4, $5, $6, $6, $7)
        ON CONFLICT (dedup_key) DO NOTHING
        """,
        school_id,
        f"warning:{school_id}:{now.isoformat()}",
        school["responsible_email"],
        _SUBJECT,
        "\n".join([_OPENING.format(school=school["name"]), *lines, _CLOSING]),
        now,
        actor.account_id,
    )
