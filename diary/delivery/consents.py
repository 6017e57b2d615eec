"""Registering decisions: the only place that appends to the ledger (R2.1, R2.3, D10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind
from diary.delivery import agreements, letters, obligations
from diary.delivery.tables import MetBy
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _

#: A paper may have been received so long ago, because a school brings its existing consents along; no longer, because
#: nobody is at school for twenty years and the date is a slip of the pen.
OLDEST_RECEIPT = timedelta(days=20 * 365)


class DocumentRequired(Refusal):
    """A paper decision needs its document: a reference (shelf mark) or a scan (R2.2)."""

    code = "DOCUMENT_REQUIRED"
    wording = _("Укажите документ (номер, дата, место хранения) или приложите скан.")


class SignatureMisfits(Refusal):
    """An electronic document has no handwritten signature, and paper no electronic one (63-FZ)."""

    code = "SIGNATURE_MISFITS"
    wording = _("Подпись не подходит к форме документа: на бумаге она собственноручная, в электронном - электронная.")


class OwnDecisionTooEarly(Refusal):
    """Under this age, or with the age unknown, a guardian decides about the pupil's data (A12)."""

    code = "OWN_DECISION_TOO_EARLY"
    wording = _("До {age} лет за обучающегося решает представитель: укажите его (или дату рождения обучающегося).")


