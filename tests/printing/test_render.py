"""What the service may rely on when it renders: the same bytes, a neutral file, bounded memory, clear refusals."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from pypdf import PdfReader

from printing.render import PUPILS_AT_MOST, SheetError, render_sheets, render_sheets_in_thread, sheets
from tests.printing import weeks


def opened(pdf: bytes) -> tuple[PdfReader, Any, str]:
    """Return the opened PDF, its catalogue and its XMP properties."""
    reader = PdfReader(io.BytesIO(pdf))
    catalogue: Any = reader.trailer["/Root"]
    return reader, catalogue, catalogue["/Metadata"].get_object().get_data().decode()


def test_the_same_answers_and_instant_give_the_same_bytes() -> None:
    first = render_sheets("week", weeks.school_class(3), at=weeks.AT)
    assert render_sheets("week", weeks.school_class(3), at=weeks.AT) == first
    assert render_sheets("week", weeks.school_class(3), at=weeks.AT + timedelta(minutes=1)) != first


def test_the_file_is_tagged_russian_and_made_for_the_archive() -> None:
    _reader, catalogue, properties = opened(render_sheets("week", [weeks.real_week()], at=weeks.AT))

    assert catalogue["/Lang"] == "ru"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalogue
    assert "<pdfaid:part>2</pdfaid:part>" in properties
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in properties
    assert "<pdfuaid:part>1</pdfuaid:part>" in properties


def test_the_file_s_properties_and_bookmarks_name_nobody() -> None:
    reader, _catalogue, properties = opened(render_sheets("week", weeks.school_class(2), at=weeks.AT))

    assert reader.metadata is not None
    assert reader.metadata.title == "Печатный дневник"
    assert reader.metadata.author is None
    assert reader.outline == []
    for name in ("Ученик", "Тридцать", "7Б", "Пушкина"):
        assert name not in properties + str(reader.metadata)


def test_only_the_fonts_inside_typst_are_used_and_all_are_embedded() -> None:
    answer = weeks.real_week()
    answer["diaryWeek"]["days"][0]["lessons"][0]["topic"] = "√2 ≤ x ⇒ ∀y ∈ ℝ ✓"
    names: set[str] = set()
    reader, _catalogue, _properties = opened(render_sheets("week", [answer], at=weeks.AT))
    resources: Any = reader.pages[0]["/Resources"]
    for font in resources["/Font"].values():
        (descendant,) = font["/DescendantFonts"]
        described = descendant.get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(described)
        names.add(re.sub(r"^[A-Z]{6}\+|-.*$", "", described["/FontName"].removeprefix("/")))

    assert "LibertinusSerif" in names
    assert names <= {"LibertinusSerif", "NewComputerModernMath", "NewCMMath", "NewCM10", "DejaVuSansMono"}


def test_the_moment_is_printed_in_the_school_s_time() -> None:
    at = datetime(2026, 11, 27, 22, 30, tzinfo=UTC).astimezone(ZoneInfo("Asia/Vladivostok"))
    page = PdfReader(io.BytesIO(render_sheets("week", [weeks.plain_week(1)], at=at))).pages[0]

    assert "Напечатано 28.11.2026 в 08:30" in page.extract_text()


async def test_the_event_loop_goes_on_while_a_class_is_rendered() -> None:
    rendering = asyncio.create_task(render_sheets_in_thread("week", weeks.school_class(6), at=weeks.AT))
    turns = 0
    while not rendering.done():
        await asyncio.sleep(0.005)
        turns += 1

    assert (await rendering).startswith(b"%PDF-")
    assert turns >= 10


def test_memory_does_not_grow_from_class_to_class() -> None:
    process = psutil.Process()
    sizes = []
    for number in range(5):
        render_sheets("week", weeks.school_class(12, name=f"{number}А"), at=weeks.AT)
        sizes.append(process.memory_info().rss / 2**20)

    assert sizes[-1] - sizes[0] < 100, sizes


@pytest.mark.parametrize("sheet", ["month", "../week", "", "week/../week"])
def test_an_unknown_sheet_is_refused(sheet: str) -> None:
    assert sheets() == ("consent", "week")
    with pytest.raises(SheetError, match="there is no sheet"):
        render_sheets(sheet, [weeks.plain_week(1)], at=weeks.AT)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(SheetError, match="time zone"):
        render_sheets("week", [weeks.plain_week(1)], at=datetime(2026, 11, 28))  # noqa: DTZ001 - the point of the test


def test_no_pupils_and_more_than_a_class_are_refused() -> None:
    week = weeks.plain_week(1)
    with pytest.raises(SheetError, match="at least one pupil"):
        render_sheets("week", [], at=weeks.AT)
    with pytest.raises(SheetError, match="print by class"):
        render_sheets("week", [week] * (PUPILS_AT_MOST + 1), at=weeks.AT)


def test_an_answer_of_the_wrong_shape_is_one_line_that_names_nobody() -> None:
    broken = weeks.plain_week(1)
    broken["diaryWeek"]["days"][0]["date"] = "Морозов"
    with pytest.raises(SheetError) as refused:
        render_sheets("week", [broken], at=weeks.AT)

    assert "\n" not in str(refused.value)
    assert "Морозов" not in str(refused.value)
    assert "sheet week could not be printed" in str(refused.value)
