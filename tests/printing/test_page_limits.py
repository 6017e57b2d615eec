"""A week stays on one page whatever is in it, and what is left out is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.printing import paper, weeks

CUT = "… см. электронный дневник"
#: The foot's lines begin below this height, the week's above it.
FOOT = 75
LONG_NAME = "Константинопольская-Новомосковская Александрина-Виктория Константиновна-Заречная"


def lessons_of(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for day in answer["diaryWeek"]["days"]:
        yield from day["lessons"]


def assert_nothing_runs_over(page: paper.Sheet) -> None:
    """Check that the foot has its four lines and nothing else, and that nothing begins outside the page."""
    positions = page.positions()

    assert 3 <= len({round(y) for _x, y in positions if y < FOOT}) <= 4
    assert all(20 < x < 575 and 15 < y < 835 for x, y in positions)
    assert page.says("Подпись родителя", "Классный руководитель", "Версия дневника 118.4")


@pytest.mark.parametrize("lessons", [1, 6, 7, 8])
def test_a_normal_week_is_complete_in_readable_type(lessons: int) -> None:
    answer = weeks.plain_week(lessons)
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.count(CUT) == 0
    for lesson in lessons_of(answer):
        assert page.says(lesson["subject"]["name"], lesson["topic"], lesson["homework"]["text"])
    # The small print of the foot is 7.2, of a lesson 0.75 of its text.
    assert page.sizes().most_common(1)[0][0] >= 7


def test_a_real_week_is_complete() -> None:
    answer = weeks.real_week()
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.count(CUT) == 0
    for lesson in lessons_of(answer):
        assert page.says(lesson["subject"]["name"], lesson["topic"])


def test_one_endless_homework_is_cut_and_leaves_the_rest_of_the_week_alone() -> None:
    answer = weeks.plain_week(7)
    endless, *others = lessons_of(answer)
    endless["homework"]["text"] = "Решить задачи, записать ход решения. " * 280
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.count(CUT) == 1
    for lesson in others:
        assert page.says(lesson["homework"]["text"])


def test_ten_kilobytes_of_homework_in_every_lesson_are_cut_with_a_word_about_it() -> None:
    answer = weeks.plain_week(6)
    for lesson in lessons_of(answer):
        lesson["homework"]["text"] = "Прочитать параграф и ответить на вопросы. " * 240
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.count(CUT) == 36
    assert page.says("… — текст сокращён, полностью — в электронном дневнике")


def test_twelve_lessons_a_day_are_all_there() -> None:
    answer = weeks.plain_week(12)
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    for lesson in lessons_of(answer):
        assert page.says(lesson["subject"]["name"])
    assert "Ещё уроков" not in page.text


@pytest.mark.parametrize("lessons", [6, 12])
def test_names_of_eighty_letters_fit(lessons: int) -> None:
    assert len(LONG_NAME) == 80
    answer = weeks.plain_week(lessons, pupil=LONG_NAME, school_class="11 «Физико-математический»")
    answer["pupil"]["school"]["name"] = "Муниципальное автономное общеобразовательное учреждение " * 4
    for lesson in lessons_of(answer):
        lesson["teacher"]["fullName"] = LONG_NAME
        lesson["subject"]["name"] = "Информационно-коммуникационные технологии и основы программирования (профиль)"
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.says(LONG_NAME, "11 «Физико-математический» класс")
    assert page.count("Информационно-комму") == 6 * lessons


def test_more_than_a_page_can_hold_is_left_out_with_a_word_about_it() -> None:
    answer = weeks.plain_week(20)
    for lesson in lessons_of(answer):
        lesson.update(
            topic="Ш" * 255,
            room="Ю" * 32,
            teacher={"fullName": "Ж" * 80},
            subject={"name": "Щ" * 80},
            homework={"text": "Ы" * 10_000, "dueOn": "2026-12-01"},
            marks=[weeks.mark("незачёт", weight=10, work="INDEPENDENT", comment="Ж" * 500)] * 9,
            attendance=weeks.absence("LATE", 45),
            change=weeks.change(
                "SUBSTITUTION",
                reason="Ъ" * 255,
                was={"teacher": {"fullName": "Ж" * 80}, "subject": {"name": "Щ" * 80}, "room": "Ю" * 32},
            ),
        )
    page = paper.print_week(answer)

    assert_nothing_runs_over(page)
    assert page.text.count("Ещё уроков: ") == 6


def test_a_day_of_more_than_twelve_lessons_says_how_many_are_missing() -> None:
    answer = weeks.week(
        [weeks.day(weeks.MONDAY, [weeks.lesson(weeks.MONDAY, number, number) for number in range(1, 16)])]
    )

    assert paper.print_week(answer).says(f"Ещё уроков: 3{CUT}")


@pytest.mark.parametrize(
    "markup",
    [
        "#set page(width: 1cm)",
        "#panic()",
        "#sys.inputs",
        "$x^2$",
        "*жирно* и _косо_",
        "@ссылка <метка>",
        "= Заголовок",
        "// не примечание /* и это */",
        r"C:\new\table \u{41}",
        "\"кавычки\" и 'апострофы'",
        "`код` ~ #{1 + 1} [скобки]",
        '{"a": "b"}',
    ],
)
def test_markup_is_printed_as_it_is_written(markup: str) -> None:
    answer = weeks.week(
        [weeks.day(weeks.MONDAY, [weeks.lesson(weeks.MONDAY, 1, 0)], holiday=f"праздник {markup}")],
        pupil=f"Имя {markup}",
        school_class=markup,
        school=f"школа {markup}",
    )
    (lesson,) = lessons_of(answer)
    lesson.update(
        room=f"r {markup}"[:16],
        topic=f"тема {markup}",
        subject={"name": f"предмет {markup}"},
        group={"name": f"группа {markup}", "kind": "GROUP"},
        homework={"text": f"задание {markup}", "dueOn": "2026-11-25"},
        marks=[weeks.mark("5", comment=f"слово {markup}")],
        change=weeks.change("SUBSTITUTION", reason=f"причина {markup}"),
    )
    page = paper.print_week(answer)

    for place in ("Имя", "школа", "праздник", "тема", "предмет", "группа", "задание", "слово", "причина"):
        assert page.says(f"{place} {markup}"), place


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=400), name=st.text(max_size=120), lessons=st.integers(min_value=0, max_value=3))
def test_any_text_whatever_makes_one_page(text: str, name: str, lessons: int) -> None:
    answer = weeks.plain_week(lessons, pupil=name, school_class=text[:20])
    for lesson in lessons_of(answer):
        lesson.update(
            room=text[:32],
            topic=text[:255],
            subject={"name": name},
            teacher={"fullName": name},
            group={"name": name, "kind": "STREAM"},
            homework={"text": text, "dueOn": "2026-11-30"},
            marks=[weeks.mark(text[:16], comment=text)],
            change=weeks.change("CANCELLATION", reason=text[:255]),
        )

    assert_nothing_runs_over(paper.print_week(answer))
