"""The office writes down by its paper that a person's codes count as a signature, and ends it (63-FZ art. 9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from diary.kit import database
from tests.admin.conftest import Worlds
from tests.admin.test_forms import submit, typed
from tests.admin.test_records import trail
from tests.admin.world import NOW, TODAY

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM = "signing-agreement"


async def agreements(worlds: Worlds) -> list[dict[str, Any]]:
    """Return school A's agreements, oldest first."""
    rows = await database.fetch("SELECT * FROM signing_agreement WHERE school = $1 ORDER BY id", worlds.a.id)
    return [dict(row) for row in rows]


@pytest.fixture
async def none_yet(worlds: Worlds) -> None:
    """End what the school began with."""
    await database.execute("UPDATE signing_agreement SET ended_at = $1", NOW)


@pytest.mark.usefixtures("none_yet")
async def test_an_agreement_is_written_down_and_ended(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    signed = await submit(clerk, FORM, typed(worlds, signed_on="2026-11-20"))
    again = await submit(clerk, FORM, typed(worlds))
    _old, kept = await agreements(worlds)
    assert (signed[0], again[0]) == (200, 422)
    assert "уже действует: № 12" in again[1]
    assert (kept["guardian"], kept["pupil"], kept["document_reference"]) == (
        worlds.a.ids["guardian"], None, "№ 12 от 24.11.2026, папка 3",
    )  # fmt: skip
    assert (str(kept["signed_on"]), kept["registered_at"], kept["registrar"]) == (
        "2026-11-20", NOW, worlds.a.accounts["office"],
    )  # fmt: skip

    ended = await submit(clerk, FORM, typed(worlds, act="ENDED"))
    twice = await submit(clerk, FORM, typed(worlds, act="ENDED"))
    assert (ended[0], twice[0]) == (200, 422)
    (kept,) = (await agreements(worlds))[1:]
    assert (kept["ended_at"], kept["ended_by"]) == (NOW, worlds.a.accounts["office"])
    assert [entry["action"] for entry in await trail("signing_agreement", kept["id"])] == ["INSERT", "UPDATE"]
    anew = await submit(clerk, FORM, typed(worlds))
    assert anew[0] == 200, anew[1]


@pytest.mark.usefixtures("none_yet")
async def test_a_pupils_own_agreement_is_the_pupils(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(clerk, FORM, typed(worlds, guardian="сам"))
    assert status == 200, said
    assert [(row["guardian"], row["pupil"]) for row in (await agreements(worlds))[1:]] == [
        (None, worlds.a.ids["pupil"])
    ]


@pytest.mark.usefixtures("none_yet")
@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"document": ""}, "Укажите документ"),
        ({"document": " . "}, "Укажите документ"),
        ({"signed_on": "2026-11-25"}, "в будущем"),
        ({"signed_on": "2005-12-31"}, "слишком давно"),
        ({"signed_on": str(TODAY)}, None),
        ({"signed_on": "2006-01-01"}, None),
    ],
)
async def test_an_agreement_needs_its_paper_and_a_sensible_date(
    clerk: httpx.AsyncClient, worlds: Worlds, change: dict[str, str], refused: str | None
) -> None:
    status, said = await submit(clerk, FORM, typed(worlds, **change))
    assert status == (422 if refused else 200), said
    assert refused is None or refused in said
    assert len(await agreements(worlds)) == (1 if refused else 2)


async def test_the_list_is_only_read(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    own = f"/api/tables/signing_agreement/{worlds.a.ids['signing_agreement']}/"
    assert (await clerk.get(own)).json()["document_reference"] == f"Соглашение {worlds.a.secret}"
    assert (await clerk.patch(own, json={"ended_at": "2026-11-24T00:00:00Z"})).status_code == 405
    assert (await clerk.delete(own)).status_code == 405
