"""The socket's own rules: who opens one, how many, how fast it talks and how long it lives (trust.md 0.1, 1.2)."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from api.endpoint import DiaryGraphQL
from api.schema import schema
from tests.api.documents import RECORD, SIGN_OUT, VIEWER
from tests.support.server import served
from tests.support.service import EVENTS, Service
from tests.support.town import Town

ACK = {"type": "connection_ack"}


def subscription(town: Town, pupil: str = "misha") -> dict[str, Any]:
    """Return the variables of a subscription."""
    return {"pupilId": str(town.first.pupils[pupil])}


@pytest.mark.parametrize("document", [VIEWER, SIGN_OUT, "{ __typename }"])
async def test_queries_and_mutations_do_not_run_over_a_socket(service: Service, town: Town, document: str) -> None:
    token = await service.sign_in("anna")

    async with service.socket(token) as socket:
        await socket.subscribe(document)
        answer = await socket.receive()

    assert (answer["type"], answer["id"]) == ("error", "1")
    assert [error["extensions"]["code"] for error in answer["payload"]] == ["ONLY_SUBSCRIPTIONS"]
    assert "errors" not in await service.post(VIEWER, token=token)


async def test_a_mark_sent_over_a_socket_is_not_recorded(service: Service, town: Town) -> None:
    given = {
        "lessonId": str(town.first.lessons["algebra_tuesday"]),
        "pupilId": str(town.first.pupils["misha"]),
        "value": "5",
    }

    async with service.socket(await service.sign_in("vera")) as socket:
        await socket.subscribe(RECORD, input=given)
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "ONLY_SUBSCRIPTIONS"


@pytest.mark.parametrize(
    "document",
    ["{ a" * 9 + " }" * 9, "subscription { diaryEvents { cursor } }", "subscription {", "mutation"],
    ids=["deep", "invalid", "broken", "word"],
)
async def test_a_faulty_document_is_answered_and_the_socket_goes_on(
    service: Service, town: Town, document: str
) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.subscribe(document)
        answer = await socket.receive()
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["code"] != "INTERNAL"
        await socket.settle()


@pytest.mark.parametrize("payload", [{}, {"authorization": "Bearer wrong"}, {"authorization": 5}, {"token": "x"}])
async def test_without_a_session_a_socket_is_closed_with_4401(
    service: Service, town: Town, payload: dict[str, Any]
) -> None:
    async with service.opened() as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.closed() == (4401, "SIGN_IN_REQUIRED")


async def test_a_socket_that_subscribes_before_it_is_admitted_is_closed_with_4401(service: Service, town: Town) -> None:
    async with service.opened() as socket:
        await socket.subscribe(EVENTS, **subscription(town))
        assert (await socket.closed())[0] == 4401


async def test_a_socket_that_says_nothing_is_closed_after_five_seconds(service: Service) -> None:
    started = time.monotonic()
    async with service.opened() as socket:
        assert (await socket.closed(seconds=7))[0] == 4408
    assert 4.5 < time.monotonic() - started < 6.5


async def test_the_old_protocol_is_not_spoken(service: Service) -> None:
    async with service.opened(protocol="graphql-ws") as socket:
        assert (await socket.closed())[0] == 4406


async def test_a_page_of_another_site_gets_no_socket(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    for origin in ("https://evil.example", "null", f"{service.origin}.evil.example"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with service.opened(origin=origin, additional_headers={"Cookie": f"sid={token}"}):
                pass
        assert refused.value.response.status_code == 403


async def test_a_cookie_opens_a_socket_from_our_own_pages_only(service: Service, town: Town) -> None:
    cookie = {"Cookie": f"sid={await service.sign_in('anna')}"}

    async with service.opened(origin=service.origin, additional_headers=cookie) as socket:
        await socket.send(type="connection_init")
        assert await socket.receive() == ACK
    async with service.opened(additional_headers=cookie) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed() == (4403, "ORIGIN_REQUIRED")


async def test_a_program_may_send_its_token_with_the_handshake(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    async with service.opened(additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        await socket.send(type="connection_init")
        assert await socket.receive() == ACK


async def test_an_account_holds_five_sockets_and_a_sixth_when_one_has_ended(service: Service, town: Town) -> None:
    token, other = await service.sign_in("anna"), await service.sign_in("anna")

    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(service.socket(token)) for _ in range(5)]
        async with service.opened() as sixth:
            await sixth.send(type="connection_init", payload={"authorization": f"Bearer {other}"})
            assert await sixth.closed() == (4429, "TOO_MANY_SOCKETS")
        async with service.socket(await service.sign_in("vera")):
            pass
        await held[0].raw.close()
        await asyncio.sleep(0.1)
        async with service.socket(other):
            pass


async def test_a_socket_carries_ten_subscriptions_and_no_eleventh(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        for number in range(11):
            await socket.subscribe(EVENTS, id=str(number), **subscription(town))
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "10")
        assert answer["payload"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS", "facts": {"limit": 10}}
        assert "10" in answer["payload"][0]["message"]
        await socket.send(type="complete", id="0")
        await socket.subscribe(EVENTS, id="11", **subscription(town))
        await socket.settle()


async def test_twenty_messages_in_ten_seconds_pass_and_the_next_closes(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        for _ in range(19):
            await socket.send(type="ping")
        for _ in range(19):
            assert (await socket.receive())["type"] == "pong"
        await socket.send(type="ping")
        assert await socket.closed() == (4429, "Too many messages")


@pytest.mark.parametrize(
    "text",
    ["", "{", "5", "null", "[]", '"ping"', "{}", '{"type": 5}', '{"type": "subscribe"}', '{"type": "unknown"}',
     '{"type": "subscribe", "id": "1", "payload": []}', '{"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}',
     '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}', '{"type": "complete", "id": []}',
     '{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}'],
)  # fmt: skip
async def test_a_message_that_makes_no_sense_closes_the_socket_with_4400(
    service: Service, town: Town, text: str
) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.raw.send(text)
        assert (await socket.closed())[0] == 4400


async def test_binary_frames_close_the_socket(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.raw.send(b'{"type": "ping"}')
        assert (await socket.closed())[0] == 4400


async def test_an_operation_id_in_use_closes_the_socket(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.subscribe(EVENTS, **subscription(town))
        await socket.subscribe(EVENTS, **subscription(town))
        assert (await socket.closed())[0] == 4409


async def test_a_second_connection_init_closes_the_socket(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.send(type="connection_init")
        assert (await socket.closed())[0] == 4429


async def test_a_message_over_64_kib_closes_the_socket(service: Service, town: Town) -> None:
    async with service.socket(await service.sign_in("anna")) as socket:
        await socket.subscribe("#" + "x" * 70_000)
        assert (await socket.closed())[0] == 1009


async def test_a_socket_ends_with_its_longest_life_and_may_come_back(service: Service, town: Town) -> None:
    endpoint = DiaryGraphQL(
        schema(introspection=False), cookie="sid", public_url=None, has_query_page=False, socket_life=0.5
    )
    app = Starlette(routes=[Route("/graphql", endpoint, methods=["POST"]), WebSocketRoute("/graphql", endpoint)])
    token = await service.sign_in("anna")
    async with served(app) as brief:
        for _ in range(6):
            async with brief.socket(token) as socket:
                await socket.subscribe(EVENTS, **subscription(town))
                assert await socket.closed(seconds=2) == (1012, "Connect again with your cursor")
