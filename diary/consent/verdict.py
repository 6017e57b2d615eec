"""What the ledger says of a pair of people at an instant: the one home of the consent rule, as SQL (D5)."""

from __future__ import annotations

from diary.kit.refusal import Refusal
from diary.kit.wording import _
from diary.people.ages import age_at
from diary.people.guardianships import in_force

ALLOWED = "ALLOWED"
#: The pupil is of age and has not agreed that guardians go on being informed: they represent nobody any more (A12).
PUPIL_OF_AGE = "PUPIL_OF_AGE"


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
    wording = _("Зарегистрирован отказ от электронной формы: школа выдаёт печатный дневник каждую неделю.")


class OwnConsentMissing(Refusal):
    """A pupil of this age decides about the own data too, and has not agreed (A12)."""

    code = "OWN_CONSENT_MISSING"
    wording = _("Нужно согласие самого обучающегося: в этом возрасте он решает о своих данных сам.")


class PupilOfAge(Refusal):
    """The pupil is of age: guardians are informed only if the pupil agrees (A12)."""

    code = PUPIL_OF_AGE
    wording = _(
        "Обучающийся совершеннолетний: представитель получает сведения, только если он сам согласен. "
        "Такое согласие принимает школа."
    )


REFUSALS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in (
        ConsentNotRegistered,
        ConsentRefused,
        ConsentWithdrawn,
        ConsentExpired,
        ElectronicFormRefused,
        OwnConsentMissing,
        PupilOfAge,
    )
}


def refusal_of(verdict: str) -> Refusal:
    """Return the refusal that a verdict other than ALLOWED stands for."""
    return REFUSALS[verdict]()


def _latest(person: str, pupil: str, purpose: str, as_of: str | None) -> str:
    # What stands in the ledger counts now, whatever the asking process's clock says: a withdrawal works at once (R2.3).
    # About the past it is what was registered by then; within a pair the times grow with the numbers (R2.4).
    known = f"AND d.registered_at <= {as_of}" if as_of else ""
    return (
        f"SELECT d.decision, d.valid_until FROM consent_decision d WHERE {person} AND d.pupil = {pupil} "  # noqa: S608
        f"AND d.purpose = '{purpose}' {known} ORDER BY d.seq DESC LIMIT 1"
    )


def _verdict(person: str, pupil: str, at: str, as_of: str | None) -> str:
    # Only a consent has a term: a refusal stands until the person decides otherwise (R2.3).
    return f"""(
        SELECT CASE
            WHEN personal.decision IS NULL THEN 'CONSENT_NOT_REGISTERED'
            WHEN personal.decision = 'REFUSED' THEN 'CONSENT_REFUSED'
            WHEN personal.decision = 'WITHDRAWN' THEN 'CONSENT_WITHDRAWN'
            WHEN personal.valid_until <= {at} THEN 'CONSENT_EXPIRED'
            WHEN electronic.decision IN ('REFUSED', 'WITHDRAWN') THEN 'ELECTRONIC_FORM_REFUSED'
            ELSE 'ALLOWED' END
        FROM (SELECT) AS pair
        LEFT JOIN LATERAL ({_latest(person, pupil, "PERSONAL_DATA", as_of)}) AS personal ON true
        LEFT JOIN LATERAL ({_latest(person, pupil, "ELECTRONIC_FORM", as_of)}) AS electronic ON true
    )"""  # noqa: S608 - built from column names only


def represents(*, pupil: str, at: str, as_of: str | None = None) -> str:
    """Return the SQL condition that guardians may still be informed: the pupil is under age, or has given leave."""
    own = _latest("d.guardian IS NULL", pupil, "GUARDIAN_ACCESS", as_of)
    return f"""(
        SELECT {age_at("q", "w", at)} < w.of_age OR EXISTS (
            SELECT FROM ({own}) AS leave
            WHERE leave.decision = 'GIVEN' AND (leave.valid_until IS NULL OR leave.valid_until > {at}))
        FROM pupil q JOIN {_schools(as_of)} w ON w.id = q.school WHERE q.id = {pupil}
    )"""  # noqa: S608


