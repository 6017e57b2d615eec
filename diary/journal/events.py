"""What happens in a pupil's diary, numbered without gaps: the backlog and the live events of subscriptions (D4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.viewer import SignInRequired, Viewer
from diary.delivery.informing import access_sql, raise_unless_allowed
from diary.journal.week import HomeworkOf, MarkOf, SubjectOf, mark_of
from diary.kit import clock, database
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: So many events are read at once; the rest follow in the next statement.
BATCH = 100


class CursorUnknown(Refusal):
    """The cursor was never given out for this pupil's feed."""

    code = "CURSOR_UNKNOWN"
    wording = _("Метка продолжения «{cursor}» не из этой ленты. Прочитайте неделю заново и подпишитесь без метки.")


@dataclass(slots=True)
class LessonRef:
    """The lesson an event is about."""

    id: UUID
    date: date
    ordinal: int
    starts_at: datetime
    status: str
    subject: SubjectOf


@dataclass(slots=True)
class DiaryEvent:
    """One numbered event; mark, lesson and homework are as they stand when the event is delivered."""

    seq: int
    kind: str
    at: datetime
    lesson: LessonRef | None
    mark: MarkOf | None
    homework: HomeworkOf | None

    @property
    def cursor(self) -> str:
        """What a client hands in as `after` to go on from here."""
        return str(self.seq)


@dataclass(slots=True)
class EventBatch:
    """Events after a cursor, and the cursor to go on from."""

    events: list[DiaryEvent]
    seq: int

    @property
    def is_full(self) -> bool:
        """Whether more may be waiting right behind."""
        return len(self.events) >= BATCH


# Session, access and consent are judged in the statement that reads the events: none slips out between (trust.md 0.2).
_EVENTS = f"""
WITH access AS MATERIALIZED ({access_sql(account="$1", pupil="$2", at="$4")})
SELECT a.verdict, s.time_zone, coalesce(f.version, 0) AS version,
    EXISTS (SELECT FROM session JOIN account ON account.id = session.user_id
        WHERE session.id = $5 AND session.user_id = $1 AND revoked_at IS NULL AND expiry_date > $4
            AND max_expiry_date > $4 AND account.active) AS session_lives,
    e.seq, e.kind, e.at,
    l.id AS lesson_id, l.date, l.ordinal, l.starts_at, l.status, b.name AS subject,
    m.id AS mark_id, m.value, m.weight, m.comment, m.work_type, m.recorded_at, m.corrected_at,
    h.id AS homework_id, h.text AS homework, h.due_on
FROM access a JOIN school s ON s.id = a.school
LEFT JOIN feed f ON f.id = a.pupil
LEFT JOIN LATERAL (
    SELECT * FROM feed_event e WHERE e.pupil = a.pupil AND e.seq > coalesce($3, f.version) AND a.verdict = 'ALLOWED'
    ORDER BY e.seq LIMIT {BATCH}
) AS e ON true
LEFT JOIN mark m ON m.id = e.subject_id AND e.kind LIKE 'MARK%'
LEFT JOIN homework h ON h.id = e.subject_id AND e.kind LIKE 'HOMEWORK%'
LEFT JOIN lesson l ON l.id = coalesce(m.lesson, h.lesson, e.subject_id)
LEFT JOIN subject b ON b.id = l.subject
WHERE a.verdict <> 'ALLOWED' OR coalesce(a.whole, false) OR l.id IS NULL OR l.teacher = a.teacher
ORDER BY e.seq
"""  # noqa: S608 - constants only


def read_cursor(after: str | None) -> int | None:
    """Return the number a cursor stands for; raises CursorUnknown for anything this service never gave out."""
    if after is None:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise CursorUnknown(cursor=after[:40])
    return int(after)


async def events_after(viewer: Viewer, pupil_id: UUID, after: int | None) -> EventBatch:
    """Return the pupil's events after a number, judged at this instant; without a number only the place to start from.

    Raises SignInRequired when the session is over, NotFound or the consent's refusal, CursorUnknown for a number
    that lies ahead of the feed.
    """
    rows = await database.fetch(_EVENTS, viewer.account_id, pupil_id, after, clock.now(), viewer.session_id)
    if not rows:
        # Either there is nothing to see here, or every event of the batch belongs to lessons of other teachers.
        rows = await database.fetch(_EVENTS, viewer.account_id, pupil_id, None, clock.now(), viewer.session_id)
    raise_unless_allowed(rows[0]["verdict"] if rows else None)
    first = rows[0]
    if not first["session_lives"]:
        raise SignInRequired
    if after is not None and after > first["version"]:
        raise CursorUnknown(cursor=after)
    zone = ZoneInfo(first["time_zone"])
    events = [_event(row, zone) for row in rows if row["seq"] is not None]
    return EventBatch(events=events, seq=events[-1].seq if events else first["version"])


def _event(row: Any, zone: ZoneInfo) -> DiaryEvent:
    return DiaryEvent(
        seq=row["seq"],
        kind=row["kind"],
        at=row["at"],
        lesson=LessonRef(
            id=row["lesson_id"],
            date=row["date"],
            ordinal=row["ordinal"],
            starts_at=row["starts_at"].astimezone(zone),
            status=row["status"],
            subject=SubjectOf(row["subject"]),
        )
        if row["lesson_id"]
        else None,
        mark=mark_of(row) if row["mark_id"] else None,
        homework=HomeworkOf(row["homework_id"], row["homework"], row["due_on"]) if row["homework_id"] else None,
    )
