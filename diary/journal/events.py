"""What happens in a pupil's diary, numbered without gaps: the backlog and the live events of subscriptions (D4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
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


class EventKind(StrEnum):
    """What the triggers number in a pupil's feed."""

    MARK_RECORDED = "MARK_RECORDED"
    MARK_CORRECTED = "MARK_CORRECTED"
    MARK_REMOVED = "MARK_REMOVED"
    ATTENDANCE = "ATTENDANCE"
    HOMEWORK_SET = "HOMEWORK_SET"
    HOMEWORK_CORRECTED = "HOMEWORK_CORRECTED"
    HOMEWORK_REMOVED = "HOMEWORK_REMOVED"
    LESSON_CHANGED = "LESSON_CHANGED"
    TIMETABLE_CHANGED = "TIMETABLE_CHANGED"


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
    """Events after a cursor that the viewer may see, and the number to go on from.

    `seq` passes over events that are not the viewer's to see: a teacher's feed moves on past other teachers' lessons.
    """

    events: list[DiaryEvent]
    seq: int
    #: Whether more may be waiting right behind.
    is_full: bool


# Session, access and consent are judged in the statement that reads the events: none slips out between (trust.md 0.2).
_EVENTS = f"""
WITH access AS MATERIALIZED ({access_sql(account="$1", pupil="$2", at="$4")}),
batch AS MATERIALIZED (
    SELECT e.* FROM access a JOIN feed f ON f.id = a.pupil
    JOIN feed_event e ON e.pupil = a.pupil AND e.seq > coalesce($3, f.version)
    WHERE a.verdict = 'ALLOWED' ORDER BY e.seq LIMIT {BATCH}
)
SELECT a.verdict, s.time_zone, coalesce(f.version, 0) AS version,
    EXISTS (SELECT FROM session JOIN account ON account.id = session.user_id
        WHERE session.id = $5 AND session.user_id = $1 AND revoked_at IS NULL AND expiry_date > $4
            AND max_expiry_date > $4 AND account.active) AS session_lives,
    (SELECT max(seq) FROM batch) AS last_seq, (SELECT count(*) FROM batch) AS size,
    e.seq, e.kind, e.at,
    l.id AS lesson_id, l.date, l.ordinal, l.starts_at, l.status, b.name AS subject,
    m.id AS mark_id, m.value, m.weight, m.comment, m.work_type, m.recorded_at, m.corrected_at,
    h.id AS homework_id, h.text AS homework, h.due_on
FROM access a JOIN school s ON s.id = a.school
LEFT JOIN feed f ON f.id = a.pupil
LEFT JOIN (
    batch e
    LEFT JOIN mark m ON m.id = e.subject_id AND e.kind LIKE 'MARK%'
    LEFT JOIN homework h ON h.id = e.subject_id AND e.kind LIKE 'HOMEWORK%'
    LEFT JOIN lesson l ON l.id = coalesce(m.lesson, h.lesson, e.subject_id)
    LEFT JOIN subject b ON b.id = l.subject
) ON coalesce(a.whole, false) OR l.id IS NULL OR l.teacher = a.teacher OR EXISTS (
    SELECT FROM teaching_assignment t WHERE t.teacher = a.teacher AND t.teaching_group = l.teaching_group
        AND t.subject = l.subject AND t.valid_from <= l.date AND (t.valid_to IS NULL OR t.valid_to >= l.date))
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
    if rows and not rows[0]["session_lives"]:
        raise SignInRequired
    raise_unless_allowed(rows[0]["verdict"] if rows else None)
    first = rows[0]
    if after is not None and after > first["version"]:
        raise CursorUnknown(cursor=after)
    zone = ZoneInfo(first["time_zone"])
    return EventBatch(
        events=[_event(row, zone) for row in rows if row["seq"] is not None],
        seq=first["last_seq"] or (first["version"] if after is None else after),
        is_full=first["size"] >= BATCH,
    )


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
