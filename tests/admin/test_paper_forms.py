"""The panel's print queue: forms of consent, a class's pile at once, and the order of the queue (R9, R2.2)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import httpx
import pytest

from diary.kit import clock, database
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_forms import submit
from tests.admin.world import SchoolWorld, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEEK = "2026-11-26"


async def sheet(world: SchoolWorld, **changes: Any) -> Any:
    """Add a rendered week of the school's pupil."""
    values = {"pupil": world.ids["pupil"], "kind": "WEEK", "week_of": date(2026, 11, 23), "state": "RENDERED"}
    return await insert("print_job", school=world.ids["school"], **values | changes)


async def states(world: SchoolWorld) -> dict[Any, str]:
    """Return the states of the school's print jobs."""
    rows = await database.fetch("SELECT id, state FROM print_job WHERE school = $1", world.ids["school"])
    return {row["id"]: row["state"] for row in rows}


async def pile(client: httpx.AsyncClient, world: SchoolWorld, **changes: str) -> tuple[int, str]:
    """Submit the form about the class's sheets."""
    fields = {"school_class": f"5{world.name}", "week_of": WEEK, "step": "HANDED_OVER", "to": "Классу по списку"}
    return await submit(client, "class-sheets", fields | changes)


async def test_the_sheets_of_a_class_are_printed_and_handed_over_as_one_pile(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    world = worlds.a
    whole = await sheet(world, pupil=None, school_class=world.ids["school_class"])
    single = await sheet(world)
    asked = await sheet(world, guardian=world.ids["guardian"])
    other_week = await sheet(world, week_of=date(2026, 11, 16))
    waiting = world.ids["print_job"]

    status, said = await pile(clerk, world, step="PRINTED", to="")
    assert (status, said) == (200, "5А: записано, что напечатано. Заданий: 3.")
    assert await states(world) == {
        whole: "PRINTED", single: "PRINTED", asked: "PRINTED", other_week: "RENDERED", waiting: "QUEUED",
    }  # fmt: skip
    assert (await pile(clerk, world, step="PRINTED"))[0] == 422
    assert (await pile(clerk, world, to=""))[0] == 422
    await insert(
        "delivery_agreement", school=world.ids["school"], guardian=world.ids["guardian"], pupil=world.ids["pupil"],
        form="PAPER", reason="UNABLE", handed_to="PUPIL", channels=[], schedule="SCHOOL_DEFAULT", weekdays=[],
        month_days=[], dates=[], origin="OFFICE", document_reference="№ 7", agreed_at=clock.now(),
        registered_at=clock.now(),
    )  # fmt: skip
    status, said = await pile(clerk, world)
    assert (status, said) == (200, "5А: выдача записана. Заданий: 2, исполнено обязанностей: 1.")
    assert await states(world) == {
        whole: "HANDED_OVER", single: "HANDED_OVER", asked: "PRINTED", other_week: "RENDERED", waiting: "QUEUED",
    }  # fmt: skip
    [duty] = await database.fetch("SELECT state, met_by FROM obligation WHERE kind = 'WEEKLY_DIARY'")
    assert (duty["state"], duty["met_by"]) == ("MET", "HAND_OVER")
    again = await pile(clerk, world)
    assert (again[0], "ещё не готов" in again[1]) == (422, True)


async def test_who_has_not_agreed_to_get_paper_through_the_pupil_waits_after_the_pile_and_signs_alone(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    world = worlds.a
    for _copy in range(2):
        await sheet(world)
    status, said = await pile(clerk, world)
    assert (status, "исполнено обязанностей: 0. Ждут личного получения представителями: 1" in said) == (200, True), said

    offered = (await clerk.get("/api/suggest/sheets/", params={"search": ""})).json()
    handed = [one for one in offered if one.endswith("выдано не всем")]
    assert len(handed) == 2, offered
    signed = {"sheet": handed[0], "to": "Под подпись", "received_by": "GUARDIAN"}
    status, said = await submit(clerk, "hand-over-sheet", signed)
    assert (status, "укажите, кто из представителей" in said) == (422, True), said
    guardian = f"{world.secret}ова Анна Ивановна"
    status, said = await submit(clerk, "hand-over-sheet", {**signed, "guardian": guardian})
    assert (status, "Исполнено обязанностей: 1." in said) == (200, True), said
    [duty] = await database.fetch("SELECT state, evidence FROM obligation WHERE kind = 'WEEKLY_DIARY'")
    assert (duty["state"], json.loads(duty["evidence"])["guardian"]) == ("MET", str(world.ids["guardian"]))
    assert not [one for one in (await clerk.get("/api/suggest/sheets/")).json() if one.endswith("выдано не всем")]


async def test_a_pile_of_another_schools_class_is_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    theirs = await sheet(worlds.b)
    assert (await pile(clerk, worlds.b))[0] == 422
    assert (await states(worlds.b))[theirs] == "RENDERED"


async def forms(world: SchoolWorld) -> list[Any]:
    """Return the ordered forms of consent."""
    return await database.fetch(
        "SELECT * FROM print_job WHERE school = $1 AND kind = 'CONSENT_FORM' ORDER BY requested_at, id",
        world.ids["school"],
    )


async def test_forms_of_consent_are_ordered_for_a_person_a_class_or_blank(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    world = worlds.a
    pupil, guardian = f"{world.secret}ов Михаил Петрович", f"{world.secret}ова Анна Ивановна"
    for fields in (
        {"pupil": pupil, "guardian": guardian, "purpose": "ELECTRONIC_FORM"},
        {"pupil": pupil, "guardian": "сам"},
        {"school_class": "5А"},
        {},
    ):
        status, said = await submit(clerk, "print-consent-form", fields)
        assert (status, "Задание поставлено" in said) == (200, True), said
    person, own, whole, blank = await forms(world)
    assert (person["pupil"], person["guardian"], person["purpose"]) == (
        world.ids["pupil"], world.ids["guardian"], "ELECTRONIC_FORM",
    )  # fmt: skip
    assert (own["pupil"], own["guardian"]) == (world.ids["pupil"], None)
    assert (whole["school_class"], whole["pupil"]) == (world.ids["school_class"], None)
    assert (blank["school_class"], blank["pupil"], blank["purpose"]) == (None, None, "PERSONAL_DATA")
    assert len(await database.fetch("SELECT FROM outbox WHERE kind = 'PRINT' AND state = 'QUEUED'")) == 4


@pytest.mark.parametrize(
    "fields",
    [
        {"pupil": "{pupil}"},
        {"guardian": "{guardian}"},
        {"pupil": "{pupil}", "guardian": "{guardian}", "school_class": "5А"},
        {"pupil": "{pupil}", "guardian": "{guardian}", "purpose": "GUARDIAN_ACCESS"},
        {"school": "Школа, которой нет"},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    clerk: httpx.AsyncClient, worlds: Worlds, fields: dict[str, str]
) -> None:
    world = worlds.a
    names = {"pupil": f"{world.secret}ов Михаил Петрович", "guardian": f"{world.secret}ова Анна Ивановна"}
    status, said = await submit(
        clerk, "print-consent-form", {key: value.format(**names) for key, value in fields.items()}
    )
    assert status == 422, said
    assert await forms(world) == []


async def test_a_form_for_a_guardian_whose_rights_have_ended_is_refused(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    world = worlds.a
    await database.execute("UPDATE guardianship SET restricted = true")
    fields = {"pupil": f"{world.secret}ов Михаил Петрович", "guardian": f"{world.secret}ова Анна Ивановна"}
    assert (await submit(clerk, "print-consent-form", fields))[0] == 422
    assert await forms(world) == []


async def test_an_operator_without_an_office_orders_nothing(worlds: Worlds, sign_in: SignIn) -> None:
    operator = await sign_in("root")
    for fields in ({"school": f"Школа {worlds.a.secret}"}, {"school_class": "5А"}):
        assert (await submit(operator, "print-consent-form", fields))[0] == 422
    assert await forms(worlds.a) == []


async def test_the_queue_stands_by_week_and_class_as_they_are_named(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    world = worlds.a
    await database.execute("DELETE FROM outbox WHERE kind = 'PRINT'")
    await database.execute("DELETE FROM print_job WHERE school = $1", world.ids["school"])
    expected = []
    for name, grade in (("2Б", 2), ("2Я", 2), ("10А", 10)):
        school_class = await insert(
            "school_class", school=world.ids["school"], school_year=world.ids["school_year"], name=name,
            grade_level=grade,
        )  # fmt: skip
        expected.append(school_class)
    jobs = [await sheet(world, pupil=None, school_class=one) for one in reversed(expected)][::-1]
    older = await sheet(world, pupil=None, school_class=expected[0], week_of=date(2026, 11, 16))

    schema = (await clerk.get("/api/tables/Задания_на_печать/schema/")).json()
    order = ",".join(("" if one["ascending"] else "-") + one["column"] for one in schema["extra"]["order_by"])
    answer = await clerk.get("/api/tables/Задания_на_печать/", params={"__order": order})

    assert answer.status_code == 200, answer.text
    assert [row["id"] for row in answer.json()["rows"]] == [str(job) for job in (*jobs, older)]


async def test_the_queue_says_why_a_sheet_failed_and_how_often_it_was_tried(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    failed = await sheet(worlds.a, state="FAILED", retries=3, problem="В классе слишком много обучающихся.")
    schema = (await clerk.get("/api/tables/Задания_на_печать/schema/")).json()
    assert {"problem", "retries", "received_by"} <= set(schema["extra"]["visible_column_names"])
    rows = (await clerk.get("/api/tables/Задания_на_печать/", params={"state": "FAILED"})).json()["rows"]
    assert [(row["id"], row["retries"], row["problem"]) for row in rows] == [
        (str(failed), 3, "В классе слишком много обучающихся."),
    ]  # fmt: skip