class NothingToWithdraw(Refusal):
    """There is no consent in force that could be withdrawn."""

    code = "NOTHING_TO_WITHDRAW"
    wording = _("Отзывать нечего: действующего согласия нет.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDecision:
    """A decision as it stands in the ledger."""

    id: UUID
    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    form: DocumentForm
    received_at: datetime
    registered_at: datetime
    valid_until: datetime | None


@command
async def register_consent(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose = Purpose.PERSONAL_DATA,
    decision: Decision = Decision.GIVEN,
    form: DocumentForm = DocumentForm.PAPER,
    signature_kind: SignatureKind | None = SignatureKind.HANDWRITTEN,
    document_reference: str = "",
    scan: str = "",
    text_version: str = "",
    received_at: datetime | None = None,
    valid_until: datetime | None = None,
) -> RegisteredDecision:
    """Append a decision that the office has received; it takes effect at once (R1.3, R2.1).

    Without a guardian it is the pupil's own decision (A12). Raises NotFound for a pair that the office does not
    know, DocumentRequired, BadInput; a text version, when it is named, must be one that the school has published.
    """
    school = await _lock_pair(viewer.schools(Role.OFFICE), guardian_id, pupil_id)
    now = clock.now()
    received = received_at or now
    if not document_reference.strip() and not scan:
        raise DocumentRequired
    if signature_kind is not None and (signature_kind is SignatureKind.HANDWRITTEN) != (form is DocumentForm.PAPER):
        raise SignatureMisfits
    if guardian_id is None:
        await _require_own_age(pupil_id, now)
    if received > now:
        raise BadInput(field="receivedAt", reason=_("документ не мог прийти в будущем"))
    if now - received > OLDEST_RECEIPT:
        raise BadInput(field="receivedAt", reason=_("документ получен слишком давно"))
    if valid_until is not None and valid_until <= now:
        raise BadInput(field="validUntil", reason=_("срок действия уже истёк"))
    if decision is Decision.WITHDRAWN:
        await _require_given(guardian_id, pupil_id, purpose)
    return await _append(
        viewer,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        form=form,
        signature_kind=signature_kind,
        document_reference=document_reference.strip(),
        scan=scan,
        text_version=text_version.strip(),
        received_at=received,
        registered_at=now,
        valid_until=valid_until,
    )


@command
async def withdraw_consent(
    viewer: Viewer, *, pupil_id: UUID, guardian_id: UUID | None = None, purpose: Purpose = Purpose.PERSONAL_DATA
) -> RegisteredDecision:
    """Withdraw one's own consent about a child; the effect is immediate, the session stays (R2.3, D5).

    A person with a login withdraws as easily as that; the office registers a withdrawal on paper with
    `register_consent`. Raises NotFound, NothingToWithdraw.
    """
    own = viewer.people(Role.GUARDIAN)
    if guardian_id is None and pupil_id not in viewer.people(Role.PUPIL):
        rows = await database.fetch(
            "SELECT guardian FROM guardianship WHERE pupil = $1 AND guardian = ANY ($2) LIMIT 1", pupil_id, list(own)
        )
        if not rows:
            raise NotFound
        guardian_id = rows[0]["guardian"]
    if guardian_id is not None and guardian_id not in own:
        raise NotFound
    school = await _lock_pair(None, guardian_id, pupil_id)
    await _require_given(guardian_id, pupil_id, purpose)
    now = clock.now()
    return await _append(
        viewer,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=Decision.WITHDRAWN,
        form=DocumentForm.ELECTRONIC,
        signature_kind=None,
        document_reference="",
        scan="",
        text_version="",
        received_at=now,
        registered_at=now,
        valid_until=None,
    )


async def _lock_pair(schools: frozenset[UUID] | None, guardian_id: UUID | None, pupil_id: UUID) -> UUID:
    """Find the pair's school and let decisions about one pair follow one another."""
    if guardian_id is None:
        rows = await database.fetch("SELECT school FROM pupil WHERE id = $1 FOR NO KEY UPDATE", pupil_id)
    else:
        rows = await database.fetch(
            "SELECT school FROM guardianship WHERE guardian = $1 AND pupil = $2 FOR NO KEY UPDATE",
            guardian_id,
            pupil_id,
        )
    if not rows or (schools is not None and rows[0]["school"] not in schools):
        raise NotFound
    school: UUID = rows[0]["school"]
    return school


async def _require_own_age(pupil_id: UUID, now: datetime) -> None:
    rows = await database.fetch(
        """
        SELECT extract(year FROM age(($2 AT TIME ZONE s.time_zone)::date, p.birth_date)) AS age, s.own_decision_age
        FROM pupil p JOIN school s ON s.id = p.school WHERE p.id = $1
        """,
        pupil_id,
        now,
    )
    if (rows[0]["age"] or 0) < rows[0]["own_decision_age"]:
        raise OwnDecisionTooEarly(age=rows[0]["own_decision_age"])


async def _require_given(guardian_id: UUID | None, pupil_id: UUID, purpose: Purpose) -> None:
    rows = await database.fetch(
        """
        SELECT decision FROM consent_decision
        WHERE guardian IS NOT DISTINCT FROM $1 AND pupil = $2 AND purpose = $3
        ORDER BY seq DESC LIMIT 1
        """,
        guardian_id,
        pupil_id,
        purpose.value,
    )
    if not rows or rows[0]["decision"] != Decision.GIVEN:
        raise NothingToWithdraw


async def _append(
    viewer: Viewer,
    *,
    school: UUID,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    form: DocumentForm,
    signature_kind: SignatureKind | None,
    document_reference: str,
    scan: str,
    text_version: str,
    received_at: datetime,
    registered_at: datetime,
    valid_until: datetime | None,
) -> RegisteredDecision:
    text_hash = await texts.hash_of(school, purpose, text_version) if text_version else ""
    # The pair is locked, so the number decides which is the latest, and the times agree with the numbers whatever the
    # clocks of two processes say.
    row = (
        await database.fetch(
            """
            INSERT INTO consent_decision (school, guardian, pupil, purpose, decision, form, signature_kind,
                document_reference, scan, received_at, registered_at, valid_until, registrar, text_version, text_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, greatest($11, (
                SELECT max(registered_at) + interval '1 microsecond' FROM consent_decision
                WHERE guardian IS NOT DISTINCT FROM $2 AND pupil = $3 AND purpose = $4::varchar)), $12, $13, $14, $15)
            RETURNING id, registered_at
            """,
            school,
            guardian_id,
            pupil_id,
            purpose.value,
            decision.value,
            form.value,
            signature_kind.value if signature_kind else None,
            document_reference,
            scan,
            received_at,
            registered_at,
            valid_until,
            viewer.account_id,
            text_version,
            text_hash,
        )
    )[0]
    owed = await _owe_its_effect(viewer, guardian_id=guardian_id, pupil_id=pupil_id, decision_id=row["id"])
    if guardian_id is None:
        if decision is not Decision.GIVEN:
            # A pupil of age who takes the leave back, ends what waits for every guardian (A12).
            await letters.cancel_queued(pupil_id=pupil_id)
    elif decision is Decision.GIVEN:
        await letters.tell_of_consent(
            viewer, guardian_id=guardian_id, pupil_id=pupil_id, decision_id=row["id"], obligation_id=owed
        )
    else:
        await letters.cancel_queued(guardian_id=guardian_id, pupil_id=pupil_id)
        await agreements.consent_ended(viewer, guardian_id=guardian_id, pupil_id=pupil_id)
    return RegisteredDecision(
        id=row["id"],
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        purpose=purpose,
        decision=decision,
        form=form,
        received_at=received_at,
        registered_at=row["registered_at"],
        valid_until=valid_until,
    )


async def _owe_its_effect(
    viewer: Viewer, *, guardian_id: UUID | None, pupil_id: UUID, decision_id: UUID
) -> UUID | None:
    """Open the duty to tell the person what the decision has changed.

    Whoever has an account reads it there from this moment on, which meets the duty (A7); others get a letter, or are
    told by the office.
    """
    owed = await obligations.open_consent_effect(
        viewer, guardian_id=guardian_id, pupil_id=pupil_id, decision_id=decision_id
    )
    accounts = await database.fetch(
        """
        SELECT c.account FROM capacity c JOIN account a ON a.id = c.account AND a.active
        WHERE CASE WHEN $1::uuid IS NULL THEN c.pupil = $2 ELSE c.guardian = $1 END LIMIT 1
        """,
        guardian_id,
        pupil_id,
    )
    if owed is not None and accounts:
        at = (await database.fetch("SELECT opened_at FROM obligation WHERE id = $1", owed))[0]["opened_at"]
        await obligations.meet(viewer, owed, at=at, by=MetBy.PUBLICATION, evidence={"account": accounts[0]["account"]})
    return owed
