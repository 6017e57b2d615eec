"""Who may act on a row: claims, attempt numbers, leases, and what the office decides about uncertain letters."""

from __future__ import annotations

import asyncio
import datetime as dt
from uuid import uuid4

import pytest

from diary.access.viewer import viewer_of
from diary.delivery import outbox
from diary.delivery.outbox import CLOCKS_DIFFER, LETTER_LEASE, Claimed
from diary.delivery.tables import OutboxKind, OutboxState
from diary.kit import clock
from diary.kit.clock import SetClock
from diary.kit.refusal import NotFound
from tasks.actors.letters import WORKER
from tasks.sweep import CLOCK, sweep
from tests.tasks.world import World

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def now(world: World) -> SetClock:
    """The time, which stands still until the test moves it."""
    standing = SetClock(dt.datetime.now(dt.UTC))
    clock.use(standing)
    return standing


async def claimed_letter(world: World) -> Claimed:
    letter = await world.letter(await world.family(), due_at=clock.now())
    claimed = await outbox.claim(WORKER, letter, OutboxKind.EMAIL)
    assert claimed is not None
    return claimed


async def test_of_many_workers_one_gets_the_row(world: World) -> None:
    letter = await world.letter(await world.family())

    claims = await asyncio.gather(*(outbox.claim(WORKER, letter, OutboxKind.EMAIL) for _ in range(8)))

    assert [claim.attempt for claim in claims if claim is not None] == [1]


async def test_a_row_is_claimed_by_the_actor_of_its_kind_only(world: World) -> None:
    letter = await world.letter(await world.family())

    assert await outbox.claim(WORKER, letter, OutboxKind.PRINT) is None
    assert (await world.row(letter))["state"] == "QUEUED"


async def test_a_claim_is_visible_to_everybody_before_anything_is_sent(world: World, now: SetClock) -> None:
    claimed = await claimed_letter(world)

    row = await world.row(claimed.id)
    assert (row["state"], row["attempt"], row["lease_until"]) == ("STARTED", 1, now.instant + LETTER_LEASE)


@pytest.mark.parametrize("cancelled", ["CANCELLED", "DONE", "FAILED", "REFUSED", "UNCERTAIN"])
async def test_a_settled_row_is_never_claimed(world: World, cancelled: str) -> None:
    letter = await world.letter(await world.family())
    await world.connection.execute("UPDATE outbox SET state = $1", cancelled)

    assert await outbox.claim(WORKER, letter, OutboxKind.EMAIL) is None


async def test_a_letter_is_uncertain_from_the_end_of_its_lease_on(world: World, now: SetClock) -> None:
    claimed = await claimed_letter(world)

    now.move(LETTER_LEASE - dt.timedelta(microseconds=1))
    await sweep()
    assert (await world.row(claimed.id))["state"] == "STARTED"
    now.move(dt.timedelta(microseconds=1))
    told = await sweep()

    row = await world.row(claimed.id)
    assert (row["state"], row["outcome"], row["finished_at"]) == ("UNCERTAIN", "LEASE_EXPIRED", now.instant)
    assert told == "letters uncertain: 1"
    assert await outbox.due(OutboxKind.EMAIL, limit=10) == []


async def test_a_worker_that_slept_past_its_lease_may_not_send_any_more(world: World, now: SetClock) -> None:
    claimed = await claimed_letter(world)
    assert await outbox.ask_again(claimed) is not None

    now.move(LETTER_LEASE - CLOCKS_DIFFER)

    assert await outbox.ask_again(claimed) is None


async def test_a_worker_that_comes_back_late_with_its_evidence_ends_the_uncertainty(
    world: World, now: SetClock
) -> None:
    claimed = await claimed_letter(world)
    now.move(LETTER_LEASE)
    await outbox.expire_leases(CLOCK)

    assert await outbox.settle_done(WORKER, claimed.id, claimed.attempt, evidence={"answer": "250"})

    assert (await world.row(claimed.id))["state"] == "DONE"


