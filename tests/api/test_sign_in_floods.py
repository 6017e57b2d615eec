"""Who guesses passwords waits; whose login it is does not, and no flood stops everybody's sign-in (trust.md 1.2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from diary.access import passwords
from diary.access.sign_in_delay import FREE_FAILURES, FREE_FAILURES_WIDE, forget_old, network_of
from diary.kit import database
from diary.kit.clock import SetClock
from tests.support.service import SIGN_IN, Service, codes
from tests.support.town import PASSWORD, Town

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


async def sign_in(service: Service, login: str, password: str, address: str = HOME) -> list[str]:
    """Try to sign in from an address, as a proxy on loopback reports it, and return the refusal's codes."""
    answer = await service.post(SIGN_IN, {"login": login, "password": password}, headers={"X-Forwarded-For": address})
    return codes(answer)


async def fail(service: Service, login: str, times: int, address: str = HOME) -> None:
    """Fail so many times."""
    for _ in range(times):
        assert await sign_in(service, login, "wrong", address) == ["SIGN_IN_FAILED"]


def without_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the test a second of hashing for each dozen of attempts; the counting is what it is about."""
    monkeypatch.setattr(passwords, "_matches", lambda stored, password: stored is not None and password == PASSWORD)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("198.51.101.7", "198.51.101.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:2:2::3", "2001:db8:2::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_neighbours_are_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_strangers_failures_do_not_lock_the_owner_out(service: Service, town: Town) -> None:
    await fail(service, "anna", FREE_FAILURES, ELSEWHERE)

    assert await sign_in(service, "anna", PASSWORD, ELSEWHERE) == ["SIGN_IN_DELAYED"]
    assert await sign_in(service, "anna", PASSWORD, HOME) == []


async def test_a_neighbouring_address_does_not_begin_anew(service: Service, town: Town) -> None:
    await fail(service, "anna", FREE_FAILURES, "203.0.113.9")

    assert await sign_in(service, "anna", PASSWORD, "203.0.113.200") == ["SIGN_IN_DELAYED"]


async def test_spellings_of_a_login_share_the_count(service: Service, town: Town) -> None:
    for login in ("anna", " Anna", "ANNA", "ａｎｎａ", "anna\u00a0"):
        await fail(service, login, 1)

    assert await sign_in(service, "anna", PASSWORD) == ["SIGN_IN_DELAYED"]


@pytest.mark.parametrize("login", ["anna", "no-such-login"])
async def test_guessing_from_everywhere_is_slow_and_keeps_the_owner_out_for_half_a_minute_at_most(
    service: Service, town: Town, clock: SetClock, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    without_hashing(monkeypatch)
    for number in range(FREE_FAILURES_WIDE):
        await fail(service, login, 1, f"10.0.{number}.1")
    assert await sign_in(service, login, PASSWORD) == ["SIGN_IN_DELAYED"]
    for number in range(10):
        clock.move(timedelta(seconds=30))
        await fail(service, login, 1, f"10.1.{number}.1")

    clock.move(timedelta(milliseconds=29_999))
    assert await sign_in(service, login, PASSWORD) == ["SIGN_IN_DELAYED"]
    clock.move(timedelta(milliseconds=1))
    assert await sign_in(service, login, PASSWORD) == ([] if login == "anna" else ["SIGN_IN_FAILED"])


async def test_a_network_that_tries_many_logins_waits_and_fills_no_table(
    service: Service, town: Town, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_hashing(monkeypatch)
    for number in range(FREE_FAILURES_WIDE):
        await fail(service, f"guess-{number}", 1, ELSEWHERE)
    rows = len(await database.fetch("SELECT FROM sign_in_failure"))
    for number in range(20):
        assert await sign_in(service, f"other-{number}", "wrong", ELSEWHERE) == ["SIGN_IN_DELAYED"]

    assert len(await database.fetch("SELECT FROM sign_in_failure")) == rows
    assert await sign_in(service, "anna", PASSWORD, HOME) == []
    clock.move(timedelta(hours=1))
    assert await sign_in(service, "anna", PASSWORD, ELSEWHERE) == []
    clock.move(timedelta(hours=1, seconds=1))
    assert await forget_old() == rows + 4  # of HOME, and of anna and ELSEWHERE in the two hours
    assert await database.fetch("SELECT FROM sign_in_failure") == []


async def test_only_failures_count_for_a_network(service: Service, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    without_hashing(monkeypatch)
    await fail(service, "no-such-login", FREE_FAILURES - 1)
    for login in ("anna", "vera", "gleb"):
        for _ in range(FREE_FAILURES_WIDE // 2):
            assert await sign_in(service, login, PASSWORD) == []


async def test_a_refused_attempt_of_one_login_does_not_use_up_the_networks_count(
    service: Service, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_hashing(monkeypatch)
    await fail(service, "anna", FREE_FAILURES)
    for _ in range(FREE_FAILURES_WIDE + 10):
        assert await sign_in(service, "anna", "wrong") == ["SIGN_IN_DELAYED"]

    assert await sign_in(service, "vera", PASSWORD) == []


async def test_a_flood_is_sent_away_at_once_and_counts_for_nobody(
    service: Service, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "line", passwords.Line(3))
    flood = [sign_in(service, f"login-{number}", "wrong", f"10.0.{number}.1") for number in range(30)]

    answers = [answer for (answer,) in await asyncio.gather(*flood)]

    assert set(answers) == {"SIGN_IN_FAILED", "SIGN_IN_BUSY"}
    counted = await database.fetch("SELECT coalesce(sum(failures), 0) AS failures FROM sign_in_failure")
    assert counted[0]["failures"] == 3 * answers.count("SIGN_IN_FAILED")
    assert await sign_in(service, "anna", PASSWORD) == []


@pytest.mark.parametrize("login", ["an\0na", "\0", "x" * 101, "x" * 10_000, "anna" + " " * 10_000 + "x"])
@pytest.mark.parametrize("password", [PASSWORD, "wr\0ng"])
async def test_an_impossible_login_or_password_fails_like_any_other(
    service: Service, town: Town, login: str, password: str
) -> None:
    assert await sign_in(service, login, password) == ["SIGN_IN_FAILED"]


async def test_a_known_login_with_an_impossible_password_fails_like_any_other(service: Service, town: Town) -> None:
    assert await sign_in(service, "anna", "\0") == ["SIGN_IN_FAILED"]


async def test_half_a_surrogate_pair_is_no_json_that_is_read(service: Service, town: Town) -> None:
    body = (
        '{"query": "mutation { signIn(login: \\"x\\", password: \\"y\\") { token } }", "variables": {"a": "\\ud800"}}'
    )
    answer = await service.request("POST", "/graphql", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, codes(answer.json())) == (400, ["BAD_REQUEST"])
