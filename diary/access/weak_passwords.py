"""Passwords that are guessed first: the login itself, runs, and the words that people take most (trust.md 1.2).

The list below was written by hand and holds about a hundred words. A list of the 3,000 most common passwords, as
trust.md asks for, is still owed.
"""

from __future__ import annotations

import re
import unicodedata

#: What is left of a password without digits and signs must be none of these, nor one of them repeated.
COMMON = frozenset(
    """
    abc abcd access admin administrator andrey angel anna baseball batman changeme computer daddy default demo diary
    diarydemo dragon eagle elena football freedom gfhjkm guest hello iloveyou internet killer letmein login love lovely
    marina maria master maxim mercedes michael monkey moscow natasha nikita olga pass passwd passw password princess
    qwerty qazwsx root russia samsung school secret shadow slava spartak summer sunshine superman svetlana teacher temp
    test trustno user vladimir welcome winter yandex zaq zenit

    администратор александр алексей анастасия андрей анна виктория вход гость даша дмитрий дневник елена здравствуйте
    знание зима канцелярия класс котик лето логин любимая любимый любовь мама мамочка марина мария максим москва наташа
    никита оля ольга осень пароль папа первый привет родитель россия секрет сергей солнце солнышко спартак учебник
    ученик учитель школа школадневник юля
    """.split()  # noqa: SIM905 - a list of words is easier to extend
)
#: Neighbours on the keyboard or in the alphabet, read either way.
RUNS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp",
    "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "йфяцычувскамепинртгоьшлбщдюзжхэъ",
    "abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюя",
)  # fmt: skip

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _unit(text: str) -> str:
    """Return the shortest piece that the text is a repetition of."""
    return text[: (text + text).index(text, 1)] if text else text


def _is_run(text: str) -> bool:
    return any(text in row or text in row[::-1] for row in RUNS)


def is_weak(password: str, login: str) -> bool:
    """Whether the password is among those that are tried first.

    That is one without a letter (runs of digits, dates, telephone numbers), a short piece repeated, the login, a run
    of neighbouring keys, or a common word, in either layout and whatever digits and signs stand around it.
    """
    folded, name = _folded(password), _folded(login)
    letters = _NOT_LETTERS.sub("", folded)
    if not letters or len(_unit(folded)) < 4:
        return True
    if name and not _NOT_LETTERS.sub("", folded.replace(name, "")):
        return True
    # A Russian word typed without switching the layout has letters where Latin has signs.
    typed = _NOT_LETTERS.sub("", folded.translate(_TO_RUSSIAN))
    return any(_unit(word) in COMMON or len(set(word)) == 1 or _is_run(_unit(word)) for word in (letters, typed))
