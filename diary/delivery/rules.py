"""When a family may be disturbed and on which days it is written to: pure rules of the agreed form (R1.2, R1.3, A4)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from diary.delivery.tables import DeliverySchedule

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
    return max(instant(local.date() + ONE_DAY if evening else local.date(), days.quiet_to, days.zone), now)


def next_notice(now: datetime, days: DeliveryDays, *, deadline: datetime | None = None) -> datetime | None:
    """Return when a notice may leave: now, or after the quiet hours unless its legal deadline falls into them (A4).

    None for a family that looks by itself.
    """
    if days.schedule is DeliverySchedule.SELF_SERVICE:
        return None
    later = end_of_quiet(now, days)
    return now if deadline is not None and later > deadline else later


def next_mailing(now: datetime, days: DeliveryDays) -> datetime | None:
    """Return the next agreed day's mailing hour, outside the quiet hours; None when there is none (R1.2)."""
    if days.schedule is DeliverySchedule.SELF_SERVICE:
        return None
    # A school that mails in somebody's quiet hours reaches that family on the same day when they end.
    hour = days.quiet_to if is_quiet(days.at, days) else days.at
    today = now.astimezone(days.zone).date()
    for ahead in range(LOOK_AHEAD.days):
        day = today + ahead * ONE_DAY
        if days.includes(day) and (leaves := instant(day, hour, days.zone)) >= now:
            return leaves
    return None


def decided_before(day: date, registered_at: datetime, zone: ZoneInfo) -> bool:
    """Whether a decision was registered before an agreed day began at the school: strictly earlier (R1.3)."""
    return registered_at < instant(day, time(), zone)
