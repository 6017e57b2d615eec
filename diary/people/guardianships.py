"""When a guardianship gives rights: the one home of the rule, as SQL (A11)."""

from __future__ import annotations


def in_force(guardianship: str, today: str, *, among: str = "guardianship") -> str:
    """Return the condition that a guardianship, by its table alias, gives rights on the school's own date.

    The first and the last day count; a restriction by the court ends the rights at once. Where a pair has several
    records for a day, a restricted one wins over all others. `among` is the SQL of all records, as they are or were.
    """
    g = guardianship
    return f"""(NOT {g}.restricted AND {_covers(g, today)} AND NOT EXISTS (
        SELECT FROM {among} court WHERE court.guardian = {g}.guardian AND court.pupil = {g}.pupil
            AND court.restricted AND {_covers("court", today)}))"""


def _covers(guardianship: str, today: str) -> str:
    g = guardianship
    return f"({g}.valid_from <= {today} AND ({g}.valid_to IS NULL OR {g}.valid_to >= {today}))"
