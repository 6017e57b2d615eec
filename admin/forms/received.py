"""What the two forms that register a decision share: the pair, the document and the dates."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from admin.forms import typed
from admin.forms.form import Desk
from admin.scope import staff_transaction
from diary.consent.tables import Decision, Purpose
from diary.delivery.consents import RegisteredDecision, register_consent
from diary.kit import clock, database

#: A document's hour is not known to the clerk who enters yesterday's papers.
NOON = time(12)


async def register(
    desk: Desk,
    *,
    pupil: str,
    guardian: str,
    purpose: Purpose,
    decision: Decision,
    document: str,
    scan: str,
    received_on: date | None,
    valid_until: date | None = None,
    text_version: str = "",
) -> tuple[RegisteredDecision, str]:
    """Find the pair among the member's schools, register the decision on paper, and say whose it is.

    What came as an electronic document goes by its signature: the form that checks one, then the statements.
    Raises NotOne and whatever `register_consent` refuses.
    """
    async with staff_transaction(desk.member):
        child = await typed.pupil(pupil)
        parent = await typed.guardian_of(child, guardian)
        zone = await _zone(child.school)
    kept = await desk.scans.adopt(scan, into=child.school, member=desk.member) if scan else ""
    registered = await register_consent(
        desk.member.viewer,
        guardian_id=parent.id if parent else None,
        pupil_id=child.id,
        purpose=purpose,
        decision=decision,
        document_reference=document,
        scan=kept,
        text_version=text_version,
        received_at=_instant(received_on, zone),
        valid_until=datetime.combine(valid_until + timedelta(days=1), time(), zone) if valid_until else None,
    )
    return registered, f"{parent or 'сам обучающийся'} — {child}"


async def _zone(school: UUID) -> ZoneInfo:
    return ZoneInfo((await database.fetch("SELECT time_zone FROM school WHERE id = $1", school))[0]["time_zone"])


def _instant(day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return the instant of receipt: now for today's papers, noon for those of another day."""
    if day is None or day == clock.now().astimezone(zone).date():
        return None
    return datetime.combine(day, NOON, zone)
