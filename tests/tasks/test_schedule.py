"""When an entry is due: Sundays, turned clocks, and runs that nobody was there for."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tasks.schedule import CatchUp, Entry

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


async def nothing() -> str:
    return ""


def entry(cron: str, *, zone: dt.tzinfo = dt.UTC, catch_up: CatchUp = CatchUp.ALL) -> Entry:
    return Entry(name="entry", cron=cron, act=nothing, catch_up=catch_up, zone=zone)


def at(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


def runs(of: Entry, since: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
    """Return every instant at which a clock that never sleeps runs the entry."""
    found = []
    instant = of.next_after(since)
    while instant <= until:
        found.append(instant)
        instant = of.next_after(instant)
    return found


@pytest.mark.parametrize("sunday", ["0", "7", "sun"])
def test_an_entry_for_sunday_runs_on_sundays(sunday: str) -> None:
    found = runs(entry(f"0 9 * * {sunday}", zone=MOSCOW), at("2026-11-24T00:00"), at("2026-12-20T23:00"))

    assert found == [at(f"{day}T09:00", MOSCOW) for day in ("2026-11-29", "2026-12-06", "2026-12-13", "2026-12-20")]


def test_monday_is_one() -> None:
    assert entry("0 9 * * 1").next_after(at("2026-11-24T00:00")) == at("2026-11-30T09:00")


def test_an_entry_keeps_its_hour_on_the_wall_when_clocks_are_turned() -> None:
    found = runs(entry("0 7 * * *", zone=BERLIN), at("2026-03-27T12:00"), at("2026-03-30T12:00"))

    assert [instant.astimezone(BERLIN).hour for instant in found] == [7, 7, 7]
    assert found[1] - found[0] == 23 * HOUR


def test_an_hour_that_a_turned_clock_leaves_out_is_made_up_once() -> None:
    found = runs(entry("30 2 * * *", zone=BERLIN), at("2026-03-28T12:00"), at("2026-03-30T12:00"))

    assert found == [at("2026-03-29T01:30"), at("2026-03-30T02:30", BERLIN)]


def test_an_hour_that_a_turned_clock_shows_twice_counts_once() -> None:
    found = runs(entry("30 2 * * *", zone=BERLIN), at("2026-10-24T12:00"), at("2026-10-26T12:00"))

    assert found == [at("2026-10-25T00:30"), at("2026-10-26T02:30", BERLIN)]


@pytest.mark.parametrize("turned", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("catch_up", [CatchUp.LATEST, CatchUp.ALL])
def test_a_clock_that_ticks_every_minute_runs_each_instant_once_on_a_day_of_turned_clocks(
    turned: str, catch_up: CatchUp
) -> None:
    daily = entry("30 2 * * *", zone=BERLIN, catch_up=catch_up)
    last = now = at(f"{turned}T00:00", BERLIN)
    ran = []

    for _minute in range(24 * 60):
        now += dt.timedelta(minutes=1)
        for due in daily.missed(last, now):
            ran.append(due)
            last = due

    assert len(ran) == 1


def test_ten_seconds_are_ten_seconds() -> None:
    assert entry("* * * * * */10").next_after(at("2026-11-24T12:00:07")) == at("2026-11-24T12:00:10")


def test_an_instant_is_due_exactly_when_it_comes() -> None:
    hourly = entry("0 * * * *", catch_up=CatchUp.LATEST)
    due, tick = at("2026-11-24T12:00"), dt.timedelta(microseconds=1)

    assert hourly.missed(due - HOUR, due - tick) == []
    assert hourly.missed(due - HOUR, due) == [due]
    assert hourly.missed(due, due + HOUR - tick) == []


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.ALL, ["2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"]),
        (CatchUp.LATEST, ["2026-11-23T09:00"]),
        (CatchUp.NONE, []),
    ],
    ids=str,
)
def test_missed_runs_are_caught_up_as_the_entry_says(catch_up: CatchUp, expected: list[str]) -> None:
    daily = entry("0 9 * * *", catch_up=catch_up)

    missed = daily.missed(at("2026-11-20T09:00"), at("2026-11-23T12:00"))

    assert missed == [at(instant) for instant in expected]


def test_a_run_that_is_not_caught_up_is_still_run_a_little_late() -> None:
    daily = entry("0 9 * * *", catch_up=CatchUp.NONE)
    due, since = at("2026-11-23T09:00"), at("2026-11-22T09:00")

    assert daily.missed(since, due + daily.grace) == [due]
    assert daily.missed(since, due + daily.grace + dt.timedelta(microseconds=1)) == []


def test_a_long_absence_does_not_flood_the_school() -> None:
    assert len(entry("* * * * *").missed(at("2026-01-01T00:00"), at("2026-11-24T00:00"))) == 1000


@given(
    minutes=some.integers(0, 365 * 24 * 60),
    gaps=some.lists(some.timedeltas(dt.timedelta(minutes=1), 3 * DAY), min_size=1, max_size=10),
    cron=some.sampled_from(["0 9 * * 0", "30 2 * * *", "0 0 * * 1-5", "15 3 1 * *"]),
    zone=some.sampled_from([dt.UTC, MOSCOW, BERLIN, ZoneInfo("America/St_Johns")]),
)
def test_however_rarely_the_clock_looks_no_run_is_lost_and_none_comes_twice(
    minutes: int, gaps: list[dt.timedelta], cron: str, zone: dt.tzinfo
) -> None:
    of = entry(cron, zone=zone)
    first = last = now = at("2026-01-01T00:00") + dt.timedelta(minutes=minutes)
    ran: list[dt.datetime] = []

    for gap in gaps:
        now += gap
        missed = of.missed(last, now)
        ran += missed
        last = missed[-1] if missed else last

    assert ran == runs(of, first, now)