def guardian_verdict(*, guardian: str, pupil: str, at: str, as_of: str | None = None) -> str:
    """Return the SQL that judges a guardian and a child by the ledger as it stands; `at` ends terms and childhood.

    The arguments are column names or parameters; with `as_of` only what was registered by that instant counts.
    """
    return f"""(
        CASE WHEN {represents(pupil=pupil, at=at, as_of=as_of)}
             THEN {_verdict(f"d.guardian = {guardian}", pupil, at, as_of)} ELSE '{PUPIL_OF_AGE}' END
    )"""


def pupil_verdict(*, pupil: str, at: str, as_of: str | None = None) -> str:
    """Return the SQL that judges a pupil's own access: first a guardian decides, then both, of age the pupil alone.

    The ages are the school's (A12); an unknown birth date counts as under age. A guardian who prefers paper has said
    so for the own person: a pupil who decides too is not shut out by it (A2, A11).
    """
    own = _verdict("d.guardian IS NULL", pupil, at, as_of)
    by_guardian = _verdict("d.guardian = g.guardian", pupil, at, as_of)
    links = _guardianships(as_of)
    return f"""(
        SELECT CASE WHEN years.age >= years.of_age THEN {own}
             WHEN years.age >= years.own_decision_age AND {own} <> 'ALLOWED' THEN 'OWN_CONSENT_MISSING'
             ELSE (
                SELECT coalesce(min(verdict) FILTER (WHERE verdict = 'ALLOWED'), min(verdict), 'CONSENT_NOT_REGISTERED')
                FROM (
                    SELECT CASE WHEN guardians.verdict <> 'ELECTRONIC_FORM_REFUSED' THEN guardians.verdict
                        WHEN years.age < years.own_decision_age THEN guardians.verdict ELSE 'ALLOWED' END AS verdict
                    FROM (SELECT {by_guardian} AS verdict FROM {links} g
                    WHERE g.pupil = {pupil} AND {in_force("g", "years.today", among=links)}) AS guardians
                ) AS verdicts
             ) END
        FROM (
            SELECT {age_at("q", "w", at)} AS age, w.of_age, w.own_decision_age,
                ({at} AT TIME ZONE w.time_zone)::date AS today
            FROM pupil q JOIN {_schools(as_of)} w ON w.id = q.school WHERE q.id = {pupil}
        ) AS years
    )"""  # noqa: S608


def _schools(as_of: str | None) -> str:
    return "school" if as_of is None else known_schools(as_of)


def known_schools(as_of: str) -> str:
    """Return the SQL of the schools with the ages and the time zone that they had set at an instant (R2.4).

    The trail tells what a setting was before each change, so the first change after the instant knows it.
    """
    return f"""(
        SELECT x.id, {_set_then("time_zone", as_of)} AS time_zone,
            {_set_then("own_decision_age", as_of)}::integer AS own_decision_age,
            {_set_then("of_age", as_of)}::integer AS of_age
        FROM school x
    )"""  # noqa: S608


def _set_then(setting: str, as_of: str) -> str:
    return (
        f"coalesce((SELECT e.before ->> '{setting}' FROM audit_entry e WHERE e.record = 'school' "  # noqa: S608
        f"AND e.record_id = x.id::text AND e.action = 'UPDATE' AND e.at > {as_of} AND e.before ? '{setting}' "
        f"ORDER BY e.at, e.id LIMIT 1), x.{setting}::text)"
    )


def _guardianships(as_of: str | None) -> str:
    return "guardianship" if as_of is None else known_guardianships(as_of)


def known_guardianships(as_of: str, *, among: str = "true") -> str:
    """Return the SQL of the guardianships as they were known at an instant (R2.4).

    `among` is a condition on the versions v by which only some guardianships are looked at, each with all its versions.
    """
    return f"""(
        SELECT * FROM (
            SELECT DISTINCT ON (v.guardianship) v.* FROM guardianship_version v
            WHERE v.recorded_at <= {as_of} AND {among}
            ORDER BY v.guardianship, v.recorded_at DESC, v.id DESC
        ) AS newest WHERE NOT newest.removed
    )"""  # noqa: S608
