"""What has become of a family's documents: waiting for the office, registered, or rejected and why (R2.1, R2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureVerdict
from diary.delivery.tables import StatementState
from diary.kit import database
from diary.kit.refusal import NotFound

#: The newest ones; nobody hands in more about one child.
SHOWN_AT_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A document that came in, as its signer and the office see it."""

    id: UUID
    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    form: DocumentForm
    state: StatementState
    verdict: SignatureVerdict | None
    closing_reason: str
    received_at: datetime
    decision_id: UUID | None


# $1 the guardian, $2 the pupil, $3 the schools whose office asks, $4 and $5 the guardians and pupils the viewer is.
# One's own documents stay readable when the guardianship has ended, as one's decisions do (R2.4).
_MAY_READ = """
    SELECT FROM pupil p WHERE p.id = $2 AND (
        p.school = ANY ($3::uuid[]) AND ($1::uuid IS NULL
            OR EXISTS (SELECT FROM guardian g WHERE g.id = $1 AND g.school = p.school))
        OR $1 = ANY ($4::uuid[])
            AND EXISTS (SELECT FROM guardianship_version v WHERE v.guardian = $1 AND v.pupil = p.id)
        OR $1 IS NULL AND p.id = ANY ($5::uuid[]))
"""
_LINES = """
    SELECT t.id, t.guardian, t.pupil, t.purpose, t.decision, t.form, t.state, s.verdict, t.closing_reason,
        t.received_at, t.registered_as
    FROM statement t LEFT JOIN signature s ON s.id = t.signature
    WHERE t.pupil = $2 AND t.guardian IS NOT DISTINCT FROM $1 ORDER BY t.received_at DESC, t.id DESC LIMIT $3
"""


async def statements(viewer: Viewer, *, guardian_id: UUID | None, pupil_id: UUID) -> list[StatementLine]:
    """Return the documents of a guardian about a pupil, or without one the pupil's own, the newest first.

    For the person and the school's office; no consent is needed. Raises NotFound for anybody else.
    """
    known = await database.fetch(
        _MAY_READ,
        guardian_id,
        pupil_id,
        list(viewer.schools(Role.OFFICE)),
        list(viewer.people(Role.GUARDIAN)),
        list(viewer.people(Role.PUPIL)),
    )
    if not known:
        raise NotFound
    return [_line(row) for row in await database.fetch(_LINES, guardian_id, pupil_id, SHOWN_AT_MOST)]


def _line(row: Mapping[str, Any]) -> StatementLine:
    return StatementLine(
        id=row["id"],
        guardian_id=row["guardian"],
        pupil_id=row["pupil"],
        purpose=Purpose(row["purpose"]),
        decision=Decision(row["decision"]),
        form=DocumentForm(row["form"]),
        state=StatementState(row["state"]),
        verdict=SignatureVerdict(row["verdict"]) if row["verdict"] else None,
        closing_reason=row["closing_reason"],
        received_at=row["received_at"],
        decision_id=row["registered_as"],
    )
