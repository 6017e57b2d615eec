"""The demo school before it reaches the database: the same every time, whole at any date."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from diary.demo.records import Batch, Records
from diary.demo.world import World, invent

ROOT = Path(__file__).parents[2]
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DATES = [
    datetime(2027, 1, 1, 9, 0, tzinfo=UTC),
    datetime(2026, 7, 15, 9, 0, tzinfo=UTC),
    datetime(2026, 8, 31, 9, 0, tzinfo=UTC),
    datetime(2026, 9, 1, 5, 0, tzinfo=UTC),
    datetime(2026, 11, 22, 21, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 20, 59, tzinfo=UTC),
]


@cache
def invented(now: datetime) -> World:
    """The world of that instant, only to be read."""
    return invent(now)


def batches(world: World) -> list[Batch]:
    records = Records(world)
    ids = {account.login: number for number, account in enumerate(world.accounts)}
    return [
        *records.before_lessons(ids),
        records.lessons(),
        records.changes(ids),
        records.homework(ids),
        records.attendance(),
        records.marks(ids),
        records.corrections(ids),
    ]


def digest(now: datetime) -> str:
    return hashlib.sha256(repr([(batch.table, batch.rows) for batch in batches(invent(now))]).encode()).hexdigest()


def test_the_same_instant_gives_the_same_school_in_another_process() -> None:
    script = f"from tests.demo.test_invention import *; print(digest(datetime.fromisoformat({TUESDAY.isoformat()!r})))"
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "57", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert other.stdout.strip() == digest(TUESDAY)


def test_the_hour_changes_what_has_been_held_but_not_the_timetable() -> None:
    morning, evening = invent(TUESDAY.replace(hour=4)), invent(TUESDAY.replace(hour=18))

    assert [(one.id, one.day, one.ordinal, one.subject) for one in morning.lessons] == [
        (one.id, one.day, one.ordinal, one.subject) for one in evening.lessons
    ]
    today = [(one.status, other.status) for one, other in zip(morning.lessons, evening.lessons, strict=True)]
    assert ("PLANNED", "HELD") in today
    assert not any(pair == ("HELD", "PLANNED") for pair in today)


@pytest.mark.parametrize("now", DATES, ids=lambda now: f"{now:%d.%m.%Y}")
def test_at_any_date_every_class_has_its_three_full_weeks_and_a_past_with_marks(now: datetime) -> None:
    world = invented(now)
    slots: dict[tuple[str, object], set[int]] = defaultdict(set)
    for lesson in world.lessons:
        for school_class in lesson.classes:
            slots[school_class.name, lesson.day].add(lesson.ordinal)

    for school_class in world.families.classes:
        for shift in range(-7, 14):
            day = world.year.this_monday + timedelta(days=shift)
            if day.weekday() < 5:
                ordinals = slots[school_class.name, day]
                assert len(ordinals) >= 4, (school_class.name, day)
                assert ordinals == set(range(1, len(ordinals) + 1)), (school_class.name, day)
    assert not any(world.year.is_free(lesson.day, lesson.grade) for lesson in world.lessons)
    assert 55_000 <= len(world.marks) <= 65_000
    assert {change.kind.value for change in world.changes} == {"SUBSTITUTION", "MOVE", "CANCELLATION"}


@pytest.mark.parametrize("now", DATES, ids=lambda now: f"{now:%d.%m.%Y}")
def test_vera_has_just_taught_mishas_class_and_gleb_never_meets_annas_children(now: datetime) -> None:
    world = invented(now)
    cast, staff = world.families.cast, world.staff
    monday = world.year.this_monday

    veras = [
        lesson
        for lesson in world.lessons
        if lesson.teacher is staff.vera and cast.misha in lesson.group.on(lesson.day) and lesson.takes_place
    ]
    assert len([one for one in veras if monday <= one.day < monday + timedelta(days=7)]) >= 5
    assert any(one.status == "HELD" and now - one.ends_at < timedelta(days=4) for one in veras)
    assert not any(
        lesson.teacher is staff.gleb and {cast.misha, cast.liza} & set(lesson.group.on(lesson.day))
        for lesson in world.lessons
    )
