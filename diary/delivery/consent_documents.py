"""The document that a person reads before deciding, filled in with the names (152-FZ art. 9, R2.1).

Its number is made of everything that it decides about and of how many decisions came before it: one document is one
person's one decision, and what was signed before a later decision can never be used after it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.particulars import is_put_in, is_recognised
from diary.consent.signatures.result import PersonName
from diary.consent.tables import Decision, Purpose
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.typed_line import typed_line
from diary.kit.wording import _
from diary.people.guardianships import in_force
from diary.people.names import full_name

#: What stands above the wording when its reader does not agree; a signed document says itself what was decided.
HEADS = {
    Decision.GIVEN: "",
    Decision.REFUSED: "ОТКАЗ. Я, {signer}, прочитал(а) текст ниже и НЕ даю согласие, о котором в нём говорится.\n\n",
    Decision.WITHDRAWN: "ОТЗЫВ СОГЛАСИЯ. Я, {signer}, отзываю согласие, текст которого приведён ниже.\n\n",
}
NUMBER = "\nНомер документа: {number}\n"
#: What a document says where a guardian's one names the child's papers and the guardian's authority.
OWN_DATA = {
    "authority": "сам обучающийся",
    "pupil_address": "тот же, что в пункте 1",
    "pupil_document": "тот же, что в пункте 1",
}
LONGEST_PARTICULAR = 300
_NUMBER = re.compile(r"\nНомер документа: ([0-9A-F]{5}(?:-[0-9A-F]{5}){3})\n\Z")
MARK = "\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDocument:
    """One person's document: the wording in force, filled in, with the hashes of both."""

    purpose: Purpose
    version: str
    title: str
    document: str
    document_sha256: str
    text_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What the school need not know and the signer puts into the document (152-FZ art. 9 p. 4)."""

    signer_address: str = ""
    signer_document: str = ""
    authority: str = ""
    pupil_address: str = ""
    pupil_document: str = ""


NOTHING_TOLD = Particulars()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A document as the school issues it at this moment, with whose it is."""

    school: UUID
    signer: PersonName
    text: ConsentDocument
    #: The document cut where the signer may fill in what was not told.
    pieces: tuple[str, ...]
    #: Names of the particulars that are not plainly an address, a paper or an authority.
    unread: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left empty, by the signer or by the school."""
        return texts.BLANK not in self.text.document

    def is_signed_in(self, document: bytes) -> bool:
        """Whether somebody's document is this one, its empty places left so or filled in, and nothing else changed."""
        return self.put_in(document) is not None

    def put_in(self, document: bytes) -> tuple[str, ...] | None:
        """Return what somebody's document has in the places that were not told, None for another document."""
        try:
            text = document.decode()
            for line in text.split("\n"):
                typed_line(line, field="document", longest=len(text))
        except (UnicodeDecodeError, BadInput):
            return None
        first, *others = self.pieces
        ends: dict[int, tuple[str, ...]] = {len(first): ()} if text.startswith(first) else {}
        for piece in others:
            ends = {
                place + len(piece): (*before, text[end:place])
                for end, before in ends.items()
                for place in _places(text, piece, end)
            }
        return ends.get(len(text))

    def is_overtaken(self, document: bytes) -> bool:
        """Whether somebody's document is this one but for its number: a decision has come in between."""
        text = document.decode(errors="replace")
        own, theirs = _NUMBER.search(self.text.document), _NUMBER.search(text)
        if own is None or theirs is None or own[1] == theirs[1]:
            return False
        return self.is_signed_in(f"{text[: theirs.start(1)]}{own[1]}\n".encode())


def _places(text: str, piece: str, start: int) -> Iterator[int]:
    """Yield where the piece follows something that was filled in, on one line and of a bounded length."""
    line_ends = text.find("\n", start)
    last = min(start + LONGEST_PARTICULAR, len(text) if line_ends < 0 else line_ends)
    place = text.find(piece, start + 1, last + len(piece))
    while place >= 0:
        put_in = text[start:place]
        if put_in == texts.BLANK or any(sign.isalnum() for sign in put_in):
            yield place
        place = text.find(piece, place + 1, last + len(piece))


