"""Nothing is readable, pushed, sent or printed for a pair without a valid decision at that instant, all of it with one.

Random families live through random decisions, guardianships, agreements and birthdays; at every step each face of the
service is asked, and an oracle written from the requirements says what the answer must be (R1, R2, D5, A2, A11, A12).
ORACLE_EXAMPLES=2000 looks further, at random; without it the same stories are told every time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from diary.access.viewer import Nobody, viewer_of
from diary.delivery import outbox
from diary.delivery.informing import InformingChannel, may_inform
from diary.delivery.tables import OutboxKind
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.announcement import Announcement, announcements
from printing.render import SheetError
from printing.week_sheet import week_sheets
from tests.support.access_oracle import ALLOWED, QUIET, REFUSED
from tests.support.families import GUARDIANS, PAIRS, PUPILS, Families, new_families
from tests.support.service import EVENTS, Service, Socket, codes

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "100"))
RULES = settings(
    max_examples=EXAMPLES,
    derandomize="ORACLE_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    # Shrinking is worth its time on the machine of whoever looks for the bug; explaining is not.
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if "ORACLE_SHRINK" in os.environ else ())),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
WORKER = Nobody(route="WORKER")
#: Sessions of families idle for thirty days.
SESSIONS_LAST = timedelta(days=25)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
WEEK = (
    "query ($id: ID!, $day: Date!) { diaryWeek(pupilId: $id, weekOf: $day) { days { lessons { marks { value } } } } }"
)
MAIL = "{ mailbox(first: 50) { edges { node { id } } } }"
STATE = """
query ($pupil: ID!, $guardian: ID, $at: DateTime) { accessState(pupilId: $pupil, guardianId: $guardian, at: $at) {
    lawful verdict } }
"""
READERS = (*PAIRS, *((pupil, pupil) for pupil in PUPILS))
#: What the stories have come to, and how often.
heard: Counter[str] = Counter()
#: Noon of a school day; the eve of 29 February's birthdays; the night in which Berlin's clocks go forward.
STARTS = (
    datetime(2026, 11, 24, 9, tzinfo=UTC),
    datetime(2026, 2, 26, 20, 59, 59, tzinfo=UTC),
    datetime(2027, 3, 27, 12, tzinfo=UTC),
)
ZONES = ("Europe/Moscow", "Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Berlin")


# Stories.


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
class Agree:
    """A family and the school agree, on paper without channels."""

    pair: tuple[str, str]
    channels: tuple[str, ...]
    quiet: tuple[time, time] | None


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


@dataclass(frozen=True)
class Address:
    """A guardian's address is retired, fails, or a new one is entered, which may not be confirmed."""

    guardian: str
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
agreements = st.builds(
    Agree,
    pairs,
    st.sampled_from((("EMAIL", "MAILBOX"), ("EMAIL",), ("CABINET",), ())),
    st.sampled_from((None, None, (time(13), time(14)), (time(22), time(6)), (time(0), time(0)))),
)
rights = st.builds(Rights, st.integers(0, 3), st.booleans(), st.sampled_from((None, -1, 0, 1, 20)))
entrustings = st.builds(Entrust, pairs, st.integers(0, 2), st.sampled_from((None, 0, 10)))
addresses = st.builds(Address, st.sampled_from(GUARDIANS), st.sampled_from(("retired", "failed", "new", "unconfirmed")))
happenings = st.one_of(decisions, decisions, withdrawals, agreements, rights, entrustings, addresses)


@dataclass(frozen=True)
class Story:
    """One school and what happens in it."""

    start: datetime
    zone: str
    ages: tuple[int, int]
    #: Years and days before the start, None for an unknown birth date, or 29 February.
    births: tuple[tuple[int, int] | date | None, ...]
    #: Which pairs begin with a guardianship, a consent of long ago and an agreement on e-mail.
    settled: frozenset[tuple[str, str]]
    grown: bool
    steps: tuple[tuple[Step, Step], ...]

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
)


