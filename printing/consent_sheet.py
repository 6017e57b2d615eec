"""The form of consent on paper: the document as it is agreed to, with lines for what is not known (R2.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from diary.delivery.consent_documents import ConsentDocument
from printing.render import pages_of, render_sheets_in_thread

CONSENT = "consent"
#: Forms in one file: two guardians and the own decision for each pupil of a large class; a form is a light page.
FORMS_AT_MOST = 180

_TO_BE_WRITTEN = re.compile(r"_{5,}")
#: The last line of a document, for whoever signs on a screen; on paper there is more room below.
_SIGNED = re.compile(r"^Дата:[ _]*Подпись:[ _]*(?:/(?P<signer>[^/]*)/)?\s*$")
_DOCUMENT_NUMBER = re.compile(r"^Номер документа: (.+)$")
_NUMBERED = re.compile(r"^(\d{1,2}\.) +")
_HASH_PART = re.compile(r"(.{16})(?=.)")


async def consent_sheets(documents: Sequence[ConsentDocument], *, at: datetime) -> tuple[bytes, int]:
    """Return one PDF with a form for each document, and how many pages it has.

    `at` is the instant of the print in the school's time zone. Raises SheetError when these forms cannot be made.
    """
    data = [_form(document) for document in documents]
    pdf = await render_sheets_in_thread(CONSENT, data, at=at, at_most=FORMS_AT_MOST)
    return pdf, pages_of(pdf) or len(documents)


def _form(document: ConsentDocument) -> dict[str, Any]:
    title, _blank, body = document.document.partition("\n\n")
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    number = _DOCUMENT_NUMBER.match(lines[-1]) if lines else None
    if number:
        lines.pop()
    signed = _SIGNED.match(lines[-1]) if lines else None
    if signed:
        lines.pop()
    signer = (signed["signer"] or "").strip() if signed else ""
    return {
        "title": title,
        "paragraphs": [_paragraph(line) for line in lines],
        "signer": "" if _TO_BE_WRITTEN.search(signer) else signer,
        "number": number[1] if number else "",
        "version": document.version,
        "textHash": _HASH_PART.sub(r"\1 ", document.text_sha256),
        "documentHash": _HASH_PART.sub(r"\1 ", document.document_sha256),
    }


def _paragraph(line: str) -> dict[str, Any]:
    """Return a paragraph as its number and its texts; between two texts there is something to be written by hand."""
    number = _NUMBERED.match(line)
    first, *rest = _TO_BE_WRITTEN.split(line[number.end() :] if number else line)
    # After a ruled line a comma or a full stop of the sentence would stand alone.
    return {
        "number": number[1] if number else "",
        "texts": [first.strip(), *(part.lstrip(" ,.;").rstrip() for part in rest)],
    }
