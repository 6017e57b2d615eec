"""By when each duty is due and when the school is warned before: constants and pure rules (D6, trust.md G12, G13)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from diary.delivery.tables import ObligationKind
from diary.schools.calendar import SchoolCalendar

#: The clause of the regulation that each duty comes from.
CLAUSES = {
    ObligationKind.FORECAST: "5",
    ObligationKind.RESULT: "7",
    ObligationKind.WEEKLY_DIARY: "9",
    ObligationKind.PRINTOUT: "9",
    ObligationKind.CONSENT_EFFECT: "2",
}

#: 24 consecutive hours, weekends included (A5).
RESULT_WITHIN = timedelta(hours=24)
#: What a decision has changed is told within a day.
CONSENT_EFFECT_WITHIN = timedelta(hours=24)

RESULT_WARNED_AFTER = (timedelta(hours=4), timedelta(hours=20))
CONSENT_EFFECT_WARNED_AFTER = timedelta(hours=20)
FORECAST_WARNED_BEFORE = (timedelta(days=14), timedelta(days=3))
#: The weekly diary is warned about on this day of its week (0 is Monday), or on its last school day if that is earlier.
WEEKLY_WARNED_ON = 3
WARNED_AT = time(12)
#: A family on paper waits for its printed diary no longer than this, weeks in which none is owed apart (A8).
LONGEST_BETWEEN_DIARIES = timedelta(days=7)


def weekly_about(monday: date) -> str:
    """Return what a weekly diary is about."""
    return f"week:{monday.isoformat()}"


def forecast_about(period_id: object) -> str:
    """Return what a forecast is about."""
    return f"period:{period_id}"


def printout_about(job_id: object) -> str:
    """Return what a printout is about."""
    return f"print_job:{job_id}"


def consent_about(decision_id: object) -> str:
    """Return which decision's effect is told about."""
    return f"decision:{decision_id}"


def weekly_due(calendar: SchoolCalendar, monday: date, grade: int | None = None) -> datetime | None:
    """Return the end of the week's last school day, None for a holiday week (A8)."""
    last = calendar.last_school_day(monday, grade)
    return None if last is None else calendar.end_of(last)


def forecast_due(calendar: SchoolCalendar, ends_on: date) -> datetime:
    """Return the end of the grading period (R5.1)."""
    return calendar.end_of(ends_on)


def printout_due(calendar: SchoolCalendar, asked_at: datetime, grade: int | None = None) -> datetime:
    """Return the end of the next school day after the request (R9.2)."""
    return calendar.end_of(calendar.next_school_day(calendar.today(asked_at), grade))
