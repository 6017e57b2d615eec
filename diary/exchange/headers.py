"""The header row of a table: which column is which, however the exporting system spelt it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diary.exchange.problem import Problems, error, notice
from diary.kit.wording import _

MISSING_COLUMN = error(
    _("Нет обязательного столбца «{expected}»."),
    _("Добавьте столбец «{expected}» в первую строку файла. Сейчас там: {present}."),
)
REPEATED_COLUMN = error(_("Столбец «{expected}» встречается дважды."), _("Оставьте один столбец с этим названием."))
MISSPELT_COLUMN = notice(
    _("Столбец «{found}» прочитан как «{expected}»."), _("Если это другой столбец, переименуйте его.")
)
VENDOR_COLUMNS = notice(_("Столбцы не из OneRoster пропущены: {columns}."), _("Ничего делать не нужно."))

#: Names shorter than this are too alike for guessing (sms, email, role).
SHORTEST_GUESSED = 7


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the standard, with other names that real systems use for it; unread ones are only recognised."""

    name: str
    required: bool = False
    read: bool = True
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of table: its file name without extension, other names the file is met under, and its columns."""

    name: str
    columns: tuple[Column, ...]
    spellings: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """The names of the columns that are read."""
        return tuple(column.name for column in self.columns if column.read)


@dataclass(slots=True)
class Header:
    """Where each known column stands, and how it is written in this file."""

    #: How many cells a row may have, and how many of them have a title.
    width: int
    titled: int
    positions: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)


def squeezed(name: str) -> str:
    """Return a name as it is compared: letters and digits only, case folded."""
    return re.sub(r"[^0-9a-zа-яё]", "", name.casefold())


def distance(one: str, other: str) -> int:
    """Return how many letters must be changed, added, dropped or swapped with the neighbour."""
    two_above: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        row = [i + 1]
        for j, against in enumerate(other):
            best = min(above[j + 1] + 1, row[j] + 1, above[j] + (letter != against))
            if i and j and letter == other[j - 1] and against == one[i - 1]:
                best = min(best, two_above[j - 1] + 1)
            row.append(best)
        two_above, above = above, row
    return above[-1]


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the one candidate that the name must have meant, None when there is none or it is not clear."""
    squeezed_name = squeezed(name)
    found = []
    for candidate in candidates:
        wanted = squeezed(candidate)
        if len(wanted) < SHORTEST_GUESSED or re.sub(r"\D", "", squeezed_name) != re.sub(r"\D", "", wanted):
            continue
        allowed = 1 if len(wanted) < 2 * SHORTEST_GUESSED - 4 else 2
        if abs(len(wanted) - len(squeezed_name)) <= allowed and distance(squeezed_name, wanted) <= allowed:
            found.append(candidate)
    return found[0] if len(found) == 1 else None


def read_header(shape: Shape, cells: Sequence[str], *, file: str, problems: Problems) -> Header | None:
    """Find each known column; tell about misspelt, foreign, repeated and missing ones; None when rows make no sense."""
    header = Header(len(cells), max((n for n, cell in enumerate(cells, 1) if cell.strip()), default=0))
    foreign: dict[int, str] = {}
    exact = _spellings(shape)
    whole = True
    for position, cell in enumerate(cells):
        name = exact.get(squeezed(cell))
        if name is None:
            if cell.strip():
                foreign[position] = cell
        elif name in header.positions:
            problems.add(REPEATED_COLUMN, file=file, row=1, column=cell, expected=name)
            whole = False
        else:
            _take(header, name, position, cell, file=file, problems=problems)
    for position, cell in list(foreign.items()):
        missing = [column.name for column in shape.columns if column.name not in header.positions]
        guess = None if cell.casefold().startswith("metadata.") else nearest(cell, missing)
        if guess is not None:
            _take(header, guess, position, cell, file=file, problems=problems)
            del foreign[position]
    if foreign:
        problems.add(VENDOR_COLUMNS, file=file, row=1, columns=tuple(foreign.values()))
    for column in shape.columns:
        if column.required and column.name not in header.positions:
            problems.add(
                MISSING_COLUMN, file=file, row=1, column=column.name, expected=column.name, present=tuple(cells)
            )
            whole = False
    return header if whole else None


def _spellings(shape: Shape) -> Mapping[str, str]:
    known = {squeezed(spelling): column.name for column in shape.columns for spelling in column.spellings}
    return known | {squeezed(column.name): column.name for column in shape.columns}


def _take(header: Header, name: str, position: int, cell: str, *, file: str, problems: Problems) -> None:
    header.positions[name] = position
    header.written[name] = cell
    if cell != name:
        problems.add(MISSPELT_COLUMN, file=file, row=1, found=cell, expected=name)
