"""What errors tell: refusals in the reader's language, faults nothing but a number, typing mistakes no hints."""

from __future__ import annotations

import logging
import time
from contextlib import AsyncExitStack

import asyncpg
import pytest

from diary.kit import database
from tests.api.documents import WEEK
from tests.support.service import Service, codes
from tests.support.town import Town


async def test_a_fault_of_ours_is_hidden_behind_a_number_that_the_log_knows(
    service: Service, town: Town, empty_database: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    token = await service.sign_in("anna")
    variables = {"pupilId": str(town.first.pupils["misha"]), "weekOf": "2026-11-24"}
    await empty_database.execute("ALTER TABLE holiday RENAME TO holiday_mislaid")
    try:
        with caplog.at_level(logging.ERROR):
            answer = await service.post(WEEK, variables, token=token)
        english = await service.post(WEEK, variables, token=token, headers={"Accept-Language": "en"})
    finally:
        await empty_database.execute("ALTER TABLE holiday_mislaid RENAME TO holiday")

    assert codes(answer) == ["INTERNAL"]
    error = answer["errors"][0]
    assert error["message"] == "Непредвиденная ошибка. Повторите позже."
    assert english["errors"][0]["message"] == "Unexpected error. Try again later."
    assert "holiday" not in str(answer)
    assert error["extensions"]["id"] in caplog.text
    assert codes(await service.post(WEEK, variables, token=token)) == []


@pytest.mark.parametrize(
    ("header", "beginning"),
    [("ru", "Войдите"), ("de, ru;q=0.5", "Войдите"), ("", "Войдите"), ("x" * 5000, "Войдите")],
)
async def test_refusals_are_worded_for_the_reader(service: Service, header: str, beginning: str) -> None:
    answer = await service.post("{ viewer { role } }", headers={"Accept-Language": header})

    assert answer["errors"][0]["message"].startswith(beginning)


async def test_a_misspelt_field_is_answered_without_naming_its_neighbours(service: Service) -> None:
    answer = await service.post("{ viewer { rol } }")

    assert codes(answer) == ["GRAPHQL_VALIDATION_FAILED"]
    assert "Did you mean" not in str(answer)
    assert "role" not in str(answer)


@pytest.mark.parametrize("document", ["{", "}", "query", "\x00", "{ viewer { role } } garbage", "#"])
async def test_what_is_no_document_is_a_parse_error(service: Service, document: str) -> None:
    answer = await service.post(document)

    assert codes(answer) in (["GRAPHQL_PARSE_FAILED"], ["BAD_REQUEST"])


async def test_a_busy_database_is_unavailable_and_nothing_is_changed(
    service: Service, town: Town, empty_database: asyncpg.Connection
) -> None:
    token = await service.sign_in("anna")
    variables = {"pupilId": str(town.first.pupils["misha"]), "weekOf": "2026-11-24"}

    async with empty_database.transaction():
        await empty_database.execute("LOCK TABLE holiday")
        answer = await service.post(WEEK, variables, token=token)

    assert codes(answer) == ["UNAVAILABLE"]


async def test_a_document_that_waits_too_long_is_cut_off_after_five_seconds(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    pool = database.engine().pool
    assert pool is not None

    async with AsyncExitStack() as held:
        for _ in range(pool.get_max_size()):
            await held.enter_async_context(pool.acquire())
        started = time.monotonic()
        answer = await service.post("{ viewer { role } }", token=token)

    assert codes(answer) == ["TIMED_OUT"]
    assert answer["data"] is None
    assert 4.5 < time.monotonic() - started < 6.5
    assert codes(await service.post("{ viewer { role } }", token=token)) == []
