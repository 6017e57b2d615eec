"""Nothing is sent or printed electronically for a pair without a valid decision at that instant, all of it with one.

The stories of test_access_oracle.py, with every channel of the service and real providers on the loopback: what the
workers hand over, what lies in mailboxes, and what comes out of print jobs is held to the oracle (R1, R2, R9, D5).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from hypothesis import example, given, note
from pypdf import PdfReader

from diary.access.viewer import Nobody, viewer_of
from diary.delivery import duties, letters, notices
from diary.delivery.tables import MailingKind, OutboxKind
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.command import transaction
from diary.paper import rendering
from diary.paper.rendering import SheetNotWanted, WeekToPrint
from tasks.actors.sheets import Sheets
from tests.support.access_oracle import ALLOWED, OUTSIDE, QUIET, REFUSED, Letter
from tests.support.carriers import Arrived, Carriers
from tests.support.families import GUARDIANS, PAIRS, YEAR_LASTS, Families
from tests.support.known_stories import (
    AT_MIDNIGHT,
    DAYS_ARE_OVER,
    ENDED_AND_GIVEN_ANEW,
    FOR_A_SECOND,
    FORM_FOR_A_WHILE,
    LAST_AND_FIRST_DAYS,
    LOST_ADDRESSES,
    OF_AGE,
    OTHER_DAYS,
    RESTRICTED_BESIDE,
)
from tests.support.stories import RULES, Story, begin, happen, stories
from tests.support.town import insert

WORKER = Nobody(route="WORKER")
CLOCK = Nobody(route="CLOCK")
#: What the end of an attempt says of it; what is queued again waits.
ANSWERS = {"DONE": ALLOWED, "QUEUED": QUIET, "REFUSED": REFUSED, "CANCELLED": REFUSED}
EXTRACT = "mutation ($id: ID!, $day: Date!) { requestExtract(pupilId: $id, weekOf: $day) { jobId } }"
#: On these days of the week nothing of it is over yet.
EARLY_IN_THE_WEEK = 4
WEEK = timedelta(days=7)
#: What the stories have come to, and how often.
heard: Counter[str] = Counter()


@dataclass
class Post:
    """What a story has put on its way, and which sheets wait."""

    families: Families
    carriers: Carriers
    folder: Path
    #: The sheets that nobody has rendered yet: (job, outbox row) of a pair.
    waiting: dict[tuple[str, str], tuple[UUID, UUID]] = field(default_factory=dict)


def name_of(families: Families, person: UUID) -> str:
    """Return what the story calls a person."""
    return next(name for name, key in families.people.items() if key == person)


# Letters.


async def due_letters(families: Families) -> list[Any]:
    """Return the letters about children that a worker would take now."""
    return await database.fetch(
        """
        SELECT o.id, o.kind, o.guardian, o.pupil, o.subject, c.value FROM outbox o
        JOIN contact_point c ON c.id = o.contact_point
        WHERE o.school = $1 AND o.topic = 'CHILD' AND o.state = 'QUEUED' AND o.due_at <= $2 ORDER BY o.id
        """,
        families.school,
        clocks.now(),
    )


async def send_due(post: Post) -> set[str]:
    """Send what is due as a worker does, and hold each attempt to the oracle; return the keys of what has arrived."""
    families, came = post.families, set[str]()
    while rows := await due_letters(families):
        async with asyncio.TaskGroup() as sending:
            for row in rows:
                sending.create_task(post.carriers.letters.send(str(row["id"]), OutboxKind(row["kind"])))
        became = {
            row["id"]: row
            for row in await database.fetch(
                "SELECT id, state, outcome, due_at FROM outbox WHERE id = ANY ($1)", [row["id"] for row in rows]
            )
        }
        sent = []
        for row in rows:
            told = became[row["id"]]
            answer = ANSWERS.get(told["state"], told["state"])
            letter = Letter(
                guardian=name_of(families, row["guardian"]),
                pupil=name_of(families, row["pupil"]),
                channel=row["kind"],
                address=row["value"],
            )
            assert answer in families.oracle.letter_may(letter, clocks.now()), (letter, told["outcome"])
            assert answer != QUIET or told["due_at"] > clocks.now()
            heard[f"{letter.channel}: {answer}"] += 1
            if answer == ALLOWED:
                sent.append(Arrived(row["kind"], row["value"], row["subject"].removeprefix("Письмо ")))
        arrived = post.carriers.arrived()
        assert Counter(arrived) == Counter(sent)
        came |= {one.key for one in arrived}
    return came


async def check_letters(post: Post, turn: int) -> None:
    """Queue a letter to each pair, by each channel in turn: it arrives by some agreed way whenever it may (R1.1)."""
    families, oracle = post.families, post.families.oracle
    rows = {
        pair: await families.letter(*pair, OUTSIDE[(turn + number) % len(OUTSIDE)]) for number, pair in enumerate(PAIRS)
    }
    keys = dict(await database.fetch("SELECT id, subject FROM outbox WHERE id = ANY ($1)", list(rows.values())))
    came = await send_due(post)
    for pair, row in rows.items():
        ways = [
            Letter(guardian=pair[0], pupil=pair[1], channel=contact.channel, address=contact.address)
            for contact in oracle.contacts
            if contact.guardian == pair[0]
        ]
        answers = [oracle.letter_may(way, clocks.now()) for way in ways]
        if keys[row].removeprefix("Письмо ") in came:
            assert any(ALLOWED in may for may in answers), pair
        else:
            assert {ALLOWED} not in answers, pair


async def check_told(post: Post, guardian: str, pupil: str) -> UUID | None:
    """Tell news as commands do: the mailbox has them, and they leave when and where they were agreed to (R1.2, R3.1).

    Returns the message.
    """
    families, key = post.families, str(uuid4())
    expected = families.oracle.told(guardian, pupil, clocks.now())
    async with transaction(WORKER):
        told = await notices.tell(
            WORKER,
            kind=MailingKind.OFFICE_LETTER,
            guardian_id=families.people[guardian],
            pupil_id=families.people[pupil],
            subject=f"Письмо {key}",
            body="Текст",
            dedup_key=key,
        )
    heard[f"told in the mailbox: {told.message_id is not None}"] += 1
    assert (told.message_id is not None) is expected.in_mailbox, (guardian, pupil)
    rows = await database.fetch(
        "SELECT o.due_at, o.agreed_day, c.value FROM outbox o JOIN contact_point c ON c.id = o.contact_point "
        "WHERE o.id = $1",
        told.outbox_id,
    )
    heard[f"told outside: {'at once' if not expected.day else 'on its day'}" if rows else "told outside: no"] += 1
    assert [(row["due_at"], row["agreed_day"]) for row in rows] == (
        [(expected.leaves, expected.day)] if expected.leaves else []
    ), (guardian, pupil)
    assert all(row["value"] in expected.addresses for row in rows), (guardian, pupil)
    return told.message_id


async def check_letter_to_all(post: Post) -> None:
    """Write to the whole class as the office does: to whom it may, about a child of whom it may (R1, R3.1)."""
    families, oracle, now = post.families, post.families.oracle, clocks.now()
    office = await viewer_of(families.accounts["office"], route="ADMIN")
    key = str(uuid4())
    await letters.write_to_families(
        office,
        school_id=families.school,
        class_id=families.room,
        subject=f"Письмо {key}",
        body="Текст",
        dedup_key=key,
    )
    for table, may in (
        ("mailbox_message", [pair for pair in PAIRS if oracle.told(*pair, now).in_mailbox]),
        ("outbox", None),
    ):
        rows = await database.fetch(f"SELECT guardian, pupil FROM {table} WHERE subject = $1", f"Письмо {key}")
        found = [(name_of(families, row["guardian"]), name_of(families, row["pupil"])) for row in rows]
        if may is not None:
            assert sorted(found) == sorted(may)
            continue
        for guardian in GUARDIANS:
            own = [pair for pair in PAIRS if pair[0] == guardian and oracle.told(*pair, now).leaves is not None]
            allowed = [pair for pair in own if oracle.guardian_may(*pair, now) == ALLOWED]
            to = [pair for pair in found if pair[0] == guardian]
            assert len(to) <= 1
            assert len(to) == 1 or not allowed, guardian
            assert not allowed or to[0] in allowed, guardian


async def check_mailbox(families: Families, reader: str, mail: dict[UUID, tuple[str, str]]) -> None:
    """Compare which messages a guardian sees."""
    answer = await families.ask(reader, "{ mailbox(first: 50) { edges { node { id } } } }")
    shown = {UUID(edge["node"]["id"]) for edge in answer["data"]["mailbox"]["edges"]}
    now = clocks.now()
    may = {
        key for key, (to, of) in mail.items() if to == reader and families.oracle.guardian_may(to, of, now) == ALLOWED
    }
    assert shown & mail.keys() == may, reader


# Paper.


async def check_jobs(post: Post) -> None:
    """Take up each waiting sheet as a worker does: paper needs no consent, and rights that last (D5, A11, A12)."""
    for pair, (job, _row) in post.waiting.items():
        may = post.families.oracle.paper_may(*pair, clocks.now())
        heard[f"sheet: {may}"] += 1
        try:
            wanted = await rendering.to_print(WORKER, job)
        except SheetNotWanted:
            assert not may, pair
            continue
        assert may, pair
        assert isinstance(wanted, WeekToPrint)
        assert wanted.pupil_ids == (post.families.people[pair[1]],)
        assert wanted.viewer.sheets_of == {post.families.people[pair[1]]}


async def check_request(families: Families, guardian: str, pupil: str) -> None:
    """Have a guardian ask for a sheet: whoever has rights is given one, consent or none (R9.2)."""
    oracle, now = families.oracle, clocks.now()
    day = (families.lesson_on + WEEK).isoformat()
    answer = await families.ask(guardian, EXTRACT, id=str(families.people[pupil]), day=day)
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    of_age = [] if oracle.represents(pupil, now) else ["PUPIL_OF_AGE"]
    assert codes == (of_age if guardian in oracle.guardians_of(pupil, now, None) else ["NOT_FOUND"]), (guardian, pupil)


async def check_printed(post: Post, guardian: str, pupil: str) -> None:
    """Render a waiting sheet to the end: who may have it gets the whole week, whatever was decided about data."""
    job, row = post.waiting.pop((guardian, pupil))
    may = post.families.oracle.paper_may(guardian, pupil, clocks.now())
    await Sheets(post.folder).print(str(row))
    found = (await database.fetch("SELECT state, problem, file FROM print_job WHERE id = $1", job))[0]
    assert found["state"] == ("RENDERED" if may else "CANCELLED"), (guardian, pupil, found["problem"])
    consent = post.families.oracle.guardian_may(guardian, pupil, clocks.now()) == ALLOWED
    heard[f"printed: {may}, consented: {consent}"] += 1
    file = post.folder / f"{job}.pdf"
    assert file.exists() is may
    if may:
        [page] = PdfReader(BytesIO(file.read_bytes())).pages
        text = page.extract_text()
        assert pupil in text
        assert "Алгебра" in text


async def check_week_on_paper(post: Post) -> None:
    """Have the clock open what is owed: the printed diary stays for all who are not informed electronically (R9.1)."""
    families, oracle, now = post.families, post.families.oracle, clocks.now()
    today = now.astimezone(oracle.zone).date()
    if today.isoweekday() > EARLY_IN_THE_WEEK or today > families.lesson_on + YEAR_LASTS - WEEK:
        return
    await duties.keep(CLOCK, now=now)
    monday = today - timedelta(days=today.weekday())
    rows = await database.fetch(
        "SELECT guardian, pupil FROM obligation WHERE school = $1 AND kind = 'WEEKLY_DIARY' AND state = 'OPEN' "
        "AND starts_with(about, $2)",
        families.school,
        f"week:{monday.isoformat()}",
    )
    owed = [
        (name_of(families, row["guardian"]) if row["guardian"] else None, name_of(families, row["pupil"]))
        for row in rows
    ]
    assert Counter(owed) == Counter(oracle.on_paper(now))
    job = await insert_batch(families, monday)
    try:
        wanted = await rendering.to_print(CLOCK, job)
    except SheetNotWanted:
        printed = set()
    else:
        assert isinstance(wanted, WeekToPrint)
        printed = set(wanted.pupil_ids)
    heard[f"batch of {len(printed)}"] += 1
    assert printed == {families.people[pupil] for _guardian, pupil in oracle.on_paper(now)}


async def insert_batch(families: Families, monday: date) -> UUID:
    """Queue the class's week as the clock does on Thursdays, past every face."""
    job: UUID = await insert(
        "print_job", school=families.school, kind="WEEK", school_class=families.room, week_of=monday,
        requested_at=clocks.now(),
    )  # fmt: skip
    return job


