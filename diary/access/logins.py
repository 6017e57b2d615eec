"""Logins: which ones can be given, which can exist at all, and which are one and the same to the counts."""

from __future__ import annotations

import re
import unicodedata

LONGEST_LOGIN = 100
#: ASCII only: nobody may open an account that looks like another's, with a Cyrillic letter for a Latin one.
LOGIN_FORM = re.compile(r"[A-Za-z0-9.@+_-]{3,100}")


def is_possible(login: str) -> bool:
    """Whether any account could have the login: PostgreSQL holds neither NUL nor half a surrogate pair."""
    return len(login) <= LONGEST_LOGIN and is_text(login)


def is_text(value: str) -> bool:
    """Whether the value is text that can be stored and hashed."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def counted_as(login: str) -> str:
    """Return what failures of the login are counted under: its spellings share one count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold()).strip()


def stored_as(login: str) -> str:
    """Return the login as it is kept: telephones like to begin with a capital, and Anna is anna."""
    return login.strip().lower()
