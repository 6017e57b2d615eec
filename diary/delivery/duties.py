"""The clock's duties: weekly diaries and forecasts are opened up front, school by school, and kept true (D6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from diary.consent.verdict import known_guardianships, represents
from diary.delivery import obligations
from diary.delivery.deadlines import CLAUSES, forecast_about, forecast_due, weekly_about, weekly_due
from diary.delivery.isolation import school_by_school
from diary.delivery.owed import OWN_REASONS, PUPIL_CAME_OF_AGE, RIGHTS_ENDED, statement
from diary.delivery.tables import ObligationKind, ObligationState
from diary.kit import database
from diary.kit.command import Actor
from diary.people.guardianships import in_force
from diary.schools.calendar import DAY, SchoolCalendar, calendars, monday_of, mondays
from diary.schools.tables import PeriodKind

#: Grades a school may have; -1 is the grade of pupils without any.
GRADES = range(-1, 14)
FAR = timedelta(days=3650)


def _cancel_requests_sql(*, at: str, among: str, guardianships: str, as_of: str | None) -> str:
    """Return the statement that cancels requests and results whose addressee has no rights at an instant."""
    # Not called d: the consent rule's SQL has an own d inside it.
    return f"""
        UPDATE obligation o SET state = 'CANCELLED', cancelled_at = gone.at,
            cancel_reason = CASE WHEN gone.is_former THEN $3 ELSE $4 END
        FROM (
            SELECT owed.id, {at} AS at, NOT EXISTS (
                SELECT FROM {guardianships} g WHERE g.guardian = owed.guardian AND g.pupil = owed.pupil
                    AND {in_force("g", f"({at} AT TIME ZONE s.time_zone)::date", among=guardianships)}) AS is_former,
                {represents(pupil="owed.pupil", at=at, as_of=as_of)} AS is_represented
            FROM obligation owed JOIN school s ON s.id = owed.school
            WHERE owed.school = $1 AND owed.kind IN ('PRINTOUT', 'RESULT') AND owed.state = 'OPEN'
                AND owed.guardian IS NOT NULL AND {among}
        ) AS gone
        WHERE o.id = gone.id AND o.state = 'OPEN' AND (gone.is_former OR NOT gone.is_represented)
    """  # noqa: S608 - constants only


#: The last instant of a duty's time: the 24:00:00 at which it falls due is the next day's beginning already.
_LAST_INSTANT = "owed.due_at - interval '1 microsecond'"
_OF_THE_PAIR = """v.guardianship IN (
    SELECT k.guardianship FROM guardianship_version k WHERE k.guardian = owed.guardian AND k.pupil = owed.pupil)"""
# $1 school, $2 now, $3 and $4 the reasons, $5 the last run.
_CANCEL_REQUESTS = _cancel_requests_sql(
    at=f"least($2::timestamptz, {_LAST_INSTANT})", among="owed.due_at >= $2", guardianships="guardianship", as_of=None
)
_CANCEL_REQUESTS_OF_THE_PAST = _cancel_requests_sql(
    at=f"({_LAST_INSTANT})",
    among="owed.due_at > $5 AND owed.due_at < $2::timestamptz",
    guardianships=known_guardianships(_LAST_INSTANT, among=_OF_THE_PAIR),
    as_of=f"({_LAST_INSTANT})",
)


@dataclass(slots=True)
class Kept:
    """What a run has changed."""

    opened: int = 0
    cancelled: int = 0
    breached: int = 0
    #: Schools whose duties could not be kept this time, each with what was wrong.
    failed: dict[UUID, str] = field(default_factory=dict)


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
    judged by what was registered by then. A school that fails keeps no other from its duties; its own breaches wait,
    because a breach is for ever and what has lost its basis is not known yet. A database that is away fails them all.
    """
    kept = Kept()

    async def act(school_id: UUID) -> None:
        found = Kept()
        (calendar,) = await calendars([school_id])
        await _keep_school(calendar, now, since or now, found)
        kept.breached += await obligations.note_breaches(actor, now, school_id=school_id)
        kept.opened += found.opened
        kept.cancelled += found.cancelled

    kept.failed = await school_by_school(actor, act)
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
    waiting = await _waiting(calendar.school_id)
    duties = [_week(calendar, monday) for monday in mondays(first, last)]
    duties += await _periods(calendar, first, last, waiting, now)
    for duty in duties:
        open_dues = waiting.get(duty.about, set())
        dues = {due for _day, due in duty.dues.values()} | open_dues
        for due in sorted(due for due in dues if since < due < now):
            await _settle(calendar.school_id, duty, at=due, between=(due, due), past=True, kept=kept)
        is_this_week = duty.about == weekly_about(monday_of(last)) and bool(dues)
        if is_this_week or any(due >= now for due in dues):
            await _settle(calendar.school_id, duty, at=now, between=(now, now + FAR), past=False, kept=kept)
    kept.cancelled += await _cancel_requests(calendar.school_id, now, since)


