"""Agreed days and hours at the moment of sending: after outages, and after a family has agreed otherwise (R1.2, A4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from diary.delivery import outbox
from diary.delivery.notices import Told
from diary.delivery.outbox import Permission
from diary.delivery.tables import ObligationKind, OutboxKind
from diary.kit import database
from tasks.actors.letters import Letters
from tasks.channels.email import Postman, read_server
from tasks.channels.providers import Providers
from tests.support.town import insert
from tests.tasks.mail_server import MailServer
from tests.tasks.told import ANNA, WORKER, Family, moscow

MONDAYS: dict[str, Any] = {"schedule": "AGREED_DAYS", "weekdays": [1]}
#: No quiet hours at all, so that midnight itself is what counts.
NEVER_QUIET: dict[str, Any] = {"quiet_from": time(0), "quiet_to": time(0)}
MONDAY, NEXT_MONDAY = date(2026, 11, 30), date(2026, 12, 7)
GIVEN = Permission("ALLOWED", ANNA)


@pytest.fixture
async def letters(mail_server: MailServer) -> AsyncIterator[Letters]:
    """The actor of letters with a mail server."""
    postman = Postman(read_server(mail_server.url), sender="diary@school12.example")
    yield Letters(Providers({(OutboxKind.EMAIL, None): postman}))
    await postman.close()


async def row() -> dict[str, Any]:
    """Return how the one letter stands."""
    rows = await database.fetch("SELECT state, attempt, due_at, agreed_day, outcome FROM outbox")
    assert len(rows) == 1
    return dict(rows[0])


async def asked_at(family: Family, told: Told, local: str, zone: str = "Europe/Moscow") -> Permission:
    """Ask at an hour of the school's clock."""
    family.clock.instant = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    return await family.asked(told)


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"])
@pytest.mark.parametrize(
    ("local", "leaves"),
    [
        ("2026-11-30 18:00:00", True),
        ("2026-11-30 23:59:59", True),
        ("2026-12-01 00:00:00", False),
        ("2026-12-01 00:00:01", False),
    ],
)
@pytest.mark.parametrize("scheduled", [False, True], ids=["a notice", "a mailing"])
async def test_what_an_outage_holds_up_leaves_until_midnight_of_its_agreed_day(
    family: Family, zone: str, local: str, leaves: bool, scheduled: bool
) -> None:
    await database.execute("UPDATE school SET time_zone = $1", zone)
    await family.contact()
    await family.agree("EMAIL", **MONDAYS, **NEVER_QUIET)
    told = await family.tell(scheduled=scheduled)

    given = await asked_at(family, told, local, zone)

    next_time = datetime(2026, 12, 7, 18, tzinfo=ZoneInfo(zone))
    assert given == (GIVEN if leaves else Permission("NOT_AGREED_NOW", retry_at=next_time, agreed_day=NEXT_MONDAY))


@pytest.mark.parametrize(
    ("local", "leaves"), [("2026-11-30 20:59:59", True), ("2026-11-30 21:00:00", False), ("2026-12-01 07:00", False)]
)
async def test_quiet_hours_that_outlast_the_agreed_day_end_it(family: Family, local: str, leaves: bool) -> None:
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)

    given = await asked_at(family, await family.tell(), local)

    assert given.verdict == ("ALLOWED" if leaves else "NOT_AGREED_NOW")
    assert given.agreed_day == (None if leaves else NEXT_MONDAY)


async def test_quiet_hours_inside_the_agreed_day_are_waited_for_on_the_same_day(family: Family) -> None:
    await database.execute("UPDATE school SET delivery_time = '12:00'")
    await family.contact()
    await family.agree("EMAIL", **MONDAYS, quiet_from=time(13), quiet_to=time(15))

    given = await asked_at(family, await family.tell(), "2026-11-30 13:30")

    assert given == Permission("QUIET_HOURS", retry_at=moscow("2026-11-30T15:00"), agreed_day=MONDAY)


