"""Which characters can stand on paper, so that no text from a form can break, reorder or stop a print (D9)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

#: What stands on the page for a character that the fonts inside Typst cannot draw (an emoji, a hieroglyph).
MISSING = "□"
#: No page can hold more of one text; the sheet says where it was cut.
LONGEST_TEXT = 4_000
#: A word longer than this may be broken anywhere, so that a web address stays inside its column.
LONGEST_WORD = 30

#: Left-to-right characters that the embedded fonts draw; tests/printing proves every one of them by printing it.
_PRINTABLE = (
    "\n -~\xa0-\xac\xae-\u036fͰ-ͳ͵-ͷͺ-ͽͿ΄-ΆΈ-ΊΌΎ-ΡΣ-\u0483Ҋ-ӿ\u1e00-\u1eff"
    "‐-‧‰-⁀⁂⁄-⁒⁔-⁞⁰ⁱ⁴-₎₠-₤₦-₿℀-℞℠™Ωℤ℧-℩ℬ-⅏⅐⅑⅓-ↄ←-⌨①-☆✁-✄✆-✉✌-✔✗-✦✪-❋"
)
_MISSING_SIGN = re.compile(f"[^{_PRINTABLE}]")
#: Marks over one letter beyond the second only pile up into the lines above.
_PILE_OF_MARKS = re.compile(r"([\u0300-\u036f\u0483]{2})[\u0300-\u036f\u0483]+")
#: An emoji joined with others (a family, a flag) is one sign for the reader.
_JOINED = re.compile("\u200d[^\\s]|[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\u20e3]")
_LINE_ENDS = re.compile(r"[^\S\n]*(?:\r\n?|\n|\x0b|\x0c|\x85|\u2028|\u2029)\s*")
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD},}}")
_WORD_PART = re.compile(rf"[^\W_]{{{LONGEST_WORD // 2}}}(?=[^\W_]{{3}})|[^\w](?=\w)|_(?=\w)")
_BREAK_HERE = "\u200b"
#: A value for the sheet's program, not a text to be printed.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+Z-]{5,28}")


def printable(text: str) -> str:
    """Return the text as it can be printed: no control or direction signs, every sign that the fonts lack replaced."""
    if _INSTANT.fullmatch(text):
        return text
    text = unicodedata.normalize("NFC", text[: LONGEST_TEXT * 2])[:LONGEST_TEXT]
    text = _LINE_ENDS.sub("\n", text).strip().replace("\t", " ")
    text = _JOINED.sub("", text)
    if not text.isascii():
        text = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cc", "Cf"} or sign == "\n")
    else:
        text = "".join(sign for sign in text if sign >= " " or sign == "\n").replace("\x7f", "")
    text = _PILE_OF_MARKS.sub(r"\1", text)
    text = _MISSING_SIGN.sub(MISSING, text)
    return _LONG_WORD.sub(lambda word: _WORD_PART.sub(rf"\g<0>{_BREAK_HERE}", word[0]), text)


def printable_answer(value: Any) -> Any:
    """Return a GraphQL answer with every text in it made printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: printable_answer(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [printable_answer(part) for part in value]
    return value
