"""The header row of a table: which column is which, however the exporting system spelt it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diary.exchange.problem import Problems, error, notice, shown
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
    """One column that the import reads; `spellings` are names that real systems use for it."""

    name: str
    required: bool = False
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of table: its file name without extension, its columns, and those it may have that are not read."""

    name: str
    columns: tuple[Column, ...]
    unread: frozenset[str] = frozenset()
    spellings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that are read."""
        return tuple(column.name for column in self.columns)


@dataclass(slots=True)
class Header:
    """Where each known column stands, and how it is written in this file."""

    width: int
    positions: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)


def squeezed(name: str) -> str:
    """Return a name as it is compared: letters and digits only, case folded."""
    return re.sub(r"[^0-9a-zа-яё]", "", name.casefold())


def distance(one: str, other: str) -> int:
    """Return how many letters must be changed, added, dropped or swapped with the neighbour (Damerau-Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, row, [i]
        older = _older if i > 1 else None
        for j, against in enumerate(other, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != against))
            if older and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        _older = before
    return row[-1]


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
    header = Header(len(cells))
    foreign: dict[int, str] = {}
    exact = _spellings(shape)
    whole = True
    for position, cell in enumerate(cells):
        name = exact.get(squeezed(cell))
        if name is None:
            if cell.strip() and squeezed(cell) not in shape.unread:
                foreign[position] = cell
        elif name in header.positions:
            problems.add(REPEATED_COLUMN, file=file, row=1, column=cell, expected=name)
            whole = False
        else:
            _take(header, name, position, cell, file=file, problems=problems)
    for position, cell in list(foreign.items()):
        guess = None if cell.lower().startswith("metadata.") else nearest(cell, set(shape.names) - set(header.positions))
        if guess is not None:
            _take(header, guess, position, cell, file=file, problems=problems)
            del foreign[position]
    if foreign:
        listed = ", ".join(shown(cell) for cell in list(foreign.values())[:8]) + (", …" if len(foreign) > 8 else "")
        problems.add(VENDOR_COLUMNS, file=file, row=1, columns=listed)
    for column in shape.columns:
        if column.required and column.name not in header.positions:
            present = ", ".join(shown(cell) for cell in cells[:8])
            problems.add(MISSING_COLUMN, file=file, row=1, column=column.name, expected=column.name, present=present)
            whole = False
    return header if whole else None


def _spellings(shape: Shape) -> Mapping[str, str]:
    known = {squeezed(spelling): column.name for column in shape.columns for spelling in column.spellings}
    return known | {squeezed(column.name): column.name for column in shape.columns}


def _take(header: Header, name: str, position: int, cell: str, *, file: str, problems: Problems) -> None:
    header.positions[name] = position
    header.written[name] = cell
    if cell != name:
        problems.add(MISSPELT_COLUMN, file=file, row=1, column=cell, found=cell, expected=name)
