"""What the office does for one family: agreement, addresses, and whether access was lawful (R1, R2.4, R8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from admin.forms.past_access import REASONS
from diary.consent.verdict import REFUSALS
from diary.kit import clock as clocks
from diary.kit import database
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_forms import submit, typed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def agreements(worlds: Worlds) -> list[dict[str, Any]]:
    """What the first family of school A has agreed by forms, oldest first."""
    rows = await database.fetch(
        "SELECT * FROM delivery_agreement WHERE school = $1 AND author IS NOT NULL ORDER BY seq", worlds.a.id
    )
    return [dict(row) for row in rows]


async def contacts(worlds: Worlds) -> list[dict[str, Any]]:
    """The addresses of school A that forms have written, oldest first."""
    rows = await database.fetch(
        "SELECT * FROM contact_point WHERE school = $1 AND value NOT LIKE 'anna@%' ORDER BY id", worlds.a.id
    )
    return [dict(row) for row in rows]


async def consent(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    """Register the family's consent."""
    assert (await submit(clerk, "register-decision", typed(worlds)))[0] == 200


async def test_an_agreement_is_written_down_as_the_family_said_it(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await consent(clerk, worlds)
    wanted = typed(
        worlds, first="EMAIL", second="MAILBOX", third="EMAIL", schedule="AGREED_DAYS", weekdays="Пн, пятница 3",
        month_days="15, 1", dates="01.12.2026", quiet_from="22:00", quiet_to="7.30",
    )  # fmt: skip

    status, said = await submit(clerk, "agree-delivery", wanted)

    assert status == 200, said
    assert "по порядку: Электронная почта, Внутренняя почта; когда: пн, ср, пт, 1-го числа, 15-го числа" in said
    (kept,) = await agreements(worlds)
    assert (kept["channels"], kept["weekdays"], kept["month_days"]) == (["EMAIL", "MAILBOX"], [1, 3, 5], [1, 15])
    assert kept["dates"] == [date(2026, 12, 1)]
    assert (f"{kept['quiet_from']:%H:%M}", f"{kept['quiet_to']:%H:%M}") == ("22:00", "07:30")
    assert (kept["origin"], kept["document_reference"]) == ("OFFICE", "№ 12 от 24.11.2026, папка 3")


async def test_paper_is_agreed_with_a_reason_and_without_any_consent(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    silent = await submit(clerk, "agree-delivery", typed(worlds, form="PAPER"))
    status, said = await submit(clerk, "agree-delivery", typed(worlds, form="PAPER", reason="UNABLE"))

    assert silent == (422, "«Причина»: укажите, почему на бумаге: нет возможности или нет желания.")
    assert status == 200
    assert "на бумаге, нет возможности; печатный дневник получает представитель лично." in said
    paper = typed(worlds, form="PAPER", reason="UNABLE", handed_to="PUPIL")
    assert "дневник получает обучающийся (отнесёт домой)." in (await submit(clerk, "agree-delivery", paper))[1]
    assert [kept["handed_to"] for kept in await agreements(worlds)] == ["GUARDIAN", "PUPIL"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "«Каналы»: выберите хотя бы один канал."),
        ({"first": "EMAIL", "weekdays": "пн"}, "«Когда»: дни указывают только вместе"),
        ({"first": "EMAIL", "schedule": "AGREED_DAYS", "weekdays": "завтра"}, "«завтра» не день недели"),
        ({"first": "EMAIL", "schedule": "AGREED_DAYS", "month_days": "1-5"}, "Числа месяца: пишите через запятую"),
        ({"first": "EMAIL", "schedule": "AGREED_DAYS", "dates": "31.02.2027"}, "«31.02.2027» не дата"),
        ({"first": "EMAIL", "quiet_from": "25:00", "quiet_to": "7:00"}, "Не беспокоить с: пишите время так"),
        ({"first": "EMAIL", "quiet_from": "21:00"}, "«Не беспокоить»: укажите и начало, и конец"),
        ({"first": "EMAIL", "guardian": "сам"}, "договариваются с представителем"),
        ({"first": "EMAIL", "document": " "}, "«Документ: номер, дата, место хранения»: обязательное поле"),
    ],
)
async def test_what_does_not_fit_is_said_in_the_words_of_the_form(
    clerk: httpx.AsyncClient, worlds: Worlds, changes: dict[str, str], told: str
) -> None:
    await consent(clerk, worlds)
    status, said = await submit(clerk, "agree-delivery", typed(worlds, **changes))
    assert status == 422
    assert told in said
    assert await agreements(worlds) == []


async def test_without_a_consent_the_electronic_form_is_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await submit(clerk, "agree-delivery", typed(worlds, first="EMAIL"))
    assert (status, "ещё не зарегистрировано" in said) == (422, True)


