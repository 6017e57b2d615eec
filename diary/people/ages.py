"""How old a pupil is: the one home of the rule, as SQL (A12)."""

from __future__ import annotations


def age_on(pupil: str, day: str) -> str:
    """Return the full years of a pupil, by the table alias, on a day; 0 when the birth date is unknown (A12)."""
    return f"coalesce(extract(year FROM age({day}, {pupil}.birth_date)), 0)"


def age_at(pupil: str, school: str, at: str) -> str:
    """Return the same on the school's own date of an instant."""
    return age_on(pupil, f"({at} AT TIME ZONE {school}.time_zone)::date")