async def begin(http: httpx.AsyncClient, clock: clocks.SetClock, story: Story) -> Families:
    """Build the school a month before the story; what is settled then was registered long before any day of it."""
    clock.instant = story.start - 30 * DAY
    families = new_families(
        http, zone=story.zone, ages=story.ages, births={p: story.born(n) for n, p in enumerate(PUPILS)}
    )
    await families.build(story.zone)
    if story.grown:
        for pupil in PUPILS:
            for purpose in ("PERSONAL_DATA", "GUARDIAN_ACCESS"):
                await families.settle(None, pupil, purpose)
    for guardian, pupil in sorted(story.settled):
        await families.settle(guardian, pupil)
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
            ends = families.oracle.midnight(today + term * DAY) if isinstance(term, int) else None
            if isinstance(term, timedelta):
                ends = now + term
            await families.decide(person, pupil, purpose, decision, ends)
        case Withdraw(who, pupil, purpose):
            await families.withdraw(who, pupil, purpose)
        case Agree(pair, channels, quiet):
            refused = await families.agree(*pair, *channels, quiet=quiet)
            may = families.oracle.guardian_may(*pair, now) if channels else None
            assert (refused == []) == (may == ALLOWED if channels else families.oracle.paper_may(*pair, now)), (
                step,
                refused,
            )
        case Rights(which, restricted, last):
            await families.change_guardianship(
                which, restricted=restricted, last=None if last is None else today + last * DAY
            )
        case Entrust(pair, first, days):
            begins = today + first * DAY
            newest = {version.key: version for version in families.oracle.guardianships}
            # One row per stretch of time, as the office enters them.
            if all((g.guardian, g.pupil) != pair or (g.last is not None and g.last < begins) for g in newest.values()):
                await families.entrust(*pair, begins, None if days is None else begins + days * DAY)
        case Address(guardian, "new" | "unconfirmed" as change):
            await families.new_contact(guardian, confirmed=change == "new")
        case Address(guardian, change):
            await families.lose_contact(guardian, change)


# Looks at every face.


def may_read(families: Families, reader: str, pupil: str) -> bool:
    """Ask the oracle about a guardian or a pupil."""
    if reader in PUPILS:
        return families.oracle.pupil_may(pupil, clocks.now())
    return families.oracle.guardian_may(reader, pupil, clocks.now()) == ALLOWED


async def check_week(families: Families, reader: str, pupil: str, *, over_http: bool) -> None:
    """Compare whether a person reads the pupil's week; a guardian is told the very reason."""
    oracle, now = families.oracle, clocks.now()
    wanted = {"id": str(families.people[pupil]), "day": now.date().isoformat()}
    if over_http:
        answer = codes(await families.ask(reader, WEEK, **wanted))
    else:
        answer = await families.read(reader, WEEK, **wanted)
    if reader in PUPILS:
        assert (answer == []) is oracle.pupil_may(pupil, now), (reader, answer)
        heard[f"pupil reads: {answer == []}"] += 1
        return
    verdict = oracle.guardian_may(reader, pupil, now)
    heard[f"guardian reads: {verdict}"] += 1
    assert answer == ([] if verdict == ALLOWED else [verdict]), (reader, pupil)


async def check_mailbox(families: Families, reader: str, mail: dict[UUID, tuple[str, str]]) -> None:
    """Compare which messages about pupils a person sees."""
    answer = await families.ask(reader, MAIL)
    shown = {UUID(edge["node"]["id"]) for edge in answer["data"]["mailbox"]["edges"]}
    expected = {key for key, (to, pupil) in mail.items() if to == reader and may_read(families, reader, pupil)}
    assert shown & mail.keys() == expected, reader


async def check_letter(families: Families, guardian: str, pupil: str) -> None:
    """Queue a letter, take it as a worker does, and compare what the worker is told."""
    letter = await outbox.claim(WORKER, await families.letter(guardian, pupil), OutboxKind.EMAIL)
    assert letter is not None
    permission = await outbox.ask_again(letter)
    assert permission is not None
    answer = ALLOWED if permission.is_given else REFUSED if permission.retry_at is None else QUIET
    heard[f"letter: {answer}"] += 1
    assert answer in families.oracle.letter_may(guardian, pupil, clocks.now()), (guardian, pupil, permission)


async def check_paper(families: Families, guardian: str, pupil: str) -> None:
    """Compare whether the school's paper may reach a guardian."""
    now = clocks.now()
    verdict = await may_inform(
        guardian_id=families.people[guardian], pupil_id=families.people[pupil], channel=InformingChannel.PAPER, at=now
    )
    assert (verdict == ALLOWED) is families.oracle.paper_may(guardian, pupil, now), (guardian, pupil, verdict)


