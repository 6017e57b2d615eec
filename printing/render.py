"""Sheets become PDF: one Typst document for a list of pupils, a class at a time (D9).

The text of a sheet goes in as data and is never part of the program; the fonts are those inside Typst, so that
every machine prints alike; the same answers and instant give the same bytes, so that a print can be checked later.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import typst

from printing.lettering import printable_answer

SHEETS = Path(__file__).parent / "sheets"
#: For the archive (PDF/A, text can be taken out again) and for a screen reader (PDF/UA).
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
#: Pupils in one document: memory grows with its size (D9).
PUPILS_AT_MOST = 60
#: How many compilations Typst's cache outlives (the binding calls comemo's evict(10)); tests/printing measures it.
KEPT_GENERATIONS = 10


_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]*?/Count (\d+)")


class SheetError(Exception):
    """Raised when a sheet cannot be made; the message is one line without any pupil's data."""


@cache
def sheets() -> tuple[str, ...]:
    """Return the names of all sheets that can be printed."""
    return tuple(sorted(source.parent.name for source in SHEETS.glob("*/sheet.typ")))


@cache
def sheet_document(sheet: str) -> str:
    """Return the GraphQL document whose answer the sheet prints."""
    return _part(sheet, "document.graphql").read_text(encoding="utf-8")


def render_sheets(
    sheet: str, data: Sequence[Mapping[str, Any]], *, at: datetime, at_most: int = PUPILS_AT_MOST
) -> bytes:
    """Print one sheet per answer into one PDF; `at` is the instant of the data in the school's time zone (R3.10, R9.1).

    Compiling takes the processor for its whole run: in an event loop call `render_sheets_in_thread`.
    """
    offset = at.utcoffset()
    if offset is None:
        raise SheetError("the instant of a print needs a time zone")
    if not data:
        raise SheetError("a print needs at least one pupil")
    if len(data) > at_most:
        raise SheetError(f"one document takes {at_most} pupils at most, not {len(data)}: print by class")
    try:
        return typst.compile(
            _part(sheet, "sheet.typ"),
            root=SHEETS,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={
                "answers": orjson.dumps(printable_answer(data)).decode(),
                "printed_at": at.strftime("%d.%m.%Y в %H:%M"),
            },
            pdf_standards=STANDARDS,
            timestamp=at.replace(microsecond=0, tzinfo=timezone(timedelta(seconds=int(offset.total_seconds())))),
        )
    except typst.TypstError as problem:
        # The diagnostic quotes the text that failed, and with it a pupil: only its place may go into a log.
        place = next((line.strip() for line in problem.diagnostic.splitlines() if "┌─" in line), "unknown place")
        raise SheetError(f"the sheet {sheet} could not be printed: {place}") from None
    finally:
        _forget()


async def render_sheets_in_thread(
    sheet: str, data: Sequence[Mapping[str, Any]], *, at: datetime, at_most: int = PUPILS_AT_MOST
) -> bytes:
    """Do the same beside the event loop; Typst lets go of the interpreter while it works."""
    return await asyncio.to_thread(render_sheets, sheet, data, at=at, at_most=at_most)


def pages_of(pdf: bytes) -> int | None:
    """Return how many pages a file of ours has, None when Typst has come to write that in another way."""
    found = _PAGES.search(pdf)
    return int(found[1]) if found else None


def _forget() -> None:
    """Let Typst drop what it remembers of a document: ten classes would be more than a gigabyte."""
    for _generation in range(KEPT_GENERATIONS + 1):
        typst.compile(SHEETS / "empty.typ", root=SHEETS, font_paths=_fonts(), ignore_system_fonts=True)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _part(sheet: str, name: str) -> Path:
    if sheet not in sheets():
        raise SheetError(f"there is no sheet {sheet!r}; there are: {', '.join(sheets())}")
    return SHEETS / sheet / name
