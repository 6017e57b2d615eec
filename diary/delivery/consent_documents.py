"""The document that a person reads before deciding, filled in with the names (152-FZ art. 9, R2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.tables import Purpose
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _
from diary.people.guardianships import in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDocument:
    """One person's document: the wording in force, filled in, with the hashes of both."""

    purpose: Purpose
    version: str
    title: str
    document: str
    document_sha256: str
    text_sha256: str


_NAME = "concat_ws(' ', {0}.family_name, {0}.given_name, nullif({0}.patronymic, ''))"
_PAIR = f"""
    SELECT p.school, {_NAME.format("p")} AS pupil, s.name AS school_name, s.address AS school_address, s.processor,
        CASE WHEN $1::uuid IS NULL THEN {_NAME.format("p")} ELSE {_NAME.format("r")} END AS signer
    FROM pupil p JOIN school s ON s.id = p.school LEFT JOIN guardian r ON r.id = $1
    WHERE p.id = $2 AND ($1::uuid IS NULL OR EXISTS (
        SELECT FROM guardianship g WHERE g.guardian = $1 AND g.pupil = p.id
            AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}))
"""  # noqa: S608 - constants only


@command
async def consent_document(
    viewer: Viewer, *, guardian_id: UUID | None, pupil_id: UUID, purpose: Purpose
) -> ConsentDocument:
    """Return the document about a pupil for a guardian, or without one for the pupil, as it is to be signed.

    For the person and the school's office; no consent is needed to read what one is asked to agree to. Raises NotFound
    for any other pair, BadInput for a leave of access that only the pupil can give.
    """
    if purpose is Purpose.GUARDIAN_ACCESS and guardian_id is not None:
        raise BadInput(field="guardianId", reason=_("это решение принимает только сам обучающийся"))
    rows = await database.fetch(_PAIR, guardian_id, pupil_id, clock.now())
    own = guardian_id in viewer.people(Role.GUARDIAN) if guardian_id else pupil_id in viewer.people(Role.PUPIL)
    if not rows or not (own or rows[0]["school"] in viewer.schools(Role.OFFICE)):
        raise NotFound
    pair = rows[0]
    text = await texts.current_text(pair["school"], purpose)
    document = texts.filled(
        text,
        texts.ConsentFacts(
            signer=pair["signer"],
            pupil=pair["pupil"],
            school=pair["school_name"],
            school_address=pair["school_address"],
            processor=pair["processor"],
        ),
    )
    return ConsentDocument(
        purpose=purpose,
        version=text.version,
        title=text.title,
        document=document,
        document_sha256=texts.sha256(document),
        text_sha256=text.sha256,
    )
