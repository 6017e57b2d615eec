"""What a family is told, when it leaves and through what: when it is queued and right before it is sent (R1, A4)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from diary.access.viewer import viewer_of
from diary.consent.tables import Decision, Purpose
from diary.delivery import codes, notices, outbox
from diary.delivery.consents import register_consent
from diary.delivery.letters import write_to_families
from diary.delivery.notices import Told
from diary.delivery.outbox import CLOCKS_DIFFER, Permission
from diary.delivery.tables import CodePurpose, MailingKind, ObligationKind, OutboxKind, OutboxState
from diary.kit import database
from diary.kit.command import transaction
from diary.kit.refusal import NotFound
from tests.support.town import insert
from tests.tasks.told import ANNA, WEDNESDAY, WORKER, Family, moscow


async def test_a_notice_goes_into_the_mailbox_and_out_through_the_first_agreed_channel(family: Family) -> None:
    await family.contact()
    phone = await family.contact("+79160000001", channel="SMS")
    await family.agree("CABINET", "SMS", "EMAIL")

    told = await family.tell()

    rows = await database.fetch("SELECT * FROM outbox")
    assert [(row["id"], row["kind"], row["contact_point"]) for row in rows] == [(told.outbox_id, "SMS", phone)]
    assert (rows[0]["message"], rows[0]["due_at"], rows[0]["agreed_day"]) == (told.message_id, WEDNESDAY, None)
    messages = await database.fetch("SELECT id, mailing FROM mailbox_message")
    assert [tuple(row.values()) for row in messages] == [(told.message_id, rows[0]["mailing"])]


async def test_the_same_key_tells_once(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")

    await family.tell()

    assert await family.tell() == Told()
    assert len(await family.rows()) == 1
    assert len(await database.fetch("SELECT FROM mailbox_message")) == 1


@pytest.mark.parametrize("state", ["confirmed_at", "retired_at", "failed_at"])
async def test_a_contact_that_cannot_be_used_is_passed_over(family: Family, state: str) -> None:
    unconfirmed = {"confirmed_at": None, "provenance": "SELF_ENTERED", "document_reference": ""}
    more: dict[str, Any] = unconfirmed if state == "confirmed_at" else {state: WEDNESDAY}
    await family.contact(**more)
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL", "SMS")

    await family.tell()

    assert [kind for kind, _state, _outcome in await family.rows()] == ["SMS"]


async def test_of_two_addresses_the_one_confirmed_last_is_used(family: Family) -> None:
    await family.contact("old@families.example", confirmed_at=WEDNESDAY - timedelta(days=1))
    newest = await family.contact("new@families.example")
    await family.agree("EMAIL")

    told = await family.tell()

    rows = await database.fetch("SELECT contact_point FROM outbox WHERE id = $1", told.outbox_id)
    assert rows[0]["contact_point"] == newest


async def test_without_an_agreement_the_mailbox_alone_is_open_and_on_paper_not_even_that(family: Family) -> None:
    await family.contact()

    by_default = await family.tell("первое")
    await family.agree()
    on_paper = await family.tell("второе")

    assert (by_default.outbox_id, by_default.message_id is not None) == (None, True)
    assert on_paper == Told()


async def test_who_may_not_read_finds_nothing_in_the_mailbox_and_the_letter_is_refused(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    await family.town.first.decide("anna", "misha", "REFUSED")

    told = await family.tell()

    assert told.message_id is None
    assert (await family.asked(told)).verdict == "CONSENT_REFUSED"


async def test_whoever_looks_alone_is_still_told_of_the_own_decision(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL", schedule="SELF_SERVICE")
    assert (await family.tell("новость")).outbox_id is None
    assert (await family.tell("решение", own_matter=True, urgent=True)).outbox_id is not None


async def test_ones_own_matter_needs_a_confirmed_address_only(family: Family) -> None:
    await family.contact()
    await family.agree()
    await family.town.first.decide("anna", "misha", "REFUSED")

    told = await family.tell(own_matter=True, urgent=True)

    assert told.message_id is not None
    assert await family.asked(told) == Permission("ALLOWED", ANNA)


async def test_people_of_two_schools_are_told_nothing(family: Family) -> None:
    with pytest.raises(NotFound):
        async with transaction(WORKER):
            await notices.tell(
                WORKER, kind=MailingKind.OFFICE_LETTER, guardian_id=family.pair["guardian"],
                pupil_id=family.town.second.pupils["kolya"], subject="Новость", body="Текст", dedup_key="чужое",
            )  # fmt: skip
    assert await database.fetch("SELECT FROM mailing") == []


MONDAYS = {"schedule": "AGREED_DAYS", "weekdays": [1]}


@pytest.mark.parametrize(
    ("agreed", "more", "leaves", "day"),
    [
        ({}, {}, WEDNESDAY, None),
        ({}, {"scheduled": True}, moscow("2026-11-25T18:00"), date(2026, 11, 25)),
        (MONDAYS, {}, moscow("2026-11-30T18:00"), date(2026, 11, 30)),
        (MONDAYS, {"scheduled": True}, moscow("2026-11-30T18:00"), date(2026, 11, 30)),
        (MONDAYS, {"urgent": True}, WEDNESDAY, None),
    ],
    ids=["a notice", "a mailing", "a notice, days agreed", "a mailing, days agreed", "urgent, days agreed"],
)
async def test_when_a_notice_leaves(
    family: Family, agreed: dict[str, Any], more: dict[str, Any], leaves: datetime, day: date | None
) -> None:
    await family.contact()
    await family.agree("EMAIL", **agreed)

    await family.tell(**more)

    assert await family.leaves() == [(leaves, day)]
    assert len(await database.fetch("SELECT FROM mailbox_message")) == 1, "the mailbox waits for no day"


async def test_who_looks_by_himself_finds_it_in_the_mailbox(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL", schedule="SELF_SERVICE")

    told = await family.tell(urgent=True)

    assert (told.outbox_id, told.message_id is not None) == (None, True)


async def test_who_has_agreed_to_look_by_himself_meanwhile_is_not_written_to(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    told = await family.tell()
    await family.agree("EMAIL", schedule="SELF_SERVICE")

    assert (await family.asked(told)).verdict == "SELF_SERVICE"


async def test_by_night_a_notice_waits_for_the_morning_and_a_result_only_if_its_term_allows(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    night, morning = moscow("2026-11-25T23:00"), moscow("2026-11-26T07:00")
    family.clock.instant = night

    await family.tell("новость")
    await family.tell("к утру", urgent=True, deadline=morning)
    await family.tell("ночью", urgent=True, deadline=morning - timedelta(seconds=1))

    assert await family.leaves() == [(morning, None), (morning, None), (night, None)]


async def obligation(family: Family, due_at: datetime) -> UUID:
    """Owe Anna a result."""
    owed: UUID = await insert(
        "obligation", **family.pair, kind=ObligationKind.RESULT.value, clause="7", about="итог", state="OPEN",
        opened_at=due_at - timedelta(hours=24), due_at=due_at,
    )  # fmt: skip
    return owed


async def test_what_comes_up_in_quiet_hours_is_queued_again_for_their_end_and_that_is_no_attempt(
    family: Family,
) -> None:
    await family.contact()
    await family.agree("EMAIL", quiet_from=time(22), quiet_to=time(8))
    told = await family.tell()
    morning = moscow("2026-11-26T08:00")
    family.clock.instant = moscow("2026-11-25T22:00")

    claimed = await family.claimed(told)
    permission = await outbox.ask_again(claimed)

    assert permission == Permission("QUIET_HOURS", retry_at=morning)
    assert not permission.is_given
    assert await outbox.settle_postponed(WORKER, claimed, at=morning)
    row = (await database.fetch("SELECT state, attempt, due_at, outcome, lease_until FROM outbox"))[0]
    assert tuple(row.values()) == ("QUEUED", 0, morning, "QUIET_HOURS", None)
    family.clock.instant = morning
    assert await family.asked(told) == Permission("ALLOWED", ANNA)


async def test_an_answer_that_comes_twice_does_not_take_the_row_from_the_next_worker(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    told = await family.tell()
    first = await family.claimed(told)
    assert await outbox.settle_postponed(WORKER, first, at=WEDNESDAY)
    family.clock.move(timedelta(seconds=1))
    second = await family.claimed(told)
    assert second.attempt == first.attempt

    assert not await outbox.settle_postponed(WORKER, first, at=WEDNESDAY)

    assert await family.rows() == [("EMAIL", "STARTED", "QUIET_HOURS")]


@pytest.mark.parametrize(("seconds", "waits"), [(0, True), (-1, False)])
async def test_a_result_whose_term_ends_in_the_quiet_hours_leaves_by_night(
    family: Family, seconds: int, waits: bool
) -> None:
    await family.contact()
    await family.agree("EMAIL")
    owed = await obligation(family, moscow("2026-11-26T07:00") + timedelta(seconds=seconds))
    told = await family.tell(urgent=True, obligation_id=owed)
    family.clock.instant = moscow("2026-11-25T23:00")

    assert (await family.asked(told)).verdict == ("QUIET_HOURS" if waits else "ALLOWED")


@pytest.mark.parametrize(("second", "verdict"), [(-1, "ALLOWED"), (0, "DECIDED_TOO_LATE"), (1, "DECIDED_TOO_LATE")])
async def test_a_decision_counts_for_an_agreed_day_if_it_was_registered_before_the_day_began(
    family: Family, second: int, verdict: str
) -> None:
    """R1.3 at midnight of the school's clock; the other letter waits for no agreed day and leaves on the same one."""
    await family.contact()
    await family.agree("EMAIL", schedule="AGREED_DAYS", weekdays=[5])
    await family.town.first.decide("anna", "misha", "WITHDRAWN")
    at = moscow("2026-11-27T00:00") + timedelta(seconds=second)
    await family.town.first.decide("anna", "misha", registered_at=at, received_at=at)
    mailing = await family.tell("рассылка", scheduled=True)
    family.clock.instant = moscow("2026-11-27T18:00")
    notice = await family.tell("новость", urgent=True)

    assert [(await family.asked(told)).verdict for told in (mailing, notice)] == [verdict] * 2


