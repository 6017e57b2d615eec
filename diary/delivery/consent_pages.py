"""Pages of the consent ledger, the newest first: what was decided, by which document or signature (R2.1, R2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind, SignatureVerdict
from diary.kit import database
from diary.kit.cursor import cursor_number, number_of
from diary.kit.pages import Page, page_of, require_size
from diary.kit.refusal import NotFound


class Registrar(StrEnum):
    """Who wrote a decision into the ledger."""

    OFFICE = "OFFICE"
    PERSON = "PERSON"
    SERVICE = "SERVICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry:
    """One line of the ledger; the document's reference is for the office alone."""

    id: UUID
    number: int
    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    form: DocumentForm
    text_version: str
    text_sha256: str
    signature_kind: SignatureKind | None
    signature_verdict: SignatureVerdict | None
    registrar: Registrar
    document_reference: str | None
    received_at: datetime
    registered_at: datetime
    valid_until: datetime | None


# $1 the schools whose office asks, $2 the guardians and $3 the pupils that the viewer is, $4 and $5 the filter.
_PAGE = """
    SELECT d.id, d.seq, d.guardian, d.pupil, d.purpose, d.decision, d.form, d.text_version, d.text_hash,
        d.signature_kind, s.verdict, d.received_at, d.registered_at, d.valid_until,
        CASE WHEN d.school = ANY ($1::uuid[]) THEN d.document_reference END AS document_reference,
        CASE WHEN d.registrar IS NULL THEN 'SERVICE'
            WHEN EXISTS (SELECT FROM capacity c WHERE c.account = d.registrar
                AND CASE WHEN d.guardian IS NULL THEN c.pupil = d.pupil ELSE c.guardian = d.guardian END) THEN 'PERSON'
            ELSE 'OFFICE' END AS registrar
    FROM consent_decision d LEFT JOIN signature s ON s.id = d.signature
    WHERE (d.school = ANY ($1::uuid[]) OR d.guardian = ANY ($2::uuid[])
            OR (d.guardian IS NULL AND d.pupil = ANY ($3::uuid[])))
        AND ($4::uuid IS NULL OR d.pupil = $4) AND ($5::uuid IS NULL OR d.guardian = $5)
        AND ($6::bigint IS NULL OR d.seq < $6)
    ORDER BY d.seq DESC LIMIT $7
"""
# The pupil is of the office's school, is the viewer, or is or was the viewer's ward.
_KNOWN_PUPIL = """
    SELECT FROM pupil p WHERE p.id = $4 AND (p.school = ANY ($1::uuid[]) OR p.id = ANY ($3::uuid[]) OR EXISTS (
        SELECT FROM guardianship_version v WHERE v.pupil = p.id AND v.guardian = ANY ($2::uuid[])))
"""
_KNOWN_GUARDIAN = "SELECT FROM guardian WHERE id = $3 AND (school = ANY ($1::uuid[]) OR id = ANY ($2::uuid[]))"


def cursor_of(entry: ConsentEntry) -> str:
    """Return where a decision stands in the ledger, opaque to clients."""
    return cursor_number(entry.number)


async def page(
    viewer: Viewer,
    *,
    pupil_id: UUID | None = None,
    guardian_id: UUID | None = None,
    first: int,
    after: str | None = None,
) -> Page[ConsentEntry]:
    """Return the decisions of the office's school, or a guardian's or pupil's own ones, the newest first.

    One's own decisions stay readable after a refusal or a withdrawal, and when the guardianship has ended (R2.4).
    Raises NotFound for a stranger and for whoever decides about nobody, BadInput for a senseless page.
    """
    require_size(first)
    scope = (
        list(viewer.schools(Role.OFFICE)),
        list(viewer.people(Role.GUARDIAN)),
        list(viewer.people(Role.PUPIL)),
    )
    if not any(scope):
        raise NotFound
    if guardian_id is not None and not await database.fetch(_KNOWN_GUARDIAN, scope[0], scope[1], guardian_id):
        raise NotFound
    if pupil_id is not None and not await database.fetch(_KNOWN_PUPIL, *scope, pupil_id):
        raise NotFound
    place = None if after is None else number_of(after)
    rows = await database.fetch(_PAGE, *scope, pupil_id, guardian_id, place, first + 1)
    return page_of(rows, first, _entry)


def _entry(row: Mapping[str, Any]) -> ConsentEntry:
    return ConsentEntry(
        id=row["id"],
        number=row["seq"],
        guardian_id=row["guardian"],
        pupil_id=row["pupil"],
        purpose=Purpose(row["purpose"]),
        decision=Decision(row["decision"]),
        form=DocumentForm(row["form"]),
        text_version=row["text_version"],
        text_sha256=row["text_hash"],
        signature_kind=SignatureKind(row["signature_kind"]) if row["signature_kind"] else None,
        signature_verdict=SignatureVerdict(row["verdict"]) if row["verdict"] else None,
        registrar=Registrar(row["registrar"]),
        document_reference=row["document_reference"],
        received_at=row["received_at"],
        registered_at=row["registered_at"],
        valid_until=row["valid_until"],
    )
