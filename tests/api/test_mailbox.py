"""The mailbox over GraphQL: its three times, and what the ledger hides and shows again (R3.1, R2.3)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from diary.access.viewer import Viewer, viewer_of
from diary.delivery import mailbox
from diary.delivery.letters import Written, write_to_families
from diary.kit import database
from diary.kit.clock import SetClock
from diary.kit.command import transaction
from tests.support.service import Service, codes
from tests.support.town import Town, insert

MAILBOX = """
query ($first: Int = 20, $after: String, $unread: Boolean = false) {
  mailbox(first: $first, after: $after, unreadOnly: $unread) {
    edges { cursor node { id pupilId ownMatter subject body sentAt deliveredAt readAt } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
  unreadMessages
}
"""
READ = "mutation ($id: ID!) { markRead(id: $id) { sentAt deliveredAt readAt } }"
CONSENT = """
mutation ($guardian: ID!, $pupil: ID!) { registerConsent(input: { guardianId: $guardian, pupilId: $pupil,
    form: PAPER, documentReference: "Папка 7, лист 4", receivedAt: "2026-11-24T09:00:00Z" }) { id } }
"""


async def daria(town: Town) -> Viewer:
    """The office of the first school."""
    return await viewer_of(town.accounts["daria"], route="GRAPHQL")


async def put(town: Town, subject: str, *, guardian: str = "anna", pupil: str = "misha", own: bool = False) -> str:
    """Put one message into a guardian's mailbox."""
    office = await daria(town)
    async with transaction(office):
        message = await mailbox.put(
            office, guardian_id=town.first.guardians[guardian], pupil_id=town.first.pupils[pupil],
            subject=subject, body=f"{subject}: текст", own_matter=own,
        )  # fmt: skip
    return str(message)


async def write(town: Town, *, key: str = "собрание", school_class: str | None = None) -> Written:
    """Write the office's letter to the families."""
    return await write_to_families(
        await daria(town), school_id=town.first.id,
        class_id=town.first.classes[school_class] if school_class else None,
        subject="Собрание", body="В четверг в 18:00.", dedup_key=key,
    )  # fmt: skip


async def listed(service: Service, login: str, **variables: Any) -> list[dict[str, Any]]:
    """Return the messages that somebody is shown."""
    answer = await service.post(MAILBOX, variables, token=await service.sign_in(login))
    return [edge["node"] for edge in answer["data"]["mailbox"]["edges"]]


async def subjects(service: Service, login: str = "anna", **variables: Any) -> list[str]:
    """Return the subjects that somebody is shown, the newest first."""
    return [message["subject"] for message in await listed(service, login, **variables)]


def at(text: str) -> datetime:
    """Return an instant of an answer."""
    return datetime.fromisoformat(text)


async def test_a_message_has_the_times_of_sending_first_listing_and_first_reading(
    service: Service, town: Town, clock: SetClock
) -> None:
    sent = clock.now()
    message = await put(town, "Итоги недели")
    rows = await database.fetch("SELECT delivered_at, read_at FROM mailbox_message")
    assert (rows[0]["delivered_at"], rows[0]["read_at"]) == (None, None)

    clock.move(timedelta(minutes=1))
    listing = clock.now()
    first = (await listed(service, "anna"))[0]
    clock.move(timedelta(minutes=1))
    again = (await listed(service, "anna"))[0]
    for seen in (first, again):
        assert (at(seen["sentAt"]), at(seen["deliveredAt"]), seen["readAt"]) == (sent, listing, None)

    anna, reading = await service.sign_in("anna"), clock.now()
    for _ in range(2):
        read = (await service.post(READ, {"id": message}, token=anna))["data"]["markRead"]
        assert (at(read["sentAt"]), at(read["deliveredAt"]), at(read["readAt"])) == (sent, listing, reading)
        clock.move(timedelta(minutes=1))


async def test_reading_a_message_that_was_never_listed_delivers_it(service: Service, town: Town) -> None:
    message = await put(town, "Итоги недели")
    read = (await service.post(READ, {"id": message}, token=await service.sign_in("anna")))["data"]["markRead"]
    assert read["deliveredAt"] == read["readAt"] is not None


async def test_counting_the_unread_delivers_nothing_and_the_read_are_not_counted(service: Service, town: Town) -> None:
    message, anna = await put(town, "Первое"), await service.sign_in("anna")
    await put(town, "Второе")
    assert (await service.post("{ unreadMessages }", token=anna))["data"] == {"unreadMessages": 2}
    assert await database.fetch("SELECT FROM mailbox_message WHERE delivered_at IS NOT NULL") == []
    await service.post(READ, {"id": message}, token=anna)
    assert (await service.post("{ unreadMessages }", token=anna))["data"] == {"unreadMessages": 1}
    assert await subjects(service, unread=True) == ["Второе"]
    assert len(await subjects(service)) == 2


async def test_a_withdrawal_hides_what_is_about_the_child_and_a_new_consent_shows_it_again(
    service: Service, town: Town, clock: SetClock
) -> None:
    message, anna = await put(town, "О Мише"), await service.sign_in("anna")
    await put(town, "О Лизе", pupil="liza")
    clock.move(timedelta(minutes=1))
    await town.first.decide("anna", "misha", "WITHDRAWN")
    assert await subjects(service) == ["О Лизе"]
    assert (await service.post("{ unreadMessages }", token=anna))["data"] == {"unreadMessages": 1}
    assert codes(await service.post(READ, {"id": message}, token=anna)) == ["NOT_FOUND"]
    rows = await database.fetch("SELECT delivered_at, read_at FROM mailbox_message WHERE subject = 'О Мише'")
    assert (rows[0]["delivered_at"], rows[0]["read_at"]) == (None, None)

    clock.move(timedelta(minutes=1))
    await town.first.decide("anna", "misha")
    assert await subjects(service) == ["О Лизе", "О Мише"]


async def test_what_is_about_a_child_is_hidden_after_the_guardianship_ends(
    service: Service, town: Town, clock: SetClock
) -> None:
    await put(town, "О Мише", guardian="boris")
    await put(town, "О вас", guardian="boris", own=True)
    assert await subjects(service, "boris") == ["О вас"]
    clock.move(timedelta(hours=-13))
    assert await subjects(service, "boris") == ["О вас", "О Мише"]


async def test_the_own_matter_stays_whatever_becomes_of_the_consent(
    service: Service, town: Town, clock: SetClock
) -> None:
    ids = {"guardian": str(town.first.guardians["galina"]), "pupil": str(town.first.pupils["nina"])}
    answer = await service.post(CONSENT, ids, token=await service.sign_in("daria"))
    assert not answer.get("errors"), answer
    told = await listed(service, "galina")
    assert [(m["subject"], m["ownMatter"]) for m in told] == [("Согласие зарегистрировано, дневник открыт", True)]
    assert "Нина Галкина" in told[0]["body"]

    clock.move(timedelta(minutes=1))
    await town.first.decide("galina", "nina", "WITHDRAWN")
    assert [message["id"] for message in await listed(service, "galina")] == [told[0]["id"]]


async def test_nobody_sees_or_reads_the_messages_of_others(service: Service, town: Town) -> None:
    messages = [await put(town, "О Мише"), await put(town, "О вас", own=True)]
    for login in ("boris", "galina", "stranger", "olga", "vera", "daria", "elena", "misha", "root", "nobody"):
        token = await service.sign_in(login)
        assert await listed(service, login) == [], login
        assert (await service.post("{ unreadMessages }", token=token))["data"] == {"unreadMessages": 0}, login
        for message in messages:
            assert codes(await service.post(READ, {"id": message}, token=token)) == ["NOT_FOUND"], login
    assert await database.fetch("SELECT FROM mailbox_message WHERE delivered_at IS NOT NULL") == []


async def test_a_pupil_reads_the_own_messages_while_the_own_diary_is_open(
    service: Service, town: Town, clock: SetClock
) -> None:
    misha = town.first.pupils["misha"]
    await insert(
        "mailbox_message", school=town.first.id, reader_pupil=misha, pupil=misha, subject="Мише", body="-",
        sent_at=clock.now(),
    )  # fmt: skip
    assert await subjects(service, "misha") == ["Мише"]
    assert await subjects(service, "anna") == []
    clock.move(timedelta(minutes=1))
    await town.first.decide("anna", "misha", "WITHDRAWN")
    assert await subjects(service, "misha") == []


async def test_pages_show_every_message_once_even_those_of_one_instant(service: Service, town: Town) -> None:
    for number in range(7):
        await put(town, f"Письмо {number}")
    anna, after, found = await service.sign_in("anna"), None, []
    for size, more in ((3, True), (3, True), (1, False)):
        page = (await service.post(MAILBOX, {"first": 3, "after": after}, token=anna))["data"]["mailbox"]
        assert (len(page["edges"]), page["pageInfo"]["hasNextPage"]) == (size, more)
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        found += [edge["node"]["subject"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert found == [f"Письмо {number}" for number in reversed(range(7))]


async def test_a_senseless_page_is_refused(service: Service, town: Town) -> None:
    anna = await service.sign_in("anna")
    for senseless in ({"first": 0}, {"first": 101}, {"after": "нет"}, {"after": "AAAA"}):
        assert codes(await service.post(MAILBOX, senseless, token=anna)) == ["BAD_INPUT"], senseless


async def test_a_letter_reaches_the_mailbox_once_per_child_of_those_who_may_read(service: Service, town: Town) -> None:
    assert await write(town) == Written(letters=0, messages=2)
    shown = await listed(service, "anna")
    assert {message["pupilId"] for message in shown} == {
        str(town.first.pupils["misha"]), str(town.first.pupils["liza"]),
    }  # fmt: skip
    for login in ("galina", "boris"):
        assert await subjects(service, login) == [], login
    mailings = await database.fetch("SELECT kind, subject, body FROM mailing")
    assert [tuple(row.values()) for row in mailings] == [("OFFICE_LETTER", "Собрание", "В четверг в 18:00.")]


async def test_a_letter_to_a_class_is_for_that_class_only(town: Town) -> None:
    assert await write(town, school_class="3В") == Written(letters=0, messages=1)
    assert await write(town, key="другое", school_class="5Б") == Written(letters=0, messages=0)


async def test_the_same_letter_sent_twice_at_once_or_later_comes_once(
    service: Service, town: Town, clock: SetClock
) -> None:
    written = await asyncio.gather(*(write(town) for _ in range(4)))
    assert sorted(one.messages for one in written) == [0, 0, 0, 2]
    clock.move(timedelta(minutes=1))
    await town.first.decide("galina", "nina")
    assert (await write(town)).messages == 1
    assert await subjects(service, "galina") == ["Собрание"]
    assert len(await subjects(service)) == 2
    assert len(await database.fetch("SELECT FROM mailing")) == 1


async def test_the_electronic_form_gets_a_message_and_letters_of_the_same_mailing_and_paper_gets_none(
    town: Town, clock: SetClock
) -> None:
    await insert(
        "contact_point", school=town.first.id, guardian=town.first.guardians["anna"], channel="EMAIL",
        value="anna@families.example", provenance="PAPER", document_reference="Папка 1", confirmed_at=clock.now(),
    )  # fmt: skip
    agreed = {
        "school": town.first.id, "guardian": town.first.guardians["anna"], "schedule": "SCHOOL_DEFAULT",
        "weekdays": [], "month_days": [], "dates": [], "origin": "OFFICE", "document_reference": "Папка 1",
        "agreed_at": clock.now(), "registered_at": clock.now(),
    }  # fmt: skip
    await insert(
        "delivery_agreement", **agreed, pupil=town.first.pupils["misha"], form="ELECTRONIC", channels=["EMAIL"]
    )
    await insert(
        "delivery_agreement", **agreed, pupil=town.first.pupils["liza"], form="PAPER", reason="UNWILLING", channels=[]
    )
    assert await write(town) == Written(letters=1, messages=1)
    rows = await database.fetch(
        "SELECT o.mailing = m.mailing AS same, m.pupil FROM outbox o JOIN mailbox_message m ON m.guardian = o.guardian"
    )
    assert [(row["same"], row["pupil"]) for row in rows] == [(True, town.first.pupils["misha"])]
