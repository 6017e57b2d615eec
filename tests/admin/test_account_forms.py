"""The office opens, closes and re-keys the accounts of its own families and teachers, and nobody else's."""

from __future__ import annotations

import json

import httpx
import pytest

from diary.access.tables import Account
from diary.kit import database
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_forms import submit
from tests.admin.world import PASSWORD, add_account, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def state(login: str) -> tuple[bool, bool]:
    """Return whether the account is open, and whether the password of before still fits."""
    (row,) = await database.fetch("SELECT active FROM account WHERE username = $1", login)
    return row["active"], await Account.login(login, PASSWORD) is not None


async def test_an_account_is_closed_with_its_sessions(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    from diary.access import session_tokens  # noqa: PLC0415

    token = await session_tokens.start(worlds.a.accounts["guardian"])

    done = await submit(clerk, "close-account", {"login": "guardian-А", "act": "CLOSE"})
    again = await submit(clerk, "close-account", {"login": "guardian-А", "act": "CLOSE"})
    anew = await submit(clerk, "close-account", {"login": "guardian-А", "act": "NEW_PASSWORD"})

    assert done == (200, "Учётная запись guardian-А закрыта, её сеансы завершены.")
    assert again == anew == (422, "Учётная запись «guardian-А» уже закрыта.")
    assert await session_tokens.read(token) is None
    assert await state("guardian-А") == (False, False)


async def test_a_new_password_replaces_the_old_one(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(clerk, "close-account", {"login": "teacher-А"})

    assert status == 200, said
    password = said.split("новый пароль: ")[1].split(" ")[0]
    assert await Account.login("teacher-А", password) == worlds.a.accounts["teacher"]
    assert await state("teacher-А") == (True, False)
    assert password not in str(await database.fetch("SELECT * FROM audit_entry"))


@pytest.mark.parametrize("login", ["guardian-Б", "office-А", "office-Б", "root", "without", "no-such-login", "a\0b"])
@pytest.mark.parametrize("act", ["CLOSE", "NEW_PASSWORD"])
async def test_the_office_touches_no_other_schools_and_no_staffs_account(
    clerk: httpx.AsyncClient, worlds: Worlds, login: str, act: str
) -> None:
    await add_account("without")

    refused = await submit(clerk, "close-account", {"login": login, "act": act})

    assert refused == (422, "Запись не найдена или недоступна вам.")
    assert not await database.fetch("SELECT FROM account WHERE NOT active")
    if login not in {"no-such-login", "a\0b"}:
        assert await state(login) == (True, True)


async def test_the_office_leaves_alone_who_also_belongs_to_another_school(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await insert(
        "capacity", account=worlds.a.accounts["guardian"], role="TEACHER", school=worlds.b.id,
        teacher=worlds.b.ids["teacher"],
    )  # fmt: skip

    status, _said = await submit(clerk, "close-account", {"login": "guardian-А", "act": "CLOSE"})

    assert (status, await state("guardian-А")) == (422, (True, True))


async def test_an_operator_closes_any_account(worlds: Worlds, sign_in: SignIn) -> None:
    operator, clerk = await sign_in("root"), await sign_in("office-Б")

    status, said = await submit(operator, "close-account", {"login": "office-Б", "act": "CLOSE"})

    assert status == 200, said
    assert (await clerk.get("/api/tables/pupil/")).status_code == 401


async def test_logins_are_suggested_from_the_own_school(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    offered = (await clerk.get("/api/suggest/accounts/", params={"search": "g"})).json()

    assert offered == ["guardian-А"]


async def test_a_person_has_one_open_account(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    person = {"role": "GUARDIAN", "person": f"{worlds.a.secret}ова", "login": "anna.new"}

    second = await submit(clerk, "create-account", person)
    await submit(clerk, "close-account", {"login": "guardian-А", "act": "CLOSE"})
    after = await submit(clerk, "create-account", person)

    assert second == (422, "У этого человека уже есть действующая учётная запись: «guardian-А».")
    assert after[0] == 200, after[1]


@pytest.mark.parametrize("login", ["аnna", "ab", "x" * 101, "anna smith", "anna\0", "anna/b", "ａnna"])
async def test_a_login_is_made_of_plain_signs(clerk: httpx.AsyncClient, worlds: Worlds, login: str) -> None:
    person = {"role": "PUPIL", "person": f"{worlds.a.secret}ов", "login": login}

    status, said = await submit(clerk, "create-account", person)

    assert status == 422
    assert "латинских букв" in said


async def test_a_login_is_taken_in_any_case(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await add_account("Misha")

    refused = await submit(
        clerk, "create-account", {"role": "PUPIL", "person": f"{worlds.a.secret}ов", "login": "misha"}
    )

    assert refused == (422, "Логин «misha» уже занят.")


@pytest.mark.parametrize(
    "new",
    ["12345678", "12.04.2010", "аааааааа", "abababab", "qwerty12345", "Йцукен2026", "пароль-2026", "gfhjkm123",
     "ghbdtn_123", "office-А1", "diary-demo", "poiuytrewq", "ПАРОЛЬпароль"],
)  # fmt: skip
async def test_a_password_that_is_guessed_first_is_refused(clerk: httpx.AsyncClient, worlds: Worlds, new: str) -> None:
    answer = await clerk.post(
        "/api/change-password/", json={"current_password": PASSWORD, "new_password": new, "confirm_new_password": new}
    )

    assert (answer.status_code, answer.json()["detail"].split(".")[0]) == (422, "Такой пароль легко угадать")
    assert await state("office-А") == (True, True)


async def trail_of_passwords(client: httpx.AsyncClient, account: int) -> list[tuple[int | None, dict[str, object]]]:
    """Return who has changed an account's password and how, as the panel shows it."""
    found = await client.get(
        "/api/tables/audit_entry/", params={"record": "account", "record_id": str(account), "__page_size": 15}
    )
    changes = [(row["actor"], row["after"]) for row in found.json()["rows"] if row["action"] == "UPDATE"]
    told = [(actor, json.loads(after) if isinstance(after, str) else after) for actor, after in changes]
    return [(actor, after) for actor, after in told if "password" in after]


async def test_who_gave_a_password_is_read_in_the_trail_by_the_office_and_the_operator(
    clerk: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    account = worlds.a.accounts["guardian"]
    await submit(clerk, "close-account", {"login": "guardian-А", "act": "NEW_PASSWORD"})
    elsewhere, operator = await sign_in("office-Б"), await sign_in("root")

    expected = [(worlds.a.accounts["office"], {"password": "changed"})]
    assert await trail_of_passwords(clerk, account) == expected
    assert await trail_of_passwords(operator, account) == expected
    assert await trail_of_passwords(elsewhere, account) == []
    assert "argon2" not in str(await database.fetch("SELECT before, after FROM audit_entry"))


async def test_a_clerks_sign_in_is_read_by_the_own_office_and_an_operators_by_the_operator(
    clerk: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    operator = await sign_in("root")
    started: dict[str, str | int] = {"record": "session", "action": "INSERT", "__page_size": 15}

    seen = (await clerk.get("/api/tables/audit_entry/", params=started)).json()["rows"]
    by_operator = (await operator.get("/api/tables/audit_entry/", params=started)).json()["rows"]

    (root,) = await database.fetch("SELECT id FROM account WHERE username = 'root'")
    assert [json.loads(row["after"])["user_id"] for row in seen] == [worlds.a.accounts["office"]]
    assert sorted(json.loads(row["after"])["user_id"] for row in by_operator) == sorted(
        [root["id"], worlds.a.accounts["office"]]
    )
