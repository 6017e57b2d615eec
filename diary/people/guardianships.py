"""When a guardianship gives rights: the one home of the rule, as SQL (A11)."""

from __future__ import annotations


def in_force(guardianship: str, today: str) -> str:
    """Return the condition that a guardianship, by its table alias, gives rights on the school's own date.

    The first and the last day count; a restriction by the court ends the rights at once.
    """
    g = guardianship
    return f"(NOT {g}.restricted AND {g}.valid_from <= {today} AND ({g}.valid_to IS NULL OR {g}.valid_to >= {today}))"
