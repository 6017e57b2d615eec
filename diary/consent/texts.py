"""The wording of the documents that families sign: one per purpose, with version and hash (152-FZ art. 9)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Purpose
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _

#: The version under which a school begins with the texts that come with the service.
FIRST_VERSION = "2026-11"
#: What is left empty on paper, to be filled in by hand.
BLANK = "________________________________"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One published wording."""

    id: UUID
    version: str
    title: str
    body: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What a document says of the people and the school; what is unknown is left to be written by hand."""

    signer: str
    signer_address: str = ""
    signer_document: str = ""
    authority: str = ""
    pupil: str
    pupil_address: str = ""
    pupil_document: str = ""
    school: str
    school_address: str = ""
    processor: str = ""
    valid_until: str = ""


LONGEST_BODY = 20_000
_PLACE = re.compile(r"\{[^{}]*\}")
_PLACES = {
    f"{{{name}}}"
    for name in (
        "signer", "signer_address", "signer_document", "authority", "pupil", "pupil_address", "pupil_document",
        "school", "school_address", "processor", "valid_until",
    )
}  # fmt: skip
_OF_EVERY_DOCUMENT = (
    "{signer}", "{signer_address}", "{signer_document}", "{pupil}", "{school}", "{school_address}", "{processor}",
    "{valid_until}",
)  # fmt: skip
_OF_ANOTHERS_DATA = (*_OF_EVERY_DOCUMENT, "{pupil_address}", "{pupil_document}", "{authority}")
#: What the law asks a document of each purpose to say (152-FZ art. 9 p. 4).
_PLACES_NEEDED = {
    Purpose.PERSONAL_DATA: _OF_ANOTHERS_DATA,
    Purpose.ELECTRONIC_FORM: _OF_ANOTHERS_DATA,
    Purpose.GUARDIAN_ACCESS: _OF_EVERY_DOCUMENT,
}

_TITLES = {
    Purpose.PERSONAL_DATA: "Согласие на обработку персональных данных обучающегося в электронном дневнике",
    Purpose.ELECTRONIC_FORM: "Согласие на получение сведений об успеваемости в электронной форме",
    Purpose.GUARDIAN_ACCESS: "Согласие совершеннолетнего обучающегося на информирование представителей",
}


async def current_text(school_id: UUID, purpose: Purpose) -> Text:
    """Return the wording in force at a school; the first one is the service's own, published when it is asked for.

    Inside a command, because the first question writes it down.
    """
    # A wording dated ahead is not in force yet.
    newest = """
        SELECT id, version, title, body, sha256 FROM consent_text
        WHERE school = $1 AND purpose = $2 AND published_at <= $3 ORDER BY published_at DESC, id DESC LIMIT 1
    """
    now = clock.now()
    rows = await database.fetch(newest, school_id, purpose.value, now)
    if not rows:
        # Of two who ask first, one publishes and the other waits for it.
        await database.execute(
            """
            INSERT INTO consent_text (id, school, purpose, version, title, body, published_at)
            VALUES (uuidv7(), $1, $2, $3, $4, $5, $6) ON CONFLICT (school, purpose, version) DO NOTHING
            """,
            school_id,
            purpose.value,
            FIRST_VERSION,
            _TITLES[purpose],
            built_in(purpose),
            now,
        )
        rows = await database.fetch(newest, school_id, purpose.value, now)
    return Text(**rows[0])


class TextLacksPlaces(Refusal):
    """A wording without these places could not say whose consent it is, to whom and for how long (152-FZ art. 9)."""

    code = "TEXT_LACKS_PLACES"
    wording = _("В тексте не хватает мест для подстановки: {missing}.")


class TextHasUnknownPlaces(Refusal):
    """Nothing would be put into these places, and the person would sign braces."""

    code = "TEXT_HAS_UNKNOWN_PLACES"
    wording = _("В эти места подставить нечего: {unknown}.")


class TextVersionTaken(Refusal):
    """What was signed under this version must stay what it was: a new wording is a new version."""

    code = "TEXT_VERSION_TAKEN"
    wording = _("Такая редакция этого документа уже есть: для нового текста нужна новая.")


@command
async def publish(
    viewer: Viewer,
    *,
    school_id: UUID,
    purpose: Purpose,
    version: str,
    title: str,
    body: str,
    published_at: datetime | None = None,
) -> Text:
    """Publish a school's own wording, in force from now or from a later instant; earlier ones stay as they were.

    Raises NotFound for another school, BadInput, TextLacksPlaces, TextHasUnknownPlaces, TextVersionTaken.
    """
    if school_id not in viewer.schools(Role.OFFICE):
        raise NotFound
    version = typed_line(version, field="textVersion")
    title, body = typed_line(title, field="title"), body.strip()
    now = clock.now()
    for field, value, longest in (("textVersion", version, 64), ("title", title, 255), ("body", body, LONGEST_BODY)):
        if not value or len(value) > longest:
            raise BadInput(field=field, reason=_("пусто или слишком длинно"))
    if published_at is not None and published_at < now:
        raise BadInput(field="publishedAt", reason=_("текст не может начать действовать в прошлом"))
    if BLANK in body:
        # So a place looks that the signer has left empty.
        raise BadInput(field="body", reason=_("линия для записи от руки: не длиннее 31 знака"))
    places = set(_PLACE.findall(f"{title}{body}"))
    if missing := [place for place in _PLACES_NEEDED[purpose] if place not in places]:
        raise TextLacksPlaces(missing=", ".join(missing))
    if unknown := sorted(places - _PLACES):
        raise TextHasUnknownPlaces(unknown=", ".join(unknown))
    rows = await database.fetch(
        """
        INSERT INTO consent_text (id, school, purpose, version, title, body, published_at)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, $6) ON CONFLICT (school, purpose, version) DO NOTHING
        RETURNING id, version, title, body, sha256
        """,
        school_id,
        purpose.value,
        version,
        title,
        body,
        published_at or now,
    )
    if not rows:
        raise TextVersionTaken
    return Text(**rows[0])


async def text_of(school_id: UUID, purpose: Purpose, version: str) -> Text:
    """Return a published wording; raises BadInput for a version that the school has never published."""
    rows = await database.fetch(
        "SELECT id, version, title, body, sha256 FROM consent_text WHERE school = $1 AND purpose = $2 AND version = $3",
        school_id,
        purpose.value,
        version,
    )
    if not rows:
        raise BadInput(field="textVersion", reason=_("такой редакции у этого документа нет"))
    return Text(**rows[0])


async def hash_of(school_id: UUID, purpose: Purpose, version: str) -> str:
    """Return the hash of a published wording; raises BadInput for a version that the school has never published."""
    return (await text_of(school_id, purpose, version)).sha256


@cache
def built_in(purpose: Purpose) -> str:
    """Return the wording that comes with the service."""
    return (files("diary.consent") / "forms" / f"{purpose.value.lower()}.txt").read_text(encoding="utf-8")


def filled(text: Text, facts: ConsentFacts) -> str:
    """Return the document as one person reads and signs it."""
    document = f"{text.title}\n\n{text.body}"
    for place, value in (
        ("{signer}", facts.signer),
        ("{signer_address}", facts.signer_address),
        ("{signer_document}", facts.signer_document),
        ("{authority}", facts.authority),
        ("{pupil}", facts.pupil),
        ("{pupil_address}", facts.pupil_address),
        ("{pupil_document}", facts.pupil_document),
        ("{school}", facts.school),
        ("{school_address}", facts.school_address),
        ("{processor}", facts.processor or "обработка никому не поручена"),
        ("{valid_until}", facts.valid_until or "до отзыва или до окончания обучения в школе"),
    ):
        # A name with braces in it must not be filled in once more.
        document = document.replace(place, (value or BLANK).replace("{", "(").replace("}", ")"))
    return document


def sha256(document: str) -> str:
    """Return the hash that a signature is bound to."""
    return hashlib.sha256(document.encode()).hexdigest()