_PAIR = f"""
    SELECT p.school, {full_name("p")} AS pupil, s.name AS school_name, s.address AS school_address, s.processor,
        coalesce(r.family_name, p.family_name) AS family, coalesce(r.given_name, p.given_name) AS given,
        CASE WHEN r.id IS NULL THEN p.patronymic ELSE r.patronymic END AS patronymic,
        (SELECT count(*) FROM consent_decision d
            WHERE d.guardian IS NOT DISTINCT FROM $1 AND d.pupil = $2 AND d.purpose = $4) AS decided
    FROM pupil p JOIN school s ON s.id = p.school LEFT JOIN guardian r ON r.id = $1
    WHERE p.id = $2 AND ($1::uuid IS NULL OR EXISTS (
        SELECT FROM guardianship g WHERE g.guardian = $1 AND g.pupil = p.id
            AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}))
"""  # noqa: S608 - constants only


@command
async def consent_document(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision = Decision.GIVEN,
    particulars: Particulars = NOTHING_TOLD,
) -> ConsentDocument:
    """Return the document about a pupil for a guardian, or without one for the pupil, as it is to be signed.

    For the person and the school's office; no consent is needed to read what one is asked to agree to. Raises NotFound
    for any other pair, BadInput for a leave of access that only the pupil can give.
    """
    document = await issued(
        guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=decision, particulars=particulars
    )
    own = guardian_id in viewer.people(Role.GUARDIAN) if guardian_id else pupil_id in viewer.people(Role.PUPIL)
    if not (own or document.school in viewer.schools(Role.OFFICE)):
        raise NotFound
    return document.text


async def issued(
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    version: str = "",
    particulars: Particulars = NOTHING_TOLD,
) -> Issued:
    """Return the pair's document of this moment, inside a command; an earlier wording when its version is named.

    Raises NotFound for a pair without guardianship in force, BadInput for a version that was never published, for a
    leave of access that only the pupil can give, and for particulars that are none.
    """
    if purpose is Purpose.GUARDIAN_ACCESS and guardian_id is not None:
        raise BadInput(field="guardianId", reason=_("это решение принимает только сам обучающийся"))
    rows = await database.fetch(_PAIR, guardian_id, pupil_id, clock.now(), purpose.value)
    if not rows:
        raise NotFound
    pair = rows[0]
    text = await texts.current_text(pair["school"], purpose)
    if version and version != text.version:
        text = await texts.text_of(pair["school"], purpose, version)
    signer = PersonName(pair["family"], pair["given"], pair["patronymic"] or "")
    name = " ".join(filter(None, (signer.family, signer.given, signer.patronymic)))
    told = {field.name: _particular(field.name, getattr(particulars, field.name)) for field in fields(Particulars)}
    unread = tuple(name for name, line in told.items() if line and not is_recognised(line))
    if guardian_id is None:
        told |= OWN_DATA
    # What is not told is marked, to know the signer's own places from those of the school.
    told = {name: value or MARK for name, value in told.items()}
    filled = texts.filled(
        text,
        texts.ConsentFacts(
            signer=name,
            pupil=pair["pupil"],
            school=pair["school_name"],
            school_address=pair["school_address"],
            processor=pair["processor"],
            **told,
        ),
    )
    number = _number(guardian_id, pupil_id, purpose.value, decision.value, text.version, pair["decided"])
    head = HEADS[decision].replace("{signer}", name.replace("{", "(").replace("}", ")"))
    marked = head + filled.rstrip("\n") + "\n" + NUMBER.format(number=number)
    document = marked.replace(MARK, texts.BLANK)
    return Issued(
        school=pair["school"],
        signer=signer,
        pieces=tuple(marked.split(MARK)),
        unread=unread,
        text=ConsentDocument(
            purpose=purpose,
            version=text.version,
            title=text.title,
            document=document,
            document_sha256=texts.sha256(document),
            text_sha256=text.sha256,
        ),
    )


def _particular(field: str, told: str) -> str:
    """Return what the signer tells of themself; raises BadInput for what would change what the document says."""
    line = typed_line(told, field=field, longest=LONGEST_PARTICULAR)
    if not is_put_in(line):
        raise BadInput(field=field, reason=_("здесь только адрес, документ или основание, без других слов"))
    return line


def _number(*parts: object) -> str:
    """Return the document's number: twenty digits of a hash, so that it tells nobody's identifiers."""
    digits = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:20].upper()
    return "-".join(digits[start : start + 5] for start in range(0, len(digits), 5))
