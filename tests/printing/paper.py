"""Reading a printed PDF back: what stands on its pages, and where."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from pypdf import PageObject, PdfReader

from printing.render import render_sheets
from tests.printing.weeks import AT

#: What a line break may add to a text or take away: spaces, hyphens and break points.
_LINE_ENDS = re.compile(r"[\s\u00ad\u200b\u2010\u2011-]+")


class Sheet:
    """One printed page."""

    def __init__(self, page: PageObject) -> None:
        self._page = page
        self.width, self.height = round(page.mediabox.width), round(page.mediabox.height)

    @cached_property
    def text(self) -> str:
        """All text of the page."""
        return self._page.extract_text()

    @cached_property
    def text_run_in(self) -> str:
        """All text of the page without what depends on where its lines end."""
        return run_in(self.text)

    def says(self, *texts: str) -> bool:
        """Whether the page holds every text, wherever its lines end."""
        return all(run_in(text) in self.text_run_in for text in texts)

    def count(self, text: str) -> int:
        """How often the page holds the text."""
        return self.text_run_in.count(run_in(text))

    def positions(self) -> Sequence[tuple[float, float]]:
        """Return where each piece of text begins, in points from the lower left corner of the page."""
        found: list[tuple[float, float]] = []

        def see(operator: bytes, _operands: Any, cm: Sequence[float], tm: Sequence[float]) -> None:
            if operator in {b"Tj", b"TJ"}:
                x, y = tm[4], tm[5]
                found.append((cm[0] * x + cm[2] * y + cm[4], cm[1] * x + cm[3] * y + cm[5]))

        self._page.extract_text(visitor_operand_before=see)
        return found

    def sizes(self) -> Counter[float]:
        """Return how many letters are set in each size, in points."""
        found: Counter[float] = Counter()

        def see(text: str, _cm: Any, _tm: Any, _font: Any, size: float) -> None:
            found[round(size, 1)] += len(text.strip())

        self._page.extract_text(visitor_text=see)
        return found


def print_weeks(*answers: Mapping[str, Any]) -> list[Sheet]:
    """Print the weeks and return the PDF's pages."""
    return [Sheet(page) for page in PdfReader(io.BytesIO(render_sheets("week", answers, at=AT))).pages]


def print_week(answer: Mapping[str, Any]) -> Sheet:
    """Print one week and return its only page."""
    (page,) = print_weeks(answer)
    return page


def run_in(text: str) -> str:
    """Return the text without what depends on where its lines end."""
    return _LINE_ENDS.sub("", text)
