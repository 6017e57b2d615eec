"""The clock's duties: weekly diaries and forecasts are opened up front, school by school, and kept true (D6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from diary.delivery import obligations
from diary.delivery.deadlines import CLAUSES, forecast_about, forecast_due, weekly_about, weekly_due
from diary.delivery.owed import OWN_REASONS, PUPIL_LEFT, RIGHTS_ENDED, statement
from diary.delivery.tables import ObligationKind
from diary.kit import database
from diary.kit.command import Actor, transaction
from diary.people.guardianships import in_force
from diary.schools.calendar import DAY, SchoolCalendar, calendars, monday_of, mondays

#: Grades a school may have; -1 is the grade of pupils without any.
GRADES = range(-1, 14)
FAR = timedelta(days=3650)


@dataclass(slots=True)
class Kept:
    """What a run has changed."""

    opened: int = 0
    cancelled: int = 0
    breached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    """One duty of a whole school: a week or a period, with its last day and due instant for each grade."""

    kind: ObligationKind
    about: str
    begins: datetime
    dues: dict[int, tuple[date, datetime]]


async def keep(actor: Actor, *, now: datetime, since: datetime | None = None) -> Kept:
    """Open what is owed now and was owed after `since`, cancel what lost its basis, note what was breached.

    `since` is the last run: what fell due after it, while no clock was there, is opened and breached at its instant,
    judged by what was registered by then.
    """
    kept = Kept()
    for calendar in await calendars():
        async with transaction(actor):
            await _keep_school(calendar, now, since or now, kept)
    async with transaction(actor):
        kept.breached = await obligations.note_breaches(actor, now)
    return kept


async def open_week(actor: Actor, *, school_id: UUID, monday: date, pupil_ids: Sequence[UUID], now: datetime) -> int:
    """Open what is owed of a week to these pupils' addressees, if the clock has not come to it yet; return how much.

    So that a hand-over always finds the duty that it meets; joins the open transaction and cancels nothing.
    """
    del actor
    calendar = (await calendars([school_id]))[0]
    duty, kept = _week(calendar, monday), Kept()
    dues = {due for _day, due in duty.dues.values()}
    for due in sorted(due for due in dues if due < now):
        await _settle(school_id, duty, at=due, between=(due, due), past=True, kept=kept, only=pupil_ids)
    if any(due >= now for due in dues):
        await _settle(school_id, duty, at=now, between=(now, now + FAR), past=False, kept=kept, only=pupil_ids)
    return kept.opened


async def _keep_school(calendar: SchoolCalendar, now: datetime, since: datetime, kept: Kept) -> None:
    first, last = calendar.today(since), calendar.today(now)
    duties = [_week(calendar, monday) for monday in mondays(first, last)]
    duties += await _periods(calendar, first, last)
    for duty in duties:
        missed = sorted({due for _day, due in duty.dues.values() if since < due < now})
        for due in missed:
            await _settle(calendar.school_id, duty, at=due, between=(due, due), past=True, kept=kept)
        if duty.about == weekly_about(monday_of(last)) or any(due >= now for _day, due in duty.dues.values()):
            await _settle(calendar.school_id, duty, at=now, between=(now, now + FAR), past=False, kept=kept)
    kept.cancelled += await _cancel_requests(calendar.school_id, now)


def _week(calendar: SchoolCalendar, monday: date) -> _Duty:
    dues = {}
    for grade in GRADES:
        due = weekly_due(calendar, monday, None if grade < 0 else grade)
        last = calendar.last_school_day(monday, None if grade < 0 else grade)
        if due is not None and last is not None:
            dues[grade] = (last, due)
    return _Duty(
        kind=ObligationKind.WEEKLY_DIARY,
        about=weekly_about(monday),
        begins=datetime.combine(monday, time(0), calendar.zone),
        dues=dues,
    )


async def _periods(calendar: SchoolCalendar, first: date, last: date) -> list[_Duty]:
    rows = await database.fetch(
        """
        SELECT id, starts_on, ends_on FROM grading_period WHERE school = $1 AND starts_on <= $3 AND ends_on >= $2
        ORDER BY ends_on, id
        """,
        calendar.school_id,
        first - DAY,
        last,
    )
    return [
        _Duty(
            kind=ObligationKind.FORECAST,
            about=forecast_about(row["id"]),
            begins=datetime.combine(row["starts_on"], time(0), calendar.zone),
            dues=dict.fromkeys(GRADES, (row["ends_on"], forecast_due(calendar, row["ends_on"]))),
        )
        for row in rows
    ]


async def _settle(
    school_id: UUID,
    duty: _Duty,
    *,
    at: datetime,
    between: tuple[datetime, datetime],
    past: bool,
    kept: Kept,
    only: Sequence[UUID] | None = None,
) -> None:
    known: Sequence[tuple[date, datetime] | None] = [duty.dues.get(grade) for grade in GRADES]
    row = (
        await database.fetch(
            statement(duty.kind, past=past, opening_only=only is not None),
            school_id,
            list(GRADES),
            [known_day and known_day[0] for known_day in known],
            [known_day and known_day[1] for known_day in known],
            at,
            duty.about,
            duty.begins if past else at,
            *between,
            list(OWN_REASONS),
            CLAUSES[duty.kind],
            *(() if only is None else (list(only),)),
        )
    )[0]
    kept.opened += row["opened"]
    kept.cancelled += row["cancelled"]


async def _cancel_requests(school_id: UUID, now: datetime) -> int:
    """Cancel what was owed on request to somebody who is no representative any more, or about a pupil who has left."""
    tag = await database.execute(
        f"""
        UPDATE obligation o SET state = 'CANCELLED', cancelled_at = $2::timestamptz,
            cancel_reason = CASE WHEN p.left_on < local.today THEN $3 ELSE $4 END
        FROM pupil p, school s, LATERAL (SELECT ($2::timestamptz AT TIME ZONE s.time_zone)::date AS today) AS local
        WHERE o.school = $1 AND o.kind IN ('PRINTOUT', 'RESULT') AND o.state = 'OPEN' AND o.due_at >= $2::timestamptz
            AND p.id = o.pupil AND s.id = o.school
            AND (p.left_on < local.today OR o.guardian IS NOT NULL AND NOT EXISTS (
                SELECT FROM guardianship g
                WHERE g.guardian = o.guardian AND g.pupil = o.pupil AND {in_force("g", "local.today")}))
        """,  # noqa: S608 - constants only
        school_id,
        now,
        PUPIL_LEFT,
        RIGHTS_ENDED,
    )
    return int(tag.removeprefix("UPDATE "))
