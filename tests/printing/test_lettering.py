"""Which characters of a text reach the paper, and what stands there for the others."""

from __future__ import annotations

import sys

import pytest

from printing.lettering import LONGEST_TEXT, MISSING, printable
from tests.printing import paper, weeks


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Молодец! 😀", f"Молодец! {MISSING}"),
        ("семья 👨‍👩‍👧 и флаг 🏴‍☠️", f"семья {MISSING} и флаг {MISSING}"),
        ("сердце ❤️ и палец 👍🏽", f"сердце {MISSING} и палец {MISSING}"),
        ("李小龙", MISSING * 3),
        ("שלום", MISSING * 4),
        ("\ue000\ud800", MISSING * 2),
    ],
)
def test_a_sign_the_fonts_lack_becomes_one_visible_square(written: str, printed: str) -> None:
    assert printable(written) == printed


@pytest.mark.parametrize(
    "control", ["\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\ufeff", "\u200b", "\xad", "\x00", "\x1b", "\x7f"]
)
def test_signs_that_turn_or_hide_text_are_left_out(control: str) -> None:
    assert printable(f"отметка 5{control}2") == "отметка 52"
    assert printable(f"mark 5{control}2") == "mark 52"


def test_letters_written_with_a_mark_of_their_own_become_one_letter() -> None:
    assert printable("и\u0306од") == "йод"


def test_a_stress_mark_stays_and_a_pile_of_marks_does_not() -> None:
    assert printable("за\u0301мок") == "за\u0301мок"
    assert printable("а" + "\u0335\u0336\u0337\u0338" * 50 + "б") == "а\u0335\u0336б"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x85", " \n\n\t\n "])
def test_every_kind_of_line_end_is_one_line_end(end: str) -> None:
    assert printable(f"§ 5{end}№ 7") == "§ 5\n№ 7"


def test_a_long_address_may_be_broken_and_words_and_instants_may_not() -> None:
    address = "https://resh.edu.ru/subject/lesson/7198/conspect/255903"

    assert "\u200b" in printable(address)
    assert printable(address).replace("\u200b", "") == address
    assert printable("человеконенавистничество") == "человеконенавистничество"
    assert printable("2026-11-23T08:30:00.000000+03:00") == "2026-11-23T08:30:00.000000+03:00"


def test_a_text_is_not_longer_than_a_page_can_hold() -> None:
    assert len(printable("слово " * 10_000)) <= LONGEST_TEXT


def test_every_printable_character_is_in_the_fonts() -> None:
    characters = [chr(code) for code in range(0x21, sys.maxunicode + 1) if printable(chr(code)) == chr(code)]
    assert len(characters) > 2_500
    assert {"Ё", "ё", "№", "§", "«", "»", "—", "…", "₽", "×", "√", "≤", "°", "Ұ", "Ө", "é", MISSING} <= set(characters)

    # PDF/A forbids a character without a glyph, so one that the fonts lack would stop the print.
    texts = [" ".join(characters[start : start + 60]) for start in range(0, len(characters), 60)]
    answers = []
    while texts:
        answer = weeks.plain_week(5)
        for day in answer["diaryWeek"]["days"]:
            for lesson in day["lessons"]:
                text = texts.pop() if texts else ""
                lesson.update(
                    subject={"name": text[:80]},
                    topic=text,
                    homework={"text": text, "dueOn": "2026-12-01"},
                    marks=[weeks.mark("5", comment=text)],
                )
        answers.append(answer)

    assert len(paper.print_weeks(*answers)) == len(answers)
