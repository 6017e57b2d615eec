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
    fields = {
        "pupil": f"{world.secret}ов Михаил Петрович",
        "obligation": "Итоговый результат",
        "act": "MET",
        "reason": "Выдано Анне под подпись",
    }
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
    status, said = await settle(clerk, worlds.a, act="CANCEL", reason=" ")
    assert (status, "Укажите причину." in said) == (422, True)
    status, said = await settle(clerk, worlds.a, act="CANCEL", reason="Протокол аннулирован")
    assert status == 200, said
    row = await duty(worlds.a)
    assert (row["state"], row["cancel_reason"]) == ("CANCELLED", "Протокол аннулирован")


async def test_who_says_that_a_duty_was_met_says_to_whom_and_the_panel_shows_it(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    status, said = await settle(clerk, worlds.a, reason=" ")
    assert (status, "Напишите, кому и как выдано." in said) == (422, True)
    assert (await settle(clerk, worlds.a))[0] == 200
    shown = (await clerk.get(f"/api/tables/Обязанности/{worlds.a.ids['obligation']}/")).json()
    assert "Выдано Анне под подпись" in shown["evidence"]


async def test_another_schools_duty_and_one_that_nobody_owes_are_refused(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    before = await duty(worlds.b)
    assert (await settle(clerk, worlds.b))[0] != 200
    status, said = await settle(clerk, worlds.a, obligation="седьмая")
    assert status == 422
    assert "по «седьмая» ничего не найдено" in said
    assert await duty(worlds.b) == before


async def test_the_duties_of_the_pupil_are_offered_and_what_was_offered_is_understood(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    child = f"{worlds.a.secret}ов Михаил Петрович"
    offered = (await clerk.get("/api/suggest/duties/", params={"search": "", "pupil": child})).json()
    assert len(offered) == 1
    assert offered[0].startswith(f"Итоговый результат, {worlds.a.secret}ова Анна Ивановна, до ")
    assert offered[0].endswith(", ждёт исполнения")
    foreign = f"{worlds.b.secret}ов Михаил Петрович"
    assert (await clerk.get("/api/suggest/duties/", params={"search": "", "pupil": foreign})).json() == []

    assert (await settle(clerk, worlds.a, obligation=offered[0]))[0] == 200
    assert (await duty(worlds.a))["state"] == "MET"


async def test_a_duty_is_not_guessed_among_several(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await database.execute(
        """
        INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at)
        SELECT school, 'FORECAST', '5', pupil, guardian, 'test:another', opened_at, due_at + interval '1 day'
        FROM obligation WHERE id = $1
        """,
        worlds.a.ids["obligation"],
    )
    status, said = await settle(clerk, worlds.a, obligation="Анна")
    assert status == 422
    assert "подходят несколько" in said
    assert "Прогноз" in said
    assert "Итоговый результат" in said
    assert (await settle(clerk, worlds.a, obligation="итоговый, анна"))[0] == 200
    assert (await duty(worlds.a))["state"] == "MET"


async def test_the_list_shows_first_what_still_waits_the_nearest_deadline_on_top(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    assert (await settle(clerk, worlds.a))[0] == 200
    for number, later in (("third", "9 days"), ("second", "2 days"), ("first", "1 day")):
        await database.execute(
            """
            INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at)
            SELECT school, kind, clause, pupil, guardian, $3, opened_at, due_at + $2::text::interval
            FROM obligation WHERE id = $1
            """,
            worlds.a.ids["obligation"],
            later,
            number,
        )
    order = (await clerk.get("/api/tables/Обязанности/schema/")).json()["extra"]["order_by"]
    wanted = ",".join(("" if key["ascending"] else "-") + key["column"] for key in order)
    rows = (await clerk.get("/api/tables/Обязанности/", params={"__order": wanted})).json()["rows"]

    assert [row["about"] for row in rows] == ["first", "second", "third", f"test:{worlds.a.secret}"]
