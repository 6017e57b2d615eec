"""What a signer puts into a document's places: an address, a paper or an authority, and nothing that turns it round.

What denies or limits is refused; what is not plainly one of the three is put in, but somebody at school reads it first.
"""

from __future__ import annotations

import re

from diary.people.names import folded

#: What addresses, papers and authorities are written with.
_WRITTEN = re.compile(r"[\w \u00a0.,;:/\\()«»\"'’+№#&–—-]*")
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile(r"[а-яё]+", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]+", re.IGNORECASE)
_ROMAN = re.compile(r"[IVXLCDM]+")
#: Series of papers are this short; what is longer in Latin letters is prose that the school need not understand.
LONGEST_LATIN = 3
#: Words by which something is denied, limited or taken back; they are of no address and of no paper.
_OBJECTING = re.compile(
    r"не|ни|нет|но|без|кроме|если|только|лишь|против|однако|хотя|вопреки|наоборот|против|"
    r"(?:отказ|отзыв|отозв|отзов|отриц|отрек|отреч|отверг|отверж|отклон|возра[жз]|возбран|запре[тщ]|протест|оспар|оспор|"
    r"несоглас|недейств|незакон|недопус|непризна|неправом|ненадлеж|ничтож|услови|отмен|аннулир|исключ|"
    r"ограничи|прекра[тщ]|воздерж|обжал)\w*|"
    r"no|not|nor|non|but"
)
#: Whole words of addresses and papers, among them all that the abbreviations are.
_WORDS = (
    "гор ул дом дома кв корп стр обл край края краю крае респ рн пос пгт село села дер ст пер пр пл наб бул мкр снт "
    "туп аул аула ао лит под эт ком тер влад вл днт жк сад тж дп рп аал кп пр-т "
    "сер ном от до код выд дата дату даты акт акта вид на по об при для за из во со мфц мвд уфмс фмс гу оуфмс овд загс "
    "суд суда судом мать отец опека опеки тот же та то п пункт пункте год года лет"
)
#: How other known words begin, whatever their case.
_STEMS = (
    "город улиц квартир корпус строен област республик район посел сельск деревн хутор станиц станци переул проспект "
    "площад шоссе набережн бульвар микрорайон проезд округ квартал литер подъезд этаж комнат общежит индекс адрес "
    "прожив зарегистрир регистрац владен городск паспорт свидетельств рожден удостоверен личност сери номер выдан "
    "подразделен повторн отдел управлен росси федерац орган запис актов иностранн граждан жительств временн служб "
    "миграц центр администрац комитет дубликат документ военн билет загран опекун попечит решени приказ постановлен "
    "распоряжен усыновл удочер отцовств матер законн представител родител доверенност нотари договор приемн семь "
    "установлен назначен главн межрайон муниципальн районн областн краев внутренн местн"
)
_KNOWN_WORDS, _KNOWN_STEMS = frozenset(_WORDS.split()), tuple(_STEMS.split())
#: Capitals of this length are an abbreviation; longer ones may be anything.
LONGEST_ABBREVIATION = 5


def is_put_in(line: str) -> bool:
    """Say whether a line may stand in a document's place: nothing in it denies, limits or feigns to be another word."""
    if not _WRITTEN.fullmatch(line) or "_" in line:
        return False
    return not any(_turns(word) for word in _WORD.findall(line))


def is_recognised(line: str) -> bool:
    """Say whether a line is plainly an address, a paper or an authority: a number, known words and proper names."""
    words = _WORD.findall(line)
    known = [_is_known(word) for word in words]
    return (
        any(sign.isdigit() for sign in line)
        and any(known)
        and all(is_one or _is_name(word) for word, is_one in zip(words, known, strict=True))
    )


def _turns(word: str) -> bool:
    """Say whether a word takes back what the document says, or hides which one it is behind letters of two scripts."""
    if not (_CYRILLIC.fullmatch(word) or _LATIN.fullmatch(word)):
        return True
    if _OBJECTING.fullmatch(folded(word)):
        return True
    return bool(_LATIN.fullmatch(word)) and len(word) > LONGEST_LATIN and not _ROMAN.fullmatch(word)


def _is_known(word: str) -> bool:
    plain = folded(word)
    return plain in _KNOWN_WORDS or plain.startswith(_KNOWN_STEMS) or plain in {"г", "д", "с", "к"}


def _is_name(word: str) -> bool:
    """Say whether a word can be a name, a series or a house's letter."""
    if len(word) == 1 or _LATIN.fullmatch(word):
        return True
    return word[0].isupper() and (not word.isupper() or len(word) <= LONGEST_ABBREVIATION)
