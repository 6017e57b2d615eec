"""A school's own wording of a consent: complete, in force from its day, the earlier ones untouched (152-FZ art. 9)."""

from __future__ import annotations

import httpx
import pytest

from diary.consent.tables import Purpose
from diary.consent.texts import built_in
from diary.kit import database
from tests.admin.conftest import Worlds
from tests.admin.test_forms import submit

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODY = built_in(Purpose.PERSONAL_DATA)


async def publish(client: httpx.AsyncClient, **changes: str) -> tuple[int, str]:
    """Submit the form."""
    fields = {"purpose": "PERSONAL_DATA", "version": "2027-01", "title": "Согласие", "body": BODY}
    return await submit(client, "publish-consent-text", fields | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"body": "Я согласен."}, "не хватает мест для подстановки: {signer}, {signer_address}"),
        ({"body": BODY.replace("{pupil_document}", "____")}, "не хватает мест для подстановки: {pupil_document}."),
        ({"body": BODY + " {pupill}"}, "В эти места подставить нечего: {pupill}."),
        ({"version": "x" * 65}, "пусто или слишком длинно"),
        ({"version": "2027\u202e"}, "невидимые и управляющие знаки"),
        ({"title": "Согласие {pupill}"}, "В эти места подставить нечего: {pupill}."),
        ({"body": BODY + "_" * 32}, "не длиннее 31 знака"),
        ({"starts_on": "2021-01-01"}, "не может начать действовать в прошлом"),
        ({"school": "Школа ТайнаБ"}, "Школа: укажите одну из ваших"),
    ],
)
async def test_a_wording_that_could_not_be_signed_is_refused(
    clerk: httpx.AsyncClient, worlds: Worlds, changes: dict[str, str], told: str
) -> None:
    status, said = await publish(clerk, **changes)
    assert status == 422
    assert told in said
    kept = await database.fetch("SELECT FROM consent_text WHERE purpose = 'PERSONAL_DATA'")
    assert kept == []


async def test_a_wording_is_published_once_and_stays(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await publish(clerk)
    assert (status, "с этой минуты" in said) == (200, True), said
    status, said = await publish(clerk, body=BODY + "Ещё строка.")
    assert status == 422
    assert "для нового текста нужна новая" in said

    listed = (await clerk.get("/api/tables/Тексты_согласий/", params={"version": "2027-01"})).json()["rows"]
    assert [(row["version"], row["body"]) for row in listed] == [("2027-01", BODY.strip())]
    assert (await clerk.post("/api/tables/Тексты_согласий/", json={"version": "3"})).status_code == 405


async def test_without_a_text_the_sample_is_shown(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    status, said = await publish(clerk, body="")
    assert status == 200
    assert "{signer_document}" in said
