"""Was access lawful at a past instant? Judged by what was registered by then, with the rows that say so (R2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.tables import Decision, Purpose
from diary.consent.verdict import ALLOWED, guardian_verdict, known_guardianships, known_schools, pupil_verdict
from diary.kit import clock, database
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _
from diary.people.ages import age_at
from diary.people.guardianships import in_force

#: No school has kept an electronic diary before; the instants between this and a school's first record are answered
#: honestly, with no access and nothing that it rests on.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionThen:
    """A decision that was the newest of its purpose at that instant."""

    id: UUID
    guardian_id: UUID | None
    purpose: Purpose
    decision: Decision
    document_reference: str | None
    registered_at: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianshipThen:
    """The guardianship as it was known at that instant."""

    guardian_id: UUID
    valid_from: date
    valid_to: date | None
    restricted: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAccess:
    """Whether a person could lawfully read a pupil's diary at an instant, and what that rests on."""

    at: datetime
    verdict: str
    decisions: list[DecisionThen]
    guardianships: list[GuardianshipThen]

    @property
    def lawful(self) -> bool:
        """Whether the diary was open to this person."""
        return self.verdict == ALLOWED


# $1 a guardian, or nobody when the pupil is asked about; $2 the pupil, $3 the instant.
_KNOWN = f"""
    SELECT g.guardian, g.valid_from, g.valid_to, g.restricted, g.recorded_at,
        {in_force("g", "($3 AT TIME ZONE s.time_zone)::date", among=known_guardianships("$3"))} AS in_force
    FROM {known_guardianships("$3")} g JOIN {known_schools("$3")} s ON s.id = g.school
    WHERE ($1::uuid IS NULL OR g.guardian = $1) AND g.pupil = $2 ORDER BY g.valid_from, g.guardian
"""  # noqa: S608 - constants only
_GUARDIAN = f"SELECT {guardian_verdict(guardian='$1', pupil='$2', at='$3', as_of='$3')} AS verdict"
_PUPIL = f"SELECT {pupil_verdict(pupil='$1', at='$2', as_of='$2')} AS verdict"
# A guardian's access rests on the own decisions and the pupil's leave, a pupil's on the own ones and, under age, on
# those of the guardians $4. The document's reference is for the office ($5) alone.
_DECISIONS = f"""
    SELECT id, guardian, purpose, decision, registered_at, valid_until,
        CASE WHEN $5 THEN document_reference END AS document
    FROM (
        SELECT DISTINCT ON (guardian, purpose) *
        FROM consent_decision
        WHERE pupil = $2 AND registered_at <= $3 AND CASE
            WHEN $1::uuid IS NOT NULL
                THEN guardian = $1::uuid OR (guardian IS NULL AND purpose = '{Purpose.GUARDIAN_ACCESS}')
            ELSE purpose <> '{Purpose.GUARDIAN_ACCESS}' AND (guardian IS NULL OR guardian = ANY ($4::uuid[])) END
        ORDER BY guardian, purpose, seq DESC
    ) AS newest ORDER BY seq
"""  # noqa: S608 - constants only
_OF_AGE = f"""
    SELECT {age_at("p", "s", "$2")} >= s.of_age AS of_age
    FROM pupil p JOIN {known_schools("$2")} s ON s.id = p.school WHERE p.id = $1
"""  # noqa: S608


async def access_state(viewer: Viewer, *, guardian_id: UUID | None, pupil_id: UUID, at: datetime) -> PastAccess:
    """Return whether a guardian, or without one the pupil, could lawfully read the diary at an instant.

    For the school's office, and for a person about themself, who does not read where the papers lie. Raises NotFound
    for any other pair, BadInput for an instant that has not come or is older than any record.
    """
    if at < EARLIEST:
        raise BadInput(field="at", reason=_("так давно записей ни у одной школы нет"))
    if at > clock.now():
        raise BadInput(field="at", reason=_("этот момент ещё не наступил"))
    schools = await database.fetch("SELECT school FROM pupil WHERE id = $1", pupil_id)
    by_office = bool(schools) and schools[0]["school"] in viewer.schools(Role.OFFICE)
    own = guardian_id in viewer.people(Role.GUARDIAN) if guardian_id else pupil_id in viewer.people(Role.PUPIL)
    if not schools or not (by_office or own):
        raise NotFound
    known = await database.fetch(_KNOWN, guardian_id, pupil_id, at)
    counting: list[UUID] = []
    if guardian_id is None:
        verdict = (await database.fetch(_PUPIL, pupil_id, at))[0]["verdict"]
        if not (await database.fetch(_OF_AGE, pupil_id, at))[0]["of_age"]:
            counting = [row["guardian"] for row in known if row["in_force"]]
        known = [row for row in known if row["guardian"] in counting]
    else:
        pair = await database.fetch(
            "SELECT FROM guardianship_version WHERE guardian = $1 AND pupil = $2 LIMIT 1", guardian_id, pupil_id
        )
        if not pair:
            raise NotFound
        verdict = NotFound.code
        if any(row["in_force"] for row in known):
            verdict = (await database.fetch(_GUARDIAN, guardian_id, pupil_id, at))[0]["verdict"]
    return PastAccess(
        at=at,
        verdict=verdict,
        decisions=[
            DecisionThen(
                id=row["id"],
                guardian_id=row["guardian"],
                purpose=Purpose(row["purpose"]),
                decision=Decision(row["decision"]),
                document_reference=row["document"],
                registered_at=row["registered_at"],
                valid_until=row["valid_until"],
            )
            for row in await database.fetch(_DECISIONS, guardian_id, pupil_id, at, counting, by_office)
        ],
        guardianships=[
            GuardianshipThen(
                guardian_id=row["guardian"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                restricted=row["restricted"],
                recorded_at=row["recorded_at"],
            )
            for row in known
        ],
    )
