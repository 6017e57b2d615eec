"""Nothing is readable or pushed for a pair without a valid decision at that instant, all of it with one.

Random families live through random decisions, guardianships, agreements and birthdays; at every step each face of the
service is asked, and an oracle written from the requirements says what the answer must be (R1, R2, D5, A2, A11, A12).
What is sent and printed is held to it in test_delivery_oracle.py.
ORACLE_EXAMPLES=2000 looks further, at random; without it the same stories are told every time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import example, given, note, settings

from diary.access.viewer import viewer_of
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.announcement import Announcement, announcements
from printing.render import SheetError
from printing.week_sheet import week_sheets
from tests.support.access_oracle import ALLOWED, TICK
from tests.support.families import PAIRS, PUPILS, Families
from tests.support.known_stories import (
    AT_MIDNIGHT,
    ENDED_AND_GIVEN_ANEW,
    FOR_A_SECOND,
    FORM_FOR_A_WHILE,
    LAST_AND_FIRST_DAYS,
    OF_AGE,
    RESTRICTED_BESIDE,
)
from tests.support.service import EVENTS, Service, Socket, codes
from tests.support.stories import EXAMPLES, RULES, Story, begin, happen, stories

#: Sessions of families idle for thirty days.
SESSIONS_LAST = timedelta(days=25)
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
        asked.create_task(check_mailbox(families, sample[0], mail))
        asked.create_task(check_pushed(families, service, *sample))


async def look_back(families: Families, moments: list[datetime]) -> None:
    """Hold the past to the oracle around each step, readers in turn, and around each decision."""
    instants = {moment + off for moment in moments for off in (-TICK, timedelta(), TICK)}
    async with asyncio.TaskGroup() as asked:
        for number, at in enumerate(sorted(instant for instant in instants if instant <= clocks.now())):
            asked.create_task(check_past(families, at, *READERS[number % len(READERS)]))
        for entry in families.oracle.decisions:
            for at in (entry.registered_at - TICK, entry.registered_at):
                if at <= clocks.now():
                    asked.create_task(check_past(families, at, entry.guardian or entry.pupil, entry.pupil))


@RULES
@example(story=RESTRICTED_BESIDE)
@example(story=LAST_AND_FIRST_DAYS)
@example(story=AT_MIDNIGHT)
@example(story=ENDED_AND_GIVEN_ANEW)
@example(story=FORM_FOR_A_WHILE)
@example(story=FOR_A_SECOND)
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
@example(story=FOR_A_SECOND)
@example(story=OF_AGE)
@example(story=RESTRICTED_BESIDE)
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
    assert expected | {"pupil reads: True", "pupil reads: False"} == heard.keys()
