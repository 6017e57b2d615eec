"""Enumerations of the domain with a description for every value."""

from __future__ import annotations

from enum import EnumType

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(enumeration: EnumType, about: str, /, **values: str) -> None:
    """Publish an enumeration of the domain; every value must be described."""
    strawberry.enum(enumeration, description=about)
    definition: StrawberryEnumDefinition = enumeration.__strawberry_definition__  # type: ignore[attr-defined]
    if {value.name for value in definition.values} != set(values):
        raise TypeError(f"{enumeration.__name__}: describe each value, and no other")
    for value in definition.values:
        value.description = values[value.name]
