"""How the bytes of a table become letters: UTF-8 as it should be, or what a Russian spreadsheet saved instead."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum

from diary.exchange.archive import Member
from diary.exchange.problem import ImportStopped, Problems, error, notice
from diary.kit.wording import _

CHUNK = 256 * 1024

READ_AS_CP1251 = notice(
    _("Файл не в UTF-8, прочитан как Windows-1251."),
    _("Проверьте русские буквы в именах; лучше сохраните файл в UTF-8."),
)
READ_AS_UTF16 = notice(_("Файл в UTF-16, а не в UTF-8."), _("Прочитан; лучше сохраните файл в UTF-8."))
DAMAGED_TEXT = error(
    _("Текст повреждён: в строке есть байты, которые не читаются ни как UTF-8, ни как Windows-1251."),
    _("Сохраните файл заново в UTF-8."),
)


class Encoding(StrEnum):
    """The codecs a table may come in."""

    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-sig"
    UTF_16 = "utf-16"
    CP1251 = "cp1251"


@dataclass(slots=True)
class _Survey:
    """What one pass over a file tells about its bytes."""

    is_utf8: bool = True
    has_hole: bool = False
    letters: int = 0
    broken: int = 0
    first_broken_line: int = 1


#: The one byte that Windows-1251 does not use.
CP1251_HOLE = b"\x98"


def find_encoding(member: Member, problems: Problems) -> Encoding:
    """Read the whole file once and say how it is written; this is also where a broken archive is noticed.

    Raises ImportStopped when the archive is broken or the text is damaged.
    """
    with member.open() as stream:
        start = stream.peek(4)[:4]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problems.add(READ_AS_UTF16, file=member.place)
        return Encoding.UTF_16
    survey = _survey(member)
    if survey.is_utf8:
        return Encoding.UTF_8_BOM if start.startswith(codecs.BOM_UTF8) else Encoding.UTF_8
    if survey.has_hole or survey.letters > survey.broken:
        raise ImportStopped(DAMAGED_TEXT, file=member.place, row=survey.first_broken_line)
    problems.add(READ_AS_CP1251, file=member.place)
    return Encoding.CP1251


def _survey(member: Member) -> _Survey:
    """Count whole and broken UTF-8 letters: Windows-1251 breaks nearly every letter, one cut letter is damage."""
    found = _Survey()
    strict = codecs.getincrementaldecoder("utf-8")("strict")
    lenient = codecs.getincrementaldecoder("utf-8")("replace")
    line = 1
    with member.open() as stream:
        while True:
            chunk = stream.read(CHUNK)
            if found.is_utf8:
                before = strict.getstate()
                try:
                    strict.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    found.is_utf8 = False
                    lenient.setstate(before)
            if not found.is_utf8:
                text = lenient.decode(chunk, final=not chunk)
                if not found.broken and "�" in text:
                    found.first_broken_line = line + text[: text.index("�")].count("\n")
                broken = text.count("�")
                found.broken += broken
                found.letters += sum(sign > "\x7f" for sign in text) - broken
            found.has_hole = found.has_hole or CP1251_HOLE in chunk
            line += chunk.count(b"\n")
            if not chunk:
                return found