async def look(post: Post, mail: dict[UUID, tuple[str, str]], turn: int) -> None:
    """Hold every way out of the school to the oracle at this instant."""
    pair = PAIRS[turn % len(PAIRS)]
    message = await check_told(post, *pair)
    if message is not None:
        mail[message] = pair
    await check_letters(post, turn)
    async with asyncio.TaskGroup() as asked:
        asked.create_task(check_mailbox(post.families, pair[0], mail))
        asked.create_task(check_jobs(post))
        asked.create_task(check_request(post.families, *pair))


@RULES
@example(story=DAYS_ARE_OVER)
@example(story=LOST_ADDRESSES)
@example(story=OTHER_DAYS)
@example(story=RESTRICTED_BESIDE)
@example(story=LAST_AND_FIRST_DAYS)
@example(story=AT_MIDNIGHT)
@example(story=ENDED_AND_GIVEN_ANEW)
@example(story=FORM_FOR_A_WHILE)
@example(story=FOR_A_SECOND)
@example(story=OF_AGE)
@given(story=stories)
async def test_every_way_out_of_the_school_is_open_or_shut_as_the_requirements_say_at_every_step_of_a_story(
    empty_database: asyncpg.Connection,
    clock: clocks.SetClock,
    http: httpx.AsyncClient,
    carriers: Carriers,
    story: Story,
) -> None:
    families = await begin(http, clock, story, carriers)
    post = Post(families, carriers, carriers.folder / str(families.school))
    carriers.arrived()
    post.waiting = {pair: await families.sheet(*pair) for pair in PAIRS}
    mail = {await families.message(*pair): pair for pair in PAIRS}
    await look(post, mail, 0)
    for number, step in enumerate(chain.from_iterable(story.steps), start=1):
        await happen(families, clock, step)
        note(f"{clocks.now()}: {step}")
        await look(post, mail, number)
    await check_letter_to_all(post)
    await check_printed(post, *PAIRS[len(story.steps) % len(PAIRS)])
    await check_week_on_paper(post)


def test_the_stories_told_reach_every_answer_that_there_is() -> None:
    if not heard:
        pytest.skip("no stories were told")
    expected = {f"{channel}: {answer}" for channel in OUTSIDE for answer in (ALLOWED, QUIET, REFUSED)}
    expected |= {"told in the mailbox: True", "told in the mailbox: False"}
    expected |= {"told outside: at once", "told outside: on its day", "told outside: no"}
    expected |= {"sheet: True", "sheet: False", "batch of 0", "batch of 1", "batch of 2"}
    expected |= {
        "printed: True, consented: True",
        "printed: True, consented: False",
        "printed: False, consented: False",
    }
    assert expected <= heard.keys()
