"""Signing in: one answer for every failure, and a delay that grows (trust.md 1.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.support.service import SIGN_IN, Service, codes
from tests.support.town import PASSWORD, Town


async def sign_in(service: Service, login: str, password: str) -> list[str]:
    """Try to sign in and return the refusal's codes."""
    return codes(await service.post(SIGN_IN, {"login": login, "password": password}))


async def test_unknown_login_wrong_password_and_closed_account_are_answered_alike_to_the_byte(
    service: Service, town: Town
) -> None:
    await database.execute("UPDATE account SET active = false WHERE username = 'boris'")
    tries = [("anna", "wrong"), ("no-such-login", PASSWORD), ("boris", PASSWORD), ("", ""), ("anna", "x" * 10_000)]

    answers = [
        await service.request(
            "POST", "/graphql", json={"query": SIGN_IN, "variables": {"login": login, "password": password}}
        )
        for login, password in tries
    ]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert codes(answers[0].json()) == ["SIGN_IN_FAILED"]


@pytest.mark.parametrize("login", ["anna", "no-such-login"])
async def test_after_five_failures_a_login_waits_known_or_not(
    service: Service, town: Town, clock: SetClock, login: str
) -> None:
    for _ in range(5):
        assert await sign_in(service, login, "wrong") == ["SIGN_IN_FAILED"]

    assert await sign_in(service, login, PASSWORD) == ["SIGN_IN_DELAYED"]
    clock.move(timedelta(milliseconds=999))
    assert await sign_in(service, login, PASSWORD) == ["SIGN_IN_DELAYED"]
    clock.move(timedelta(milliseconds=1))
    assert await sign_in(service, login, "wrong") == ["SIGN_IN_FAILED"]
    clock.move(timedelta(milliseconds=1999))
    assert await sign_in(service, login, PASSWORD) == ["SIGN_IN_DELAYED"]
    clock.move(timedelta(milliseconds=1))
    assert await sign_in(service, login, PASSWORD) == ([] if login == "anna" else ["SIGN_IN_FAILED"])


async def test_the_delay_is_the_accounts_own(service: Service, town: Town) -> None:
    for _ in range(6):
        await sign_in(service, "anna", "wrong")

    assert await sign_in(service, "vera", PASSWORD) == []


async def test_a_success_starts_the_count_anew(service: Service, town: Town) -> None:
    for _ in range(3):
        for _ in range(4):
            await sign_in(service, "anna", "wrong")
        assert await sign_in(service, "anna", PASSWORD) == []


async def test_a_closed_account_is_out_at_once(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    await database.execute("UPDATE account SET active = false WHERE username = 'anna'")

    assert codes(await service.post("{ viewer { role } }", token=token)) == ["SIGN_IN_REQUIRED"]


async def test_the_viewer_of_a_sign_in_is_the_one_who_signed_in(service: Service, town: Town) -> None:
    document = SIGN_IN.replace("{ token }", "{ viewer { fullName role pupils { fullName } } }")
    vera = await service.sign_in("vera")

    answer = await service.post(document, {"login": "root", "password": PASSWORD}, token=vera)

    assert answer["data"]["signIn"]["viewer"] == {"fullName": "root", "role": "OPERATOR", "pupils": []}


async def test_an_account_without_a_capacity_has_no_role(service: Service, town: Town) -> None:
    answer = await service.post("{ viewer { fullName role pupils { id } } }", token=await service.sign_in("nobody"))

    assert answer["data"]["viewer"] == {"fullName": "nobody", "role": None, "pupils": []}


async def test_a_capital_in_a_login_makes_no_difference(service: Service, town: Town) -> None:
    assert await service.sign_in(" Anna ")
    assert await service.sign_in("ANNA")
