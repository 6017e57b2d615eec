"""A table in a CSV file, read row by row however it was written, with the rows numbered as a spreadsheet does."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from diary.exchange.archive import Member
from diary.exchange.encoding import DAMAGED_TEXT, find_encoding
from diary.exchange.headers import Header, Shape, read_header
from diary.exchange.problem import ImportStopped, ProblemKind, Problems, error, notice
from diary.kit.wording import _

#: No cell of a roster is longer, signs; a longer one is a quote that was never closed.
LONGEST_CELL = 16 * 1024
#: No line is longer, signs; a longer one is not a table.
LONGEST_LINE = 1024 * 1024

EMPTY_FILE = notice(_("Файл пуст: нет даже строки заголовков."), _("Прочитан как таблица без строк."))
OTHER_DELIMITER = notice(
    _("Столбцы разделены знаком «{found}», а не запятой."), _("Прочитан; по стандарту нужна запятая.")
)
TOO_MANY_CELLS = error(
    _("В строке {found} ячеек, а в заголовке {expected}."),
    _('Значение с запятой возьмите в кавычки, например "Иванов, Иван".'),
)
TOO_FEW_CELLS = notice(
    _("В строке {found} ячеек, а в заголовке {expected}: недостающие сочтены пустыми."),
    _("Проверьте, что строка не обрезана."),
)
BAD_QUOTES = error(
    _("Кавычки расставлены неверно."), _("Возьмите в кавычки всё значение; кавычку внутри него удвойте.")
)
UNCLOSED_QUOTE = error(
    _("Кавычка открыта и не закрыта: дальше файл не читается."), _("Закройте кавычку в этой строке.")
)
LINE_TOO_LONG = error(
    _("Строка длиннее {limit} знаков: это не таблица CSV."), _("Выгрузите файл заново в формате CSV.")
)
NUL_SIGN = error(_("В строке есть нулевой байт: файл повреждён или это не текст."), _("Сохраните файл заново в UTF-8."))
DELIMITERS = {",": ",", ";": ";", "\t": "Tab"}


@dataclass(slots=True)
class Row:
    """One row: its number, its cells by the standard's column names, and a way to complain about one of them."""

    table: TableFile
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the cell without surrounding spaces; a column that the file lacks is empty."""
        return self.cells.get(column, "")

    def complain(self, kind: ProblemKind, column: str | None = None, **facts: object) -> None:
        """Note a problem of this row, with the column named as the file spells it."""
        written = self.table.header.written.get(column, column) if column and self.table.header else column
        self.table.problems.add(kind, file=self.table.place, row=self.number, column=written, **facts)


@dataclass(slots=True)
class TableFile:
    """One table of an archive; `rows` reads it once from start to end."""

    member: Member
    shape: Shape
    problems: Problems
    header: Header | None = None
    #: Whether the file could not be read to its end.
    is_broken: bool = False
    _has_nul: bool = field(default=False, repr=False)
    #: The first row when it ends in more commas than the header: all rows do, or a value in it holds one.
    _first_wide: tuple[int, int] | None = field(default=None, repr=False)
    _has_rows: bool = field(default=False, repr=False)

    @property
    def place(self) -> str:
        """How messages name the file."""
        return self.member.place

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not empty; whatever is wrong is noted, and an unreadable file ends early."""
        try:
            encoding = find_encoding(self.member, self.problems)
            text = io.TextIOWrapper(self.member.open(), encoding=encoding, errors="strict", newline="")
            with closing(text):
                yield from self._rows_of(text)
        except ImportStopped as stop:
            self.is_broken = True
            self.problems.note(stop.problem)
        except UnicodeError:
            self.is_broken = True
            self.problems.add(DAMAGED_TEXT, file=self.place)

    def _rows_of(self, text: io.TextIOWrapper) -> Iterator[Row]:
        lines = self._lines(text)
        first = next(lines, "")
        delimiter = _delimiter(first)
        if delimiter != ",":
            self.problems.add(OTHER_DELIMITER, file=self.place, found=DELIMITERS[delimiter])
        records = self._records(_again(first, lines), delimiter)
        titles = next((cells for _number, cells in records if any(map(str.strip, cells))), None)
        if titles is None:
            self.problems.add(EMPTY_FILE, file=self.place)
            return
        self.header = read_header(self.shape, [*map(_clean, titles)], file=self.place, problems=self.problems)
        if self.header is None:
            self.is_broken = True
            return
        chosen = [(name, self.header.positions[name]) for name in self.shape.read if name in self.header.positions]
        for number, cells in records:
            if any(map(str.strip, cells)) and self._has_right_width(number, cells):
                width = len(cells)
                yield Row(self, number, {name: _clean(cells[place]) if place < width else "" for name, place in chosen})

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise ImportStopped(LINE_TOO_LONG, file=self.place, limit=LONGEST_LINE)
            if "\0" in line:
                self._has_nul = True
                line = line.replace("\0", "")
            yield line

    def _records(self, lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Yield records with their spreadsheet numbers: a line break within quotes does not start a new row."""
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                if not self._can_go_on(number, str(problem)):
                    self.is_broken = True
                    return
                continue
            if self._has_nul:
                self._has_nul = False
                self.problems.add(NUL_SIGN, file=self.place, row=number)
            if max(map(len, cells), default=0) > LONGEST_CELL:
                self.problems.add(UNCLOSED_QUOTE, file=self.place, row=number)
                self.is_broken = True
                return
            yield number, cells

    def _can_go_on(self, number: int, reason: str) -> bool:
        if "unexpected end of data" in reason or "field larger" in reason:
            self.problems.add(UNCLOSED_QUOTE, file=self.place, row=number)
            return False
        self.problems.add(BAD_QUOTES, file=self.place, row=number)
        return True

    def _has_right_width(self, number: int, cells: list[str]) -> bool:
        found = len(cells)
        expected, fewest = (self.header.width, self.header.titled) if self.header else (found, found)
        if not self._has_rows:
            self._has_rows = True
            if found > expected and not any(map(str.strip, cells[expected:])):
                self._first_wide = (number, found)
        if found > expected:
            fits = self._first_wide is not None and found == self._first_wide[1]
            if not fits or any(map(str.strip, cells[expected:])):
                self.problems.add(TOO_MANY_CELLS, file=self.place, row=number, found=found, expected=expected)
                return False
        elif fewest <= found and self._first_wide is not None:
            first, width = self._first_wide
            self.problems.add(TOO_MANY_CELLS, file=self.place, row=first, found=width, expected=expected)
            self._first_wide = None
        elif found < fewest:
            self.problems.add(TOO_FEW_CELLS, file=self.place, row=number, found=found, expected=fewest)
        return True


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _delimiter(header: str) -> str:
    """Choose what separates most columns of the header; a comma when there is nothing to choose."""
    counts = {sign: header.count(sign) for sign in DELIMITERS}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] > counts[","] else ","


def _clean(cell: str) -> str:
    """Return the cell composed (й is one letter), without invisible signs and surrounding or doubled spaces."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()
    cell = unicodedata.normalize("NFC", cell)
    if not cell.isprintable():
        cell = "".join(" " if sign.isspace() else sign for sign in cell if sign.isspace() or sign.isprintable())
    return re.sub(r" {2,}", " ", cell).strip()
