"""May this person be told about this pupil, through this channel, at this instant? One answer for every face (D5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from diary.access.scope import pupil_access_sql
from diary.consent.verdict import ALLOWED, PUPIL_OF_AGE, guardian_verdict, pupil_verdict, refusal_of
from diary.kit import database
from diary.kit.refusal import NotFound
from diary.people.ages import age_at
from diary.people.guardianships import in_force


class InformingChannel(StrEnum):
    """How the person would learn of it."""

    CABINET = "CABINET"
    EMAIL = "EMAIL"
    SMS = "SMS"
    MESSENGER = "MESSENGER"
    WEB_PUSH = "WEB_PUSH"
    PAPER = "PAPER"


def access_sql(*, account: str, pupil: str, at: str) -> str:
    """Return the access predicate of page queries with the consent ledger already inside it."""
    return pupil_access_sql(
        account=account,
        pupil=pupil,
        at=at,
        guardian_verdict=guardian_verdict(guardian="g.guardian", pupil="p.id", at=at),
        pupil_verdict=pupil_verdict(pupil="p.id", at=at),
    )


#: The decisions that open the channel today were registered too late for the day of the delivery (R1.3).
DECIDED_TOO_LATE = "DECIDED_TOO_LATE"

_GUARDIAN = f"""
    SELECT {guardian_verdict(guardian="$1", pupil="$2", at="$3")} AS verdict
    FROM guardianship g JOIN school s ON s.id = g.school
    WHERE g.guardian = $1 AND g.pupil = $2 AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}
    LIMIT 1
"""  # noqa: S608


async def may_inform(*, guardian_id: UUID, pupil_id: UUID, channel: InformingChannel, at: datetime) -> str:
    """Return ALLOWED, or the code of the refusal, for a guardian and a child; asked again at every send (R1.3).

    Paper rests on the education law, not on consent: only guardianship limits it (D5), and it ends when the pupil is
    of age (A12). NOT_FOUND means that the guardian has no rights about this child.
    """
    rows = await database.fetch(_GUARDIAN, guardian_id, pupil_id, at)
    if not rows:
        return NotFound.code
    verdict: str = rows[0]["verdict"]
    return ALLOWED if channel is InformingChannel.PAPER and verdict != PUPIL_OF_AGE else verdict


async def pupil_may_look(*, pupil_id: UUID, at: datetime) -> str:
    """Return ALLOWED, or the code of the refusal, for a pupil and the own diary (A12)."""
    rows = await database.fetch(f"SELECT {pupil_verdict(pupil='$1', at='$2')} AS verdict", pupil_id, at)
    verdict: str = rows[0]["verdict"]
    return verdict


_GUARDIAN_AND_SINCE = f"""
    SELECT {guardian_verdict(guardian="$1", pupil="$2", at="$3")} AS verdict,
        {guardian_verdict(guardian="$1", pupil="$2", at="$3", as_of="$4")} AS known,
        EXISTS (SELECT FROM consent_decision d WHERE d.pupil = $2 AND d.registered_at > $4 AND d.decision <> 'GIVEN'
            AND (d.guardian = $1 OR (d.guardian IS NULL AND d.purpose = 'GUARDIAN_ACCESS' AND EXISTS (
                SELECT FROM pupil q WHERE q.id = $2
                    AND {age_at("q", "s", "$3")} >= s.of_age)))
        ) AS interrupted
    FROM guardianship g JOIN school s ON s.id = g.school
    WHERE g.guardian = $1 AND g.pupil = $2 AND {in_force("g", "($3 AT TIME ZONE s.time_zone)::date")}
    LIMIT 1
"""  # noqa: S608


async def may_send(
    *, guardian_id: UUID, pupil_id: UUID, channel: InformingChannel, at: datetime, decided_by: datetime
) -> str:
    """Return what may_inform() returns, or DECIDED_TOO_LATE when only a decision after `decided_by` allows it (R1.3).

    A consent that is renewed on the very day interrupts nothing; what ended on the day and was given anew does.
    """
    if channel is InformingChannel.PAPER:
        return await may_inform(guardian_id=guardian_id, pupil_id=pupil_id, channel=channel, at=at)
    rows = await database.fetch(_GUARDIAN_AND_SINCE, guardian_id, pupil_id, at, decided_by)
    if not rows:
        return NotFound.code
    verdict: str = rows[0]["verdict"]
    is_too_late = rows[0]["known"] != ALLOWED or rows[0]["interrupted"]
    return DECIDED_TOO_LATE if verdict == ALLOWED and is_too_late else verdict


def raise_unless_allowed(verdict: str | None) -> None:
    """Turn a page's verdict into its refusal: no row means NOT_FOUND, like an id that does not exist."""
    if verdict is None:
        raise NotFound
    if verdict != ALLOWED:
        raise refusal_of(verdict)
