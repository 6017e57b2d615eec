"""What the ledger says of a pair of people at an instant: the one home of the consent rule, as SQL (D5)."""

from __future__ import annotations

from diary.kit.refusal import Refusal
from diary.kit.wording import _

ALLOWED = "ALLOWED"

#: From this age a pupil decides about the own data too, and from the next one alone (A12).
OWN_DECISION_FROM = 14
OF_AGE_FROM = 18


class ConsentNotRegistered(Refusal):
    """No decision about this child's data is registered yet, so nothing is shown (R1.3)."""

    code = "CONSENT_NOT_REGISTERED"
    wording = _(
        "Решение о согласии на обработку персональных данных ещё не зарегистрировано. "
        "Передайте заявление в школу: после регистрации доступ откроется."
    )


class ConsentRefused(Refusal):
    """The person refused the processing of the child's data (R2.1); the school informs on paper."""

    code = "CONSENT_REFUSED"
    wording = _("Зарегистрирован отказ от обработки персональных данных: школа информирует вас на бумаге.")


class ConsentWithdrawn(Refusal):
    """The consent was withdrawn; the effect is immediate (R2.3)."""

    code = "CONSENT_WITHDRAWN"
    wording = _("Согласие отозвано: доступ закрыт, школа информирует вас на бумаге.")


class ConsentExpired(Refusal):
    """The consent's term is over."""

    code = "CONSENT_EXPIRED"
    wording = _("Срок действия согласия истёк. Чтобы открыть доступ, передайте в школу новое заявление.")


class ElectronicFormRefused(Refusal):
    """The person declined the electronic form; the consent itself may stand (A2, R9)."""

    code = "ELECTRONIC_FORM_REFUSED"
    wording = _("Вы отказались от электронной формы: школа выдаёт печатный дневник каждую неделю.")


class OwnConsentMissing(Refusal):
    """A pupil of this age decides about the own data too, and has not agreed (A12)."""

    code = "OWN_CONSENT_MISSING"
    wording = _("Нужно согласие самого обучающегося: с 14 лет он решает о своих данных сам.")


REFUSALS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in (
        ConsentNotRegistered,
        ConsentRefused,
        ConsentWithdrawn,
        ConsentExpired,
        ElectronicFormRefused,
        OwnConsentMissing,
    )
}


def refusal_of(verdict: str) -> Refusal:
    """Return the refusal that a verdict other than ALLOWED stands for."""
    return REFUSALS[verdict]()


def _latest(person: str, pupil: str, purpose: str) -> str:
    # What stands in the ledger counts, whatever the asking process's clock says: a withdrawal works at once (R2.3).
    return (
        f"SELECT decision, valid_until FROM consent_decision d WHERE {person} AND d.pupil = {pupil} "  # noqa: S608
        f"AND d.purpose = '{purpose}' ORDER BY d.seq DESC LIMIT 1"
    )


def _verdict(person: str, pupil: str, at: str) -> str:
    return f"""(
        SELECT CASE
            WHEN personal.decision IS NULL THEN 'CONSENT_NOT_REGISTERED'
            WHEN personal.decision = 'REFUSED' THEN 'CONSENT_REFUSED'
            WHEN personal.decision = 'WITHDRAWN' THEN 'CONSENT_WITHDRAWN'
            WHEN personal.valid_until <= {at} THEN 'CONSENT_EXPIRED'
            WHEN electronic.decision IN ('REFUSED', 'WITHDRAWN')
                AND (electronic.valid_until IS NULL OR electronic.valid_until > {at}) THEN 'ELECTRONIC_FORM_REFUSED'
            ELSE 'ALLOWED' END
        FROM (SELECT) AS pair
        LEFT JOIN LATERAL ({_latest(person, pupil, "PERSONAL_DATA")}) AS personal ON true
        LEFT JOIN LATERAL ({_latest(person, pupil, "ELECTRONIC_FORM")}) AS electronic ON true
    )"""  # noqa: S608 - built from column names only


def guardian_verdict(*, guardian: str, pupil: str, at: str) -> str:
    """Return the SQL that judges a guardian and a child by the ledger as it stands; `at` ends terms.

    The arguments are column names or parameters.
    """
    return _verdict(f"d.guardian = {guardian}", pupil, at)


def pupil_verdict(*, pupil: str, at: str, today: str, age: str) -> str:
    """Return the SQL that judges a pupil's own access: under 14 a guardian decides, then both, at 18 the pupil alone.

    An unknown age (NULL) counts as under 14; `today` is the school's own date.
    """
    own = _verdict("d.guardian IS NULL", pupil, at)
    guardians = f"""(
        SELECT coalesce(min(verdict) FILTER (WHERE verdict = 'ALLOWED'), min(verdict), 'CONSENT_NOT_REGISTERED') FROM (
            SELECT {guardian_verdict(guardian="g.guardian", pupil="g.pupil", at=at)} AS verdict
            FROM guardianship g WHERE g.pupil = {pupil} AND NOT g.restricted AND g.valid_from <= {today}
                AND (g.valid_to IS NULL OR g.valid_to >= {today})
        ) AS verdicts
    )"""  # noqa: S608
    return f"""(
        CASE WHEN coalesce({age}, 0) >= {OF_AGE_FROM} THEN {own}
             WHEN coalesce({age}, 0) >= {OWN_DECISION_FROM} AND {own} <> 'ALLOWED' THEN 'OWN_CONSENT_MISSING'
             ELSE {guardians} END
    )"""