@pytest.mark.parametrize(("local", "leaves"), [("2026-11-30 16:59:59", True), ("2026-11-30 17:00:00", False)])
async def test_a_family_that_is_quiet_from_the_mailing_hour_on_is_reached_before_it(
    family: Family, local: str, leaves: bool
) -> None:
    await family.contact()
    await family.agree("EMAIL", **MONDAYS, quiet_from=time(17), quiet_to=time(7))

    given = await asked_at(family, await family.tell(), local)

    assert given.verdict == ("ALLOWED" if leaves else "NOT_AGREED_NOW")


async def test_a_mailing_hour_that_the_school_has_moved_is_waited_for(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)
    told = await family.tell()
    await database.execute("UPDATE school SET delivery_time = '20:00'")

    given = await asked_at(family, told, "2026-11-30 18:00")

    assert given == Permission("NOT_AGREED_NOW", retry_at=moscow("2026-11-30T20:00"), agreed_day=MONDAY)


async def test_a_letter_that_has_missed_its_day_waits_for_the_next_and_leaves_on_it(
    family: Family, letters: Letters, mail_server: MailServer
) -> None:
    """The mail server was out of reach from Monday evening to Tuesday morning."""
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)
    told = str((await family.tell()).outbox_id)
    family.clock.instant = moscow("2026-12-01T09:00")

    await letters.send(told)

    assert mail_server.received == []
    next_time = moscow("2026-12-07T18:00")
    assert await row() == {
        "state": "QUEUED", "attempt": 0, "due_at": next_time, "agreed_day": NEXT_MONDAY, "outcome": "NOT_AGREED_NOW",
    }  # fmt: skip
    trail = await database.fetch(
        "SELECT before->>'agreed_day' AS was, after->>'agreed_day' AS became FROM audit_entry "
        "WHERE record = 'outbox' AND action = 'UPDATE' AND before ? 'agreed_day'"
    )
    assert [tuple(entry.values()) for entry in trail] == [(str(MONDAY), str(NEXT_MONDAY))]

    family.clock.instant = next_time
    await letters.send(told)

    assert mail_server.times_received == {told: 1}
    assert (await row())["state"] == "DONE"


async def test_other_days_agreed_meanwhile_count(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)
    told = await family.tell()
    await family.agree("EMAIL", schedule="AGREED_DAYS", weekdays=[2])

    given = await asked_at(family, told, "2026-11-30 18:00")

    assert given == Permission("NOT_AGREED_NOW", retry_at=moscow("2026-12-01T18:00"), agreed_day=date(2026, 12, 1))


async def test_days_agreed_after_a_notice_was_queued_hold_it_back(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL")
    told = await family.tell()
    await family.agree("EMAIL", **MONDAYS)

    assert await family.asked(told) == Permission(
        "NOT_AGREED_NOW", retry_at=moscow("2026-11-30T18:00"), agreed_day=MONDAY
    )


@pytest.mark.parametrize(("scheduled", "verdict"), [(False, "ALLOWED"), (True, "NOT_AGREED_NOW")])
async def test_where_no_days_of_their_own_are_agreed_any_more_mailings_alone_keep_the_schools(
    family: Family, scheduled: bool, verdict: str
) -> None:
    """The school mails from Monday to Friday; the letter was queued for a Sunday."""
    await database.execute("UPDATE school SET delivery_weekdays = '{1,2,3,4,5}'")
    await family.contact()
    await family.agree("EMAIL", schedule="AGREED_DAYS", weekdays=[7])
    told = await family.tell(scheduled=scheduled)
    await family.agree("EMAIL")

    given = await asked_at(family, told, "2026-11-29 18:00")

    assert given.verdict == verdict
    assert given.retry_at == (moscow("2026-11-30T18:00") if scheduled else None)


@pytest.mark.parametrize(
    ("kind", "more", "verdict"),
    [
        (None, {"urgent": True}, "ALLOWED"),
        (ObligationKind.RESULT, {}, "ALLOWED"),
        (ObligationKind.RESULT, {"scheduled": True}, "ALLOWED"),
        (ObligationKind.FORECAST, {}, "NOT_AGREED_NOW"),
        (None, {}, "NOT_AGREED_NOW"),
    ],
)
async def test_a_results_legal_term_waits_for_no_agreed_day_and_a_forecasts_does(
    family: Family, kind: ObligationKind | None, more: dict[str, Any], verdict: str
) -> None:
    await family.contact()
    await family.agree("EMAIL")
    told = await family.tell(**more, obligation_id=await owed(family, kind) if kind else None)
    await family.agree("EMAIL", **MONDAYS)

    # By then the school's own mailing hour has come too.
    assert (await asked_at(family, told, "2026-11-25 18:00")).verdict == verdict


async def owed(family: Family, kind: ObligationKind) -> UUID:
    """Owe Anna something until tomorrow evening."""
    due = moscow("2026-11-26T18:00")
    opened: UUID = await insert(
        "obligation", **family.pair, kind=kind.value, clause="7", about="итог", state="OPEN",
        opened_at=due - timedelta(hours=24), due_at=due,
    )  # fmt: skip
    return opened


@pytest.mark.parametrize(
    ("local", "verdict"), [("2026-12-07 18:00", "ALLOWED"), ("2026-11-30 18:00", "DECIDED_TOO_LATE")]
)
async def test_a_decision_counts_for_the_day_on_which_a_letter_leaves_in_the_end(
    family: Family, local: str, verdict: str
) -> None:
    """R1.3: consent was given anew on Monday itself, too late for that Monday and in time for the next."""
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)
    told = await family.tell()
    await family.town.first.decide("anna", "misha", "WITHDRAWN")
    at = moscow("2026-11-30T12:00")
    await family.town.first.decide("anna", "misha", registered_at=at, received_at=at)

    assert (await asked_at(family, told, local)).verdict == verdict


