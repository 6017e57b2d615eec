"""The live feed: nothing lost, nothing twice, nothing to those who may no longer see it (D4, D5)."""

from __future__ import annotations

import asyncio
import socket as sockets
import time
from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio as redis

from diary.journal.events import BATCH
from diary.kit import database
from diary.kit.announcement import CHANNEL, Announcement, announcements
from diary.kit.clock import SetClock
from embedded.servers import EmbeddedServers
from tests.api.documents import CORRECT, RECORD, REGISTER, SIGN_OUT, WITHDRAW
from tests.support.service import EVENTS, Service, Socket, codes
from tests.support.town import TUESDAY, Town, insert


async def follow(socket: Socket, town: Town, pupil: str = "misha", **more: Any) -> str:
    """Subscribe, wait until the feed is followed, and return the pupil's id."""
    identifier = str(town.first.pupils[pupil])
    await socket.subscribe(EVENTS, pupilId=identifier, **more)
    return identifier


async def event(socket: Socket, *, seconds: float = 2) -> dict[str, Any]:
    """Return the next event."""
    message = await socket.receive(seconds=seconds)
    assert message["type"] == "next", message
    found: dict[str, Any] = message["payload"]["data"]["diaryEvents"]
    return found


async def refused(socket: Socket) -> list[str]:
    """Return the codes of the refusal that a subscription is answered with; the socket goes on."""
    message = await socket.receive()
    assert message["type"] == "error"
    await socket.settle()
    return codes({"errors": message["payload"]})


async def record(service: Service, town: Town, value: str, **change: Any) -> str:
    """Have Vera give Misha a mark, and return its id."""
    given = {
        "lessonId": str(town.first.lessons["algebra_tuesday"]),
        "pupilId": str(town.first.pupils["misha"]),
        "value": value,
    } | change
    answer = await service.post(RECORD, {"input": given}, token=await service.sign_in("vera"))
    identifier: str = answer["data"]["recordMark"]["id"]
    return identifier


async def enter_marks(town: Town, lesson: str, count: int, *, comment: str = "") -> None:
    """Enter marks past every face and without a word to anybody."""
    await database.execute(
        """
        INSERT INTO mark (id, school, pupil, lesson, value, weight, work_type, comment)
        SELECT gen_random_uuid(), $1, $2, $3, '5', 1, 'ANSWER', $5 FROM generate_series(1, $4)
        """,
        town.first.id,
        town.first.pupils["misha"],
        town.first.lessons[lesson],
        count,
        comment,
    )


async def test_without_a_cursor_only_new_events_come(service: Service, town: Town) -> None:
    await record(service, town, "2")
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town)
        await socket.settle()

        await record(service, town, "5")

        assert (await event(socket))["mark"]["value"] == "5"


async def test_marks_corrections_homework_attendance_and_changes_all_arrive(service: Service, town: Town) -> None:
    school, lesson = town.first, town.first.lessons["algebra_tuesday"]
    async with service.socket(await service.sign_in("misha")) as socket:
        await follow(socket, town)
        await socket.settle()

        mark = await record(service, town, "3")
        given = {"markId": mark, "value": "4", "reason": "Пересчитано"}
        await service.post(CORRECT, {"input": given}, token=await service.sign_in("vera"))
        await insert("homework", school=school.id, lesson=lesson, text="№ 5", due_on=TUESDAY)
        await insert("attendance", school=school.id, pupil=school.pupils["misha"], lesson=lesson, code="LATE")
        await insert("lesson_change", school=school.id, lesson=lesson, kind="CANCELLATION", reason="Карантин")
        await announcements.announce(Announcement(pupils=frozenset({str(school.pupils["misha"])})))

        arrived = [await event(socket) for _ in range(5)]

    assert [one["kind"] for one in arrived] == [
        "MARK_RECORDED",
        "MARK_CORRECTED",
        "HOMEWORK_SET",
        "ATTENDANCE",
        "LESSON_CHANGED",
    ]
    assert {one["lesson"]["id"] for one in arrived} == {str(lesson)}
    numbers = [int(one["cursor"]) for one in arrived]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


