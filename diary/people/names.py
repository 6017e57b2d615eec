"""How a person is called, and how names are compared: Ё is Е, capitals do not count."""

from __future__ import annotations

import unicodedata


def full_name(person: str) -> str:
    """Return the SQL of a person's family name, given name and patronymic, by the table alias."""
    return f"concat_ws(' ', {person}.family_name, {person}.given_name, nullif({person}.patronymic, ''))"


def folded_sql(text: str) -> str:
    """Return the SQL of a text as names are compared."""
    return f"translate(lower({text}), 'ё', 'е')"


def folded(text: str) -> str:
    """Return a text as names are compared, whatever spaces stand between the words."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("ё", "е").split())
