"""Stories of families, made up at random: what happens in a small school, step by step, for the oracle to judge."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from diary.kit import clock as clocks
from tests.support.access_oracle import ALLOWED, DAY, OUTSIDE, TICK, Agreed
from tests.support.carriers import Carriers
from tests.support.families import GUARDIANS, PAIRS, PUPILS, Families, new_families

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "50"))
RULES = settings(
    max_examples=EXAMPLES,
    derandomize="ORACLE_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    # Shrinking is worth its time on the machine of whoever looks for the bug; explaining is not.
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if "ORACLE_SHRINK" in os.environ else ())),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: Noon of a school day; the eve of 29 February's birthdays; the night in which Berlin's clocks go forward.
STARTS = (
    datetime(2026, 11, 24, 9, tzinfo=UTC),
    datetime(2026, 2, 26, 20, 59, 59, tzinfo=UTC),
    datetime(2027, 3, 27, 12, tzinfo=UTC),
)
ZONES = ("Europe/Moscow", "Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Berlin")


@dataclass(frozen=True)
class Wait:
    """Time passes: so long, or until shortly before, at or after something that begins or ends."""

    span: timedelta | None
    boundary: int = 0
    off: timedelta = timedelta()


@dataclass(frozen=True)
class Decide:
    """The office registers a decision on paper; its term ends after a span, or at midnight after so many days."""

    person: str | None
    pupil: str
    purpose: str
    decision: str
    term: timedelta | int | None


@dataclass(frozen=True)
class Withdraw:
    """A person withdraws in the cabinet."""

    who: str
    pupil: str
    purpose: str


@dataclass(frozen=True)
class Days:
    """On which days a family is written to: by `weekdays`, `month_days` or `dates`, so many days from today.

    ALONE is a family that looks by itself; the 31st is the end of every month.
    """

    by: str
    ahead: int = 0


ALONE, LAST_OF_MONTH = Days("alone"), Days("31st")


@dataclass(frozen=True)
class Agree:
    """A family and the school agree, on paper without channels; on certain days, or that the family looks alone."""

    pair: tuple[str, str]
    channels: tuple[str, ...]
    quiet: tuple[time, time] | None
    days: Days | None = None


@dataclass(frozen=True)
class Rights:
    """A guardianship is restricted, ended or prolonged; its last day is so many days from today."""

    which: int
    restricted: bool
    last: int | None


@dataclass(frozen=True)
class Entrust:
    """A new guardianship begins so many days from today."""

    pair: tuple[str, str]
    first: int
    days: int | None
    restricted: bool = False


@dataclass(frozen=True)
class Address:
    """A guardian's address in a channel is retired, fails, or a new one is entered, which may not be confirmed."""

    guardian: str
    channel: str
    change: str


Step = Wait | Decide | Withdraw | Agree | Rights | Entrust | Address

waits = st.one_of(
    st.builds(Wait, st.sampled_from((TICK, timedelta(seconds=1), timedelta(hours=7), DAY, 30 * DAY))),
    st.builds(Wait, st.none(), st.integers(0, 5), st.sampled_from((-TICK, timedelta(), TICK))),
)
pairs = st.sampled_from(PAIRS)
purposes = st.sampled_from(("PERSONAL_DATA", "ELECTRONIC_FORM"))
terms = st.sampled_from((None, timedelta(seconds=1), timedelta(hours=30), 1, 3))
verdicts = st.sampled_from(("GIVEN", "GIVEN", "REFUSED", "WITHDRAWN"))
forms = st.sampled_from(("REFUSED", "REFUSED", "GIVEN", "WITHDRAWN"))
decisions = st.one_of(
    st.builds(lambda pair, said, term: Decide(pair[0], pair[1], "PERSONAL_DATA", said, term), pairs, verdicts, terms),
    st.builds(lambda pair, said, term: Decide(pair[0], pair[1], "ELECTRONIC_FORM", said, term), pairs, forms, terms),
    st.builds(
        Decide,
        st.none(),
        st.sampled_from(PUPILS),
        st.sampled_from(("PERSONAL_DATA", "GUARDIAN_ACCESS", "ELECTRONIC_FORM")),
        verdicts,
        terms,
    ),
)
withdrawals = st.one_of(
    st.builds(lambda pair, purpose: Withdraw(pair[0], pair[1], purpose), pairs, purposes),
    st.builds(
        lambda pupil, purpose: Withdraw(pupil, pupil, purpose),
        st.sampled_from(PUPILS),
        st.sampled_from(("PERSONAL_DATA", "GUARDIAN_ACCESS")),
    ),
)
days = st.one_of(
    st.builds(Days, st.sampled_from(("weekdays", "month_days", "dates")), st.integers(0, 2)),
    st.sampled_from((LAST_OF_MONTH, ALONE)),
)
#: In the order of trying; none stand for paper.
orders = st.sampled_from(
    (
        ("EMAIL", "MAILBOX"),
        ("SMS", "EMAIL"),
        ("MESSENGER", "MAILBOX", "WEB_PUSH"),
        ("WEB_PUSH", "SMS", "MESSENGER"),
        OUTSIDE,
        ("CABINET",),
        (),
    )
)
agreements = st.builds(
    Agree,
    pairs,
    orders,
    st.sampled_from((None, None, (time(13), time(14)), (time(22), time(6)), (time(0), time(0)))),
    st.one_of(st.none(), st.none(), days),
)
rights = st.builds(Rights, st.integers(0, 5), st.booleans(), st.sampled_from((None, -1, 0, 1, 20)))
entrustings = st.builds(
    Entrust, pairs, st.integers(0, 2), st.sampled_from((None, 0, 10)), st.sampled_from((False, False, True))
)
changes = st.sampled_from(("retired", "failed", "new", "unconfirmed"))
addresses = st.builds(Address, st.sampled_from(GUARDIANS), st.sampled_from(OUTSIDE), changes)
happenings = st.one_of(decisions, decisions, withdrawals, agreements, rights, entrustings, addresses)