async def test_a_long_backlog_comes_whole_in_order_and_then_live(service: Service, town: Town) -> None:
    count = BATCH * 2 + 1
    start = (await database.fetch("SELECT version FROM feed WHERE id = $1", town.first.pupils["misha"]))[0]["version"]
    await enter_marks(town, "algebra_tuesday", count)
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town, after=str(start))
        backlog = [int((await event(socket))["cursor"]) for _ in range(count)]
        await record(service, town, "5")
        live = int((await event(socket))["cursor"])

    assert [*backlog, live] == list(range(start + 1, start + count + 2))


async def test_events_that_run_while_clients_come_and_go_are_each_delivered_once(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    start = (await database.fetch("SELECT version FROM feed WHERE id = $1", town.first.pupils["misha"]))[0]["version"]
    seen: list[int] = []

    async def write() -> None:
        for _ in range(60):
            await enter_marks(town, "algebra_tuesday", 1)
            await announcements.announce(Announcement(pupils=frozenset({str(town.first.pupils["misha"])})))
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(write())
    while len(seen) < 60:
        async with service.socket(token) as socket:
            await follow(socket, town, after=str(seen[-1] if seen else start))
            seen += [int((await event(socket))["cursor"]) for _ in range(min(7, 60 - len(seen)))]
    await writing

    assert seen == list(range(start + 1, start + 61))


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "99999999", "9" * 30, "١"])
async def test_a_cursor_that_was_never_given_out_is_refused(service: Service, town: Town, after: str) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town, after=after)
        assert await refused(socket) == ["CURSOR_UNKNOWN"]


async def test_a_teacher_sees_only_the_own_lessons_and_moves_past_the_others(service: Service, town: Town) -> None:
    start = (await database.fetch("SELECT version FROM feed WHERE id = $1", town.first.pupils["misha"]))[0]["version"]
    await enter_marks(town, "music_tuesday", 1)
    await enter_marks(town, "algebra_tuesday", BATCH)
    await enter_marks(town, "music_tuesday", 1)
    await enter_marks(town, "algebra_tuesday", 1)
    async with service.socket(await service.sign_in("ivan")) as socket:
        await follow(socket, town, after=str(start))
        own = [await event(socket), await event(socket)]
        await enter_marks(town, "music_tuesday", 1)
        await announcements.announce(Announcement(pupils=frozenset({str(town.first.pupils["misha"])})))
        own.append(await event(socket))

    assert [int(one["cursor"]) - start for one in own] == [1, BATCH + 2, BATCH + 4]


@pytest.mark.parametrize(
    ("login", "pupil", "code"),
    [
        ("galina", "nina", "CONSENT_NOT_REGISTERED"),
        ("anna", "nina", "NOT_FOUND"),
        ("boris", "misha", "NOT_FOUND"),
        ("stranger", "misha", "NOT_FOUND"),
        ("gleb", "misha", "NOT_FOUND"),
        ("elena", "misha", "NOT_FOUND"),
        ("root", "misha", "NOT_FOUND"),
    ],
)
async def test_whoever_may_not_read_may_not_follow_either(
    service: Service, town: Town, login: str, pupil: str, code: str
) -> None:
    async with service.socket(await service.sign_in(login)) as socket:
        await follow(socket, town, pupil)
        assert await refused(socket) == [code]
        await socket.subscribe(EVENTS, id="2", pupilId="no-such-id")
        assert await refused(socket) == ["NOT_FOUND"]


async def test_a_withdrawal_closes_the_socket_within_a_second_and_the_other_child_can_be_followed_anew(
    service: Service, town: Town
) -> None:
    token = await service.sign_in("anna")
    async with service.socket(token) as socket:
        misha = await follow(socket, town)
        await socket.settle()
        withdrawn_at = time.monotonic()
        await service.post(WITHDRAW, {"input": {"pupilId": misha}}, token=token)
        assert await socket.closed() == (4403, "CONSENT_WITHDRAWN")
        assert time.monotonic() - withdrawn_at < 1
        assert codes(socket.received[0]["payload"]) == ["CONSENT_WITHDRAWN"]

    async with service.socket(token) as socket:
        await follow(socket, town)
        assert await refused(socket) == ["CONSENT_WITHDRAWN"]
        await follow(socket, town, "liza")
        await socket.settle()


