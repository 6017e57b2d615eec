"""The form about a sheet: printed, then handed over, each once, and only the own school's (R9, D6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.delivery.tables import ObligationKind
from diary.kit import clock as clocks
from diary.kit import database
from tests.admin.conftest import Worlds
from tests.admin.test_forms import submit
from tests.admin.world import SchoolWorld

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def record(client: httpx.AsyncClient, world: SchoolWorld, **changes: str) -> tuple[int, str]:
    """Submit the form about the school's sheet."""
    fields = {
        "sheet": f"{world.secret}ов Михаил Петрович",
        "step": "HANDED_OVER",
        "guardian": f"{world.secret}ова Анна Ивановна",
        "to": "Анне под подпись",
    }
    return await submit(client, "hand-over-sheet", fields | changes)


async def sheet(world: SchoolWorld) -> Any:
    """Return the school's sheet as it stands."""
    return (await database.fetch("SELECT * FROM print_job WHERE id = $1", world.ids["print_job"]))[0]


async def test_a_sheet_is_printed_and_then_handed_over_each_once(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    early = await record(clerk, worlds.a, step="PRINTED")
    assert early[0] == 422
    assert "ещё не готов" in early[1]
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", worlds.a.ids["print_job"])
    assert (await record(clerk, worlds.a, step="PRINTED"))[0] == 200
    printed = await sheet(worlds.a)
    assert (printed["state"], printed["printed_at"] is not None) == ("PRINTED", True)
    twice = await record(clerk, worlds.a, step="PRINTED")
    assert (twice[0], "уже отмечен" in twice[1]) == (422, True)
    assert (await record(clerk, worlds.a, to=""))[0] == 422
    status, said = await record(clerk, worlds.a)
    assert status == 200, said
    given = await sheet(worlds.a)
    assert (given["state"], given["handed_over_to"]) == ("HANDED_OVER", "Анне под подпись")
    assert (given["received_by"], given["received_guardian"]) == ("GUARDIAN", worlds.a.ids["guardian"])
    assert given["handed_over_by"] == worlds.a.accounts["office"]
    assert given["printed_at"] == printed["printed_at"]
    for step in ("PRINTED", "HANDED_OVER"):
        again = await record(clerk, worlds.a, step=step)
        assert (again[0], "ничего не найдено среди невыданных" in again[1]) == (422, True)


async def test_another_schools_sheet_and_one_that_nobody_ordered_are_refused(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", worlds.b.ids["print_job"])
    before = await sheet(worlds.b)
    for step in ("PRINTED", "HANDED_OVER"):
        assert (await record(clerk, worlds.b, step=step))[0] != 200
    assert (await record(clerk, worlds.a, sheet="Седьмой"))[0] == 422
    assert await sheet(worlds.b) == before


async def test_waiting_sheets_are_offered_and_none_is_guessed_among_several(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", worlds.a.ids["print_job"])
    await database.execute(
        """
        INSERT INTO print_job (school, school_class, week_of, state, requested_at, kind)
        SELECT school, $2, '2026-11-16', state, requested_at + interval '1 minute', kind FROM print_job WHERE id = $1
        """,
        worlds.a.ids["print_job"],
        worlds.a.ids["school_class"],
    )
    offered = (await clerk.get("/api/suggest/sheets/", params={"search": ""})).json()
    assert [sheet.split(",")[0] for sheet in offered] == ["5А", f"{worlds.a.secret}ов Михаил Петрович"]

    status, said = await record(clerk, worlds.a, sheet=", неделя")
    assert (status, "подходят несколько" in said) == (422, True)
    status, said = await record(clerk, worlds.a, sheet="5А, 16.11.2026", step="PRINTED")
    assert (status, "5А, неделя с 16.11.2026" in said) == (200, True), said
    given_out = await record(clerk, worlds.a, sheet=offered[0], received_by="PUPIL", guardian="", to="На уроке")
    assert (given_out[0], "причитается" in given_out[1]) == (422, True), "nobody of the class waits for it"
    assert (await sheet(worlds.a))["state"] == "RENDERED"


async def test_a_sheet_whose_last_addressee_has_lost_the_rights_is_offered_no_more(
    clerk: httpx.AsyncClient, worlds: Worlds, clock: clocks.SetClock
) -> None:
    job = worlds.a.ids["print_job"]
    await obligations.open(
        Nobody(route="CLOCK"), kind=ObligationKind.WEEKLY_DIARY, pupil_id=worlds.a.ids["pupil"],
        guardian_id=worlds.a.ids["guardian"], about=obligations.weekly_about(date(2026, 11, 23)),
        opened_at=clock.now(), due_at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    await database.execute("UPDATE print_job SET state = 'RENDERED' WHERE id = $1", job)
    carried = await record(clerk, worlds.a, received_by="PUPIL", guardian="", to="На уроке")
    assert carried[0] == 200, carried

    assert len((await clerk.get("/api/suggest/sheets/", params={"search": ""})).json()) == 1
    await database.execute("UPDATE guardianship SET restricted = true WHERE guardian = $1", worlds.a.ids["guardian"])
    assert (await clerk.get("/api/suggest/sheets/", params={"search": ""})).json() == []
