"""A letter on its way: what is sent, what never is, and what becomes of the row when the mail server misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
from uuid import uuid4

import pytest

from diary.access.viewer import viewer_of
from diary.delivery import outbox
from diary.delivery.consents import withdraw_consent
from diary.delivery.outbox import FIRST_PAUSE, PAUSE_GROWS
from diary.delivery.tables import OutboxKind
from diary.kit import clock
from tasks.actors.letters import WORKER, Letters
from tests.tasks.mail_server import MailServer
from tests.tasks.world import TODAY, World


async def test_a_letter_arrives_with_its_headers_and_text(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    letter = await world.letter(family, subject="Собрание 5А")

    await letters.send(str(letter))

    [received] = mail_server.received
    assert received.recipients == [family.address]
    assert received.sender == "diary@school12.example"
    assert received.message["To"] == family.address
    assert received.message["From"].addresses[0].display_name == "Школа № 12"
    assert received.message["From"].addresses[0].addr_spec == "diary@school12.example"
    assert received.message["Subject"] == "Собрание 5А"
    assert received.message["Message-ID"] == f"<{letter}@school12.example>"
    assert received.message["Auto-Submitted"] == "auto-generated"
    assert abs(received.message["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert received.message.get_content_type() == "text/plain"
    assert received.message.get_content().replace("\r\n", "\n") == "Здравствуйте!\n.\nДо встречи.\n"


async def test_a_sent_letter_keeps_its_evidence(letters: Letters, world: World) -> None:
    letter = await world.letter(await world.family())

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"], row["lease_until"]) == ("DONE", 1, None)
    assert row["finished_at"] is not None
    assert "queued as 4D1" in row["evidence"]
    assert str(letter) in row["evidence"]


async def test_a_letter_is_sent_once_whoever_is_told_of_it_and_how_often(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    letter = await world.letter(await world.family())

    await asyncio.gather(*(letters.send(str(letter)) for _ in range(6)))
    await letters.send(str(letter))

    assert mail_server.times_received == {str(letter): 1}


async def test_an_unknown_id_is_nothing_to_do(letters: Letters, world: World, mail_server: MailServer) -> None:
    await letters.send(str(uuid4()))

    assert mail_server.connections == 0


async def test_a_letter_waits_for_its_time(letters: Letters, world: World, mail_server: MailServer) -> None:
    letter = await world.letter(await world.family(), due_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))

    await letters.send(str(letter))

    assert (await world.row(letter))["state"] == "QUEUED"
    assert mail_server.received == []


@pytest.mark.parametrize(
    ("decision", "code"), [("WITHDRAWN", "CONSENT_WITHDRAWN"), ("REFUSED", "CONSENT_REFUSED")], ids=str
)
async def test_consent_that_ends_before_sending_stops_the_letter(
    letters: Letters, world: World, mail_server: MailServer, decision: str, code: str
) -> None:
    family = await world.family()
    letter = await world.letter(family)
    await world.decide(family, decision)

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("REFUSED", code)
    assert mail_server.received == []


async def test_a_withdrawal_cancels_the_letters_that_wait(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    letter = await world.letter(family)
    anna = await world.account("anna")
    await world.connection.execute(
        "INSERT INTO capacity (id, account, school, role, guardian) VALUES ($1, $2, $3, 'GUARDIAN', $4)",
        uuid4(),
        anna,
        world.school,
        family.guardian,
    )

    await withdraw_consent(await viewer_of(anna, route="GRAPHQL"), pupil_id=family.pupil)
    await letters.send(str(letter))

    assert (await world.row(letter))["state"] == "CANCELLED"
    assert mail_server.received == []


async def test_without_a_decision_nothing_is_sent(letters: Letters, world: World, mail_server: MailServer) -> None:
    letter = await world.letter(await world.family(consent=False))

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("REFUSED", "CONSENT_NOT_REGISTERED")
    assert mail_server.received == []


async def test_consent_is_asked_after_the_letter_was_claimed(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    letter = await world.letter(family)
    claimed = await outbox.claim(WORKER, letter, OutboxKind.EMAIL)
    assert claimed is not None

    await world.decide(family, "WITHDRAWN")

    permission = await outbox.ask_again(claimed)
    assert permission is not None
    assert permission.verdict == "CONSENT_WITHDRAWN"


async def test_a_withdrawal_by_a_process_whose_clock_is_ahead_counts_at_once(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    letter = await world.letter(family)
    await world.decide(family, "WITHDRAWN", at=clock.now() + dt.timedelta(milliseconds=500))

    await letters.send(str(letter))

    assert (await world.row(letter))["outcome"] == "CONSENT_WITHDRAWN"
    assert mail_server.received == []


async def test_a_guardian_whose_rights_ended_gets_no_letter(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    letter = await world.letter(family)
    await world.connection.execute("UPDATE guardianship SET valid_to = $1", TODAY - dt.timedelta(days=2))

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("REFUSED", "NOT_FOUND")
    assert mail_server.received == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("confirmed_at = NULL", "CONTACT_NOT_CONFIRMED"),
        ("retired_at = now() - interval '1 second'", "CONTACT_RETIRED"),
        ("channel = 'SMS', value = '+79161234567'", "CONTACT_NOT_CONFIRMED"),
        ("guardian = (SELECT id FROM guardian WHERE id <> contact_point.guardian LIMIT 1)", "CONTACT_NOT_CONFIRMED"),
    ],
    ids=["unconfirmed", "retired", "no longer an e-mail address", "somebody else's"],
)
async def test_a_contact_that_is_not_in_force_is_not_used(
    letters: Letters, world: World, mail_server: MailServer, change: str, code: str
) -> None:
    """The tables refuse most of these changes; the worker looks itself all the same."""
    family = await world.family()
    letter = await world.letter(family)
    await world.family(2)
    await world.past_the_rules(
        "contact_point",
        f"UPDATE contact_point SET {change} WHERE id = (SELECT contact_point FROM outbox WHERE id = '{letter}')",
    )

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("REFUSED", code)
    assert mail_server.received == []


async def test_no_text_of_a_letter_becomes_a_header(letters: Letters, world: World, mail_server: MailServer) -> None:
    await world.connection.execute("UPDATE school SET name = E'Школа\\r\\nBcc: thief@example.com'")
    letter = await world.letter(await world.family(), subject="Тема\r\nBcc: thief@example.com\r\n\r\nтекст")

    await letters.send(str(letter))

    [received] = mail_server.received
    assert received.message["Bcc"] is None
    assert received.message["Subject"] == "Тема Bcc: thief@example.com текст"
    assert received.recipients == ["anna1@families.example"]


@pytest.mark.parametrize("address", ["a>@b.example", "a,b@c.example", "анна@почта.example", "anna@.."], ids=str)
async def test_an_address_that_cannot_be_used_fails_for_good(
    letters: Letters, world: World, mail_server: MailServer, address: str
) -> None:
    letter = await world.letter(await world.family(address=address))

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("FAILED", "BAD_ADDRESS")
    assert mail_server.received == []


async def test_a_cyrillic_domain_is_written_as_the_network_writes_it(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    letter = await world.letter(await world.family(address="anna@почта.рф"))

    await letters.send(str(letter))

    assert mail_server.received[0].recipients == ["anna@xn--80a1acny.xn--p1ai"]


@pytest.mark.parametrize(
    ("where", "answer"),
    [
        ("MAIL", "451 4.3.0 try later"),
        ("MAIL", "553 sender not allowed"),
        ("RCPT", "450 4.2.1 mailbox busy"),
        ("TEXT", "452 4.3.1 no space"),
    ],
    ids=["busy at MAIL", "sender refused", "busy at RCPT", "busy after the text"],
)
async def test_a_passing_refusal_is_tried_again_later(
    letters: Letters, world: World, mail_server: MailServer, where: str, answer: str
) -> None:
    letter = await world.letter(await world.family())
    mail_server.answers[where] = answer

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"], row["outcome"]) == ("QUEUED", 1, answer)
    assert dt.timedelta(seconds=50) < row["due_at"] - dt.datetime.now(dt.UTC) <= FIRST_PAUSE


@pytest.mark.parametrize(("where", "answer"), [("RCPT", "550 5.1.1 no such user"), ("TEXT", "554 5.7.1 spam")], ids=str)
async def test_a_final_refusal_fails_at_once(
    letters: Letters, world: World, mail_server: MailServer, where: str, answer: str
) -> None:
    letter = await world.letter(await world.family())
    mail_server.answers[where] = answer

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"], row["outcome"]) == ("FAILED", 1, answer)


async def test_after_a_refusal_the_next_letter_goes_through_the_same_connection(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    refused, sent = await world.letter(family), await world.letter(family)
    mail_server.answers["RCPT"] = "550 no such user"
    await letters.send(str(refused))
    mail_server.answers.clear()

    await letters.send(str(sent))

    assert mail_server.times_received == {str(sent): 1}
    assert mail_server.connections == 1


async def test_a_connection_closed_between_letters_is_noticed(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    family = await world.family()
    first, second = await world.letter(family), await world.letter(family)
    await letters.send(str(first))
    mail_server.stop()
    mail_server.start()

    await letters.send(str(second))

    assert mail_server.times_received == {str(first): 1, str(second): 1}


async def test_a_server_that_cannot_be_reached_costs_an_attempt_each_time_and_five_are_the_end(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    now = clock.SetClock(dt.datetime.now(dt.UTC))
    clock.use(now)
    letter = await world.letter(await world.family())
    mail_server.stop()
    pauses = []

    for _attempt in range(5):
        await letters.send(str(letter))
        row = await world.row(letter)
        pauses.append(row["due_at"] - now.instant)
        now.instant = max(row["due_at"], now.instant)

    assert pauses[:4] == [FIRST_PAUSE * PAUSE_GROWS**power for power in range(4)]
    assert (row["state"], row["attempt"]) == ("FAILED", 5)
    assert row["outcome"].startswith("CONNECTION")


async def test_a_letter_that_failed_before_is_sent_when_the_server_is_back(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    now = clock.SetClock(dt.datetime.now(dt.UTC))
    clock.use(now)
    letter = await world.letter(await world.family())
    mail_server.stop()
    await letters.send(str(letter))
    mail_server.start()

    await letters.send(str(letter))
    assert mail_server.received == [], "before the pause is over nothing is tried"
    now.move(FIRST_PAUSE)
    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"]) == ("DONE", 2)
    assert mail_server.times_received == {str(letter): 1}


@pytest.mark.parametrize("trouble", ["breaks_at", "hangs_at"])
async def test_a_conversation_that_ends_before_the_text_is_tried_again(
    letters: Letters, world: World, mail_server: MailServer, trouble: str
) -> None:
    letter = await world.letter(await world.family())
    setattr(mail_server, trouble, "DATA")

    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"]) == ("QUEUED", 1)
    assert row["outcome"].startswith("CONNECTION")


@pytest.mark.parametrize(("trouble", "where"), [("breaks_at", "ANSWER"), ("hangs_at", "TEXT")], ids=str)
async def test_a_conversation_that_ends_after_the_text_leaves_the_letter_uncertain(
    letters: Letters, world: World, mail_server: MailServer, trouble: str, where: str
) -> None:
    letter = await world.letter(await world.family())
    setattr(mail_server, trouble, where)

    await letters.send(str(letter))
    setattr(mail_server, trouble, "")
    await letters.send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"]) == ("UNCERTAIN", 1)
    assert row["outcome"].startswith("CONNECTION_LOST_AFTER_TEXT")
    assert len(mail_server.received) == (1 if where == "ANSWER" else 0), "and it is never sent again in silence"


async def test_a_worker_stopped_before_the_text_gives_the_letter_back(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    letter = await world.letter(await world.family())
    mail_server.hangs_at = "DATA"
    sending = asyncio.create_task(letters.send(str(letter)))
    await asyncio.sleep(0.25)

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    row = await world.row(letter)
    assert (row["state"], row["outcome"]) == ("QUEUED", "WORKER_STOPPED")
    assert row["due_at"] <= dt.datetime.now(dt.UTC)


async def test_a_worker_stopped_after_the_text_leaves_the_letter_uncertain(
    letters: Letters, world: World, mail_server: MailServer
) -> None:
    letter = await world.letter(await world.family())
    mail_server.hangs_at = "TEXT"
    sending = asyncio.create_task(letters.send(str(letter)))
    await asyncio.sleep(0.25)

    sending.cancel()
    await sending

    assert (await world.row(letter))["state"] == "UNCERTAIN"
