"""The clock's ticks: each due instant runs once, whoever ticks, and what was missed is caught up by its policy."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from diary.kit import clock, schedule
from diary.kit.clock import SetClock
from tasks.clock import ENTRIES, Clock
from tasks.schedule import CatchUp, Entry
from tests.tasks.world import World

HOUR = dt.timedelta(hours=1)
START = dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)

pytestmark = pytest.mark.usefixtures("world")


class Counted:
    """An entry that notes when it runs."""

    def __init__(self, *, catch_up: CatchUp = CatchUp.ALL, cron: str = "0 * * * *", name: str = "counted") -> None:
        self.ran_at: list[dt.datetime] = []
        self.fails_with: Exception | None = None
        self.entry = Entry(name=name, cron=cron, act=self.act, catch_up=catch_up)

    async def act(self) -> str:
        await asyncio.sleep(0.02)
        self.ran_at.append(clock.now())
        if self.fails_with is not None:
            raise self.fails_with
        return "counted"


@pytest.fixture
def now(world: World) -> SetClock:
    standing = SetClock(START)
    clock.use(standing)
    return standing


async def test_a_new_entry_is_counted_from_its_first_sight(now: SetClock) -> None:
    counted = Counted()

    next_due = await Clock([counted.entry]).tick()

    assert counted.ran_at == []
    assert next_due == START + HOUR / 2


async def test_a_due_entry_runs_once(now: SetClock, world: World) -> None:
    counted = Counted()
    ours = Clock([counted.entry])
    await ours.tick()
    now.move(HOUR / 2)

    await ours.tick()
    await ours.tick()

    assert counted.ran_at == [START + HOUR / 2]
    run = await world.connection.fetchrow(
        "SELECT * FROM schedule_run WHERE name = 'counted' ORDER BY due_at DESC LIMIT 1"
    )
    assert (run["due_at"], run["outcome"], run["attempts"]) == (START + HOUR / 2, "counted", 1)
    assert run["finished_at"] is not None


async def test_two_clocks_that_tick_at_once_run_an_entry_once(now: SetClock) -> None:
    counted = Counted()
    clocks = [Clock([counted.entry]) for _ in range(4)]
    await asyncio.gather(*(one.tick() for one in clocks))
    now.move(HOUR)

    await asyncio.gather(*(one.tick() for one in clocks))

    assert len(counted.ran_at) == 1


@pytest.mark.parametrize(("catch_up", "runs"), [(CatchUp.ALL, 5), (CatchUp.LATEST, 1), (CatchUp.NONE, 0)], ids=str)
async def test_a_clock_that_was_away_catches_up_as_the_entry_says(now: SetClock, catch_up: CatchUp, runs: int) -> None:
    counted = Counted(catch_up=catch_up)
    await Clock([counted.entry]).tick()
    now.move(5 * HOUR)

    await Clock([counted.entry]).tick()
    await Clock([counted.entry]).tick()

    assert len(counted.ran_at) == runs


async def test_a_failing_entry_is_recorded_and_stops_no_other(now: SetClock, world: World) -> None:
    failing, sound = Counted(name="failing"), Counted(name="sound")
    failing.fails_with = ValueError("a mistake")
    ours = Clock([failing.entry, sound.entry])
    await ours.tick()
    now.move(HOUR)

    await ours.tick()

    assert len(sound.ran_at) == 1
    outcome = await world.connection.fetchval(
        "SELECT outcome FROM schedule_run WHERE name = 'failing' ORDER BY due_at DESC LIMIT 1"
    )
    assert outcome == "FAILED ValueError: a mistake"


@pytest.mark.parametrize(("catch_up", "runs"), [(CatchUp.ALL, 1), (CatchUp.LATEST, 1), (CatchUp.NONE, 0)], ids=str)
async def test_a_run_that_a_dead_clock_left_unfinished_is_begun_again(
    now: SetClock, world: World, catch_up: CatchUp, runs: int
) -> None:
    counted = Counted(catch_up=catch_up)
    await Clock([counted.entry]).tick()
    now.move(HOUR / 2)
    assert await schedule.begin("counted", clock.now(), now=clock.now()) is not None

    await Clock([counted.entry]).take_over()
    await Clock([counted.entry]).take_over()

    assert len(counted.ran_at) == runs
    assert await world.connection.fetchval("SELECT count(*) FROM schedule_run WHERE finished_at IS NULL") == 0


async def test_a_run_that_kills_the_clock_is_not_begun_for_ever(now: SetClock, world: World) -> None:
    counted = Counted()
    counted.fails_with = ConnectionError("the database went away")
    await Clock([counted.entry]).tick()
    now.move(HOUR / 2)
    with pytest.raises(ConnectionError):
        await Clock([counted.entry]).tick()

    for _start in range(2):
        with pytest.raises(ConnectionError):
            await Clock([counted.entry]).take_over()
    await Clock([counted.entry]).take_over()

    assert len(counted.ran_at) == 3


async def test_the_memory_of_old_runs_fades_but_the_newest_of_each_entry_stays(now: SetClock, world: World) -> None:
    hourly, yearly = Counted(name="hourly"), Counted(name="yearly", cron="0 0 1 1 *")
    ours = Clock([hourly.entry, yearly.entry])
    await ours.tick()
    now.move(30 * HOUR)
    await ours.tick()
    now.move(schedule.REMEMBERED_FOR + dt.timedelta(seconds=1))

    await schedule.forget_old(now=clock.now())

    rows = await world.connection.fetch("SELECT name, count(*)::int FROM schedule_run GROUP BY name ORDER BY name")
    assert [tuple(row) for row in rows] == [("hourly", 1), ("yearly", 1)]


async def test_the_sweep_is_an_entry_that_runs_every_ten_seconds(now: SetClock, world: World) -> None:
    ours = Clock(ENTRIES)
    await ours.tick()
    now.move(dt.timedelta(seconds=10))

    assert await ours.tick() == now.instant + dt.timedelta(seconds=10)

    assert await world.connection.fetchval("SELECT count(*) FROM schedule_run WHERE name = 'sweep'") == 2


async def test_the_sweep_forgets_failed_sign_ins_that_delay_nobody_any_more(now: SetClock, world: World) -> None:
    await world.connection.execute(
        "INSERT INTO sign_in_failure (login_digest, failures, last_at) VALUES ('old', 9, $1), ('new', 9, $2)",
        START - HOUR,
        START - dt.timedelta(minutes=5),
    )

    await ENTRIES[0].act()

    assert await world.connection.fetchval("SELECT string_agg(login_digest, ',') FROM sign_in_failure") == "new"