async def test_an_address_is_added_replaced_and_retired_by_its_document(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    phone = typed(worlds, carrier="SMS", value="8 (916) 123-45-67")
    undocumented = await submit(clerk, "contact-details", {**phone, "document": ""})
    added = await submit(clerk, "contact-details", phone)
    again = await submit(clerk, "contact-details", phone)
    replaced = await submit(
        clerk, "contact-details", typed(worlds, act="REPLACE", old="8 916 1234567", value="+7 916 765-43-21")
    )
    lost = await submit(clerk, "contact-details", typed(worlds, act="RETIRE", old="8 916 1234567", document=""))
    retired = await submit(clerk, "contact-details", typed(worlds, act="RETIRE", old="89167654321", document=""))

    assert [status for status, _said in (undocumented, added, again, replaced, lost, retired)] == [
        422, 200, 422, 200, 422, 200,
    ]  # fmt: skip
    assert "Укажите документ" in undocumented[1]
    assert "+79161234567" in added[1]
    assert "Сейчас действуют:" in lost[1]
    assert "+79167654321" in lost[1]
    old, new = await contacts(worlds)
    assert (old["replaced_by"], old["confirmed_at"], old["retired_at"]) == (new["id"], clocks.now(), clocks.now())
    assert new["retired_at"] == clocks.now()


async def test_a_messenger_and_the_pupils_own_address_are_entered_too(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    telegram = await submit(clerk, "contact-details", typed(worlds, carrier="TELEGRAM", value="123456789"))
    own = await submit(
        clerk, "contact-details", typed(worlds, guardian="сам", value="misha@example.org", paper="SIGNED_DOCUMENT")
    )
    wrong = await submit(clerk, "contact-details", typed(worlds, value="misha"))

    assert (telegram[0], own[0], wrong) == (200, 200, (422, "«Адрес или номер»: это не адрес электронной почты."))
    first, second = await contacts(worlds)
    assert (first["channel"], first["messenger"], first["guardian"]) == (
        "MESSENGER", "TELEGRAM", worlds.a.ids["guardian"],
    )  # fmt: skip
    assert (second["pupil"], second["guardian"], second["provenance"]) == (
        worlds.a.ids["pupil"], None, "SIGNED_DOCUMENT",
    )  # fmt: skip


async def test_lawful_access_is_told_for_a_moment_with_what_it_rests_on(
    clerk: httpx.AsyncClient, worlds: Worlds, clock: clocks.SetClock
) -> None:
    clock.move(timedelta(minutes=20))
    await consent(clerk, worlds)
    clock.move(timedelta(minutes=20))
    await submit(clerk, "withdraw-consent", typed(worlds))
    clock.move(timedelta(minutes=20))

    async def ask(**moment: str) -> list[str]:
        status, said = await submit(clerk, "past-access", typed_moment(worlds, **moment))
        assert status == 200, said
        return said.split("\n")

    family = f"{worlds.a.secret}ова Анна Ивановна — {worlds.a.secret}ов Михаил Петрович, 5А, 04.03.2014"
    before = await ask(day="2026-11-24", hour="12:19")
    at = await ask(day="2026-11-24", hour="12:20")
    yesterday = await ask(day="2026-11-23")
    now = await ask()

    assert before[0].startswith(f"24.11.2026 12:19, {family}: доступа не было, потому что решение о согласии")
    assert at[0] == f"24.11.2026 12:20, {family}: доступ был законным."
    assert yesterday[0].startswith("23.11.2026 23:59, ")
    assert now[0].startswith("24.11.2026 13:00, ")
    assert now[0].endswith("доступа не было, потому что согласие было отозвано.")
    assert any(
        line.startswith("Решение (представитель): согласие, обработка персональных данных, зарегистрировано 24.11.2026")
        and "№ 12 от 24.11.2026, папка 3" in line
        for line in at
    )
    assert any(line.startswith("Представительство с 01.09.2020") for line in at)


def typed_moment(worlds: Worlds, **moment: str) -> dict[str, Any]:
    """The form about a moment as a clerk fills it in."""
    asked = typed(worlds, **moment)
    del asked["document"]
    return asked


async def test_every_verdict_has_its_words() -> None:
    assert set(REASONS) == {*REFUSALS, "NOT_FOUND"}


async def test_a_moment_to_come_and_a_senseless_hour_are_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    async def ask(**moment: str) -> tuple[int, str]:
        return await submit(clerk, "past-access", typed_moment(worlds, **moment))

    assert await ask(day="2026-11-24", hour="12:01") == (422, "«Момент»: этот момент ещё не наступил.")
    assert (await ask(day="2026-11-24", hour="12:00"))[0] == 200
    assert await ask(hour="noon") == (422, "Во сколько: пишите время так: 21:00.")


async def test_an_operator_does_nothing_for_a_family(worlds: Worlds, sign_in: SignIn) -> None:
    root = await sign_in("root")
    for slug, fields in (
        ("agree-delivery", typed(worlds, form="PAPER", reason="UNABLE")),
        ("contact-details", typed(worlds, value="new@example.org")),
        ("past-access", typed_moment(worlds)),
    ):
        assert await submit(root, slug, fields) == (422, "Запись не найдена или недоступна вам."), slug
    assert await agreements(worlds) == await contacts(worlds) == []
