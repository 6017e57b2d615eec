"""The main job with the stock client: sign in, read both children, see a mark arrive, reconnect, withdraw."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from gql import gql
from gql.transport.exceptions import TransportQueryError

from tests.api.documents import RECORD, VIEWER, WEEK, WITHDRAW
from tests.support.service import EVENTS, SIGN_IN, Service, ask, refusal
from tests.support.town import PASSWORD, Town


async def test_a_mother_reads_both_children_sees_a_mark_arrive_and_is_shut_out_when_she_withdraws(
    service: Service, town: Town
) -> None:
    signed_in = await ask(service.client(), SIGN_IN, login="anna", password=PASSWORD)
    anna, vera = signed_in["signIn"]["token"], await service.sign_in("vera")

    viewer = (await ask(service.client(anna), VIEWER))["viewer"]
    assert (viewer["fullName"], viewer["role"]) == ("Орлова Анна", "GUARDIAN")
    assert [(pupil["fullName"], pupil["schoolClass"]["name"]) for pupil in viewer["pupils"]] == [
        ("Орлов Михаил", "5А"),
        ("Орлова Елизавета", "3В"),
    ]
    weeks = [
        (await ask(service.client(anna), WEEK, pupilId=pupil["id"], weekOf="2026-11-26"))["diaryWeek"]
        for pupil in viewer["pupils"]
    ]
    assert [[len(day["lessons"]) for day in week["days"]] for week in weeks] == [
        [1, 2, 1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 0],
    ]

    misha = viewer["pupils"][0]["id"]
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def follow(after: str | None) -> None:
        request = gql(EVENTS)
        request.variable_values = {"pupilId": misha, "after": after}
        async with service.live_client(anna) as session:
            async for event in session.subscribe(request):
                await events.put(event["diaryEvents"])

    async def record(value: str) -> None:
        given = {"lessonId": str(town.first.lessons["algebra_tuesday"]), "pupilId": misha, "value": value}
        await ask(service.client(vera), RECORD, input=given)

    following = asyncio.create_task(follow(None))
    await asyncio.sleep(0.3)
    sent_at = time.monotonic()
    await record("5")
    first = await asyncio.wait_for(events.get(), 1)
    assert time.monotonic() - sent_at < 1
    assert (first["kind"], first["mark"]["value"]) == ("MARK_RECORDED", "5")
    assert first["lesson"] == {"id": str(town.first.lessons["algebra_tuesday"]), "subject": {"name": "Алгебра"}}
    following.cancel()

    await record("4")
    await record("3")
    following = asyncio.create_task(follow(first["cursor"]))
    missed = [(await asyncio.wait_for(events.get(), 1))["mark"]["value"] for _ in range(2)]
    await record("2")
    live = await asyncio.wait_for(events.get(), 1)
    assert [*missed, live["mark"]["value"]] == ["4", "3", "2"]
    await asyncio.sleep(0.2)
    assert events.empty()

    withdrawn_at = time.monotonic()
    await ask(service.client(anna), WITHDRAW, input={"pupilId": misha})
    ended = await asyncio.wait_for(asyncio.gather(following, return_exceptions=True), 1)
    assert time.monotonic() - withdrawn_at < 1
    assert isinstance(ended[0], TransportQueryError)
    assert [error["extensions"]["code"] for error in ended[0].errors or []] == ["CONSENT_WITHDRAWN"]
    assert await refusal(service.client(anna), WEEK, pupilId=misha, weekOf="2026-11-26") == ["CONSENT_WITHDRAWN"]
    liza = viewer["pupils"][1]["id"]
    assert await ask(service.client(anna), WEEK, pupilId=liza, weekOf="2026-11-26")