async def test_the_offices_refusal_on_paper_closes_the_socket_as_well(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        misha = await follow(socket, town)
        await socket.settle()
        given = {
            "pupilId": misha,
            "guardianId": str(town.first.guardians["anna"]),
            "purpose": "ELECTRONIC_FORM",
            "decision": "REFUSED",
            "documentReference": "Заявление 13",
        }
        await service.post(REGISTER, {"input": given}, token=await service.sign_in("daria"))
        assert await socket.closed(seconds=1) == (4403, "ELECTRONIC_FORM_REFUSED")


async def test_when_no_announcement_arrives_the_next_event_is_still_not_delivered(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town)
        await socket.settle()

        await town.first.decide("anna", "misha", "WITHDRAWN")
        await enter_marks(town, "algebra_tuesday", 1)

        assert await socket.closed(seconds=6) == (4403, "CONSENT_WITHDRAWN")
        assert [codes(message.get("payload", {})) for message in socket.received] == [["CONSENT_WITHDRAWN"], []]


async def test_an_event_without_an_announcement_comes_within_seconds(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town)
        await socket.settle()

        await enter_marks(town, "algebra_tuesday", 1)

        assert (await event(socket, seconds=6))["kind"] == "MARK_RECORDED"


async def test_announcements_of_another_process_wake_through_redis(service: Service, town: Town, servers: Any) -> None:
    import redis.asyncio as redis  # noqa: PLC0415

    async with service.socket(await service.sign_in("anna")) as socket:
        misha = await follow(socket, town)
        await socket.settle()

        await enter_marks(town, "algebra_tuesday", 1)
        async with redis.from_url(servers.redis_url) as client:
            told = Announcement(pupils=frozenset({misha}))
            assert await client.publish("diary:announcements", told.encoded())

        assert (await event(socket, seconds=1))["kind"] == "MARK_RECORDED"


async def test_signing_out_closes_the_socket_with_4401(service: Service, town: Town) -> None:
    token, other = await service.sign_in("anna"), await service.sign_in("anna")
    async with service.socket(token) as socket, service.socket(other) as staying:
        await follow(socket, town)
        await follow(staying, town)
        await socket.settle()
        await staying.settle()
        await service.post(SIGN_OUT, token=token)
        assert await socket.closed(seconds=1) == (4401, "SIGN_IN_REQUIRED")
        await record(service, town, "5")
        assert (await event(staying))["mark"]["value"] == "5"


async def test_a_session_that_has_run_out_gets_no_event(service: Service, town: Town, clock: SetClock) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        misha = await follow(socket, town)
        await socket.settle()
        clock.move(timedelta(days=30))
        await enter_marks(town, "algebra_tuesday", 1)
        await announcements.announce(Announcement(pupils=frozenset({misha})))
        assert await socket.closed(seconds=1) == (4401, "SIGN_IN_REQUIRED")
        assert codes(socket.received[0]["payload"]) == ["SIGN_IN_REQUIRED"]


async def test_a_guardian_whose_rights_end_is_shut_out_without_a_word_about_why(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        misha = await follow(socket, town)
        await socket.settle()
        await database.execute(
            "UPDATE guardianship SET restricted = true WHERE guardian = $1", town.first.guardians["anna"]
        )
        await announcements.announce(Announcement(pupils=frozenset({misha})))
        assert await socket.closed(seconds=1) == (4403, "NOT_FOUND")


async def test_a_client_that_does_not_read_holds_up_nobody_and_gets_nothing_after_a_withdrawal(
    service: Service, town: Town
) -> None:
    count = 6_000
    start = (await database.fetch("SELECT version FROM feed WHERE id = $1", town.first.pupils["misha"]))[0]["version"]
    await enter_marks(town, "algebra_tuesday", count, comment="ж" * 500)
    token = await service.sign_in("anna")
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    host, port = service.address.split(":")
    narrow.connect((host, int(port)))
    narrow.setblocking(False)

    # Uncompressed they are more than all buffers on the way hold.
    wide = service.socket(token, sock=narrow, max_queue=1, compression=None)
    async with wide as slow, service.socket(token) as quick:
        await follow(slow, town, after=str(start))
        await asyncio.sleep(0.5)
        await follow(quick, town)
        await quick.settle()
        sent_at = time.monotonic()
        await record(service, town, "5")
        assert (await event(quick))["mark"]["value"] == "5"
        assert time.monotonic() - sent_at < 1

        await service.post(WITHDRAW, {"input": {"pupilId": str(town.first.pupils["misha"])}}, token=token)
        assert await quick.closed() == (4403, "CONSENT_WITHDRAWN")
        assert await slow.closed(seconds=20) == (4403, "CONSENT_WITHDRAWN")

    delivered = [message for message in slow.received if (message.get("payload") or {}).get("data")]
    assert 0 < len(delivered) < count
    assert codes(slow.received[len(delivered)]["payload"]) == ["CONSENT_WITHDRAWN"]


async def test_a_subscription_that_is_completed_stops_and_costs_no_more(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await follow(socket, town)
        await socket.settle()
        await socket.send(type="complete", id="1")
        await socket.settle()
        await record(service, town, "5")
        await socket.settle()
    metrics = await service.request("GET", "/metrics")
    assert "diary_subscriptions 0" in metrics.text


async def test_thirty_listeners_of_one_pupil_all_hear_within_a_second(service: Service, town: Town) -> None:
    logins = ["anna", "misha", "vera", "daria", "ivan"]
    tokens = [await service.sign_in(login) for login in logins]
    heard: list[float] = []

    async def listen(token: str, ready: asyncio.Semaphore) -> None:
        async with service.socket(token) as socket:
            for number in range(6):
                await socket.subscribe(EVENTS, id=str(number), pupilId=str(town.first.pupils["misha"]))
            await socket.settle()
            ready.release()
            for _ in range(6):
                await event(socket)
                heard.append(time.monotonic())

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as listening:
        for token in tokens:
            listening.create_task(listen(token, ready))
        for _ in tokens:
            await ready.acquire()
        sent_at = time.monotonic()
        await record(service, town, "5", lessonId=str(town.first.lessons["algebra_tuesday"]))
        await enter_marks(town, "music_tuesday", 1)
        await announcements.announce(Announcement(pupils=frozenset({str(town.first.pupils["misha"])})))

    assert len(heard) == 30
    assert max(heard) - sent_at < 1


async def test_an_announcement_of_another_release_deafens_nobody(
    service: Service, town: Town, servers: EmbeddedServers
) -> None:
    token = await service.sign_in("anna")
    start = (await database.fetch("SELECT version FROM feed WHERE id = $1", town.first.pupils["misha"]))[0]["version"]
    async with service.socket(token) as socket, redis.from_url(servers.redis_url) as stranger:
        pupil = await follow(socket, town, after=str(start))
        # What comes in now tells that the feed is followed.
        await record(service, town, "4")
        assert (await event(socket, seconds=10))["mark"]["value"] == "4"
        for message in (b"{}", b"not json", b"[]", b'{"pupils": 7}', b"null"):
            await stranger.publish(CHANNEL, message)
        first = town.first
        await insert(
            "mark", school=first.id, pupil=first.pupils["misha"], lesson=first.lessons["algebra_tuesday"], value="5"
        )
        await stranger.publish(CHANNEL, Announcement(pupils=frozenset({pupil})).encoded())

        # Sooner than a poll, which comes four seconds after the last look at the earliest.
        assert (await event(socket, seconds=3))["mark"]["value"] == "5"
