"""Contacts at which nothing can ever arrive are refused when they are entered, with what is wrong with them (R8.1)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from diary.kit import database
from tests.api.test_contacts import ADD, BROWSER, REPLACE, of
from tests.support.service import Service, codes
from tests.support.town import Town

NOT_MOBILE = "на этот номер не приходят СМС: укажите мобильный"
NOT_AN_ENDPOINT = "это не адрес для уведомлений браузера"
NOT_PUBLIC = "это не служба уведомлений в Интернете"
NO_KEYS = "это не ключи браузера"
POINT: str = BROWSER["pushKeys"]["p256dh"]
#: The same point, written shorter than browsers do and than messages are encrypted for.
COMPRESSED = base64.urlsafe_b64encode(b"\x03" + base64.urlsafe_b64decode(POINT)[1:33]).decode()


def reasons(answer: dict[str, Any]) -> list[str]:
    """Return what each refusal says is wrong."""
    assert set(codes(answer)) <= {"BAD_INPUT"}
    return [error["message"].partition(": ")[2] for error in answer["errors"]]


@pytest.mark.parametrize(
    "number",
    ["+7 495 123-45-67", "8 (342) 212-34-56", "8 800 555-35-35", "8 809 505-35-35", "+49 30 901820"],
    ids=["a flat in Moscow", "a flat in Perm", "a free line", "a paid line", "a flat in Berlin"],
)
async def test_a_number_that_takes_no_messages_is_refused(service: Service, town: Town, number: str) -> None:
    for login, more in (("galina", {}), ("daria", {"documentReference": "Папка 2"})):
        answer = await service.post(
            ADD, of(town, "galina", number, channel="SMS", **more), token=await service.sign_in(login)
        )
        assert reasons(answer) == [NOT_MOBILE], login


@pytest.mark.parametrize(
    "number", ["+7 912 000-00-01", "+7 701 123-45-67", "+1 212 555-01-23"], ids=["Russia", "Kazakhstan", "New York"]
)
async def test_a_mobile_number_is_taken_from_any_country(service: Service, town: Town, number: str) -> None:
    """In some countries nobody can tell a mobile number from another: that is no reason to refuse it."""
    answer = await service.post(ADD, of(town, "galina", number, channel="SMS"), token=await service.sign_in("galina"))
    assert codes(answer) == []


async def test_an_old_number_is_not_replaced_by_one_that_takes_no_messages(service: Service, town: Town) -> None:
    galina = await service.sign_in("galina")
    answer = await service.post(ADD, of(town, "galina", "+7 912 000-00-01", channel="SMS"), token=galina)
    contact = answer["data"]["addContactPoint"]["contact"]["id"]

    assert reasons(await service.post(REPLACE, {"id": contact, "value": "84951234567"}, token=galina)) == [NOT_MOBILE]


@pytest.mark.parametrize(
    ("messenger", "number", "is_taken"),
    [
        ("TELEGRAM", str(2**40 - 1), True), ("TELEGRAM", str(2**40), False),
        ("VK", str(2**63 - 1), True), ("VK", str(2**63), False),
        ("MAX", str(2**63 - 1), True), ("MAX", str(2**63), False),
        ("TELEGRAM", "0", False), ("TELEGRAM", "-100200300", False), ("VK", "@anna", False), ("MAX", "5 6", False),
        ("TELEGRAM", "٣٤٥", False),
    ],
)  # fmt: skip
async def test_a_number_at_a_messenger_is_one_that_it_can_have_given_to_a_person(
    service: Service, town: Town, messenger: str, number: str, is_taken: bool
) -> None:
    answer = await service.post(
        ADD,
        of(town, "galina", number, channel="MESSENGER", messenger=messenger),
        token=await service.sign_in("galina"),
    )
    assert codes(answer) == ([] if is_taken else ["BAD_INPUT"])


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://push.example/1", NOT_AN_ENDPOINT),
        ("ftp://push.example/1", NOT_AN_ENDPOINT),
        ("https://push.example:8443/1", NOT_AN_ENDPOINT),
        ("https://:word@push.example/1", NOT_AN_ENDPOINT),
        ("https://push.example/1#part", NOT_AN_ENDPOINT),
        ("https://push.example/a b", NOT_AN_ENDPOINT),
        ("https://push.example\\@127.0.0.1/1", NOT_AN_ENDPOINT),
        ("https://8.8.8.8/1", NOT_PUBLIC),
        ("https://[2a00:1450:4010:c0f::5f]/1", NOT_PUBLIC),
        ("https://2130706433/1", NOT_PUBLIC),
        ("https://0x7f.1/1", NOT_PUBLIC),
        ("https://127.0.0.0x1/1", NOT_PUBLIC),
        ("https://localhost/1", NOT_PUBLIC),
        ("https://intranet/1", NOT_PUBLIC),
        ("https://push.localhost/1", NOT_PUBLIC),
        ("https://printer.local/1", NOT_PUBLIC),
        ("https://push.school.internal/1", NOT_PUBLIC),
        ("https://push.example./1", NOT_PUBLIC),
        ("https://-push.example/1", NOT_PUBLIC),
        ("https://push..example/1", NOT_PUBLIC),
    ],
)
async def test_an_endpoint_is_an_https_name_on_the_open_internet(
    service: Service, town: Town, endpoint: str, reason: str
) -> None:
    answer = await service.post(
        ADD, of(town, "galina", **{**BROWSER, "value": endpoint}), token=await service.sign_in("galina")
    )
    assert reasons(answer) == [reason]
    assert await database.fetch("SELECT FROM contact_point WHERE channel = 'WEB_PUSH'") == []


@pytest.mark.parametrize(
    "host", ["fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "xn--80a1acny.xn--p1ai"]
)
async def test_the_push_services_of_browsers_are_taken(service: Service, town: Town, host: str) -> None:
    endpoint = f"https://{host}/fcm/send/dpH5l%2FsI:APA91b_-x?token=1"
    answer = await service.post(
        ADD, of(town, "galina", **{**BROWSER, "value": endpoint}), token=await service.sign_in("galina")
    )
    assert answer["data"]["addContactPoint"]["contact"]["value"] == endpoint


@pytest.mark.parametrize(
    "keys",
    [
        None,
        {"p256dh": POINT, "auth": ""},
        {"p256dh": POINT, "auth": base64.urlsafe_b64encode(b"fifteen bytes!!").decode()},
        {"p256dh": POINT, "auth": base64.urlsafe_b64encode(b"seventeen bytes!!").decode()},
        {"p256dh": POINT[:-4], "auth": BROWSER["pushKeys"]["auth"]},
        {"p256dh": COMPRESSED, "auth": BROWSER["pushKeys"]["auth"]},
    ],
    ids=["none", "no secret", "a secret too short", "a secret too long", "half a point", "a point written short"],
)
async def test_a_browser_without_keys_to_encrypt_for_is_refused(
    service: Service, town: Town, keys: dict[str, str] | None
) -> None:
    answer = await service.post(
        ADD, of(town, "galina", **{**BROWSER, "pushKeys": keys}), token=await service.sign_in("galina")
    )
    assert reasons(answer) == [NO_KEYS]
