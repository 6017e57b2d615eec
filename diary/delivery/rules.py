"""When a family may be disturbed and on which days it is written to: pure rules of the agreed form (R1.2, R1.3, A4)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from diary.delivery.tables import DeliverySchedule, OutboxTiming

#: Dates agreed further ahead than this are not looked for; weekdays and days of the month come far sooner.
LOOK_AHEAD = timedelta(days=400)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDays:
    """What was agreed about days and hours, with the school's defaults already filled in."""

    zone: ZoneInfo
    schedule: DeliverySchedule
    weekdays: frozenset[int]
    month_days: frozenset[int]
    dates: frozenset[date]
    at: time
    quiet_from: time
    quiet_to: time

    def includes(self, day: date) -> bool:
        """Whether scheduled mailings go out on a day; the 31st means the last day of a shorter month."""
        last = monthrange(day.year, day.month)[1]
        return (
            day.isoweekday() in self.weekdays
            or day in self.dates
            or day.day in self.month_days
            or (day.day == last and any(agreed > last for agreed in self.month_days))
        )


@dataclass(frozen=True, slots=True)
class Departure:
    """When something leaves, and the agreed day that it leaves for, if it waits for one."""

    at: datetime
    agreed_day: date | None


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return a local time as an instant; one that a clock change leaves out comes right after the gap."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def is_quiet(at: time, days: DeliveryDays) -> bool:
    """Whether a local time lies in the quiet hours, maybe over midnight; equal ends mean that there are none."""
    if days.quiet_from <= days.quiet_to:
        return days.quiet_from <= at < days.quiet_to
    return at >= days.quiet_from or at < days.quiet_to


def end_of_quiet(now: datetime, days: DeliveryDays) -> datetime:
    """Return now, or the end of the quiet hours when now lies in them (trust.md 3.2)."""
    local = now.astimezone(days.zone)
    if not is_quiet(local.time(), days):
        return now
    evening = days.quiet_from > days.quiet_to and local.time() >= days.quiet_from
    end = datetime.combine(local.date() + ONE_DAY if evening else local.date(), days.quiet_to, tzinfo=days.zone)
    # A clock that is put back shows the end twice: whoever is in the repeated hour waits for the second one.
    first, second = end.astimezone(UTC), end.replace(fold=1).astimezone(UTC)
    return first if first > now else max(second, now)


def next_notice(now: datetime, days: DeliveryDays, *, deadline: datetime | None = None) -> datetime | None:
    """Return when a notice may leave: now, or after the quiet hours unless its legal deadline falls into them (A4).

    None for a family that looks by itself.
    """
    if days.schedule is DeliverySchedule.SELF_SERVICE:
        return None
    later = end_of_quiet(now, days)
    return now if deadline is not None and later > deadline else later


def next_mailing(now: datetime, days: DeliveryDays) -> datetime | None:
    """Return when the next agreed day's mailing leaves, outside the quiet hours; None when there is none (R1.2)."""
    if days.schedule is DeliverySchedule.SELF_SERVICE:
        return None
    today = now.astimezone(days.zone).date()
    for ahead in range(LOOK_AHEAD.days):
        day = today + ahead * ONE_DAY
        if days.includes(day) and (leaves := _mailing_on(day, now, days)) is not None:
            return leaves
    return None


def _mailing_on(day: date, now: datetime, days: DeliveryDays) -> datetime | None:
    """Return when a mailing written by now leaves on an agreed day; None when it has missed that day's hour."""
    hour = instant(day, days.at, days.zone)
    leaves = end_of_quiet(hour, days)
    if leaves.astimezone(days.zone).date() != day:
        # The family is quiet from the mailing hour to the end of the day, so it is reached earlier that day.
        leaves = end_of_quiet(max(instant(day, time(), days.zone), now), days) if now <= hour else leaves
        return leaves if leaves.astimezone(days.zone).date() == day else None
    return leaves if leaves >= now else None


def keeps_days(days: DeliveryDays, timing: OutboxTiming) -> bool:
    """Whether a letter waits for mailing days: mailings do, and all but the urgent where a family agreed its own (A4)."""
    return timing is OutboxTiming.MAILING or (
        timing is OutboxTiming.NOTICE and days.schedule is DeliverySchedule.AGREED_DAYS
    )


def departure(
    now: datetime, days: DeliveryDays, *, timing: OutboxTiming, deadline: datetime | None = None
) -> Departure | None:
    """Return when something written now leaves; None for a family that looks by itself or has no agreed day left.

    A mailing day's hour that has passed is not waited for: what is written later leaves on the next one (R1.2, A4).
    """
    if keeps_days(days, timing):
        at = next_mailing(now, days)
        return None if at is None else Departure(at, at.astimezone(days.zone).date())
    at = next_notice(now, days, deadline=deadline)
    return None if at is None else Departure(at, None)


def departure_of_waiting(
    now: datetime, days: DeliveryDays, *, timing: OutboxTiming, deadline: datetime | None = None
) -> Departure | None:
    """Return when something that has been waiting leaves: still on a mailing day whose hour has come, else as written.

    What an outage has held up past midnight has missed its day; None is told as by departure() (R1.2, A4).
    """
    today = now.astimezone(days.zone).date()
    if keeps_days(days, timing) and days.schedule is not DeliverySchedule.SELF_SERVICE and days.includes(today):
        leaves = end_of_quiet(max(_hour_of(today, days), now), days)
        if leaves.astimezone(days.zone).date() == today:
            return Departure(leaves, today)
    return departure(now, days, timing=timing, deadline=deadline)


def _hour_of(day: date, days: DeliveryDays) -> datetime:
    """Return since when a mailing may leave on a day: at once where the family is quiet from its hour on."""
    hour = instant(day, days.at, days.zone)
    is_lost = end_of_quiet(hour, days).astimezone(days.zone).date() != day
    return instant(day, time(), days.zone) if is_lost else hour


def about_oneself(days: DeliveryDays) -> DeliveryDays:
    """Return the days for news of one's own decision: who looks alone about the child is told of that in any case."""
    if days.schedule is not DeliverySchedule.SELF_SERVICE:
        return days
    return replace(days, schedule=DeliverySchedule.SCHOOL_DEFAULT)


def decided_by(day: date, zone: ZoneInfo) -> datetime:
    """Return the last instant at which what is registered counts on a day: strictly before its start (R1.3)."""
    return instant(day, time(), zone) - timedelta(microseconds=1)
