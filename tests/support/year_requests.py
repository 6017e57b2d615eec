"""What families ask for, decide and are owed in a school's year, spread over it so that every boundary is met."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import cycle

import pytest

from diary.kit import clock as clocks
from diary.kit.refusal import Refusal
from tests.support.duty_oracle import Owed
from tests.support.school_year import DAY, FIRST, SECOND, WEEK, School

#: When what is owed is met, from its due instant; None for never.
MET = (-SECOND, timedelta(0), SECOND, timedelta(hours=-20), None, 3 * DAY, timedelta(hours=-3))
#: When things happen, from a day's midnight.
TIMES = (timedelta(hours=10), -SECOND, timedelta(0), SECOND, timedelta(hours=23), timedelta(hours=15))
#: The pupil comes of age on the Saturday after a week with lessons.
OF_AGE = date(2027, 1, 30)
#: The last days of two guardians, the second one's while no clock runs.
LEAVES, GONE = date(2026, 12, 10), date(2027, 4, 12)
#: Who asks for paper about whom.
ASKERS = (
    ("calm", "busy"), ("doubtful", "busy"), ("newcomer's", "newcomer"), ("leaver", "moved"), ("heir", "moved"),
    ("grown's", "grown"), ("came", "wavering"),
)  # fmt: skip
#: Whom results come for.
PUPILS = ("busy", "moved", "grown", "wavering", "newcomer", "of fourteen")


async def enter(school: School) -> None:
    """Enter the families and write what they do."""
    await school.pupil("busy")
    await school.guardian("calm", "busy")
    await school.guardian("doubtful", "busy")
    await school.decide("calm", "busy", "GIVEN")
    await school.pupil("moved", born=date(2014, 5, 5))
    await school.guardian("leaver", "moved", until=LEAVES)
    await school.pupil("grown", born=OF_AGE.replace(year=OF_AGE.year - 18))
    await school.guardian("grown's", "grown")
    await school.pupil("wavering")
    await school.guardian("wavering's", "wavering")
    await school.guardian("gone", "wavering", until=GONE)
    for key in ("silent", "mailed"):
        await school.pupil(key)
        await school.guardian(f"{key}'s", key, signs_in=False)
    await school.mailable("mailed's")
    # Own decisions are taken from 14 on, which this pupil is, and with a login or without.
    for key in ("of fourteen", "of fourteen without login"):
        await school.pupil(key, born=date(2012, 5, 5), signs_in=key == "of fourteen")

    async def heir() -> None:
        await school.guardian("heir", "moved", since=LEAVES + DAY)

    async def newcomer() -> None:
        await school.pupil("newcomer", grade=1, since=date(2026, 12, 2), born=date(2019, 6, 6))
        await school.guardian("newcomer's", "newcomer")

    async def arrivals() -> None:
        await school.guardian("came", "wavering", since=GONE + DAY)
        await school.pupil("latecomer", since=GONE + DAY)
        await school.guardian("latecomer's", "latecomer")

    school.later(school.at(LEAVES + DAY), heir)
    school.later(school.at(GONE + DAY, 9), arrivals)
    school.later(school.at(date(2026, 12, 2), 10), newcomer)
    write_printouts(school)
    write_results(school)
    write_decisions(school)


def days(step: int, first: date = FIRST + WEEK) -> Iterator[datetime]:
    """Yield the days of the year so many apart."""
    return (datetime.combine(first + n * DAY, datetime.min.time()) for n in range(0, 260, step))


def when(school: School, day: datetime, place: int) -> datetime:
    """Return one of the times of a day."""
    return school.at(day.date(), off=TIMES[place % len(TIMES)])


def write_printouts(school: School) -> None:
    """Each family asks for the week before, now and then twice, and is handed the sheet at one of the boundaries."""
    met = cycle(MET)
    for number, day in enumerate(days(8)):
        for asker in (ASKERS[number % len(ASKERS)], ASKERS[(number + 4) % len(ASKERS)]):
            at = when(school, day, number)
            write_printout(school, *asker, at, next(met))
            if number % 3 == 0:
                write_printout(school, *asker, at + timedelta(hours=1), timedelta(0))
    # On the last day of rights, on the first grade's last day before its own holidays, on the eve of the eighteenth
    # birthday, and while the clock is down.
    for hour in (-12, 12):
        write_printout(school, "leaver", "moved", school.at(LEAVES, hour), None)
        write_printout(school, "gone", "wavering", school.at(GONE, hour), None)
    write_printout(school, "newcomer's", "newcomer", school.at(date(2027, 2, 5), 12), timedelta(0))
    for hour in (-36, -1):
        write_printout(school, "grown's", "grown", school.at(OF_AGE, hour), None)
    for number, late in enumerate(MET):
        at = school.at(date(2027, 4, 8), 20 + 27 * number)
        write_printout(school, "calm", "busy", at, late, weeks_ago=2 + number)


def write_printout(
    school: School, guardian: str, pupil: str, at: datetime, met: timedelta | None, *, weeks_ago: int = 1
) -> None:
    """Let a guardian ask, if there are rights then, and come for the sheet."""
    today = school.oracle.day(at)
    week = today - today.weekday() * DAY - weeks_ago * WEEK

    async def ask() -> None:
        if pupil not in school.oracle.pupils or guardian not in school.oracle.informed(pupil, today):
            return
        printout = await school.ask(guardian, pupil, week)
        if printout is not None and met is not None:
            school.later(max(printout.due + met, at + SECOND), lambda: come(printout))

    async def come(printout: Owed) -> None:
        if school.oracle.rights_end(guardian, pupil) <= clocks.now():
            with pytest.raises(Refusal) as refused:
                await school.hand_over(printout, week)
            assert refused.value.code == "RIGHTS_ENDED"
        else:
            await school.hand_over(printout, week)

    school.later(at, ask)


def write_results(school: School) -> None:
    """Results come all the year round, some are corrected, and each is published at one of the boundaries."""
    met = cycle(MET)
    for number, day in enumerate(days(5)):
        about = f"final_result:{number}"
        write_result(school, PUPILS[number % len(PUPILS)], about, when(school, day, number // 2), next(met))
        if number % 5 == 0:
            # A correction is owed by itself (A17).
            at = when(school, day, number) + timedelta(hours=30)
            write_result(school, PUPILS[number % len(PUPILS)], f"{about}:2", at, timedelta(hours=-23))
    for number, (pupil, ends) in enumerate((("moved", LEAVES + DAY), ("grown", OF_AGE), ("wavering", GONE + DAY))):
        for late in (None, timedelta(0)):
            write_result(school, pupil, f"exam:{number}:{late}", school.at(ends, -9), late)
        # Due at the very end of the last day: it was owed all the time.
        write_result(school, pupil, f"exam:{number}:last", school.at(ends, -24), None)
    for number, late in enumerate(MET):
        write_result(school, "busy", f"exam in the outage:{number}", school.at(date(2027, 4, 9), 20 * number), late)


def write_result(school: School, pupil: str, about: str, at: datetime, met: timedelta | None) -> None:
    """Let a result come for a pupil who is at school, and be published."""

    async def receive() -> None:
        if pupil in school.oracle.pupils:
            owed = await school.receive(pupil, about)
            if met is not None:
                school.later(at + timedelta(hours=24) + met, lambda: school.publish(owed))

    school.later(at, receive)


def write_decisions(school: School) -> None:
    """Families and pupils decide this way and that, and are told of it at one of the boundaries."""
    write_wavering(school)
    met = cycle(MET)
    for step, guardian, pupil in (
        (11, "silent's", "silent"), (13, "mailed's", "mailed"), (17, None, "of fourteen"),
        (15, None, "of fourteen without login"),
    ):  # fmt: skip
        said = cycle(("GIVEN", "REFUSED"))
        for number, day in enumerate(days(step)):
            write_decision(school, (guardian, pupil), next(said), when(school, day, number + step), next(met))
    for number, late in enumerate(MET):
        said_now, at = ("REFUSED", "GIVEN")[number % 2], school.at(date(2027, 4, 9), 5 + 21 * number)
        write_decision(school, ("mailed's", "mailed"), said_now, at, late)


def write_decision(school: School, who: tuple[str | None, str], said: str, at: datetime, met: timedelta | None) -> None:
    """Let a decision be registered; who cannot sign in is told by letter of a consent, else in the office."""

    async def decide() -> None:
        told = await school.decide(*who, said)
        if told.met is None and met is not None:
            by_letter = who[0] == "mailed's" and said == "GIVEN"
            tell = school.deliver if by_letter else school.tell
            school.later(told.due + met, lambda: tell(told))

    school.later(at, decide)


def write_wavering(school: School) -> None:
    """One guardian gives, agrees on the cabinet, withdraws there, gives again, and refuses, all the year round."""
    who = ("wavering's", "wavering")
    acts = cycle(
        (
            lambda: school.decide(*who, "GIVEN"),
            lambda: school.agree_on_electronic(*who),
            lambda: school.withdraw(*who),
            lambda: school.decide(*who, "GIVEN"),
            lambda: school.agree_on_electronic(*who),
            lambda: school.decide(*who, "REFUSED"),
        )
    )
    for number, day in enumerate(days(5)):
        school.later(when(school, day, number), next(acts))
