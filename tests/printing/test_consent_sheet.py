"""The form of consent on paper: the whole document, room for what is written by hand, version and hash (R2.2)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest
from pypdf import PdfReader

from diary.consent import texts
from diary.consent.tables import Purpose
from diary.delivery.consent_documents import ConsentDocument
from printing.consent_sheet import FORMS_AT_MOST, consent_sheets
from printing.render import SheetError

AT = datetime(2026, 11, 24, 12, 5, tzinfo=timezone(timedelta(hours=3)))
A4 = (595, 842)
TITLE = "Согласие на обработку персональных данных"
NUMBER = "0123A-4567B-89CDE-F0123"


def document(
    purpose: Purpose = Purpose.PERSONAL_DATA, *, body: str | None = None, number: str = NUMBER, **facts: str
) -> ConsentDocument:
    """Return a document as the ledger issues it."""
    wording = texts.built_in(purpose) if body is None else body
    text = texts.Text(id=uuid4(), version="2026-11", title=TITLE, body=wording, sha256=texts.sha256(wording))
    known = {"signer": "Орлова Анна Сергеевна", "pupil": "Орлов Михаил", "school": "Школа № 12"} | facts
    filled = texts.filled(text, texts.ConsentFacts(**known))
    whole = f"{filled.rstrip()}\n\nНомер документа: {number}\n" if number else filled
    return ConsentDocument(
        purpose=purpose, version=text.version, title=text.title, document=whole,
        document_sha256=texts.sha256(whole), text_sha256=text.sha256,
    )  # fmt: skip


def printed(*documents: ConsentDocument) -> list[str]:
    """Print the documents; return the text of each page without hyphens at line ends."""
    pdf, number = asyncio.run(consent_sheets(documents, at=AT))
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == number
    assert all((round(page.mediabox.width), round(page.mediabox.height)) == A4 for page in pages)
    joined = [re.sub(r"[\u00ad-]\n", "", page.extract_text()) for page in pages]
    return [" ".join(text.replace("\u00ad", "").split()) for text in joined]


def without_gaps(text: str) -> str:
    """Return the letters alone: where a line ends, a word may be divided."""
    return re.sub(r"[\s\u00ad\u200b-]", "", text)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_built_in_form_is_one_page_with_every_word_of_the_document(purpose: Purpose) -> None:
    [page] = printed(document(purpose))
    letters = without_gaps(page)
    for sentence in re.split(r"_{5,}[,.]?|\n", document(purpose).document):
        if not sentence.startswith(("Дата", " Подпись", "    Подпись", " /")):
            assert without_gaps(sentence) in letters, sentence


def test_a_blank_form_fits_on_one_page_too() -> None:
    [page] = printed(document(signer="", pupil="", number=""))
    assert "фамилия, имя, отчество" in page
    assert "Номер документа" not in page


def test_there_is_room_for_date_signature_and_the_schools_entry() -> None:
    [page] = printed(document())
    assert "подпись Орлова Анна Сергеевна фамилия, имя, отчество" in page
    assert "20 г." in page
    assert "Заполняет школа. Принято" in page
    assert "Дата:" not in page
    assert "_" not in page


def test_the_foot_tells_number_version_instant_and_both_hashes() -> None:
    issued = document()
    [page] = printed(issued)
    letters = without_gaps(page)
    told = f"Номер документа: {NUMBER}. Редакция текста: 2026-11. Напечатано 24.11.2026 в 12:05."
    assert without_gaps(told) in letters
    assert f"SHA256редакции:{issued.text_sha256}" in letters
    assert f"SHA256этогодокумента:{hashlib.sha256(issued.document.encode()).hexdigest()}" in letters


def test_a_long_wording_of_the_schools_own_goes_on_over_pages_each_counted_anew() -> None:
    body = "\n".join(f"{number}. Пункт правил школы. " + "Слово за словом. " * 40 for number in range(1, 13))
    pages = printed(document(body=body), document())
    assert len(pages) > 2
    assert ["стр. 1" in page for page in pages] == [True, *[False] * (len(pages) - 2), True]
    assert "12. Пункт правил школы" in pages[-2], "a signature stands under something"
    assert "подпись" in pages[-2]
    assert all("Редакция текста: 2026-11" in page for page in pages)


def test_a_wording_without_a_line_to_sign_gets_one() -> None:
    [page] = printed(document(body="Согласен.", number=""))
    assert "Согласен." in page
    assert "подпись" in page


@pytest.mark.parametrize("name", ["#panic()", "{signer}", "$x^2$ *жир* _курс_", "Й" * 200, "\u202eвонрО 😀", "]#{"])
def test_a_name_is_text_and_never_program(name: str) -> None:
    [page] = printed(document(signer=name))
    assert "Кто даёт согласие:" in page


def test_more_forms_than_one_file_holds_are_refused() -> None:
    with pytest.raises(SheetError):
        asyncio.run(consent_sheets([document()] * (FORMS_AT_MOST + 1), at=AT))