async def _waiting(school_id: UUID) -> dict[str, set[datetime]]:
    """Return the due instants of the open weekly diaries and forecasts by the week or period they are about."""
    rows = await database.fetch(
        """
        SELECT DISTINCT split_part(about, '/', 1) AS about, due_at FROM obligation
        WHERE school = $1 AND state = $2 AND kind = ANY ($3)
        """,
        school_id,
        ObligationState.OPEN.value,
        [ObligationKind.WEEKLY_DIARY.value, ObligationKind.FORECAST.value],
    )
    waiting: dict[str, set[datetime]] = {}
    for row in rows:
        waiting.setdefault(row["about"], set()).add(row["due_at"])
    return waiting


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


async def _periods(
    calendar: SchoolCalendar, first: date, last: date, waiting: Mapping[str, set[datetime]], now: datetime
) -> list[_Duty]:
    """Return the periods that forecasts are owed for, and those that some wait for although they changed since.

    The year as a whole is owed none: it ends with its last period, and R5.1 counts the spans that marks are summed up
    for on the way. The first grade, without marks, is owed a forecast in words (A9). A period that is gone or has not
    begun owes nothing; one that was shortened into the past owes what waits by the end of today.
    """
    rows = await database.fetch(
        """
        SELECT id, starts_on, ends_on, grade_from, grade_to FROM grading_period
        WHERE school = $1 AND kind <> $4 AND (starts_on <= $3 AND ends_on >= $2 OR 'period:' || id = ANY ($5))
        ORDER BY ends_on, id
        """,
        calendar.school_id,
        first - DAY,
        last,
        PeriodKind.YEAR.value,
        list(waiting),
    )
    duties = [_period(calendar, row, last, waiting, now) for row in rows]
    known = {duty.about for duty in duties}
    gone = [about for about in waiting if about.startswith(forecast_about("")) and about not in known]
    return duties + [_Duty(kind=ObligationKind.FORECAST, about=about, begins=now, dues={}) for about in sorted(gone)]


def _period(
    calendar: SchoolCalendar, row: Mapping[str, Any], last: date, waiting: Mapping[str, set[datetime]], now: datetime
) -> _Duty:
    about = forecast_about(row["id"])
    day, due = row["ends_on"], forecast_due(calendar, row["ends_on"])
    if due < now and any(waits >= now for waits in waiting.get(about, ())):
        day, due = last, forecast_due(calendar, last)
    has_begun = row["starts_on"] <= last
    return _Duty(
        kind=ObligationKind.FORECAST,
        about=about,
        begins=datetime.combine(row["starts_on"], time(0), calendar.zone),
        dues={grade: (day, due) for grade in GRADES if has_begun and _includes(row, grade)},
    )


def _includes(period: Mapping[str, Any], grade: int) -> bool:
    """Whether a period is a grade's; a pupil whose grade is not known is owed what each grade is, so that none is."""
    return grade < 0 or period["grade_from"] is None or period["grade_from"] <= grade <= period["grade_to"]


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
    arguments = (
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
    asked = statement(duty.kind, past=past, opening_only=only is not None)
    # What takes a cancelled duty's place is opened at once: the statement itself sees it as it was before.
    for _turn in range(2):
        row = (await database.fetch(asked, *arguments))[0]
        kept.opened += row["opened"]
        kept.cancelled += row["cancelled"]
        if not row["cancelled"]:
            break


async def _cancel_requests(school_id: UUID, now: datetime, since: datetime) -> int:
    """Cancel what was owed on request, or about a result, to somebody whose rights ended before it fell due.

    Who has left school is owed it all the same: exam results come after graduation, and a printout of the past can be
    asked for then (R4.1, R7.1). What fell due since the last run is judged as it stood at the end of its time.
    """
    tag = await database.execute(_CANCEL_REQUESTS, school_id, now, RIGHTS_ENDED, PUPIL_CAME_OF_AGE)
    found = int(tag.removeprefix("UPDATE "))
    if since < now:
        tag = await database.execute(
            _CANCEL_REQUESTS_OF_THE_PAST, school_id, now, RIGHTS_ENDED, PUPIL_CAME_OF_AGE, since
        )
        found += int(tag.removeprefix("UPDATE "))
    return found
