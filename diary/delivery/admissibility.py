"""Which decisions can be registered now: by age, by what there is to withdraw, and by what came after a document."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.consent.tables import Decision, Purpose
from diary.kit import clock, database
from diary.kit.refusal import BadInput, Refusal
from diary.kit.wording import _
from diary.people.ages import age_at


class OwnDecisionTooEarly(Refusal):
    """Under this age, or with the age unknown, a guardian decides about the pupil's data (A12)."""

    code = "OWN_DECISION_TOO_EARLY"
    wording = _("До {age} лет за обучающегося решает представитель: укажите его (или дату рождения обучающегося).")


class LeaveTooEarly(Refusal):
    """Until then guardians represent the pupil and need no leave (A12)."""

    code = "LEAVE_TOO_EARLY"
    wording = _("Это решение принимают с {age} лет: до того представители получают сведения и без него.")


class DecisionOvertaken(Refusal):
    """After this document the person has decided otherwise: an old paper opens nothing (R2.3, D5)."""

    code = "DECISION_OVERTAKEN"
    wording = _(
        "После этого документа человек решил иначе. Старое согласие доступ не открывает: нужно новое заявление."
    )


class NothingToWithdraw(Refusal):
    """There is no consent in force that could be withdrawn."""

    code = "NOTHING_TO_WITHDRAW"
    wording = _("Отзывать нечего: действующего согласия нет.")


async def require_possible(
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    purpose: Purpose,
    decision: Decision,
    received_at: datetime | None = None,
) -> None:
    """Refuse a decision that could not be registered now.

    Raises BadInput, OwnDecisionTooEarly, LeaveTooEarly, NothingToWithdraw, DecisionOvertaken.
    """
    if guardian_id is None:
        await _require_age(pupil_id, purpose)
    elif purpose is Purpose.GUARDIAN_ACCESS:
        raise BadInput(field="guardianId", reason=_("это решение принимает только сам обучающийся"))
    if decision is Decision.WITHDRAWN:
        await require_given(guardian_id, pupil_id, purpose)
    if decision is Decision.GIVEN and received_at is not None:
        await _require_newest(guardian_id, pupil_id, purpose, received_at)


async def _require_age(pupil_id: UUID, purpose: Purpose) -> None:
    rows = await database.fetch(
        f"""
        SELECT {age_at("p", "s", "$2")} AS age, s.own_decision_age, s.of_age
        FROM pupil p JOIN school s ON s.id = p.school WHERE p.id = $1
        """,  # noqa: S608 - constants only
        pupil_id,
        clock.now(),
    )
    age = rows[0]["age"]
    if age < rows[0]["own_decision_age"]:
        raise OwnDecisionTooEarly(age=rows[0]["own_decision_age"])
    if purpose is Purpose.GUARDIAN_ACCESS and age < rows[0]["of_age"]:
        raise LeaveTooEarly(age=rows[0]["of_age"])


async def _require_newest(guardian_id: UUID | None, pupil_id: UUID, purpose: Purpose, received_at: datetime) -> None:
    """Refuse a consent older than the word by which the same person has ended it since."""
    rows = await database.fetch(
        """
        SELECT FROM consent_decision
        WHERE guardian IS NOT DISTINCT FROM $1 AND pupil = $2 AND purpose = $3 AND decision <> 'GIVEN'
            AND received_at > $4
        LIMIT 1
        """,
        guardian_id,
        pupil_id,
        purpose.value,
        received_at,
    )
    if rows:
        raise DecisionOvertaken


async def require_given(guardian_id: UUID | None, pupil_id: UUID, purpose: Purpose) -> None:
    """Refuse a withdrawal of what was not given; raises NothingToWithdraw."""
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
