"""Letters by SMS, messenger and browser: what is sent, and what becomes of the row when a provider misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from diary.delivery.outbox import FIRST_PAUSE
from diary.kit import clock
from tasks.actors.letters import Letters
from tasks.channels.http import Patience
from tasks.channels.providers import Providers
from tests.tasks.gateway import Gateway
from tests.tasks.mail_server import MailServer
from tests.tasks.processes import until
from tests.tasks.ways import ALL, IMPATIENT, MAX, NAMES, PUSH, SMS, TELEGRAM, TOKEN, VK, Reach, Way, carriers
from tests.tasks.world import World

PATIENT = Patience(all=30)
every_way = pytest.mark.parametrize("way", ALL, ids=NAMES)


@pytest.fixture
async def reach(world: World, gateway: Gateway) -> AsyncIterator[Reach]:
    """The actor of letters in this process, with the gateway for every provider."""
    everybody = carriers(gateway)
    yield Reach(world, gateway, Letters(everybody))
    await everybody.close()


@every_way
async def test_a_letter_arrives_once_and_the_providers_id_is_kept(reach: Reach, gateway: Gateway, way: Way) -> None:
    reach.answers_well(way)

    row = await reach.sent(way)
    await reach.letters.send(str(row["id"]), way.kind)

    assert (row["state"], row["attempt"]) == ("DONE", 1)
    assert f'"provider_id": "{way.provider_id}"' in row["evidence"]
    assert len(gateway.requests) == 1


async def test_a_gateway_gets_the_documented_facts(reach: Reach, gateway: Gateway) -> None:
    reach.answers_well(SMS)

    row = await reach.sent(SMS)

    [request] = gateway.requests
    assert request.path == "/sms/send"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["idempotency-key"] == str(row["id"])
    assert request.facts == {
        "id": str(row["id"]),
        "to": "+79161234567",
        "text": "Школа № 12: Собрание\n\nЗавтра собрание в 18:00.",
        "from": "SCHOOL12",
    }


async def test_telegram_gets_plain_text_for_a_chat(reach: Reach, gateway: Gateway) -> None:
    reach.answers_well(TELEGRAM)

    await reach.sent(TELEGRAM, body="Смотри <b>здесь</b>: https://evil.example *_`")

    [request] = gateway.requests
    assert request.path == f"/bot{TOKEN}/sendMessage"
    assert request.facts["chat_id"] == 5551234
    assert request.facts["text"].endswith("Смотри <b>здесь</b>: https://evil.example *_`")
    assert "parse_mode" not in request.facts


async def test_vk_can_fold_doubles_of_one_message_but_not_two_messages(reach: Reach, gateway: Gateway) -> None:
    gateway.answers({"error": {"error_code": 6, "error_msg": "Too many requests per second"}})
    first = await reach.sent(VK)
    clock.use(clock.SetClock(first["due_at"]))
    await reach.letters.send(str(first["id"]), VK.kind)
    other = await one_more(reach, VK)
    await reach.letters.send(str(other), VK.kind)

    assert [request.path for request in gateway.requests] == ["/method/messages.send"] * 3
    told = [request.facts for request in gateway.requests]
    assert told[0]["random_id"] == told[1]["random_id"] != told[2]["random_id"]
    assert told[0]["random_id"] != "0"
    assert (told[0]["user_id"], told[0]["access_token"]) == ("210700286", TOKEN)


async def one_more(reach: Reach, way: Way) -> UUID:
    family = await reach.world.family(2)
    return await reach.letter(family, way, await reach.contact(family, way))


async def test_max_gets_its_token_in_a_header(reach: Reach, gateway: Gateway) -> None:
    reach.answers_well(MAX)

    await reach.sent(MAX)

    [request] = gateway.requests
    assert (request.path, request.query["user_id"]) == ("/messages", "98001122")
    assert request.headers["authorization"] == TOKEN
    assert TOKEN not in str(request.query)


@pytest.mark.parametrize(
    ("way", "trouble"),
    [*((way, "cuts") for way in ALL), (SMS, "hangs"), (PUSH, "hangs"), (TELEGRAM, "dribbles")],
    ids=[*(f"{name} cuts" for name in NAMES), "sms hangs", "push hangs", "telegram dribbles"],
)
async def test_a_provider_silent_after_the_request_leaves_the_letter_uncertain(
    world: World, gateway: Gateway, way: Way, trouble: str
) -> None:
    everybody = carriers(gateway, patience=IMPATIENT)
    reach = Reach(world, gateway, Letters(everybody))
    reach.answers_well(way)
    gateway.trouble = trouble

    row = await reach.sent(way)
    gateway.trouble = ""
    await reach.letters.send(str(row["id"]), way.kind)

    assert (row["state"], row["attempt"]) == ("UNCERTAIN", 1)
    assert row["outcome"].startswith("CONNECTION_LOST_AFTER_TEXT")
    assert len(gateway.requests) == 1, "and it is never sent again in silence"
    await everybody.close()


@every_way
async def test_a_provider_that_cannot_be_reached_is_tried_again_later(reach: Reach, gateway: Gateway, way: Way) -> None:
    await gateway.stop()

    row = await reach.sent(way)

    assert (row["state"], row["attempt"]) == ("QUEUED", 1)
    assert row["outcome"].startswith("CONNECTION: ")
    assert waits(row) <= FIRST_PAUSE

    await gateway.start()
    reach.answers_well(way)
    clock.use(clock.SetClock(row["due_at"]))
    await reach.letters.send(str(row["id"]), way.kind)

    assert (await reach.world.row(row["id"]))["state"] == "DONE"


def waits(row: dict[str, dt.datetime]) -> dt.timedelta:
    return row["due_at"] - dt.datetime.now(dt.UTC)


@every_way
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wish", ["600", "date"])
async def test_a_provider_that_wants_to_be_left_alone_is(
    reach: Reach, gateway: Gateway, way: Way, status: int, wish: str
) -> None:
    in_ten_minutes = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    gateway.answers(b"slow down", status, Retry_After=in_ten_minutes if wish == "date" else wish)

    row = await reach.sent(way)

    assert (row["state"], row["attempt"], row["outcome"]) == ("QUEUED", 1, f"HTTP_{status}")
    assert dt.timedelta(minutes=9) < waits(row) <= dt.timedelta(minutes=10)


async def test_a_dead_contact_is_used_no_more_and_the_next_agreed_channel_takes_over(
    reach: Reach, gateway: Gateway
) -> None:
    family = await reach.world.family()
    await reach.contact(family, SMS)
    dead = await reach.contact(family, TELEGRAM, channels=("MESSENGER", "SMS", "EMAIL"))
    first = await reach.letter(family, TELEGRAM, dead)
    gateway.answers({"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}, 403)

    await reach.letters.send(str(first), TELEGRAM.kind)

    queued = await reach.world.connection.fetch("SELECT id, kind FROM outbox WHERE state = 'QUEUED'")
    assert [row["kind"] for row in queued] == ["SMS"]
    reach.answers_well(SMS)
    await reach.letters.send(str(queued[0]["id"]), SMS.kind)
    assert (await reach.world.row(queued[0]["id"]))["state"] == "DONE"
    failed = await reach.world.connection.fetchrow("SELECT failed_at, failure FROM contact_point WHERE id = $1", dead)
    assert failed["failed_at"] is not None
    assert failed["failure"] == "TELEGRAM_403 Forbidden: bot was blocked by the user"


@pytest.mark.parametrize(
    ("where", "answer", "is_dead"),
    [
        ("RCPT", "550 5.1.1 no such user", True),
        ("RCPT", "550 5.1.10 takes no mail", True),
        ("RCPT", "550 5.2.1 mailbox closed", True),
        ("RCPT", "550 5.1.8 bad sender", False),
        ("RCPT", "550 5.7.1 policy", False),
        ("RCPT", "550 go away", False),
        ("RCPT", "552 5.2.2 mailbox full", False),
        ("TEXT", "554 5.7.1 spam", False),
        ("TEXT", "550 5.1.1 no such user", False),
    ],
    ids=str,
)
async def test_a_mail_server_kills_an_address_only_by_saying_that_it_is_none(
    letters: Letters, world: World, mail_server: MailServer, *, where: str, answer: str, is_dead: bool
) -> None:
    letter = await world.letter(await world.family())
    mail_server.answers[where] = answer

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("FAILED", answer)
    failed_at = "SELECT failed_at FROM contact_point WHERE id = $1"
    assert (await world.connection.fetchval(failed_at, row["contact_point"]) is not None) == is_dead


@every_way
async def test_a_channel_that_nobody_carries_gives_way_to_the_next_one(
    world: World, gateway: Gateway, way: Way
) -> None:
    reach = Reach(world, gateway, Letters(Providers({})))
    family = await world.family()
    contact = await reach.contact(family, way, channels=(way.kind.value, "EMAIL"))
    letter = await reach.letter(family, way, contact)

    await reach.letters.send(str(letter), way.kind)

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("FAILED", "CHANNEL_NOT_CONFIGURED")
    assert await world.connection.fetchval("SELECT failed_at FROM contact_point WHERE id = $1", contact) is None
    assert await world.connection.fetchval("SELECT kind FROM outbox WHERE state = 'QUEUED'") == "EMAIL"


@every_way
async def test_a_withdrawal_stops_a_letter_by_any_channel(reach: Reach, gateway: Gateway, way: Way) -> None:
    family = await reach.world.family()
    letter = await reach.letter(family, way, await reach.contact(family, way))
    await reach.world.decide(family, "WITHDRAWN")

    await reach.letters.send(str(letter), way.kind)

    row = await reach.world.row(letter)
    assert (row["state"], row["outcome"]) == ("REFUSED", "CONSENT_WITHDRAWN")
    assert gateway.requests == []


@every_way
async def test_a_channel_that_is_not_agreed_carries_nothing(reach: Reach, gateway: Gateway, way: Way) -> None:
    family = await reach.world.family()
    letter = await reach.letter(family, way, await reach.contact(family, way))
    await reach.world.agree(family, "MAILBOX")

    await reach.letters.send(str(letter), way.kind)

    assert (await reach.world.row(letter))["outcome"] == "CHANNEL_NOT_AGREED"
    assert gateway.requests == []


@every_way
async def test_a_worker_stopped_after_the_request_leaves_the_letter_uncertain(
    world: World, gateway: Gateway, way: Way
) -> None:
    everybody = carriers(gateway, patience=PATIENT)
    reach = Reach(world, gateway, Letters(everybody))
    gateway.trouble = "hangs"
    family = await world.family()
    letter = await reach.letter(family, way, await reach.contact(family, way))
    sending = asyncio.create_task(reach.letters.send(str(letter), way.kind))
    await until(lambda: is_asked(gateway), seconds=10)

    sending.cancel()
    await sending

    assert (await world.row(letter))["state"] == "UNCERTAIN"
    await everybody.close()


async def is_asked(gateway: Gateway) -> bool:
    return bool(gateway.requests)


@every_way
async def test_no_token_and_no_key_is_ever_written_down(
    reach: Reach, gateway: Gateway, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tasks").setLevel(logging.DEBUG)
    reach.answers_well(way)
    done = await reach.sent(way)
    await gateway.stop()
    failed = await one_more(reach, way)
    await reach.letters.send(str(failed), way.kind)

    told = f"{caplog.text} {dict(done)} {dict(await reach.world.row(failed))}"
    assert TOKEN not in told
    assert "127.0.0.1:" not in caplog.text
