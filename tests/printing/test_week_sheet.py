"""The printed diary week: what a family reads on it (R3.10, R9.1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, SelectionSetNode, parse

from printing.render import sheet_document
from tests.printing import paper, weeks


def test_a_week_stands_on_one_a4_page_with_pupil_class_school_and_dates() -> None:
    page = paper.print_week(weeks.real_week())

    assert (page.width, page.height) == (595, 842)
    assert page.says("Морозов Михаил Андреевич, 7Б класс", "имени А. С. Пушкина", "23–28 ноября 2026")


def test_every_school_day_is_printed_and_an_empty_sunday_is_not() -> None:
    text = paper.print_week(weeks.real_week()).text_run_in

    places = [
        text.index(paper.run_in(day))
        for day in ("Понедельник, 23", "Вторник, 24", "Среда, 25", "Четверг, 26", "Пятница, 27", "Суббота, 28")
    ]
    assert places == sorted(places)
    assert "Воскресенье" not in text


def test_a_sunday_with_a_lesson_is_printed() -> None:
    answer = weeks.plain_week(2)
    sunday = weeks.MONDAY + timedelta(days=6)
    answer["diaryWeek"]["days"][6]["lessons"] = [weeks.lesson(sunday, 1, 3)]

    assert paper.print_week(answer).says("Воскресенье, 29 ноября", "23–29 ноября 2026")


def test_a_lesson_says_number_time_room_teacher_topic_and_homework() -> None:
    page = paper.print_week(weeks.plain_week(2))

    assert page.says("1 8:30 Алгебра каб. 31, Соколова И. П. Линейная функция и её график")
    assert page.says("На ср 25.11: § 14, № 312 (а, б), 318, 325*", "2 9:25 Русский язык")


def test_homework_for_the_same_day_has_no_date() -> None:
    answer = weeks.plain_week(1)
    answer["diaryWeek"]["days"][0]["lessons"][0]["homework"] = {"text": "доделать таблицу", "dueOn": "2026-11-23"}

    assert paper.print_week(answer).says("Задано: доделать таблицу")


def test_a_group_lesson_says_which_group() -> None:
    assert paper.print_week(weeks.real_week()).says("англ. яз., группа 2")


def test_marks_stand_with_weight_work_and_comment() -> None:
    page = paper.print_week(weeks.real_week())

    assert page.says("4×2 3×3", "4×2 — диктант: две пунктуационные ошибки", "5 — ответ на уроке", "зачёт — проект")
    assert "×1" not in page.text


@pytest.mark.parametrize(
    ("code", "minutes", "sign"),
    [("ABSENT", None, "н"), ("ILL", None, "б"), ("EXCUSED", None, "у"), ("LATE", 10, "оп 10 мин")],
)
def test_an_absence_stands_with_its_letter_and_the_letters_are_explained(
    code: str, minutes: int | None, sign: str
) -> None:
    answer = weeks.week([weeks.day(weeks.MONDAY, [weeks.lesson(weeks.MONDAY, 1, 0, topic="", homework=None)])])
    answer["diaryWeek"]["days"][0]["lessons"][0]["attendance"] = weeks.absence(code, minutes)
    page = paper.print_week(answer)

    assert page.says(f"Соколова И. П. {sign}")
    assert page.says("н — не был(а)", "б — болел(а)", "у — уважительная причина", "оп — опоздание")


def test_a_substitution_names_new_and_old_teacher_subject_room_and_the_reason() -> None:
    assert paper.print_week(weeks.real_week()).says(
        "География каб. 14, Никитина С. Р. замена было: Экология, Карпов Г. О., каб. 35 (болезнь учителя)",
    )


def test_a_moved_lesson_stands_at_both_ends() -> None:
    page = paper.print_week(weeks.real_week())

    assert page.says("перенесён на чт 26.11, 7-й урок (городская олимпиада)")
    assert page.says("перенос с вт 24.11, 7-й урок (городская олимпиада)")


def test_a_cancelled_lesson_says_so_and_why() -> None:
    assert paper.print_week(weeks.real_week()).says("Физика отменён (карантин в группе)")


def test_a_kind_of_lesson_other_than_the_usual_is_named() -> None:
    assert paper.print_week(weeks.real_week()).says("Контрольная работа. Контрольный диктант по теме")


def test_there_is_room_to_sign_and_the_moment_of_the_print() -> None:
    page = paper.print_week(weeks.real_week())

    assert page.says("Подпись родителя (законного представителя)", "Классный руководитель")
    assert page.says("Напечатано 28.11.2026 в 14:05", "Версия дневника 118.4")


@pytest.mark.parametrize(
    ("monday", "written"),
    [
        (date(2026, 11, 23), "23–28 ноября 2026"),
        (date(2026, 9, 28), "28 сентября – 3 октября 2026"),
        (date(2026, 12, 28), "28 декабря 2026 – 2 января 2027"),
        (date(2026, 5, 4), "4–9 мая 2026"),
    ],
)
def test_the_week_is_written_as_russians_write_it(monday: date, written: str) -> None:
    assert paper.print_week(weeks.plain_week(1, monday=monday)).says(written)


def test_a_week_of_holidays_names_them_on_each_day() -> None:
    days = [weeks.day(weeks.MONDAY + timedelta(days=shift), [], "Осенние каникулы") for shift in range(7)]
    page = paper.print_week(weeks.week(days))

    assert page.text.count("Осенние каникулы") == 6
    assert "Уроков нет" not in page.text


def test_a_week_without_lessons_says_so_on_each_day() -> None:
    days = [weeks.day(weeks.MONDAY + timedelta(days=shift), []) for shift in range(7)]

    assert paper.print_week(weeks.week(days)).text.count("Уроков нет") == 6


def test_a_week_without_days_is_still_a_page() -> None:
    assert paper.print_week(weeks.week([])).says("Морозов Михаил Андреевич", "Неделя без записей")


def test_a_pupil_without_a_class_is_printed() -> None:
    answer = weeks.plain_week(1)
    answer["pupil"].update(schoolClass=None, school=None)

    assert not paper.print_week(answer).says("класс 23–28")


def test_a_class_has_a_page_for_each_pupil_in_the_given_order() -> None:
    pages = paper.print_weeks(*weeks.school_class(5))

    assert len(pages) == 5
    for number, page in enumerate(pages, 1):
        assert page.says(f"Ученик Тридцать {number}-й, 7Б класс")
        assert not page.says(f"Ученик Тридцать {number % 5 + 1}-й")


def test_what_the_document_asks_for_is_what_the_invented_weeks_have() -> None:
    operation = parse(sheet_document("week")).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    answer = weeks.real_week()
    answer["diaryWeek"]["days"][6]["holiday"] = {"name": "Выходной"}

    _assert_same_shape(operation.selection_set, [answer], "week")


def _assert_same_shape(selected: SelectionSetNode, values: list[dict[str, Any]], place: str) -> None:
    fields = {field.name.value: field for field in selected.selections if isinstance(field, FieldNode)}
    for value in values:
        assert set(value) == set(fields), place
    for name, field in fields.items():
        below = [part for value in values for part in _as_list(value[name])]
        if field.selection_set is not None:
            assert below, f"no invented week has {place}.{name}"
            _assert_same_shape(field.selection_set, below, f"{place}.{name}")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
