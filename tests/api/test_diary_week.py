"""Who reads whose week, and what the answers tell those who may not."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.documents import PUPIL, WEEK
from tests.support.service import Service, codes
from tests.support.statements import statements
from tests.support.town import TUESDAY, Town, insert

DAY = "2026-11-24"


def lesson_count(answer: dict[str, dict[str, dict[str, list[dict[str, list[object]]]]]]) -> int:
    """Return how many lessons a week holds."""
    return sum(len(day["lessons"]) for day in answer["data"]["diaryWeek"]["days"])


@pytest.mark.parametrize(
    ("login", "pupil", "expected"),
    [
        ("anna", "misha", 4),
        ("anna", "liza", 1),
        ("misha", "misha", 4),
        ("vera", "misha", 4),
        ("daria", "misha", 4),
        ("ivan", "misha", 1),
    ],
)
async def test_the_family_the_class_teacher_and_the_office_read_the_whole_week_a_teacher_the_own_lessons(
    service: Service, town: Town, login: str, pupil: str, expected: int
) -> None:
    token = await service.sign_in(login)
    variables = {"pupilId": str(town.first.pupils[pupil]), "weekOf": DAY}

    answer = await service.post(WEEK, variables, token=token)

    assert codes(answer) == []
    assert lesson_count(answer) == expected


@pytest.mark.parametrize(
    ("login", "school", "pupil"),
    [
        ("anna", "first", "nina"),
        ("anna", "second", "kolya"),
        ("boris", "first", "misha"),
        ("stranger", "first", "misha"),
        ("gleb", "first", "misha"),
        ("misha", "first", "liza"),
        ("elena", "first", "misha"),
        ("zoya", "first", "misha"),
        ("olga", "first", "misha"),
        ("root", "first", "misha"),
        ("nobody", "first", "misha"),
    ],
)
@pytest.mark.parametrize(("document", "name"), [(WEEK, "pupilId"), (PUPIL, "id")])
async def test_foreign_unknown_and_senseless_ids_are_answered_alike_to_the_byte(
    service: Service, town: Town, *, login: str, school: str, pupil: str, document: str, name: str
) -> None:
    token = await service.sign_in(login)
    foreign = str(getattr(town, school).pupils[pupil])

    answers = []
    for identifier in (foreign, str(uuid.uuid4()), "no-such-id", "", "1", "x" * 10_000):
        variables = {name: identifier, "weekOf": DAY} if document == WEEK else {name: identifier}
        answers.append(
            await service.request(
                "POST",
                "/graphql",
                json={"query": document, "variables": variables},
                headers={"Authorization": f"Bearer {token}"},
            )
        )

    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {200}
    assert codes(answers[0].json()) == ["NOT_FOUND"]


async def test_without_a_session_every_id_is_answered_with_sign_in_required(service: Service, town: Town) -> None:
    for identifier in (str(town.first.pupils["misha"]), "no-such-id"):
        answer = await service.post(WEEK, {"pupilId": identifier, "weekOf": DAY})
        assert codes(answer) == ["SIGN_IN_REQUIRED"]
        assert answer["data"] is None


async def test_a_guardians_rights_end_with_their_last_day(service: Service, town: Town) -> None:
    token = await service.sign_in("boris")
    variables = {"pupilId": str(town.first.pupils["misha"]), "weekOf": DAY}
    assert codes(await service.post(WEEK, variables, token=token)) == ["NOT_FOUND"]

    await database.execute(
        "UPDATE guardianship SET valid_to = $2 WHERE guardian = $1", town.first.guardians["boris"], TUESDAY
    )

    assert codes(await service.post(WEEK, variables, token=token)) == []


async def test_a_week_is_one_statement_behind_the_look_at_the_session(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    variables = {"pupilId": str(town.first.pupils["misha"]), "weekOf": DAY}

    async with statements() as sent:
        answer = await service.post(WEEK, variables, token=token)

    assert codes(answer) == []
    assert len(sent) == 2
    assert "FROM session" in sent[0]
    assert "lesson_of" in sent[1]


async def test_a_lesson_shows_its_mark_homework_attendance_and_substitution(service: Service, town: Town) -> None:
    school = town.first
    lesson, misha = school.lessons["algebra_tuesday"], school.pupils["misha"]
    await insert("mark", school=school.id, pupil=misha, lesson=lesson, value="5", weight=2, work_type="TEST",
                 comment="Молодец", author=town.accounts["vera"])  # fmt: skip
    await insert("mark", school=school.id, pupil=school.pupils["nina"], lesson=lesson, value="2", weight=1,
                 work_type="TEST", comment="", author=town.accounts["vera"])  # fmt: skip
    await insert("homework", school=school.id, lesson=lesson, text="№ 312", due_on=TUESDAY + timedelta(days=1))
    await insert("attendance", school=school.id, pupil=misha, lesson=lesson, code="LATE", minutes_late=5)
    await insert("lesson_change", school=school.id, lesson=lesson, kind="SUBSTITUTION", reason="Болезнь",
                 was_teacher=school.teachers["ivan"], was_room="7")  # fmt: skip
    token = await service.sign_in("anna")

    answer = await service.post(WEEK, {"pupilId": str(misha), "weekOf": DAY}, token=token)

    found = answer["data"]["diaryWeek"]["days"][1]["lessons"][0]
    assert found["startsAt"] == "2026-11-24T08:30:00+03:00"
    assert [{**mark, "id": ""} for mark in found["marks"]] == [
        {"id": "", "value": "5", "weight": 2, "comment": "Молодец", "workType": "TEST"}
    ]
    assert found["homework"] == {"text": "№ 312", "dueOn": "2026-11-25"}
    assert found["attendance"] == {"code": "LATE"}
    assert found["group"] == {"name": "5А", "kind": "CLASS"}
    assert found["change"] == {
        "kind": "SUBSTITUTION",
        "reason": "Болезнь",
        "movedTo": None,
        "movedFrom": None,
        "was": {"teacher": {"fullName": "Гусев Иван"}, "subject": None, "room": "7"},
    }


async def test_queries_also_come_by_get(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    answer = await service.request(
        "GET", "/graphql", params={"query": "{ viewer { fullName } }"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json() == {"data": {"viewer": {"fullName": "Орлова Анна"}}}


async def test_a_session_ends_by_idling_and_at_its_longest(service: Service, town: Town, clock: SetClock) -> None:
    token = await service.sign_in("vera")
    document = "{ viewer { role } }"

    clock.move(timedelta(minutes=29, seconds=59))
    assert codes(await service.post(document, token=token)) == []
    clock.move(timedelta(minutes=29, seconds=59))
    assert codes(await service.post(document, token=token)) == []
    clock.move(timedelta(minutes=30))
    assert codes(await service.post(document, token=token)) == ["SIGN_IN_REQUIRED"]

    token = await service.sign_in("vera")
    for _ in range(12 * 3 - 1):
        clock.move(timedelta(minutes=20))
        assert codes(await service.post(document, token=token)) == []
    clock.move(timedelta(minutes=20))
    assert codes(await service.post(document, token=token)) == ["SIGN_IN_REQUIRED"]


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "", "1989-12-31", "9999-12-31"])
async def test_a_senseless_date_is_refused_clearly(service: Service, town: Town, day: str) -> None:
    token = await service.sign_in("anna")

    answer = await service.post(WEEK, {"pupilId": str(town.first.pupils["misha"]), "weekOf": day}, token=token)

    assert codes(answer) in (["GRAPHQL_VALIDATION_FAILED"], ["BAD_INPUT"])
