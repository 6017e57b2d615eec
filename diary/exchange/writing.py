"""Writing a difference: additions by COPY, changes in bulk, all in the command's one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from diary.exchange.holdings import Holdings
from diary.exchange.sheet import Sheet
from diary.kit import database
from diary.kit.wording import _, translate

#: Rows in one statement: the triggers keep each statement's rows in memory.
BATCH = 5_000
WRITING = _("Запись")
_SQL_TYPES: dict[type, str] = {str: "text", date: "date", int: "smallint", UUID: "uuid"}


async def write(holdings: Holdings, report: Callable[[str, float], None]) -> None:
    """Write every sheet in the order of their references, changes before additions; inside a command."""
    total = max(sum(len(sheet.added) + len(sheet.changed) for sheet in holdings), 1)
    done = 0
    stage = translate(WRITING)
    for sheet in holdings:
        for statement in (_changes(sheet), _additions(sheet)):
            async for count in statement:
                done += count
                report(stage, done / total)


async def _changes(sheet: Sheet) -> AsyncIterator[int]:
    """Update rows that change in the same columns together; ids that change hands are given up first."""
    handed_on = [row_id for row_id, values in sheet.changed.items() if "external_id" in values]
    for batch in _batches(handed_on):
        await database.execute(f"UPDATE {sheet.name} SET external_id = NULL WHERE id = ANY ($1)", batch)  # noqa: S608
    alike: dict[tuple[str, ...], list[tuple[UUID, dict[str, Any]]]] = defaultdict(list)
    for row_id, values in sheet.changed.items():
        alike[tuple(sorted(values))].append((row_id, values))
    for columns, rows in alike.items():
        settings = ", ".join(f"{column} = v.{column}" for column in columns)
        arrays = ", ".join(f"${n}::{_sql_type(sheet, column)}[]" for n, column in enumerate(columns, 2))
        sql = (
            f"UPDATE {sheet.name} t SET {settings} "  # noqa: S608 - names of our own tables
            f"FROM unnest($1::uuid[], {arrays}) AS v (id, {', '.join(columns)}) WHERE t.id = v.id"
        )
        for batch in _batches(rows):
            wanted = ([values[column] for _row_id, values in batch] for column in columns)
            await database.execute(sql, [row_id for row_id, _values in batch], *wanted)
            yield len(batch)


async def _additions(sheet: Sheet) -> AsyncIterator[int]:
    """Copy new rows; columns that the import does not know take the table's defaults."""
    alike: dict[tuple[str, ...], list[tuple[UUID, dict[str, Any]]]] = defaultdict(list)
    for row_id, values in sheet.added.items():
        alike[tuple(sorted(values))].append((row_id, values))
    for columns, rows in alike.items():
        for batch in _batches(rows):
            records = [(row_id, *(values[column] for column in columns)) for row_id, values in batch]
            async with database.connection() as connection:
                await connection.copy_records_to_table(sheet.name, records=records, columns=("id", *columns))
            yield len(batch)


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _sql_type(sheet: Sheet, column: str) -> str:
    found = sheet.table._meta.get_column_by_name(column)  # noqa: SLF001 - Piccolo offers no other way
    return _SQL_TYPES[found.value_type]
