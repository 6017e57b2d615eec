"""What a registered decision sets going: news about it, what is cancelled, and how the family is informed from now on.

Runs inside the transaction that appends the decision, so nothing of it can be missing (R2.3, D5).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from diary.consent.tables import Decision, Purpose
from diary.consent.verdict import ALLOWED, REFUSALS, refusal_of
from diary.delivery import agreements, letters, mailbox, notices, obligations
from diary.delivery.informing import InformingChannel, may_inform, pupil_may_look
from diary.delivery.tables import MailingKind, MetBy
from diary.kit import clock, database
from diary.kit.command import Actor
from diary.kit.wording import _

# Sent in Russian: which language a person reads is not recorded, and the one who registers may read another.
_SUBJECTS = {
    Decision.GIVEN: _("Согласие зарегистрировано"),
    Decision.REFUSED: _("Отказ зарегистрирован"),
    Decision.WITHDRAWN: _("Отзыв согласия зарегистрирован"),
}
_OPENED = _("Согласие зарегистрировано, дневник открыт")
_DECIDED = {
    Decision.GIVEN: _("ваше согласие"),
    Decision.REFUSED: _("ваш отказ"),
    Decision.WITHDRAWN: _("отзыв вашего согласия"),
}
_ABOUT = {
    Purpose.PERSONAL_DATA: _("обработка персональных данных в электронном дневнике"),
    Purpose.ELECTRONIC_FORM: _("сведения об успеваемости в электронной форме"),
    Purpose.GUARDIAN_ACCESS: _("информирование родителей и других представителей"),
}
_BODY = _("Здравствуйте!\n\nШкола зарегистрировала {decided}: {about} ({pupil}).\n\n{effect}")
_OPEN_NOW = _(
    "Дневник открыт для просмотра.\n\n"
    "Согласие можно отозвать в любой момент в самом дневнике или заявлением в школу. "
    "Отзыв действует сразу; дальше школа информирует вас на бумаге."
)
_CLOSED_STILL = _("Дневник по этому решению пока не открывается. {reason}")
_ASK_SCHOOL = _("Подробности скажет школа.")
_CLOSED_NOW = _("Электронный дневник закрыт с этой минуты. Дальше школа информирует вас на бумаге.")
_LEAVE_GIVEN = _("Представители, которые сами дали согласие, видят ваш дневник и получают сведения.")
_LEAVE_ENDED = _("Представители больше не видят ваш дневник и не получают сведений.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision that has just been appended; without a guardian it is the pupil's own."""

    decision_id: UUID
    guardian_id: UUID | None
    pupil_id: UUID
    purpose: Purpose
    decision: Decision
    document_reference: str


async def take_effect(actor: Actor, taken: Taken) -> None:
    """Cancel what may no longer be sent, put the family on paper where consent has ended, and tell the person."""
    if taken.decision is not Decision.GIVEN:
        # A pupil of age who takes the leave back ends what waits for every guardian (A12).
        await letters.cancel_queued(guardian_id=taken.guardian_id, pupil_id=taken.pupil_id)
        if taken.guardian_id is not None:
            await agreements.consent_ended(
                actor,
                guardian_id=taken.guardian_id,
                pupil_id=taken.pupil_id,
                document_reference=taken.document_reference,
            )
    await _tell(actor, taken)


async def _tell(actor: Actor, taken: Taken) -> None:
    """Tell the person what the decision has changed, and keep count of it (D6).

    The message in the mailbox of whoever has an account meets the duty (A7). Of a consent guardians get a letter too,
    which meets the duty of those without account; others are told by the office.
    """
    owed = await obligations.open_consent_effect(
        actor, guardian_id=taken.guardian_id, pupil_id=taken.pupil_id, decision_id=taken.decision_id
    )
    subject, body = await _written(taken)
    if taken.guardian_id is not None and taken.decision is Decision.GIVEN:
        told = await notices.tell(
            actor,
            kind=MailingKind.CONSENT_EFFECT,
            guardian_id=taken.guardian_id,
            pupil_id=taken.pupil_id,
            subject=subject,
            body=body,
            dedup_key=f"consent:{taken.decision_id}",
            own_matter=True,
            obligation_id=owed,
            urgent=True,
        )
        message_id = told.message_id
    else:
        message_id = await mailbox.put(
            actor,
            guardian_id=taken.guardian_id,
            reader_pupil_id=None if taken.guardian_id else taken.pupil_id,
            pupil_id=taken.pupil_id,
            subject=subject,
            body=body,
            own_matter=True,
            obligation_id=owed,
        )
    account = await _account(taken)
    if owed is not None and account is not None:
        at = (await database.fetch("SELECT opened_at FROM obligation WHERE id = $1", owed))[0]["opened_at"]
        evidence = {"message": str(message_id), "account": account}
        await obligations.meet(actor, owed, at=at, by=MetBy.PUBLICATION, evidence=evidence)


async def _written(taken: Taken) -> tuple[str, str]:
    names = (await database.fetch("SELECT given_name, family_name FROM pupil WHERE id = $1", taken.pupil_id))[0]
    subject, effect = _SUBJECTS[taken.decision], _CLOSED_NOW
    if taken.purpose is Purpose.GUARDIAN_ACCESS:
        effect = _LEAVE_GIVEN if taken.decision is Decision.GIVEN else _LEAVE_ENDED
    elif taken.decision is Decision.GIVEN:
        verdict = await _verdict(taken)
        if verdict == ALLOWED:
            subject, effect = _OPENED, _OPEN_NOW
        else:
            reason = refusal_of(verdict).wording if verdict in REFUSALS else _ASK_SCHOOL
            effect = _CLOSED_STILL.format(reason=reason)
    body = _BODY.format(
        decided=_DECIDED[taken.decision],
        about=_ABOUT[taken.purpose],
        pupil=f"{names['given_name']} {names['family_name']}",
        effect=effect,
    )
    return subject, body


async def _verdict(taken: Taken) -> str:
    if taken.guardian_id is None:
        return await pupil_may_look(pupil_id=taken.pupil_id, at=clock.now())
    return await may_inform(
        guardian_id=taken.guardian_id, pupil_id=taken.pupil_id, channel=InformingChannel.CABINET, at=clock.now()
    )


async def _account(taken: Taken) -> int | None:
    rows = await database.fetch(
        """
        SELECT c.account FROM capacity c JOIN account a ON a.id = c.account AND a.active
        WHERE CASE WHEN $1::uuid IS NULL THEN c.pupil = $2 ELSE c.guardian = $1 END LIMIT 1
        """,
        taken.guardian_id,
        taken.pupil_id,
    )
    return rows[0]["account"] if rows else None
