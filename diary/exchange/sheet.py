"""The rows of one table as they are and as an import wants them, until all is written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uuid_utils.compat
from piccolo.columns.base import Column
from piccolo.table import Table

from diary.exchange.difference import ChangeKind, Difference, FieldChange
from diary.exchange.intake import Fact
from diary.kit import database

Row = Mapping[str, Any]


@dataclass(slots=True)
class Sheet:
    """One table, narrowed to the schools at hand: what is there, what is to be added, what is to be changed."""

    table: type[Table]
    columns: tuple[str, ...]
    difference: Difference
    rows: dict[UUID, Row] = field(default_factory=dict)
    by_key: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    added: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    #: Rows that the file speaks of.
    seen: set[UUID] = field(default_factory=set)
    #: Rows whose id in the file now belongs to another row: they are history.
    released: set[UUID] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The table's name in the database."""
        return self.table._meta.tablename  # noqa: SLF001 - Piccolo offers no other way

    async def load(self, schools: Iterable[UUID]) -> None:
        """Read the table's rows of the given schools."""
        columns = ", ".join(("id", "school", *self.columns))
        rows = await database.fetch(
            f"SELECT {columns} FROM {self.name} WHERE school = ANY ($1)",  # noqa: S608 - names of our own tables
            list(schools),
        )
        self.take(rows)

    def take(self, rows: Iterable[Row]) -> None:
        """Remember rows as they are in the database."""
        has_key = "external_id" in self.columns
        for row in rows:
            self.rows[row["id"]] = row
            if has_key and row["external_id"] is not None:
                self.by_key[row["school"], row["external_id"]] = row["id"]

    def of_key(self, school: UUID, key: str) -> UUID | None:
        """Return the row that a fact with this key means, unless another fact has taken it already."""
        found = self.by_key.get((school, key))
        return None if found in self.seen else found

    def get(self, row_id: UUID, column: str) -> Any:
        """Return a value as it will be."""
        for values in (self.changed.get(row_id), self.added.get(row_id), self.rows.get(row_id)):
            if values is not None and column in values:
                return values[column]
        return None

    def add(self, fact: Fact, values: dict[str, Any], label: Callable[[], str]) -> UUID:
        """Want a new row."""
        row_id: UUID = uuid_utils.compat.uuid7()
        self.added[row_id] = values
        self.seen.add(row_id)
        self._give_key(row_id, values.get("school"), values.get("external_id"))
        self.difference.note(self.table, ChangeKind.NEW, label, fact, school=values.get("school"))
        return row_id

    def change(
        self,
        row_id: UUID,
        values: Mapping[str, Any],
        label: Callable[[], str],
        *,
        fact: Fact | None,
        kind: ChangeKind = ChangeKind.CHANGED,
        names: Callable[[str, Any], object] = lambda _column, value: value,
    ) -> bool:
        """Want the given values; whatever is so already is left alone. Returns whether anything differs."""
        if kind is not ChangeKind.MISSING:
            self.seen.add(row_id)
        row = self.rows[row_id]
        self._give_key(row_id, row["school"], values.get("external_id"))
        different = {column: value for column, value in values.items() if row[column] != value}
        if not different:
            return False
        self.changed.setdefault(row_id, {}).update(different)
        fields = tuple(
            FieldChange(_title(self.table, column), names(column, row[column]), names(column, value))
            for column, value in different.items()
        )
        self.difference.note(self.table, kind, label, fact, fields, school=row["school"])
        return True

    def _give_key(self, row_id: UUID, school: UUID | None, key: str | None) -> None:
        """Let a row have an id of the file; whichever row had it before loses it and stays as history."""
        if school is None or key is None:
            return
        before = self.by_key.get((school, key))
        if before is not None and before != row_id and self.get(before, "external_id") == key:
            self.changed.setdefault(before, {})["external_id"] = None
            self.released.add(before)
        self.by_key[school, key] = row_id
        self.released.discard(row_id)


def _title(table: type[Table], column: str) -> str:
    found: Column = table._meta.get_column_by_name(column)  # noqa: SLF001
    return found._meta.help_text or column  # noqa: SLF001
