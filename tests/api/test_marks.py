"""Recording and correcting marks (R3.2, R4.2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.documents import CORRECT, RECORD, WEEK
from tests.support.service import Service, codes
from tests.support.town import Town


def mark(town: Town, **change: Any) -> dict[str, Any]:
    """Return the input of an ordinary mark for Misha, changed."""
    ordinary = {
        "lessonId": str(town.first.lessons["algebra_tuesday"]),
        "pupilId": str(town.first.pupils["misha"]),
        "value": "5",
    }
    return {"input": ordinary | change}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"weight": 1}, []),
        ({"weight": 10}, []),
        ({"weight": 0}, ["MARK_WEIGHT_OUT_OF_RANGE"]),
        ({"weight": 11}, ["MARK_WEIGHT_OUT_OF_RANGE"]),
        ({"weight": 2**31}, ["GRAPHQL_VALIDATION_FAILED"]),
        ({"value": "1"}, []),
        ({"value": " Зачёт "}, []),
        ({"value": "0"}, ["MARK_VALUE_UNKNOWN"]),
        ({"value": "6"}, ["MARK_VALUE_UNKNOWN"]),
        ({"value": ""}, ["MARK_VALUE_UNKNOWN"]),
        ({"comment": "ж" * 500}, []),
        ({"comment": "ж" * 501}, ["BAD_INPUT"]),
        ({"comment": "\x00"}, ["VALUE_UNUSABLE"]),
        ({"workType": "SINGING"}, ["GRAPHQL_VALIDATION_FAILED"]),
        ({"value": None}, ["GRAPHQL_VALIDATION_FAILED"]),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_a_mark_may_be(service: Service, town: Town, change: dict[str, Any], code: list[str]) -> None:
    token = await service.sign_in("vera")

    assert codes(await service.post(RECORD, mark(town, **change), token=token)) == code

    stored = await database.fetch("SELECT count(*) AS count FROM mark")
    assert stored[0]["count"] == (0 if code else 1)


@pytest.mark.parametrize("login", ["ivan", "gleb", "zoya", "anna", "misha", "daria", "elena", "root", "nobody"])
async def test_only_the_lessons_own_teacher_gives_marks_in_it(service: Service, town: Town, login: str) -> None:
    assert codes(await service.post(RECORD, mark(town), token=await service.sign_in(login))) == ["NOT_FOUND"]


async def test_a_teacher_who_has_left_neither_writes_nor_reads(service: Service, town: Town, clock: SetClock) -> None:
    token = await service.sign_in("vera")
    week = {"pupilId": str(town.first.pupils["misha"]), "weekOf": "2026-11-24"}
    leave = "UPDATE teacher SET left_on = $2 WHERE id = $1"

    await database.execute(leave, town.first.teachers["vera"], clock.now().date())
    assert codes(await service.post(RECORD, mark(town), token=token)) == []
    assert codes(await service.post(WEEK, week, token=token)) == []

    await database.execute(leave, town.first.teachers["vera"], clock.now().date() - timedelta(days=1))
    assert codes(await service.post(RECORD, mark(town), token=token)) == ["NOT_FOUND"]
    assert codes(await service.post(WEEK, week, token=token)) == ["NOT_FOUND"]


async def test_marks_are_given_up_to_today_and_to_members_of_the_group(service: Service, town: Town) -> None:
    token = await service.sign_in("vera")
    lessons, pupils = town.first.lessons, town.first.pupils

    tomorrow = await service.post(RECORD, mark(town, lessonId=str(lessons["algebra_wednesday"])), token=token)
    outsider = await service.post(RECORD, mark(town, pupilId=str(pupils["liza"])), token=token)
    foreign = await service.post(RECORD, mark(town, pupilId=str(town.second.pupils["kolya"])), token=token)
    await database.execute("UPDATE lesson SET status = 'CANCELLED' WHERE id = $1", lessons["algebra_monday"])
    cancelled = await service.post(RECORD, mark(town, lessonId=str(lessons["algebra_monday"])), token=token)

    assert codes(tomorrow) == ["LESSON_IN_FUTURE"]
    assert codes(outsider) == codes(foreign) == ["PUPIL_NOT_IN_GROUP"]
    assert codes(cancelled) == ["LESSON_NOT_HELD"]


async def test_a_correction_keeps_what_was_who_and_why(service: Service, town: Town) -> None:
    token = await service.sign_in("vera")
    recorded = await service.post(RECORD, mark(town, value="3", comment="Не решил № 5"), token=token)
    identifier = recorded["data"]["recordMark"]["id"]

    answer = await service.post(
        CORRECT, {"input": {"markId": identifier, "value": "4", "reason": "Решил устно"}}, token=token
    )

    assert answer["data"]["correctMark"] == {
        "id": identifier,
        "value": "4",
        "weight": 1,
        "comment": "Не решил № 5",
        "correctedAt": "2026-11-24T09:00:00+00:00",
    }
    history = await database.fetch("SELECT was_value, became_value, reason, author FROM mark_history")
    assert [tuple(row) for row in history] == [("3", "4", "Решил устно", town.accounts["vera"])]


async def test_of_two_corrections_of_the_same_mark_the_second_is_told(service: Service, town: Town) -> None:
    token = await service.sign_in("vera")
    identifier = (await service.post(RECORD, mark(town, value="3"), token=token))["data"]["recordMark"]["id"]
    given = {"markId": identifier, "reason": "Пересдача", "expectedValue": "3"}

    answers = await asyncio.gather(
        *(service.post(CORRECT, {"input": given | {"value": value}}, token=token) for value in ("4", "5"))
    )

    assert sorted(codes(answer) for answer in answers) == [[], ["MARK_CHANGED_MEANWHILE"]]


async def test_a_correction_needs_a_reason_and_an_own_mark(service: Service, town: Town) -> None:
    token = await service.sign_in("vera")
    identifier = (await service.post(RECORD, mark(town), token=token))["data"]["recordMark"]["id"]

    async def correct(token: str, **change: Any) -> list[str]:
        given = {"markId": identifier, "value": "4", "reason": "Ошибка"} | change
        return codes(await service.post(CORRECT, {"input": given}, token=token))

    assert await correct(token, reason=" ") == ["REASON_REQUIRED"]
    assert await correct(token, markId="no-such-id") == ["NOT_FOUND"]
    for login in ("ivan", "zoya", "anna", "daria"):
        assert await correct(await service.sign_in(login)) == ["NOT_FOUND"]
