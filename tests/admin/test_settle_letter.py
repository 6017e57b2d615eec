"""Uncertain letters: the clerk names one, says what the receiver said, and nobody else's letters move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from diary.kit import clock, database
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_forms import submit
from tests.admin.world import SchoolWorld, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")
WRITTEN = datetime(2026, 11, 23, 15, 30, 5, tzinfo=UTC)


async def add_letter(world: SchoolWorld, subject: str, **changes: Any) -> UUID:
    """Leave one more letter to the school's guardian behind, uncertain unless told otherwise."""
    values: dict[str, Any] = {
        "school": world.id, "guardian": world.ids["guardian"], "pupil": world.ids["pupil"], "kind": "EMAIL",
        "contact_point": world.ids["contact_point"], "subject": subject, "body": "Здравствуйте!",
        "dedup_key": f"more:{world.name}:{subject}", "state": "UNCERTAIN", "created_at": WRITTEN, **changes,
    }  # fmt: skip
    added: UUID = await insert("outbox", **values)
    return added


async def states(world: SchoolWorld) -> dict[str, str]:
    """Return where each letter of the school stands, by its subject."""
    rows = await database.fetch("SELECT subject, state FROM outbox WHERE school = $1 AND kind = 'EMAIL'", world.id)
    return {row["subject"]: row["state"] for row in rows}


async def snapshot(world: SchoolWorld) -> list[str]:
    """Return every letter of the school, all columns."""
    rows = await database.fetch("SELECT o::text AS whole FROM outbox o WHERE school = $1 ORDER BY id", world.id)
    return [row["whole"] for row in rows]


async def settle(client: httpx.AsyncClient, letter: str, fate: str = "ARRIVED") -> tuple[int, str]:
    """Submit the form."""
    return await submit(client, "settle-letter", {"letter": letter, "fate": fate})