async def check_sheet(families: Families, reader: str, pupil: str) -> None:
    """Compare whether the sheet of the week can be rendered for a person without the office."""
    now = clocks.now()
    viewer = await viewer_of(families.accounts[reader], route="WORKER")
    try:
        pdf = await week_sheets(viewer, [families.people[pupil]], now.date(), at=now.astimezone(families.oracle.zone))
    except SheetError:
        pdf = b""
    assert pdf.startswith(b"%PDF") is may_read(families, reader, pupil), (reader, pupil)


async def check_pushed(families: Families, service: Service, reader: str, pupil: str) -> None:
    """Compare whether a subscription delivers what has happened so far."""
    async with service.socket(await families.token(reader)) as socket:
        await socket.subscribe(EVENTS, pupilId=str(families.people[pupil]), after="0")
        message = await socket.receive(seconds=20)
        assert (message["type"] == "next") is may_read(families, reader, pupil), (reader, pupil, message)
        if message["type"] == "next":
            assert message["payload"]["data"]["diaryEvents"]["mark"]["value"] == "5"


async def check_past(families: Families, at: datetime, reader: str, pupil: str) -> None:
    """Compare what the office is told about an instant that has passed, by what was known then (R2.4)."""
    guardian = None if reader in PUPILS else reader
    answer = await families.ask(
        "office",
        STATE,
        pupil=str(families.people[pupil]),
        guardian=str(families.people[guardian]) if guardian else None,
        at=at.isoformat(),
    )
    state = answer["data"]["accessState"]
    if guardian is None:
        assert state["lawful"] is families.oracle.pupil_may(pupil, at, known=at), (pupil, at)
    else:
        expected = families.oracle.guardian_may(guardian, pupil, at, known=at)
        assert (state["verdict"], state["lawful"]) == (expected, expected == ALLOWED), (guardian, pupil, at)


async def look(
    families: Families, service: Service, mail: dict[UUID, tuple[str, str]], sample: tuple[str, str]
) -> None:
    """Hold every face to the oracle at this instant: all readers by the week, one of them by mailbox and live feed."""
    async with asyncio.TaskGroup() as asked:
        for reader, pupil in READERS:
            asked.create_task(check_week(families, reader, pupil, over_http=(reader, pupil) == sample))
        for guardian, pupil in PAIRS:
            asked.create_task(check_letter(families, guardian, pupil))
            asked.create_task(check_paper(families, guardian, pupil))
        asked.create_task(check_mailbox(families, sample[0], mail))
        asked.create_task(check_pushed(families, service, *sample))


