"""Duties in the panel: read-only, met in person or cancelled with a reason through the form alone (D6)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from diary.kit import database
from tests.admin.conftest import Worlds
from tests.admin.test_forms import submit
from tests.admin.world import SchoolWorld

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def settle(client: httpx.AsyncClient, world: SchoolWorld, **changes: str) -> tuple[int, str]:
    """Submit the form about the school's duty."""
    fields = {"obligation": str(world.ids["obligation"]), "act": "MET", "reason": "Выдано Анне под подпись"}
    return await submit(client, "settle-obligation", fields | changes)


async def duty(world: SchoolWorld) -> Any:
    """Return the school's duty as it stands."""
    return (await database.fetch("SELECT * FROM obligation WHERE id = $1", world.ids["obligation"]))[0]


async def test_a_duty_met_in_person_keeps_who_said_so_and_how(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await settle(clerk, worlds.a)
    assert status == 200, said
    row = await duty(worlds.a)
    assert row["met_by"] == "HAND_OVER"
    assert "Выдано Анне под подпись" in row["evidence"]
    assert str(worlds.a.accounts["office"]) in row["evidence"]
    again = await settle(clerk, worlds.a)
    assert again[0] == 422
    assert "уже исполнена" in again[1]


async def test_a_duty_is_cancelled_with_the_reason_typed(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    assert (await settle(clerk, worlds.a, act="CANCEL", reason=" "))[0] == 422
    status, said = await settle(clerk, worlds.a, act="CANCEL", reason="Протокол аннулирован")
    assert status == 200, said
    row = await duty(worlds.a)
    assert (row["state"], row["cancel_reason"]) == ("CANCELLED", "Протокол аннулирован")


async def test_another_schools_duty_and_a_senseless_number_are_refused(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    before = await duty(worlds.b)
    assert (await settle(clerk, worlds.b))[0] != 200
    assert (await settle(clerk, worlds.a, obligation="седьмая"))[0] == 422
    assert await duty(worlds.b) == before