async def test_a_letter_that_arrived_is_done_with_the_clerk_as_evidence(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    others = await snapshot(worlds.b)

    status, said = await settle(clerk, f"{worlds.a.secret.upper()}ова  анна")

    assert status == 200, said
    assert said.startswith(f"Записано, что письмо дошло: {worlds.a.secret}ова Анна Ивановна")
    (row,) = await database.fetch("SELECT state, evidence::text FROM outbox WHERE id = $1", worlds.a.ids["outbox"])
    assert row["state"] == "DONE"
    assert str(worlds.a.accounts["office"]) in row["evidence"]
    assert await snapshot(worlds.b) == others


async def test_a_letter_that_did_not_arrive_is_queued_for_now(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    address = (
        await database.fetch("SELECT value FROM contact_point WHERE id = $1", worlds.a.ids["contact_point"])
    )[0]["value"]  # fmt: skip
    others = await snapshot(worlds.b)

    status, said = await settle(clerk, address.upper(), "NOT_ARRIVED")

    assert status == 200, said
    assert said.startswith("Письмо снова в очереди")
    (row,) = await database.fetch(
        "SELECT state, due_at, outcome FROM outbox WHERE id = $1", worlds.a.ids["outbox"]
    )  # fmt: skip
    assert (row["state"], row["due_at"], row["outcome"]) == ("QUEUED", clock.now(), "NOT_ARRIVED")
    assert await snapshot(worlds.b) == others


async def test_a_settled_letter_is_not_settled_again(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await settle(clerk, f"{worlds.a.secret}ова")

    status, said = await settle(clerk, f"{worlds.a.secret}ова", "NOT_ARRIVED")

    assert (status, said) == (422, f"Письмо: по «{worlds.a.secret}ова» ничего не найдено. Решать не о чем.")
    assert (await states(worlds.a))[f"Письмо {worlds.a.secret}"] == "DONE"


async def test_several_letters_are_listed_and_chosen_by_subject_or_time_or_the_whole_line(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await add_letter(worlds.a, "Собрание, важное")
    await add_letter(worlds.a, "Экскурсия", created_at=WRITTEN + timedelta(hours=1))
    guardian = f"{worlds.a.secret}ова Анна Ивановна"

    vague = await settle(clerk, guardian)
    unchanged = set((await states(worlds.a)).values())
    by_time = await settle(clerk, f"{guardian}, 19:30")
    await add_letter(worlds.a, "Поход")
    line = next(part for part in vague[1].removesuffix(" Введите точнее.").split("; ") if "Собрание" in part)
    by_line = await settle(clerk, line.removeprefix("Письмо: подходят несколько. Ждут решения: "))
    by_subject = await settle(clerk, f"{guardian}, поход", "NOT_ARRIVED")

    assert vague[0] == 422
    assert vague[1].startswith("Письмо: подходят несколько.")
    assert "«Собрание, важное», о ребёнке: Михаил" in vague[1]
    assert "23.11.2026 18:30:05, неизвестно, дошло ли" in vague[1], "the time is the school's"
    assert unchanged == {"UNCERTAIN"}
    assert (by_time[0], by_line[0], by_subject[0]) == (200, 200, 200)
    assert await states(worlds.a) == {
        f"Письмо {worlds.a.secret}": "UNCERTAIN",
        "Собрание, важное": "DONE",
        "Экскурсия": "DONE",
        "Поход": "QUEUED",
    }


async def test_letters_that_nobody_can_tell_apart_are_settled_one_after_another(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    twins = [await add_letter(worlds.a, "Близнец", dedup_key=f"twin:{number}") for number in range(2)]

    first = await settle(clerk, f"{worlds.a.secret}ова, близнец")

    assert first[0] == 200, first[1]
    rows = await database.fetch("SELECT id, state FROM outbox WHERE id = ANY ($1)", twins)
    assert {row["id"]: row["state"] for row in rows} == {twins[0]: "DONE", twins[1]: "UNCERTAIN"}


async def test_without_a_name_the_waiting_letters_of_the_own_school_are_listed_and_nothing_changes(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    before = [await snapshot(worlds.a), await snapshot(worlds.b)]

    status, said = await settle(clerk, "  ", "NOT_ARRIVED")

    assert status == 200
    assert said.startswith(f"Ждут решения: {worlds.a.secret}ова Анна Ивановна")
    assert worlds.b.secret not in said
    assert [await snapshot(worlds.a), await snapshot(worlds.b)] == before


@pytest.mark.parametrize(("more", "end"), [(19, "ли."), (20, "ли и ещё 1.")])
async def test_at_most_twenty_letters_are_listed_uncertain_ones_first(
    clerk: httpx.AsyncClient, worlds: Worlds, more: int, end: str
) -> None:
    await add_letter(worlds.a, "Провал", state="FAILED", created_at=WRITTEN - timedelta(days=1))
    failed_first = (await settle(clerk, ""))[1]
    await database.execute("DELETE FROM outbox WHERE subject = 'Провал'")
    for number in range(more):
        await add_letter(worlds.a, f"Ещё {number}")

    _status, said = await settle(clerk, "")

    assert said.count("; ") == 19
    assert said.endswith(end)
    assert failed_first.endswith("не удалось.")


async def test_without_waiting_letters_the_clerk_is_told_so(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await settle(clerk, worlds.a.secret)

    assert await settle(clerk, "") == (200, "Писем, о которых нужно решить, нет.")


async def test_a_failed_letter_is_only_sent_again(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await add_letter(worlds.a, "Провал", state="FAILED", attempt=5, finished_at=WRITTEN, outcome="550")

    arrived = await settle(clerk, f"{worlds.a.secret}ова, провал")
    kept = (await states(worlds.a))["Провал"]
    again = await settle(clerk, f"{worlds.a.secret}ова, провал", "NOT_ARRIVED")

    assert arrived[0] == 422
    assert arrived[1].startswith("Это письмо точно не отправлено")
    assert kept == "FAILED"
    assert again[0] == 200, again[1]
    assert (await states(worlds.a))["Провал"] == "QUEUED"


@pytest.mark.parametrize("state", ["QUEUED", "STARTED", "DONE", "REFUSED", "CANCELLED"])
async def test_letters_that_wait_for_nobody_are_not_found(clerk: httpx.AsyncClient, worlds: Worlds, state: str) -> None:
    await add_letter(worlds.a, "Иное", state=state)

    status, said = await settle(clerk, f"{worlds.a.secret}ова, иное", "NOT_ARRIVED")

    assert status == 422
    assert "ничего не найдено. Ждут решения: " in said
    assert "Иное" not in said
    assert (await states(worlds.a))["Иное"] == state


async def test_a_name_of_the_other_school_finds_nothing_there(
    clerk: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    others = await snapshot(worlds.b)

    for fate in ("ARRIVED", "NOT_ARRIVED"):
        status, said = await settle(clerk, f"{worlds.b.secret}ова", fate)
        assert status == 422
        assert f"{worlds.b.secret}ова Анна" not in said

    assert await snapshot(worlds.b) == others
    assert (await settle(await sign_in("office-Б"), f"{worlds.b.secret}ова"))[0] == 200