async def look_back(families: Families, moments: list[datetime]) -> None:
    """Hold the past to the oracle shortly before, at and after each step; the readers take turns."""
    instants = {moment + off for moment in moments for off in (-TICK, timedelta(), TICK)}
    async with asyncio.TaskGroup() as asked:
        for number, at in enumerate(sorted(instant for instant in instants if instant <= clocks.now())):
            asked.create_task(check_past(families, at, *READERS[number % len(READERS)]))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """One connection for all questions."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        yield client


MOTHERS = ("mother", "older")
NOTHING = Agree(("father", "younger"), (), None)
#: Decided at the very midnight that begins a day, so it is too late for this day's letters (R1.3).
AT_MIDNIGHT = Story(
    start=STARTS[0],
    zone="Europe/Moscow",
    ages=(14, 18),
    births=((7, 0), (7, 0)),
    settled=frozenset(PAIRS[1:]),
    grown=False,
    steps=(
        (Wait(None, 1), Decide("mother", "older", "PERSONAL_DATA", "GIVEN", None)),
        (Wait(TICK), Agree(MOTHERS, ("EMAIL",), None)),
        (Wait(timedelta(hours=7)), NOTHING),
        (Wait(DAY), NOTHING),
    ),
)
#: The electronic form is refused for three days, and taken up again when the refusal's term is over (A2).
FORM_FOR_A_WHILE = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Decide("mother", "older", "ELECTRONIC_FORM", "REFUSED", 3)),
        (Wait(DAY), NOTHING),
        (Wait(None, 3, -TICK), NOTHING),
        (Wait(TICK), Agree(MOTHERS, ("EMAIL",), None)),
    ),
)
#: The pupil comes of age, lets the guardians go on, for a day, and takes it back before the day is over (A12).
OF_AGE = replace(
    AT_MIDNIGHT,
    births=((18, 1), (17, 0)),
    settled=frozenset(PAIRS),
    steps=(
        (Wait(None, 1, -TICK), Decide(None, "older", "GUARDIAN_ACCESS", "GIVEN", 2)),
        (Wait(TICK), NOTHING),
        (Wait(timedelta(hours=7)), Decide(None, "older", "PERSONAL_DATA", "GIVEN", None)),
        (Wait(timedelta(hours=7)), Withdraw("older", "older", "GUARDIAN_ACCESS")),
    ),
)


@RULES
@example(story=AT_MIDNIGHT)
@example(story=FORM_FOR_A_WHILE)
@example(story=OF_AGE)
@given(story=stories)
async def test_every_face_answers_as_the_requirements_say_at_every_step_of_a_families_story(
    empty_database: asyncpg.Connection,
    clock: clocks.SetClock,
    service: Service,
    http: httpx.AsyncClient,
    story: Story,
) -> None:
    families = await begin(http, clock, story)
    mail = {await families.message(g, p): (g, p) for g, p in PAIRS}
    mail |= {await families.message(p, p): (p, p) for p in PUPILS}
    moments = [clocks.now()]
    await look(families, service, mail, READERS[0])
    for number, (wait, step) in enumerate(story.steps):
        for one in (wait, step):
            await happen(families, clock, one)
            note(f"{clocks.now()}: {one}")
            moments.append(clocks.now())
            await look(families, service, mail, READERS[(number + 1) % len(READERS)])
    await check_sheet(families, *READERS[len(story.steps) % len(READERS)])
    await look_back(families, moments)


@settings(RULES, max_examples=max(EXAMPLES // 10, 1))
@example(story=FORM_FOR_A_WHILE)
@example(story=OF_AGE)
@given(story=stories)
async def test_an_open_subscription_delivers_every_event_while_access_lasts_and_none_after(
    empty_database: asyncpg.Connection,
    clock: clocks.SetClock,
    service: Service,
    http: httpx.AsyncClient,
    story: Story,
) -> None:
    families = await begin(http, clock, story)
    async with AsyncExitStack() as sockets:
        following: dict[tuple[str, str], Socket] = {}
        for step in (None, *chain.from_iterable(story.steps)):
            if step is not None:
                await happen(families, clock, step)
                note(f"{clocks.now()}: {step}")
            if clocks.now() - story.start > SESSIONS_LAST:
                break
            await hear_an_event(families, following)
            missing = [reader for reader in READERS if reader not in following and may_read(families, *reader)]
            for reader in missing:
                following[reader] = await sockets.enter_async_context(service.socket(await families.token(reader[0])))
                await follow(families, following[reader], reader[1])
            if missing:
                # Whoever has heard an event is being served, so the next step meets an open subscription.
                await hear_an_event(families, following)


async def follow(families: Families, socket: Socket, pupil: str) -> None:
    """Subscribe to what happens from now on, whenever the server gets to it."""
    rows = await database.fetch("SELECT version FROM feed WHERE id = $1", families.people[pupil])
    await socket.subscribe(EVENTS, pupilId=str(families.people[pupil]), after=str(rows[0]["version"]))


async def hear_an_event(families: Families, following: dict[tuple[str, str], Socket]) -> None:
    """Give each pupil a mark: who may still read hears of it, and everybody else's socket is closed without it."""
    for pupil in PUPILS:
        await families.mark(pupil)
    await announcements.announce(Announcement(pupils=frozenset(str(families.people[pupil]) for pupil in PUPILS)))
    for reader, socket in list(following.items()):
        if may_read(families, *reader):
            message = await socket.receive(seconds=20)
            assert message["payload"]["data"]["diaryEvents"]["kind"] == "MARK_RECORDED", (reader, message)
        else:
            code, _reason = await socket.closed(seconds=20)
            assert code == 4403, (reader, code)
            assert not any((message.get("payload") or {}).get("data") for message in socket.received), reader
            del following[reader]


def test_the_stories_told_reach_every_answer_that_there_is() -> None:
    if not heard:
        pytest.skip("no stories were told")
    refusals = ("NOT_REGISTERED", "REFUSED", "WITHDRAWN", "EXPIRED")
    reasons = (ALLOWED, "NOT_FOUND", "PUPIL_OF_AGE", "ELECTRONIC_FORM_REFUSED", *(f"CONSENT_{one}" for one in refusals))
    expected = {f"guardian reads: {reason}" for reason in reasons}
    expected |= {f"letter: {answer}" for answer in (ALLOWED, QUIET, REFUSED)}
    assert expected | {"pupil reads: True", "pupil reads: False"} == heard.keys()
