"""Agreements between a school and a person that codes count as the person's signature (63-FZ art. 6 and 9).

Without one in force a simple signature is none: the law leaves it to the parties to say so, and to say how the signer
is told from others and keeps the key secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _

#: Nobody is at school for so many years: an older date is a slip of the pen.
OLDEST_YEARS = 20


class SigningNotAgreed(Refusal):
    """A code is a signature only under an agreement of the school with the person (63-FZ art. 6 p. 2, art. 9)."""

    code = "SIGNING_NOT_AGREED"
    wording = _(
        "Подписывать кодом можно после соглашения с школой о простой электронной подписи. "
        "Заключите его в школе или подайте файл усиленной подписи."
    )


class SigningAgreed(Refusal):
    """The person has an agreement in force; a new one follows its end."""

    code = "SIGNING_AGREED"
    wording = _("Соглашение о простой подписи с этим человеком уже действует: {document}.")


class NothingAgreed(Refusal):
    """There is no agreement in force with this person that could be ended."""

    code = "NOTHING_AGREED"
    wording = _("Соглашения о простой подписи с этим человеком нет: прекращать нечего.")


class AgreementNeedsDocument(Refusal):
    """The agreement is a paper of both sides, and the register says where it lies."""

    code = "AGREEMENT_NEEDS_DOCUMENT"
    wording = _("Укажите документ соглашения (номер, дата, место хранения).")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAgreement:
    """An agreement as it stands in the register."""

    id: UUID
    document_reference: str
    signed_on: date
    ended_at: datetime | None


_FIELDS = "id, document_reference, signed_on, ended_at"


@command
async def agree_to_codes(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID | None,
    document_reference: str,
    signed_on: date | None = None,
) -> SigningAgreement:
    """Write down that a guardian, or without one the pupil, has agreed with the school to sign by codes.

    Only the school's office does, by the signed paper. Raises NotFound, BadInput, AgreementNeedsDocument,
    SigningAgreed.
    """
    school, today = await _office_of(viewer, guardian_id, pupil_id)
    document_reference = typed_line(document_reference, field="documentReference")
    if not document_reference:
        raise AgreementNeedsDocument
    signed_on = signed_on or today
    if signed_on > today:
        raise BadInput(field="signedOn", reason=_("соглашение не могло быть подписано в будущем"))
    if signed_on.year < today.year - OLDEST_YEARS:
        raise BadInput(field="signedOn", reason=_("соглашение подписано слишком давно"))
    if known := await _in_force(guardian_id, pupil_id):
        raise SigningAgreed(document=known.document_reference)
    rows = await database.fetch(
        f"""
        INSERT INTO signing_agreement (id, school, guardian, pupil, document_reference, signed_on, registered_at,
            registrar)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7) RETURNING {_FIELDS}
        """,  # noqa: S608 - constants only
        school,
        guardian_id,
        None if guardian_id else pupil_id,
        document_reference,
        signed_on,
        clock.now(),
        viewer.account_id,
    )
    return SigningAgreement(**rows[0])


@command
async def end_agreement(viewer: Viewer, *, guardian_id: UUID | None, pupil_id: UUID | None) -> SigningAgreement:
    """End a person's agreement now: no code signs any more, what was signed before stays.

    Only the school's office does. Raises NotFound, NothingAgreed.
    """
    await _office_of(viewer, guardian_id, pupil_id)
    known = await _in_force(guardian_id, pupil_id)
    if known is None:
        raise NothingAgreed
    rows = await database.fetch(
        f"UPDATE signing_agreement SET ended_at = $2, ended_by = $3 WHERE id = $1 RETURNING {_FIELDS}",  # noqa: S608
        known.id,
        clock.now(),
        viewer.account_id,
    )
    return SigningAgreement(**rows[0])


async def require_agreed(*, guardian_id: UUID | None, pupil_id: UUID | None) -> UUID:
    """Return the agreement under which a code of this person is a signature now; raises SigningNotAgreed."""
    known = await _in_force(guardian_id, pupil_id)
    if known is None:
        raise SigningNotAgreed
    return known.id


async def _in_force(guardian_id: UUID | None, pupil_id: UUID | None) -> SigningAgreement | None:
    rows = await database.fetch(
        f"SELECT {_FIELDS} FROM signing_agreement "  # noqa: S608 - constants only
        "WHERE coalesce(guardian, pupil) = $1 AND ended_at IS NULL FOR SHARE",
        guardian_id or pupil_id,
    )
    return SigningAgreement(**rows[0]) if rows else None


async def _office_of(viewer: Viewer, guardian_id: UUID | None, pupil_id: UUID | None) -> tuple[UUID, date]:
    """Return the person's school and the day there; acts about one person follow one another. Raises NotFound."""
    table = "pupil" if guardian_id is None else "guardian"
    rows = await database.fetch(
        f"""
        SELECT s.id, ($2::timestamptz AT TIME ZONE s.time_zone)::date AS today
        FROM {table} x JOIN school s ON s.id = x.school WHERE x.id = $1 FOR NO KEY UPDATE OF x
        """,  # noqa: S608 - constants only
        guardian_id or pupil_id,
        clock.now(),
    )
    if not rows or rows[0]["id"] not in viewer.schools(Role.OFFICE):
        raise NotFound
    return rows[0]["id"], rows[0]["today"]


async def of_person(
    viewer: Viewer, *, guardian_id: UUID | None = None, pupil_id: UUID | None = None
) -> SigningAgreement | None:
    """Return the agreement in force of a guardian, or without one of the pupil; None while there is none.

    For the person and the school's office. Raises NotFound for anybody else.
    """
    own = guardian_id in viewer.people(Role.GUARDIAN) if guardian_id else pupil_id in viewer.people(Role.PUPIL)
    rows = await database.fetch(
        "SELECT school FROM guardian WHERE id = $1 UNION ALL SELECT school FROM pupil WHERE id = $2 AND $1 IS NULL",
        guardian_id,
        pupil_id,
    )
    if not rows or not (own or rows[0]["school"] in viewer.schools(Role.OFFICE)):
        raise NotFound
    known = await database.fetch(
        f"SELECT {_FIELDS} FROM signing_agreement WHERE coalesce(guardian, pupil) = $1 AND ended_at IS NULL",  # noqa: S608
        guardian_id or pupil_id,
    )
    return SigningAgreement(**known[0]) if known else None