@dataclass(frozen=True)
class Story:
    """One school and what happens in it."""

    start: datetime
    zone: str
    ages: tuple[int, int]
    #: Years and days before the start, None for an unknown birth date, or 29 February.
    births: tuple[tuple[int, int] | date | None, ...]
    #: Which pairs begin with a guardianship, a consent of long ago and an agreement.
    settled: frozenset[tuple[str, str]]
    grown: bool
    steps: tuple[tuple[Step, Step], ...]
    #: Through what the settled pairs are reached.
    through: tuple[str, ...] = ("EMAIL", "MAILBOX")

    def born(self, number: int) -> date | None:
        """Return a pupil's birth date."""
        birth = self.births[number]
        if not isinstance(birth, tuple):
            return birth
        day = self.start.date() + birth[1] * DAY
        return day.replace(year=day.year - birth[0])


births = st.one_of(
    st.tuples(st.sampled_from((7, 13, 14, 15, 17, 18, 19)), st.integers(0, 2)),
    st.sampled_from((None, date(2008, 2, 29), date(2012, 2, 29))),
)
stories = st.builds(
    Story,
    start=st.sampled_from(STARTS),
    zone=st.sampled_from(ZONES),
    ages=st.sampled_from(((14, 18), (14, 18), (15, 19))),
    births=st.tuples(births, births),
    settled=st.frozensets(pairs, min_size=3),
    grown=st.booleans(),
    steps=st.lists(st.tuples(waits, happenings), min_size=1, max_size=4).map(tuple),
    through=orders.filter(bool),
)


async def begin(
    http: httpx.AsyncClient, clock: clocks.SetClock, story: Story, carriers: Carriers | None = None
) -> Families:
    """Build the school a month before the story; what is settled then was registered long before any day of it."""
    clock.instant = story.start - 30 * DAY
    families = new_families(
        http,
        zone=story.zone,
        ages=story.ages,
        births={p: story.born(n) for n, p in enumerate(PUPILS)},
        carriers=carriers,
    )
    await families.build(story.zone)
    if story.grown:
        for pupil in PUPILS:
            for purpose in ("PERSONAL_DATA", "GUARDIAN_ACCESS"):
                await families.settle(None, pupil, purpose)
    for guardian, pupil in sorted(story.settled):
        await families.settle(guardian, pupil, through=story.through)
    clock.instant = story.start
    return families


async def happen(families: Families, clock: clocks.SetClock, step: Step) -> None:
    """Let one thing happen; what the service refuses has not happened, and the next look must see nothing of it."""
    now = clocks.now()
    today = now.astimezone(families.oracle.zone).date()
    match step:
        case Wait(span, boundary, off):
            ahead = families.oracle.boundaries(now + TICK)
            clock.instant = now + span if span is not None else ahead[boundary % len(ahead)] + off
        case Decide(person, pupil, purpose, decision, term):
            if decision != "GIVEN":
                term = None  # only a consent has a term
            ends = families.oracle.midnight(today + term * DAY) if isinstance(term, int) else None
            if isinstance(term, timedelta):
                ends = now + term
            await families.decide(person, pupil, purpose, decision, ends)
        case Withdraw(who, pupil, purpose):
            await families.withdraw(who, pupil, purpose)
        case Agree(pair):
            refused = await families.agree(_agreed(step, today))
            may = families.oracle.guardian_may(*pair, now) == ALLOWED
            assert (refused == []) == (may if step.channels else families.oracle.paper_may(*pair, now)), (step, refused)
        case Rights() | Entrust():
            await _change_rights(families, step, today)
        case Address(guardian, channel, "new" | "unconfirmed" as change):
            await families.new_contact(guardian, channel, confirmed=change == "new")
        case Address(guardian, channel, change):
            await families.lose_contact(guardian, channel, change)


async def _change_rights(families: Families, step: Rights | Entrust, today: date) -> None:
    known = families.oracle.guardianships
    match step:
        case Rights(which, restricted, last):
            changed = list({version.key: version for version in known}.values())[which % len(families.guardianships)]
            ends = None if last is None else today + last * DAY
            if ends is None or ends >= changed.first:
                await families.change_guardianship(changed.key, restricted=restricted, last=ends)
        case Entrust(pair, first, days, restricted):
            begins = today + first * DAY
            # One record begins on a day, but they may lie side by side (A11).
            if all((*pair, begins) != (g.guardian, g.pupil, g.first) for g in known):
                ends = None if days is None else begins + days * DAY
                await families.entrust(*pair, begins, ends, restricted=restricted)


def _agreed(step: Agree, today: date) -> Agreed:
    days = step.days if step.channels else None
    named = today + days.ahead * DAY if days is not None else today
    by = days.by if days is not None else ""
    return Agreed(
        guardian=step.pair[0],
        pupil=step.pair[1],
        channels=step.channels,
        quiet=step.quiet,
        looks_alone=days == ALONE,
        weekdays=frozenset({named.isoweekday()} if by == "weekdays" else ()),
        month_days=frozenset({named.day} if by == "month_days" else {31} if days == LAST_OF_MONTH else ()),
        dates=frozenset({named} if by == "dates" else ()),
    )
