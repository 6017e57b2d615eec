"""A page of a long list: how long it may be, and whether the list goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from diary.kit.refusal import BadInput
from diary.kit.wording import _

MOST_ON_A_PAGE = 100

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in the order of their list, and whether there are more."""

    found: Sequence[Row]
    has_more: bool


def require_size(first: int) -> None:
    """Refuse a page that is empty or longer than anybody needs; raises BadInput."""
    if not 1 <= first <= MOST_ON_A_PAGE:
        raise BadInput(field="first", reason=_("от 1 до 100"))


def page_of(rows: Sequence[Mapping[str, Any]], first: int, made: Callable[[Mapping[str, Any]], Row]) -> Page[Row]:
    """Return the page of rows that were asked for with one more than it holds."""
    return Page([made(row) for row in rows[:first]], len(rows) > first)
