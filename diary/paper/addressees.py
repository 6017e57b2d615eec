"""Who may be given paper, and whom a week is still owed to: guardianship decides, consent never does (D5, R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.verdict import PupilOfAge, represents
from diary.delivery.agreements import carried_by_pupil
from diary.delivery.obligations import weekly_about
from diary.kit import database
from diary.kit.refusal import NotFound, Refusal
from diary.kit.wording import _
from diary.people.ages import age_at
from diary.people.guardianships import in_force


def may_receive(row: str, *, at: str, today: str) -> str:
    """Return the SQL condition that the addressee of a row (guardian, pupil) may be given paper at an instant.

    The pupil always; a guardian whose rights are in force, unless the pupil is of age and has not given leave (A12).
    """
    return f"""({row}.guardian IS NULL OR EXISTS (
        SELECT FROM guardianship g
        WHERE g.guardian = {row}.guardian AND g.pupil = {row}.pupil AND {in_force("g", today)}
    ) AND {represents(pupil=f"{row}.pupil", at=at)})"""


def waits(duty: str, *, about: str) -> str:
    """Return the SQL condition that a duty is of this week and neither met nor cancelled; late ones wait as well."""
    return f"""({duty}.kind = 'WEEKLY_DIARY' AND {duty}.met_at IS NULL AND {duty}.cancelled_at IS NULL
        AND ({duty}.about = {about} OR starts_with({duty}.about, {about} || '/')))"""


def class_in_week(pupil: str, *, monday: str) -> str:
    """Return the SQL of the class (id) to which a pupil belongs in a week, the newest when there are two."""
    return f"""
        SELECT t.school_class AS id FROM membership m
        JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
        WHERE m.pupil = {pupil} AND m.valid_from <= {monday} + 6 AND (m.valid_to IS NULL OR m.valid_to >= {monday})
        ORDER BY m.valid_from DESC, m.id LIMIT 1
    """  # noqa: S608 - column names and parameters only


_WAITING = f"""
    SELECT o.pupil, o.guardian, o.guardian IS NULL OR {carried_by_pupil("o.guardian", "o.pupil")} AS through_pupil
    FROM obligation o JOIN school s ON s.id = o.school
    WHERE o.pupil = ANY ($1::uuid[]) AND {waits("o", about="$2::varchar")}
        AND {may_receive("o", at="$3", today="($3 AT TIME ZONE s.time_zone)::date")}
    GROUP BY o.pupil, o.guardian ORDER BY o.pupil, o.guardian
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """To whom a week about a pupil is owed on paper, None for the pupil, and whether the pupil may carry it there."""

    pupil_id: UUID
    guardian_id: UUID | None
    through_pupil: bool


async def waiting_for_week(pupil_ids: list[UUID], monday: date, *, at: datetime) -> list[Waiting]:
    """Return to whom the week of these pupils is still owed on paper."""
    rows = await database.fetch(_WAITING, pupil_ids, weekly_about(monday), at)
    return [
        Waiting(pupil_id=row["pupil"], guardian_id=row["guardian"], through_pupil=row["through_pupil"]) for row in rows
    ]


async def may_be_given(*, guardian_id: UUID | None, pupil_id: UUID, at: datetime) -> bool:
    """Whether this guardian, or without one the pupil, may be given paper about the pupil."""
    rows = await database.fetch(
        f"""
        SELECT FROM (SELECT $1::uuid AS guardian, p.id AS pupil, p.school FROM pupil p WHERE p.id = $2) AS asked
        JOIN school s ON s.id = asked.school
        WHERE {may_receive("asked", at="$3", today="($3 AT TIME ZONE s.time_zone)::date")}
        """,  # noqa: S608 - constants only
        guardian_id,
        pupil_id,
        at,
    )
    return bool(rows)


_OWN = f"""
    SELECT g.guardian, p.school, {represents(pupil="p.id", at="$3")} AS represents
    FROM guardianship g JOIN pupil p ON p.id = g.pupil JOIN school s ON s.id = p.school
    WHERE g.guardian = ANY ($1::uuid[]) AND g.pupil = $2
        AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}
    ORDER BY g.guardian LIMIT 1
"""  # noqa: S608 - constants only


class OwnRequestTooEarly(Refusal):
    """Under the age of an own decision, or with the age unknown, a guardian asks for paper about the pupil (A12)."""

    code = "OWN_REQUEST_TOO_EARLY"
    wording = _("До {age} лет распечатку об обучающемся просит представитель.")


async def own_school(pupil_id: UUID, *, at: datetime) -> UUID:
    """Return the school of a pupil who asks for paper about themself, from the age of an own decision on (A12).

    Raises OwnRequestTooEarly.
    """
    rows = await database.fetch(
        f"""
        SELECT p.school, s.own_decision_age, {age_at("p", "s", "$2")} >= s.own_decision_age AS may_ask
        FROM pupil p JOIN school s ON s.id = p.school WHERE p.id = $1
        """,  # noqa: S608 - constants only
        pupil_id,
        at,
    )
    if not rows[0]["may_ask"]:
        raise OwnRequestTooEarly(age=rows[0]["own_decision_age"])
    school: UUID = rows[0]["school"]
    return school


async def own_guardian(viewer: Viewer, pupil_id: UUID, *, at: datetime) -> Any:
    """Return as which guardian (guardian, school) the viewer may ask for paper about a pupil; no consent is needed.

    Raises NotFound for whoever has no rights about the pupil, PupilOfAge when the pupil decides alone.
    """
    rows = await database.fetch(_OWN, list(viewer.people(Role.GUARDIAN)), pupil_id, at)
    if not rows:
        raise NotFound
    if not rows[0]["represents"]:
        raise PupilOfAge
    return rows[0]