@pytest.mark.parametrize(
    ("agreed", "reason"),
    [
        ({"schedule": "SELF_SERVICE"}, "SELF_SERVICE"),
        ({"schedule": "AGREED_DAYS", "dates": [date(2026, 11, 24)]}, "NO_AGREED_DAY"),
    ],
)
@pytest.mark.parametrize("kind", [None, ObligationKind.RESULT])
async def test_a_family_that_has_agreed_to_no_letters_since_gets_none_by_any_way(
    family: Family,
    letters: Letters,
    agreed: dict[str, Any],
    reason: str,
    kind: ObligationKind | None,
) -> None:
    """A result waits for no day, but who has agreed to look alone is not written to even then: it lies in the diary."""
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL", "SMS")
    told = await family.tell(obligation_id=await owed(family, kind) if kind else None)
    await family.agree("EMAIL", "SMS", **agreed)

    await letters.send(str(told.outbox_id))

    is_sent = kind is ObligationKind.RESULT and reason == "NO_AGREED_DAY"
    assert await family.rows() == [("EMAIL", "DONE", "") if is_sent else ("EMAIL", "CANCELLED", reason)]


async def test_news_of_ones_own_decision_wait_for_the_morning_and_for_no_agreed_day(family: Family) -> None:
    await family.contact()
    await family.agree("EMAIL", **MONDAYS)
    told = await family.tell(own_matter=True, urgent=True)

    assert await asked_at(family, told, "2026-11-25 21:00") == Permission(
        "QUIET_HOURS", retry_at=moscow("2026-11-26T07:00")
    )
    family.clock.instant = moscow("2026-11-26T07:00")
    await database.execute("UPDATE outbox SET state = 'QUEUED', lease_until = NULL")
    assert await family.asked(told) == GIVEN


async def test_what_falls_back_keeps_to_the_days_too(family: Family) -> None:
    """The school mails on Wednesdays; the address fails on Thursday, and the phone waits for the next Wednesday."""
    await database.execute("UPDATE school SET delivery_weekdays = '{3}'")
    await family.contact()
    await family.contact("+79160000001", channel="SMS")
    await family.agree("EMAIL", "SMS")
    told = await family.tell(scheduled=True)
    family.clock.instant = moscow("2026-11-25T18:00")
    claimed = await family.claimed(told)
    family.clock.instant = moscow("2026-11-26T09:00")
    await outbox.settle_failed(WORKER, claimed.id, claimed.attempt, reason="550 no such user")

    (queued,) = await outbox.due(OutboxKind.SMS, limit=5)

    given = await family.asked(Told(outbox_id=queued), OutboxKind.SMS)
    assert given.retry_at == moscow("2026-12-02T18:00")
