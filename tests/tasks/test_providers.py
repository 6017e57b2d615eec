"""What the providers' answers mean: taken, another time, never, or nobody knows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from diary.delivery.tables import Messenger
from diary.kit import clock
from settings import SettingError, read_settings
from tasks.channels.channel import CUT_OFF, Delivered, Outcome, Parcel, Permanent, RetryAfter, Uncertain, as_message
from tasks.channels.http import LONGEST_ANSWER, Patience
from tasks.channels.providers import providers
from tests.tasks.gateway import Gateway
from tests.tasks.ways import (
    ALL,
    EAGER,
    IMPATIENT,
    MAX,
    NAMES,
    PUSH,
    PUSH_KEY,
    SMS,
    TELEGRAM,
    TOKEN,
    VK,
    Browser,
    Way,
    carriers,
    environment,
)

every_way = pytest.mark.parametrize("way", ALL, ids=NAMES)
#: The ways whose answer names the message; a push service says all in its status.
every_worded_way = pytest.mark.parametrize("way", ALL[:-1], ids=NAMES[:-1])


def parcel(gateway: Gateway, way: Way, *, body: str = "Завтра собрание в 18:00.") -> Parcel:
    """Return a parcel for a way, at the gateway where its address is one."""
    return Parcel(
        id=UUID("0199a1b2-0000-7000-8000-00000000abcd"),
        school_name="Школа № 12",
        address=f"{gateway.url}{way.value}" if way is PUSH else way.value,
        subject="Собрание",
        body=body,
        at=clock.now(),
        push_keys=Browser().keys if way is PUSH else None,
    )


async def handed_over(gateway: Gateway, way: Way, *, patience: Patience = EAGER, times: int = 1) -> Outcome:
    """Hand a parcel over, so many times one after the other, and return the last outcome."""
    everybody = carriers(gateway, patience=patience)
    provider = everybody.of(way.kind, Messenger(way.messenger) if way.messenger else None)
    assert provider is not None
    for _ in range(times):
        async with provider.opened() as channel:
            assert not isinstance(channel, RetryAfter)
            outcome = await channel.send(parcel(gateway, way))
    await everybody.close()
    return outcome


@every_way
@pytest.mark.parametrize("wish", ["0", "-5", "soon", "9" * 400, "²", ""])
async def test_a_senseless_wish_is_no_wish(gateway: Gateway, way: Way, wish: str) -> None:
    gateway.answers(b"", 429, Retry_After=wish)

    outcome = await handed_over(gateway, way)

    assert isinstance(outcome, RetryAfter)
    assert outcome.seconds in {None, 0, 86_400}


@every_way
@pytest.mark.parametrize("status", [500, 502, 504])
async def test_of_a_provider_that_breaks_down_nobody_knows_what_it_did(gateway: Gateway, way: Way, status: int) -> None:
    gateway.answers(b"<html>Internal error</html>", status)

    assert await handed_over(gateway, way) == Uncertain(f"HTTP_{status}")


@every_worded_way
@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"<html>Welcome to the hotel's Wi-Fi</html>", "UNREADABLE_ANSWER"),
        (b"", "UNREADABLE_ANSWER"),
        (b"[]", "UNREADABLE_ANSWER"),
        (b'{"ok": 1, "id": 5, "response": true, "message": {"body": []}}', "UNREADABLE_ANSWER"),
        (b"\xff\xfe{", "UNREADABLE_ANSWER"),
        (b"[" * 60_000, "UNREADABLE_ANSWER"),
        (b" " * (LONGEST_ANSWER + 1), "ANSWER_TOO_LONG"),
    ],
    ids=["a page", "nothing", "a list", "other facts", "no text", "a well", "too much"],
)
async def test_an_answer_that_says_nothing_leaves_the_parcel_uncertain(
    gateway: Gateway, way: Way, content: bytes, outcome: str
) -> None:
    gateway.answers(content)

    assert await handed_over(gateway, way) == Uncertain(outcome)


async def test_an_answer_without_end_is_not_read_to_its_end(gateway: Gateway) -> None:
    gateway.trouble = "floods"

    assert await handed_over(gateway, TELEGRAM, patience=IMPATIENT) == Uncertain("ANSWER_TOO_LONG")


@every_worded_way
async def test_a_redirect_is_the_operators_to_put_right_and_is_not_followed(gateway: Gateway, way: Way) -> None:
    gateway.answers(way.good, 307, Location=f"{gateway.url}/elsewhere")

    assert await handed_over(gateway, way) == RetryAfter(None, "HTTP_307")
    assert len(gateway.requests) == 1


async def test_a_provider_that_was_away_a_moment_ago_holds_nobody_up(gateway: Gateway) -> None:
    await gateway.stop()
    first, second = await two_in_a_row(gateway, then=gateway.start())

    assert first == RetryAfter(None, "CONNECTION: ConnectError")
    assert second == RetryAfter(None, "CONNECTION: away")
    assert gateway.requests == []


async def test_a_provider_that_fell_silent_gets_no_second_parcel_to_be_uncertain_about(gateway: Gateway) -> None:
    gateway.trouble = "cuts"
    first, second = await two_in_a_row(gateway)

    assert isinstance(first, Uncertain)
    assert second == RetryAfter(None, "CONNECTION: away")
    assert len(gateway.requests) == 1


async def test_a_provider_that_broke_down_gets_no_second_parcel_to_be_uncertain_about(gateway: Gateway) -> None:
    gateway.answers(b"", 502)
    first, second = await two_in_a_row(gateway)

    assert first == Uncertain("HTTP_502")
    assert second == RetryAfter(None, "CONNECTION: away")


async def test_a_provider_that_refused_one_parcel_gets_the_next(gateway: Gateway) -> None:
    gateway.answers({"error": "BAD_NUMBER"}, 400)
    first, second = await two_in_a_row(gateway)

    assert first == second == Permanent("SMS_BAD_NUMBER", contact_is_dead=True)


async def two_in_a_row(gateway: Gateway, *, then: Awaitable[None] | None = None) -> tuple[Outcome, Outcome]:
    """Send two parcels with something between, without forgetting that the provider was away."""
    everybody = carriers(gateway, patience=Patience(away=60))
    provider = everybody.of(SMS.kind)
    assert provider is not None
    async with provider.opened() as channel:
        assert not isinstance(channel, RetryAfter)
        first = await channel.send(parcel(gateway, SMS))
        if then is not None:
            await then
        second = await channel.send(parcel(gateway, SMS))
    await everybody.close()
    return first, second


async def test_a_messengers_pace_is_kept(gateway: Gateway) -> None:
    gateway.answers(VK.good)

    started = time.monotonic()
    await handed_over(gateway, VK, times=10)

    assert time.monotonic() - started >= 9 / 18, "no more than 18 a second"


@dataclass(frozen=True)
class Refusal:
    """One answer and what it means."""

    way: Way
    status: int
    facts: Any
    #: A wish in seconds, None for none, "never", "dead", "unknown" or "taken".
    means: float | str | None

    def __str__(self) -> str:
        return f"{self.way.messenger or self.way.kind.value} {self.status} {self.facts}"


def telegram(code: int, description: str, means: float | str | None, **more: object) -> Refusal:
    return Refusal(TELEGRAM, code, {"ok": False, "error_code": code, "description": description, **more}, means)


def vk(code: int, means: float | str | None) -> Refusal:
    return Refusal(VK, 200, {"error": {"error_code": code, "error_msg": "VK says so"}}, means)


REFUSALS = [
    Refusal(SMS, 400, {"error": "BAD_NUMBER"}, "dead"),
    Refusal(SMS, 200, {"error": "BLOCKED"}, "dead"),
    Refusal(SMS, 422, {"error": "REJECTED"}, "never"),
    Refusal(SMS, 200, {"error": "BUSY"}, None),
    Refusal(SMS, 200, {"error": "BUSY", "retry_after": 900}, 900),
    Refusal(SMS, 402, {"error": "NO_MONEY"}, None),
    Refusal(SMS, 401, {"error": "WHO"}, None),
    Refusal(SMS, 400, {"error": "SOMETHING_NEW"}, "never"),
    Refusal(SMS, 200, {"error": "SOMETHING_NEW"}, "unknown"),
    Refusal(SMS, 409, {"id": "sms-77"}, "taken"),
    Refusal(SMS, 409, {}, "never"),
    Refusal(SMS, 413, {}, "never"),
    telegram(403, "Forbidden: bot was blocked by the user", "dead"),
    telegram(403, "Forbidden: user is deactivated", "dead"),
    telegram(400, "Bad Request: chat not found", "dead"),
    telegram(400, "Bad Request: message text is empty", "never"),
    telegram(401, "Unauthorized", None),
    telegram(404, "Not Found", None),
    telegram(500, "Internal Server Error", None),
    telegram(429, "Too Many Requests: retry after 900", 900, parameters={"retry_after": 900}),
    telegram(429, "Too Many Requests", None, parameters={"retry_after": "soon"}),
    telegram(429, "Too Many Requests", None, parameters=[]),
    *(vk(code, "dead") for code in (18, 113, 900, 901, 902, 917)),
    *(vk(code, "never") for code in (100, 911, 914)),
    *(vk(code, None) for code in (1, 5, 7, 10, 14, 15, 27)),
    vk(6, 1),
    vk(9, 600),
    vk(29, 3600),
    Refusal(VK, 200, {"error": {"error_code": "901"}}, "unknown"),
    Refusal(VK, 200, {"error": "901"}, "unknown"),
    Refusal(MAX, 403, {"code": "chat.denied", "message": "..."}, "dead"),
    Refusal(MAX, 404, {"code": "dialog.not.found", "message": "..."}, "dead"),
    Refusal(MAX, 404, {"code": "not.found", "message": "No such path"}, None),
    Refusal(MAX, 400, {"code": "proto.payload", "message": "..."}, "never"),
    Refusal(MAX, 401, {"code": "verify.token", "message": "..."}, None),
    Refusal(MAX, 429, {"code": "too.many.requests", "message": "..."}, None),
    Refusal(PUSH, 404, {}, "dead"),
    Refusal(PUSH, 410, {}, "dead"),
    Refusal(PUSH, 302, {}, "dead"),
    Refusal(PUSH, 413, {}, "never"),
    Refusal(PUSH, 400, {}, "never"),
    Refusal(PUSH, 401, {}, None),
    Refusal(PUSH, 403, {}, None),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
async def test_each_provider_is_understood_in_its_own_words(gateway: Gateway, refusal: Refusal) -> None:
    gateway.answers(refusal.facts, refusal.status)

    outcome = await handed_over(gateway, refusal.way)

    if refusal.means == "taken":
        assert outcome == Delivered("sms-77", "HTTP_409")
    elif refusal.means == "unknown":
        assert isinstance(outcome, Uncertain)
    elif refusal.means in {"never", "dead"}:
        assert isinstance(outcome, Permanent)
        assert outcome.contact_is_dead == (refusal.means == "dead")
    else:
        assert isinstance(outcome, RetryAfter)
        assert outcome.seconds == refusal.means


@pytest.mark.parametrize("address", ["@anna", "-100200300", "5 6", "٣٤٥", ""], ids=str)
async def test_a_messengers_address_is_a_number_or_no_address(gateway: Gateway, address: str) -> None:
    odd = Way(TELEGRAM.kind, address, TELEGRAM.messenger)

    assert await handed_over(gateway, odd) == Permanent("BAD_ADDRESS", contact_is_dead=True)
    assert gateway.requests == []


async def test_a_parcel_given_up_before_it_was_written_surely_has_not_left(gateway: Gateway) -> None:
    """A black hole: the address takes no connection and refuses none."""
    settings = read_settings({**environment(gateway), "SMS_GATEWAY_URL": "http://192.0.2.1/send"})
    everybody = providers(settings, patience=Patience(connect=30, all=30))
    provider = everybody.of(SMS.kind)
    assert provider is not None
    async with provider.opened() as channel:
        assert not isinstance(channel, RetryAfter)
        sending = asyncio.create_task(channel.send(parcel(gateway, SMS)))
        await asyncio.sleep(0.1)
        if sending.done():  # a machine without a network refuses at once
            assert isinstance(sending.result(), RetryAfter)
        else:
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
    await everybody.close()


def test_a_long_text_is_cut_at_a_word_and_says_where_the_rest_is() -> None:
    text = "слово " * 100

    told = as_message(_letter(text), most=200)

    assert len(told) <= 200
    assert told.endswith(f"слово {CUT_OFF}")


@pytest.mark.parametrize("most", [150, 151, 152, 153])
def test_a_text_is_counted_as_messengers_count_and_no_letter_is_halved(most: int) -> None:
    told = as_message(_letter("🎓" * 200), most=most)

    assert len(told.encode("utf-16-le")) // 2 <= most
    assert "\ufffd" not in told


def test_a_text_that_fits_is_left_alone() -> None:
    whole = "Школа № 12: Собрание\n\nЗавтра"

    assert as_message(_letter("Завтра"), most=len(whole)) == whole


def test_neither_a_long_name_nor_a_long_subject_pushes_a_code_out() -> None:
    letter = Parcel(
        id=UUID(int=1),
        school_name="Ы" * 255,
        address="+79161234567",
        subject="Щ" * 200,
        body="Код: 123456\n\nВведите его в дневнике.",
        at=clock.now(),
    )

    assert "Код: 123456" in as_message(letter, most=335)


def _letter(body: str) -> Parcel:
    return Parcel(id=UUID(int=1), school_name="Школа № 12", address="1", subject="Собрание", body=body, at=clock.now())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_TOKEN", "110201543:secret/word"),
        ("MAX_TOKEN", "secret\nword"),
        ("VK_TOKEN", "секрет"),
        ("SMS_GATEWAY_URL", "https://user:secret@sms.example/send"),
        ("SMS_GATEWAY_URL", "sms.example/secret"),
        ("TELEGRAM_API_URL", "ftp://secret.example"),
        ("VK_API_URL", "https://secret.example:99999"),
        ("WEB_PUSH_KEY", "secret"),
        ("WEB_PUSH_KEY", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"),
    ],
)
def test_a_slip_in_a_setting_is_explained_in_one_line_without_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name) as refusal:
        providers(read_settings({name: value}))

    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("name", "value"), [("WEB_PUSH_ALLOW_LOOPBACK", "yes"), ("WEB_PUSH_CONTACT", "office")])
def test_a_slip_in_the_settings_of_notices_is_explained(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        providers(read_settings({"WEB_PUSH_KEY": PUSH_KEY, name: value}))


def test_settings_do_not_show_their_secrets() -> None:
    names = ["SMS_GATEWAY_TOKEN", "TELEGRAM_TOKEN", "VK_TOKEN", "MAX_TOKEN", "WEB_PUSH_KEY"]

    shown = repr(read_settings(dict.fromkeys(names, TOKEN)))

    assert TOKEN not in shown


def test_a_secret_may_stand_in_a_file(tmp_path: Any) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")

    assert read_settings({"TELEGRAM_TOKEN_FILE": str(file)}).channels.telegram_token == TOKEN
    with pytest.raises(SettingError, match="not both"):
        read_settings({"TELEGRAM_TOKEN_FILE": str(file), "TELEGRAM_TOKEN": TOKEN})


def test_only_what_is_named_is_carried() -> None:
    carried = providers(read_settings({"VK_TOKEN": TOKEN}))

    assert carried.of(VK.kind, Messenger.VK) is not None
    assert carried.of(VK.kind, Messenger.MAX) is None
    assert carried.of(SMS.kind) is None
