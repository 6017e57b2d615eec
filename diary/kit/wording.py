"""The reader's language: Russian sentences stand in the code, English ones in the catalogue (gettext, Babel)."""

from __future__ import annotations

import gettext
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "ru"
LANGUAGES = ("ru", "en")
CATALOGUES = Path(__file__).parent.parent / "locale"

#: The language of whoever is being answered.
language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def _(text: str) -> str:
    """Mark a Russian sentence for the catalogue; it is translated when it is shown."""
    return text


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    source = CATALOGUES / name / "LC_MESSAGES" / "diary.po"
    if name == SOURCE_LANGUAGE or not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(text: str) -> str:
    """Return the sentence in the reader's language; one without a translation stays Russian."""
    return _catalogue(language.get()).gettext(text) if text else text


def choose_language(accept_language: str) -> str:
    """Return the first language of an Accept-Language header that we speak, Russian when there is none."""
    wanted: list[tuple[float, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _semicolon, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1) + place / 1000, tag[:2].lower()))
        except ValueError:
            continue
    return next((tag for _rank, tag in sorted(wanted) if tag in LANGUAGES), SOURCE_LANGUAGE)
