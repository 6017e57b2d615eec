"""The forms: a clerk types what stands on the paper, and one command does the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from admin.forms import FORMS
from diary.access.tables import Account
from diary.access.viewer import viewer_of
from diary.kit import database
from diary.kit.refusal import BadInput
from diary.paper.print_jobs import request_week
from tests.admin.conftest import Panel, SignIn, Worlds
from tests.admin.test_statements import ledger
from tests.admin.world import insert

pytestmark = pytest.mark.asyncio(loop_scope="session")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def typed(worlds: Worlds, **changes: Any) -> dict[str, Any]:
    """The decision's form as a clerk fills it in."""
    return {
        "pupil": f"{worlds.a.secret}ов Михаил Петрович, 5А",
        "guardian": f"{worlds.a.secret}ова Анна Ивановна",
        "document": "№ 12 от 24.11.2026, папка 3",
        **changes,
    }


async def submit(client: httpx.AsyncClient, slug: str, fields: dict[str, Any]) -> tuple[int, str]:
    """Send a form and return what the clerk reads."""
    answer = await client.post(f"/api/forms/{slug}/", json=fields)
    said = answer.json()
    return answer.status_code, said.get("custom_form_success") or said["custom_form_error"]


async def test_a_decision_is_registered_at_once(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(
        clerk,
        "register-decision",
        typed(worlds, received_on="2026-11-20", valid_until="2027-05-31"),
    )

    (decision,) = await ledger(worlds)
    assert status == 200, said
    assert said.startswith("Зарегистрировано: согласие")
    assert (decision["form"], decision["signature_kind"]) == ("PAPER", "HANDWRITTEN")
    assert decision["received_at"] == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert decision["valid_until"] == datetime(2027, 5, 31, 21, tzinfo=UTC)


async def test_a_decision_is_registered_with_a_scan_alone(
    clerk: httpx.AsyncClient, worlds: Worlds, panel: Panel
) -> None:
    key = (
        await clerk.post("/api/media/", data={"column_name": "scan"}, files={"file": ("Согласие Анны.png", PNG)})
    ).json()["file_key"]

    bare = await submit(clerk, "register-decision", typed(worlds, document=""))
    invented = await submit(clerk, "register-decision", typed(worlds, document="", scan=key.replace("a", "b")))
    scanned = await submit(clerk, "register-decision", typed(worlds, document="", scan=key))

    assert (bare[0], invented[0], scanned[0]) == (422, 422, 200)
    assert "скан" in bare[1]
    assert [row["scan"] for row in await ledger(worlds)] == [key]


async def test_a_short_name_is_enough_when_only_one_fits(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(
        clerk, "register-decision", typed(worlds, pupil=f"{worlds.a.secret.upper()}ОВ", guardian=worlds.a.secret)
    )

    assert status == 200, said


async def test_namesakes_are_listed_with_class_and_birthday(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await insert(
        "pupil", school=worlds.a.id, family_name=f"{worlds.a.secret}ов", given_name="Михаил", patronymic="Петрович",
        birth_date=datetime(2016, 1, 2, tzinfo=UTC).date(),
    )  # fmt: skip

    vague = await submit(clerk, "register-decision", typed(worlds, pupil=f"{worlds.a.secret}ов Михаил Петрович"))
    by_class = await submit(clerk, "register-decision", typed(worlds))

    assert vague[0] == 422
    assert "5А, 04.03.2014" in vague[1]
    assert "02.01.2016" in vague[1]
    assert by_class[0] == 200


async def test_who_is_no_guardian_of_the_child_is_refused_with_those_who_are(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    await insert("guardian", school=worlds.a.id, family_name="Чужая", given_name="Вера", patronymic="")

    status, said = await submit(clerk, "register-decision", typed(worlds, guardian="Чужая Вера"))

    assert status == 422
    assert f"{worlds.a.secret}ова Анна Ивановна" in said


async def test_the_pupils_own_decision_is_said_in_words(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    forgotten = await submit(clerk, "register-decision", typed(worlds, guardian=" "))
    too_young = await submit(clerk, "register-decision", typed(worlds, guardian="сам"))
    await database.execute("UPDATE pupil SET birth_date = '2012-11-24' WHERE id = $1", worlds.a.ids["pupil"])
    own = await submit(clerk, "register-decision", typed(worlds, guardian="сам"))

    assert forgotten[0] == too_young[0] == 422
    assert "До 14 лет" in too_young[1]
    assert own[0] == 200
    assert [row["guardian"] for row in await ledger(worlds)] == [None]


async def test_wrong_fields_are_named_by_their_titles(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(clerk, "register-decision", {"decision": "MAYBE", "received_on": "вчера"})

    assert status == 422
    assert "«Обучающийся: фамилия, имя, класс»: обязательное поле" in said
    assert "«Решение»: выберите одно из предложенных" in said
    assert "«Дата получения (пусто — сегодня)»: укажите дату" in said


async def test_a_future_receipt_is_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(clerk, "register-decision", typed(worlds, received_on="2026-11-25"))

    assert status == 422
    assert "в будущем" in said


async def test_withdrawing_needs_a_consent_to_withdraw(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    early = await submit(clerk, "withdraw-consent", typed(worlds))
    await submit(clerk, "register-decision", typed(worlds))
    late = await submit(clerk, "withdraw-consent", typed(worlds))

    assert (early[0], early[1]) == (422, "Отзывать нечего: действующего согласия нет.")
    assert late[0] == 200
    assert [row["decision"] for row in await ledger(worlds)] == ["GIVEN", "WITHDRAWN"]


async def test_a_week_is_asked_for_a_pupil_or_a_class(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    pupil = {"pupil": f"{worlds.a.secret}ов", "week_of": "2026-11-24"}

    both = await submit(clerk, "print-week", {**pupil, "school_class": "5А"})
    one = await submit(clerk, "print-week", pupil)
    whole = await submit(clerk, "print-week", {"school_class": "5а", "week_of": "2026-11-24"})

    assert (both[0], one[0], whole[0]) == (422, 200, 200)
    jobs = await database.fetch("SELECT pupil, school_class FROM print_job WHERE requested_by IS NOT NULL")
    assert {(row["pupil"], row["school_class"]) for row in jobs} == {
        (worlds.a.ids["pupil"], None),
        (None, worlds.a.ids["school_class"]),
    }


async def test_a_week_that_no_diary_has_is_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    async def ask(day: str) -> tuple[int, str]:
        return await submit(clerk, "print-week", {"pupil": f"{worlds.a.secret}ов", "week_of": day})

    refused = (422, "«Любой день нужной недели»: дата вне разумных пределов")

    assert [await ask(day) for day in ("9999-12-31", "2200-12-26", "1989-12-31", "0001-01-01")] == [refused] * 4
    assert [(await ask(day))[0] for day in ("2200-12-25", "1990-01-01")] == [200, 200]
    office = await viewer_of(worlds.a.accounts["office"], route="ADMIN")
    with pytest.raises(BadInput):
        await request_week(office, week_of=date.max, pupil_id=worlds.a.ids["pupil"])


async def test_a_letter_is_queued_once_a_day(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    letter = {"subject": "Собрание", "body": "Здравствуйте!\nСобрание в 18:00."}

    first = await submit(clerk, "write-to-families", letter)
    again = await submit(clerk, "write-to-families", letter)

    assert first == (
        200,
        "Писем в очереди: 1. Перед отправкой каждого проверяется согласие. Сообщений во внутренней почте: 0.",
    )
    assert again[1].startswith("Отправлять некому")
    rows = await database.fetch("SELECT body, school FROM outbox WHERE subject = 'Собрание'")
    assert [(row["body"], row["school"]) for row in rows] == [(letter["body"], worlds.a.id)]


async def test_an_account_is_opened_for_a_guardian_and_works(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    person = {"role": "GUARDIAN", "person": f"{worlds.a.secret}ова", "login": "anna.new"}
    await database.execute("UPDATE account SET active = false WHERE id = $1", worlds.a.accounts["guardian"])

    status, said = await submit(clerk, "create-account", person)
    taken = await submit(clerk, "create-account", person)
    staff = await submit(clerk, "create-account", {**person, "role": "OFFICE", "login": "another"})

    assert status == 200, said
    password = said.split("пароль: ")[1].split(" ")[0]
    assert await Account.login("anna.new", password)
    assert (taken[0], staff[0]) == (422, 422)
    assert password not in str(await database.fetch("SELECT * FROM audit_entry"))


async def test_suggestions_help_to_type(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    pupils = (await clerk.get("/api/suggest/pupils/", params={"search": worlds.a.secret[:4]})).json()
    guardians = (await clerk.get("/api/suggest/guardians/", params={"pupil": pupils[0]})).json()
    classes = (await clerk.get("/api/suggest/classes/", params={"search": "5"})).json()

    assert pupils == [f"{worlds.a.secret}ов Михаил Петрович, 5А, 04.03.2014"]
    assert guardians == [f"{worlds.a.secret}ова Анна Ивановна", "сам"]
    assert classes == ["5А"]


async def test_forms_are_described_in_russian(clerk: httpx.AsyncClient) -> None:
    for form in FORMS:
        schema = (await clerk.get(f"/api/forms/{form.slug}/schema/")).json()
        for name, described in schema["properties"].items():
            assert not described["title"].isascii(), (form.slug, name)


async def test_a_form_that_is_no_json_is_refused(clerk: httpx.AsyncClient, sign_in: SignIn) -> None:
    for body in (b"", b"[]", b"\xff", b'"x"'):
        assert (await clerk.post("/api/forms/register-decision/", content=body)).status_code == 422


@pytest.mark.parametrize(
    "slug", ["register-decision", "withdraw-consent", "settle-letter", "create-account", "print-week"]
)
async def test_a_sign_that_no_text_can_hold_is_a_wrong_value_and_no_breakdown(
    clerk: httpx.AsyncClient, worlds: Worlds, slug: str
) -> None:
    fields = {
        "register-decision": {"pupil": "А\0", "guardian": "Б", "document": "№ 1"},
        "withdraw-consent": {"pupil": "А\0", "guardian": "Б", "document": "№ 1"},
        "settle-letter": {"letter": "А\0"},
        "create-account": {"role": "GUARDIAN", "person": "А\0", "login": "new-one"},
        "print-week": {"school_class": "5\0", "week_of": "2026-11-24"},
    }
    status, said = await submit(clerk, slug, fields[slug])
    assert status == 422, said


async def test_a_term_beyond_the_calendar_is_a_wrong_value(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(
        clerk,
        "register-decision",
        {
            "pupil": f"{worlds.a.secret}ов Михаил Петрович",
            "guardian": f"{worlds.a.secret}ова Анна Ивановна",
            "document": "№ 1",
            "valid_until": "9999-12-31",
        },
    )
    assert status == 422, said
