"""When a mailing or a notice may leave, at the boundaries of days, hours and zones (R1.2, R1.3, A4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from diary.delivery.rules import DeliveryDays, decided_by, next_mailing, next_notice
from diary.delivery.tables import DeliverySchedule

MOSCOW = ZoneInfo("Europe/Moscow")
SECOND = timedelta(seconds=1)


def days(**changes: Any) -> DeliveryDays:
    """Return Friday at 18:00 in Moscow, quiet from 21 to 7, with changes."""
    usual: dict[str, Any] = {
        "zone": MOSCOW, "schedule": DeliverySchedule.AGREED_DAYS, "weekdays": frozenset({5}),
        "month_days": frozenset(), "dates": frozenset(), "at": time(18), "quiet_from": time(21), "quiet_to": time(7),
    }  # fmt: skip
    return DeliveryDays(**{**usual, **changes})


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    """Return a local time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-27 17:59:59", "2026-11-27 18:00:00"),
        ("2026-11-27 18:00:00", "2026-11-27 18:00:00"),
        ("2026-11-27 18:00:01", "2026-12-04 18:00:00"),
        ("2026-11-28 00:00:00", "2026-12-04 18:00:00"),
    ],
)
def test_a_mailing_leaves_at_the_hour_of_the_next_agreed_day(now: str, leaves: str) -> None:
    assert next_mailing(at(now), days()) == at(leaves)


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka", "Europe/Berlin"])
def test_the_agreed_hour_is_the_schools_own(zone: str) -> None:
    own = ZoneInfo(zone)
    # Berlin puts its clocks forward in this very week; the hour on the wall stays.
    assert next_mailing(at("2026-03-25 12:00", own), days(zone=own)) == at("2026-03-27 18:00", own)
    assert next_mailing(at("2026-03-28 12:00", own), days(zone=own)) == at("2026-04-03 18:00", own)


@pytest.mark.parametrize(
    ("now", "day"), [("2027-02-01 12:00", date(2027, 2, 28)), ("2027-03-01 12:00", date(2027, 3, 31))]
)
def test_the_thirty_first_is_the_last_day_of_a_shorter_month(now: str, day: date) -> None:
    agreed = days(weekdays=frozenset(), month_days=frozenset({31}))
    assert next_mailing(at(now), agreed) == at(f"{day} 18:00")


def test_dates_that_have_all_passed_bring_no_mailing() -> None:
    agreed = days(weekdays=frozenset(), dates=frozenset({date(2026, 11, 24)}))
    assert next_mailing(at("2026-11-24 18:00:00"), agreed) == at("2026-11-24 18:00:00")
    assert next_mailing(at("2026-11-24 18:00:01"), agreed) is None


def test_a_mailing_hour_inside_the_quiet_hours_waits_for_their_end_on_the_same_day() -> None:
    assert next_mailing(at("2026-11-26 12:00"), days(at=time(22))) == at("2026-11-27 07:00")


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-27 06:59:59", "2026-11-27 07:00"),
        ("2026-11-27 12:00", "2026-11-27 12:00"),
        ("2026-11-27 20:59:59", "2026-11-27 20:59:59"),
        ("2026-11-27 21:00", "2026-12-04 07:00"),
        ("2026-11-27 22:00:01", "2026-12-04 07:00"),
    ],
)
def test_a_mailing_hour_in_quiet_hours_that_last_till_morning_is_not_waited_for(now: str, leaves: str) -> None:
    """Else what was written on the agreed day itself would wait a week for a day on which it has the same choice."""
    assert next_mailing(at(now), days(at=time(22))) == at(leaves)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-27 05:00", "2026-11-27 07:00"),
        ("2026-11-27 06:30", "2026-11-27 07:00"),
        ("2026-11-27 07:00", "2026-11-27 07:00"),
        ("2026-11-27 07:00:01", "2026-12-04 07:00"),
    ],
)
def test_a_mailing_hour_before_the_family_is_up_waits_for_it(now: str, leaves: str) -> None:
    assert next_mailing(at(now), days(at=time(6))) == at(leaves)


def test_a_mailing_hour_after_a_nap_begins_waits_for_its_end() -> None:
    nap = days(at=time(14), quiet_from=time(13), quiet_to=time(15))
    assert next_mailing(at("2026-11-27 14:30"), nap) == at("2026-11-27 15:00")
    assert next_mailing(at("2026-11-27 15:00:01"), nap) == at("2026-12-04 15:00")


def test_the_hour_that_a_clock_shows_twice_is_quiet_twice() -> None:
    """Berlin, 25 October 2026: 03:00 becomes 02:00 again."""
    berlin = ZoneInfo("Europe/Berlin")
    night = days(zone=berlin, quiet_from=time(21), quiet_to=time(2, 30))
    first, second = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert [now.astimezone(berlin).time() for now in (first, second)] == [time(2, 15)] * 2
    assert next_notice(first, night) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_notice(second, night) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert next_notice(at("2026-10-24 23:00", berlin), night) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_end_that_a_clock_leaves_out_comes_after_the_gap() -> None:
    """Berlin, 29 March 2026: 02:00 becomes 03:00."""
    berlin = ZoneInfo("Europe/Berlin")
    night = days(zone=berlin, quiet_from=time(21), quiet_to=time(2, 30))
    assert next_notice(at("2026-03-29 01:00", berlin), night) == at("2026-03-29 03:30", berlin)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-24 20:59:59", "2026-11-24 20:59:59"),
        ("2026-11-24 21:00:00", "2026-11-25 07:00:00"),
        ("2026-11-25 00:00:00", "2026-11-25 07:00:00"),
        ("2026-11-25 06:59:59", "2026-11-25 07:00:00"),
        ("2026-11-25 07:00:00", "2026-11-25 07:00:00"),
    ],
)
def test_a_notice_waits_for_the_end_of_the_quiet_hours(now: str, leaves: str) -> None:
    assert next_notice(at(now), days()) == at(leaves)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    nap = days(quiet_from=time(13), quiet_to=time(15))
    assert next_notice(at("2026-11-24 12:59:59"), nap) == at("2026-11-24 12:59:59")
    assert next_notice(at("2026-11-24 13:00"), nap) == at("2026-11-24 15:00")
    assert next_notice(at("2026-11-24 23:00"), nap) == at("2026-11-24 23:00")
    never = days(quiet_from=time(9), quiet_to=time(9))
    assert next_notice(at("2026-11-24 09:00"), never) == at("2026-11-24 09:00")


def test_a_deadline_inside_the_quiet_hours_breaks_them() -> None:
    now, ends = at("2026-11-24 22:00"), at("2026-11-25 07:00")
    assert next_notice(now, days(), deadline=ends - SECOND) == now
    assert next_notice(now, days(), deadline=ends) == ends


def test_who_looks_by_himself_is_never_written_to() -> None:
    alone = days(schedule=DeliverySchedule.SELF_SERVICE)
    assert next_mailing(at("2026-11-27 12:00"), alone) is None
    assert next_notice(at("2026-11-27 12:00"), alone) is None


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"])
def test_a_decision_counts_for_a_day_only_if_registered_before_the_day_began(zone: str) -> None:
    own, day = ZoneInfo(zone), date(2026, 11, 27)
    midnight = at("2026-11-27 00:00:00", own)
    assert midnight - SECOND <= decided_by(day, own) < midnight
