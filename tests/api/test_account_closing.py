"""A closed or re-keyed account is out everywhere at once, its open sockets included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from diary.access.accounts import AccountExists, close_account, create_account, give_new_password
from diary.access.tables import Role
from diary.access.viewer import Nobody, viewer_of
from diary.kit import database
from diary.kit.refusal import NotFound
from tests.api.test_diary_events import follow
from tests.support.service import Service, codes
from tests.support.town import Town

SHELL = Nobody(route="COMMAND_LINE")


@pytest.mark.parametrize("act", [close_account, give_new_password])
async def test_sessions_and_sockets_end_within_a_second(
    service: Service, town: Town, act: Callable[[Nobody, str], Awaitable[object]]
) -> None:
    token, vera = await service.sign_in("anna"), await service.sign_in("vera")
    async with service.socket(token) as socket:
        await follow(socket, town)
        await socket.settle()
        await act(SHELL, "anna")
        assert await socket.closed(seconds=1) == (4401, "SIGN_IN_REQUIRED")

    assert codes(await service.post("{ viewer { role } }", token=token)) == ["SIGN_IN_REQUIRED"]
    assert codes(await service.post("{ viewer { role } }", token=vera)) == []


@pytest.mark.parametrize("login", ["anna", "vera", "misha", "nobody"])
async def test_who_is_no_office_governs_no_account_not_even_the_own(service: Service, town: Town, login: str) -> None:
    actor = await viewer_of(town.accounts[login], route="GRAPHQL")
    for act in (close_account, give_new_password):
        with pytest.raises(NotFound):
            await act(actor, login)


async def test_two_clerks_at_once_open_one_account(service: Service, town: Town) -> None:
    await close_account(SHELL, "anna")
    (anna,) = await database.fetch("SELECT guardian FROM capacity WHERE account = $1", town.accounts["anna"])

    made = await asyncio.gather(
        *(
            create_account(SHELL, login=login, role=Role.GUARDIAN, person_id=anna["guardian"])
            for login in ("anna.first", "anna.second")
        ),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in made) == [AccountExists.__name__, "NewAccount"]
