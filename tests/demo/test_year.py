"""The demo school's calendar, for every day on which somebody may start it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from diary.demo.year import Year, school_year
from diary.schools.tables import PeriodKind

DAY = timedelta(days=1)
EVERY_DAY = [date(2026, 1, 1) + shift * DAY for shift in range(2 * 365)]


def periods(year: Year, kind: PeriodKind) -> list[tuple[date, date]]:
    return [(period.first, period.last) for period in year.periods if period.kind is kind]


def test_last_week_this_week_and_next_week_are_taught_whenever_it_is_built() -> None:
    for today in EVERY_DAY:
        year = school_year(today)
        for shift in range(-7, 14):
            day = year.this_monday + shift * DAY
            if day.weekday() < 5:
                assert day in year.lesson_days, (today, day)
                assert not any(year.is_free(day, grade) for grade in range(1, 12)), (today, day)


def test_there_are_at_least_six_taught_weeks_to_look_back_at() -> None:
    for today in EVERY_DAY:
        year = school_year(today)
        assert sum(day < year.this_monday for day in year.lesson_days) >= 30, today


def test_periods_follow_each_other_and_every_taught_day_lies_in_a_quarter_and_a_half_year() -> None:
    for today in EVERY_DAY:
        year = school_year(today)
        for kind, expected in ((PeriodKind.QUARTER, 4), (PeriodKind.HALF_YEAR, 2)):
            found = periods(year, kind)
            assert len(found) == expected
            assert all(first < last for first, last in found), today
            assert all(last < following for (_first, last), (following, _last) in pairwise(found)), today
            for day in year.lesson_days:
                assert sum(first <= day <= last for first, last in found) == 1, (today, day)


def test_no_day_is_free_for_two_reasons() -> None:
    for today in EVERY_DAY:
        pauses = school_year(today).pauses
        for number, pause in enumerate(pauses):
            assert not any(pause.meets(other) and pause.grade == other.grade for other in pauses[number + 1 :]), today


@pytest.mark.parametrize(
    ("today", "quarter"),
    [(date(2026, 11, 24), "II четверть"), (date(2027, 2, 10), "III четверть"), (date(2027, 4, 20), "IV четверть")],
)
def test_an_ordinary_school_day_has_the_ordinary_calendar(today: date, quarter: str) -> None:
    year = school_year(today)

    assert year.name == "2026/27"
    assert (year.first, year.last) == (date(2026, 9, 1), date(2027, 5, 26))
    assert quarter in {period.name for period in year.periods if period.first <= today <= period.last}
    names = {pause.name: (pause.first, pause.last) for pause in year.pauses}
    assert names["Осенние каникулы"] == (date(2026, 10, 24), date(2026, 11, 1))
    assert names["Зимние каникулы"] == (date(2026, 12, 31), date(2027, 1, 10))
    assert names["День Победы"] == (date(2027, 5, 9), date(2027, 5, 10))


def test_a_holiday_near_today_is_kept_on_another_day() -> None:
    year = school_year(date(2026, 11, 4))

    moved = next(pause for pause in year.pauses if pause.name.startswith("День народного единства"))
    assert moved.name.endswith("(перенесённый выходной)")
    assert moved.first == date(2026, 11, 16)
