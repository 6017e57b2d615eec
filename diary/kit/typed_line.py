"""One line that a person has typed as evidence: a document's number, a name, a reason."""

from __future__ import annotations

import unicodedata

from diary.kit.refusal import BadInput
from diary.kit.wording import _

#: What fits into a column of references.
LONGEST = 255
#: Letters by their category that show nothing.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def typed_line(text: str, *, field: str, longest: int = LONGEST) -> str:
    """Return the line in one spelling, empty when nothing of it could be read; raises BadInput.

    Signs that cannot be seen or turn the reading order are refused: evidence must say to everybody what it says (D6).
    """
    line = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs"} or sign in _FILLERS for sign in line):
        raise BadInput(field=field, reason=_("невидимые и управляющие знаки здесь недопустимы"))
    if len(line) > longest:
        raise BadInput(field=field, reason=_("слишком длинная строка"))
    return line if any(sign.isalnum() for sign in line) else ""
