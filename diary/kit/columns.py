"""The few column shapes that every table shares."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

import uuid_utils.compat
from piccolo.columns import UUID, ForeignKey, OnDelete, OnUpdate
from piccolo.columns.base import Column
from piccolo.columns.defaults.uuid import UUID7
from piccolo.constraints import Check
from piccolo.table import Table


class NewIdentifier(UUID7):
    """A version 7 UUID, so that identifiers grow with time and tell nothing about neighbours."""

    def python(self) -> uuid.UUID:
        """Return a fresh identifier."""
        return uuid_utils.compat.uuid7()


def identifier() -> UUID:
    """Return the primary key that every record of the school has."""
    return UUID(primary_key=True, default=NewIdentifier())


def reference(table: type[Table] | str, *, null: bool = False, index: bool = True, help_text: str | None = None) -> Any:
    """Return a foreign key that never deletes what hangs on it."""
    return ForeignKey(
        table,
        null=null,
        default=None,
        index=index,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
        help_text=help_text,
    )


def one_of(column: Column | str, choices: type[StrEnum]) -> Check:
    """Return the constraint that stands behind a choice column, because the admin does not enforce choices (D10)."""
    values = ", ".join(f"'{choice.value}'" for choice in choices)
    name = column if isinstance(column, str) else column._meta.db_column_name  # noqa: SLF001
    return Check(f'"{name}" IN ({values})')


def all_of(column: str, choices: type[StrEnum]) -> Check:
    """Return the constraint that every element of an array column is a known choice."""
    values = ", ".join(f"'{choice.value}'" for choice in choices)
    return Check(f'"{column}" <@ ARRAY[{values}]::varchar[]')