async def test_a_consent_given_anew_on_the_day_interrupts_nothing(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    told = await family.tell()
    await family.town.first.decide("anna", "misha")

    assert (await family.asked(told)).verdict == "ALLOWED"


@pytest.mark.parametrize(
    ("kind", "value", "more"),
    [
        (OutboxKind.SMS, "+79160000001", {}),
        (OutboxKind.MESSENGER, "100200300", {"messenger": "TELEGRAM"}),
        (OutboxKind.WEB_PUSH, "https://push.example/1", {"push_keys": {"p256dh": "B", "auth": "A"}}),
    ],
)
async def test_every_channel_is_asked_about_like_letters_are(
    family: Family, kind: OutboxKind, value: str, more: dict[str, Any]
) -> None:
    await family.contact(value, channel=kind.value, **more)
    await family.agree(kind.value)
    told = await family.tell()

    given = await family.asked(told, kind)

    assert given == Permission("ALLOWED", value, messenger=more.get("messenger"), push_keys=more.get("push_keys"))


@pytest.mark.parametrize(
    ("second", "verdict"), [(-1, "ALLOWED"), (0, "CODE_EXPIRED"), (1, "CODE_EXPIRED")], ids=["before", "at", "after"]
)
async def test_a_code_leaves_by_night_too_but_not_when_it_is_worth_nothing_any_more(
    family: Family, second: int, verdict: str
) -> None:
    family.clock.instant = moscow("2026-11-25T23:00")
    contact = await family.contact(confirmed_at=None, provenance="SELF_ENTERED", document_reference="")
    async with transaction(WORKER):
        await codes.send_code(
            WORKER, account_id=family.town.accounts["anna"], contact_id=contact, purpose=CodePurpose.CONFIRM_CONTACT
        )
    family.clock.move(codes.LIVES_FOR - CLOCKS_DIFFER + timedelta(seconds=second))
    (queued,) = await outbox.due(OutboxKind.EMAIL, limit=5)
    claimed = await outbox.claim(WORKER, queued, OutboxKind.EMAIL)
    assert claimed is not None

    permission = await outbox.ask_again(claimed)

    assert permission is not None
    assert permission.verdict == verdict
    await outbox.settle_refused(WORKER, claimed.id, claimed.attempt, code=verdict)
    assert (await database.fetch("SELECT body FROM outbox"))[0]["body"] == "", "the code does not stay behind"


async def test_a_dead_contact_is_used_no_more_and_the_next_agreed_channel_takes_over_until_none_is_left(
    family: Family,
) -> None:
    """The order of the agreement is the order of trying; each contact is tried once."""
    mail, phone = await family.contact(), await family.contact("+79160000001", channel="SMS")
    await family.contact("5", channel="MESSENGER", messenger="VK")
    await family.agree("EMAIL", "SMS")

    first = await family.claimed(await family.tell())
    assert await outbox.settle_failed(WORKER, first.id, first.attempt, reason="550 no such user", contact_is_dead=True)
    assert await family.rows() == [("EMAIL", "FAILED", "550 no such user"), ("SMS", "QUEUED", "")]
    (queued,) = await outbox.due(OutboxKind.SMS, limit=5)
    second = await outbox.claim(WORKER, queued, OutboxKind.SMS)
    assert second is not None
    assert (second.contact_id, second.subject, second.body) == (phone, "Новость", "О Мише.")
    assert await outbox.settle_failed(WORKER, second.id, second.attempt, reason="unreachable")

    assert await family.rows() == [("EMAIL", "FAILED", "550 no such user"), ("SMS", "FAILED", "unreachable")]
    dead = await database.fetch("SELECT id, failed_at, failure FROM contact_point WHERE failed_at IS NOT NULL")
    assert [tuple(row.values()) for row in dead] == [(mail, WEDNESDAY, "550 no such user")]
    told_again = await family.tell("ещё")
    rows = await database.fetch("SELECT kind FROM outbox WHERE id = $1", told_again.outbox_id)
    assert rows[0]["kind"] == "SMS"
    daria = await viewer_of(family.town.accounts["daria"], route="ADMIN")
    with pytest.raises(NotFound):
        await outbox.settle_by_hand(daria, first.id, arrived=False)
    await outbox.settle_by_hand(daria, second.id, arrived=False)


async def test_two_addresses_of_one_channel_fall_back_on_each_other_and_never_in_a_circle(family: Family) -> None:
    await family.contact("old@families.example", confirmed_at=WEDNESDAY - timedelta(days=1))
    await family.contact("new@families.example")
    await family.agree("EMAIL")
    await family.tell()

    for _attempt in range(3):
        for waiting in await outbox.due(OutboxKind.EMAIL, limit=5):
            claimed = await outbox.claim(WORKER, waiting, OutboxKind.EMAIL)
            assert claimed is not None
            await outbox.settle_failed(WORKER, claimed.id, claimed.attempt, reason="554")

    assert await family.rows() == [("EMAIL", "FAILED", "554")] * 2


async def test_the_fifth_failure_falls_back_too(family: Family) -> None:
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL", "SMS")
    told = await family.tell()
    for attempt in range(1, 6):
        claimed = await family.claimed(told)
        assert claimed.attempt == attempt
        became = await outbox.settle_retry(WORKER, claimed.id, attempt, reason="451", at=WEDNESDAY)

    assert became is OutboxState.FAILED
    assert await family.rows() == [("EMAIL", "FAILED", "451"), ("SMS", "QUEUED", "")]


async def test_a_channel_agreed_no_more_is_refused_and_what_is_agreed_now_takes_over(family: Family) -> None:
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL")
    told = await family.tell()
    await family.agree("SMS")

    claimed = await family.claimed(told)
    permission = await outbox.ask_again(claimed)
    assert permission == Permission("CHANNEL_NOT_AGREED")
    await outbox.settle_refused(WORKER, claimed.id, claimed.attempt, code=permission.verdict)

    assert await family.rows() == [("EMAIL", "REFUSED", "CHANNEL_NOT_AGREED"), ("SMS", "QUEUED", "")]


async def test_a_dead_contact_stops_what_already_waits_for_it(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    first, second = await family.tell("первое"), await family.tell("второе")
    claimed = await family.claimed(first)
    await outbox.settle_failed(WORKER, claimed.id, claimed.attempt, reason="550", contact_is_dead=True)
    family.clock.move(CLOCKS_DIFFER)

    assert (await family.asked(second)).verdict == "CONTACT_FAILED"


async def test_what_the_ledger_forbids_does_not_fall_back(family: Family) -> None:
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL", "SMS")
    claimed = await family.claimed(await family.tell())

    await outbox.settle_refused(WORKER, claimed.id, claimed.attempt, code="CONSENT_WITHDRAWN")

    assert await family.rows() == [("EMAIL", "REFUSED", "CONSENT_WITHDRAWN")]


async def register(family: Family, decision: Decision, purpose: Purpose, *, guardian: bool = True) -> None:
    """Register a decision at the office."""
    await register_consent(
        await viewer_of(family.town.accounts["daria"], route="ADMIN"),
        guardian_id=family.pair["guardian"] if guardian else None, pupil_id=family.pair["pupil"], purpose=purpose,
        decision=decision, document_reference="Папка 7",
    )  # fmt: skip


async def test_a_withdrawal_cancels_what_is_about_the_child_and_leaves_news_about_ones_own_decision(
    family: Family,
) -> None:
    await family.contact()
    await family.agree("EMAIL")
    await register(family, Decision.GIVEN, Purpose.PERSONAL_DATA)
    await family.tell()

    await register(family, Decision.WITHDRAWN, Purpose.PERSONAL_DATA)

    rows = await database.fetch("SELECT topic, state, outcome FROM outbox ORDER BY topic")
    assert [tuple(row.values()) for row in rows] == [
        ("CHILD", "CANCELLED", "CONSENT_ENDED"), ("OWN_MATTER", "QUEUED", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("age", "purpose", "state"),
    [(18, Purpose.GUARDIAN_ACCESS, "CANCELLED"), (17, Purpose.PERSONAL_DATA, "QUEUED")],
    ids=["the leave of a pupil of age", "a pupil's own consent"],
)
async def test_what_a_pupil_takes_back_cancels_what_waits_for_guardians_only_if_it_ends_their_rights(
    family: Family, age: int, purpose: Purpose, state: str
) -> None:
    born = date(2026 - age, 1, 1)
    await database.execute("UPDATE pupil SET birth_date = $1 WHERE id = $2", born, family.pair["pupil"])
    await family.contact()
    await family.agree("EMAIL")
    await register(family, Decision.GIVEN, purpose, guardian=False)
    await family.tell()

    await register(family, Decision.WITHDRAWN, purpose, guardian=False)

    assert [row[1] for row in await family.rows()] == [state]


async def test_an_office_letter_keeps_to_agreed_channels_days_and_hours(family: Family) -> None:
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("SMS", "EMAIL", **MONDAYS)

    written = await write_to_families(
        await viewer_of(family.town.accounts["daria"], route="ADMIN"), school_id=family.pair["school"],
        subject="Собрание", body="В четверг.", dedup_key="собрание",
    )  # fmt: skip

    assert (written.letters, written.messages) == (1, 2)
    rows = await database.fetch("SELECT kind, due_at, agreed_day, message FROM outbox")
    messages = await database.fetch("SELECT id FROM mailbox_message WHERE pupil = $1", family.pair["pupil"])
    assert [tuple(row.values()) for row in rows] == [
        ("SMS", moscow("2026-11-30T18:00"), date(2026, 11, 30), messages[0]["id"])
    ]