async def test_an_old_attempt_settles_nothing(world: World, now: SetClock) -> None:
    first = await claimed_letter(world)
    await outbox.settle_retry(WORKER, first.id, first.attempt, reason="451", at=now.instant)
    second = await outbox.claim(WORKER, first.id, OutboxKind.EMAIL)
    assert second is not None
    assert second.attempt == 2

    assert not await outbox.settle_done(WORKER, first.id, first.attempt, evidence={})
    assert not await outbox.settle_failed(WORKER, first.id, first.attempt, reason="")
    assert not await outbox.mark_uncertain(WORKER, first.id, first.attempt, reason="")
    assert await outbox.settle_retry(WORKER, first.id, first.attempt, reason="") is None
    assert await outbox.ask_again(first) is None

    assert (await world.row(first.id))["state"] == "STARTED"


async def test_the_fifth_failure_is_the_last(world: World, now: SetClock) -> None:
    claimed = await claimed_letter(world)

    for attempt in range(1, 5):
        became = await outbox.settle_retry(WORKER, claimed.id, attempt, reason="451", at=now.instant)
        assert became is OutboxState.QUEUED
        assert await outbox.claim(WORKER, claimed.id, OutboxKind.EMAIL) is not None

    assert await outbox.settle_retry(WORKER, claimed.id, 5, reason="451") is OutboxState.FAILED
    assert (await world.row(claimed.id))["finished_at"] == now.instant


async def test_rows_are_due_in_the_order_of_their_waiting(world: World, now: SetClock) -> None:
    family = await world.family()
    late = await world.letter(family, due_at=now.instant)
    early = await world.letter(family, due_at=now.instant - dt.timedelta(hours=1))
    await world.letter(family, due_at=now.instant + dt.timedelta(minutes=1))

    assert await outbox.due(OutboxKind.EMAIL, limit=10) == [early, late]
    assert await outbox.due(OutboxKind.EMAIL, limit=1) == [early]
    assert await outbox.due(OutboxKind.EMAIL, limit=10, apart_from=[early]) == [late]
    assert await outbox.due(OutboxKind.PRINT, limit=10) == []


async def test_the_office_says_that_an_uncertain_letter_arrived(world: World) -> None:
    claimed = await claimed_letter(world)
    await outbox.mark_uncertain(WORKER, claimed.id, claimed.attempt, reason="?")
    daria = await viewer_of(world.office, route="ADMIN")

    await outbox.settle_by_hand(daria, claimed.id, arrived=True)

    row = await world.row(claimed.id)
    assert row["state"] == "DONE"
    assert str(world.office) in row["evidence"]


async def test_the_office_has_an_uncertain_letter_sent_again_and_the_late_worker_has_no_say(world: World) -> None:
    claimed = await claimed_letter(world)
    await outbox.mark_uncertain(WORKER, claimed.id, claimed.attempt, reason="?")
    daria = await viewer_of(world.office, route="ADMIN")

    await outbox.settle_by_hand(daria, claimed.id, arrived=False)

    assert not await outbox.settle_done(WORKER, claimed.id, claimed.attempt, evidence={})
    again = await outbox.claim(WORKER, claimed.id, OutboxKind.EMAIL)
    assert again is not None
    assert again.attempt == 2


async def test_only_the_office_of_the_school_decides_and_only_about_uncertain_letters(world: World) -> None:
    claimed = await claimed_letter(world)
    daria = await viewer_of(world.office, route="ADMIN")
    stranger = await viewer_of(await world.account("stranger"), route="ADMIN")

    with pytest.raises(NotFound):
        await outbox.settle_by_hand(daria, claimed.id, arrived=True)
    await outbox.mark_uncertain(WORKER, claimed.id, claimed.attempt, reason="?")
    with pytest.raises(NotFound):
        await outbox.settle_by_hand(stranger, claimed.id, arrived=True)
    with pytest.raises(NotFound):
        await outbox.settle_by_hand(daria, uuid4(), arrived=True)

    assert (await world.row(claimed.id))["state"] == "UNCERTAIN"


async def test_every_step_of_a_letter_is_in_the_audit_without_its_text(world: World) -> None:
    claimed = await claimed_letter(world)
    await outbox.settle_done(WORKER, claimed.id, claimed.attempt, evidence={"answer": "250"})

    trail = await world.connection.fetch(
        "SELECT route, after::text FROM audit_entry WHERE record = 'outbox' AND action = 'UPDATE' ORDER BY id"
    )
    assert [entry["route"] for entry in trail] == ["WORKER", "WORKER"]
    assert ["STARTED" in trail[0]["after"], "DONE" in trail[1]["after"]] == [True, True]
    assert "Здравствуйте" not in str(trail)
