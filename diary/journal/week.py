"""The diary week: one flat SQL statement with access and consent inside it (R3.2-R3.8, D14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.scope import paper_access_sql
from diary.delivery.informing import access_sql, raise_unless_allowed
from diary.kit import clock, database
from diary.kit.refusal import BadInput
from diary.kit.wording import _
from diary.people.names import full_name

#: A diary shows weeks of a person's school life, not of history.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 12, 25)


@dataclass(slots=True)
class SubjectOf:
    """The subject as the school names it."""

    name: str


@dataclass(slots=True)
class TeacherOf:
    """Who teaches the lesson."""

    full_name: str


@dataclass(slots=True)
class GroupOf:
    """Through which group, and of which of the four kinds, the pupil has the lesson (R3.6)."""

    name: str
    kind: str


@dataclass(slots=True)
class SlotOf:
    """A day and a place in the bell schedule."""

    date: date
    ordinal: int


@dataclass(slots=True)
class WasOf:
    """What a substitution replaced (R3.4)."""

    teacher: TeacherOf | None
    subject: SubjectOf | None
    room: str | None


@dataclass(slots=True)
class ChangeOf:
    """A substitution, a move with both its ends, or a cancellation (R3.4)."""

    kind: str
    reason: str
    moved_to: SlotOf | None
    moved_from: SlotOf | None
    was: WasOf | None


@dataclass(slots=True)
class HomeworkOf:
    """What was set in the lesson and by when it is due (R3.8)."""

    id: UUID
    text: str
    due_on: date


@dataclass(slots=True)
class MarkOf:
    """One mark of the pupil in the lesson (R3.2)."""

    id: UUID
    value: str
    weight: int
    comment: str
    work_type: str
    recorded_at: datetime
    corrected_at: datetime | None


@dataclass(slots=True)
class AttendanceOf:
    """Why the pupil was absent or late."""

    code: str
    minutes_late: int | None


@dataclass(slots=True)
class LessonOf:
    """One dated lesson with everything that belongs to it."""

    id: UUID
    ordinal: int
    starts_at: datetime
    ends_at: datetime
    status: str
    room: str
    topic: str
    lesson_type: str
    subject: SubjectOf
    teacher: TeacherOf
    group: GroupOf
    change: ChangeOf | None
    attendance: AttendanceOf | None
    homework: HomeworkOf | None
    marks: list[MarkOf] = field(default_factory=list)


@dataclass(slots=True)
class HolidayOf:
    """Why there are no lessons on the day (R3.7)."""

    name: str


@dataclass(slots=True)
class Day:
    """One day of the week with its lessons in order."""

    date: date
    holiday: HolidayOf | None
    lessons: list[LessonOf] = field(default_factory=list)


@dataclass(slots=True)
class DiaryWeek:
    """One pupil's week, Monday to Sunday, as of one version of the pupil's feed."""

    version: str
    days: list[Day]


# One row per lesson x mark; a refusal or an empty week still yields the access row, so one trip answers all.
_WEEK = """
WITH access AS MATERIALIZED ({access}),
membership_of AS MATERIALIZED (
    SELECT m.teaching_group, m.valid_from, m.valid_to, t.name, t.kind, k.grade_level
    FROM access a JOIN membership m ON m.pupil = a.pupil
    JOIN teaching_group t ON t.id = m.teaching_group
    LEFT JOIN school_class k ON k.id = t.school_class AND t.kind = 'CLASS'
    WHERE a.verdict = 'ALLOWED' AND m.valid_from <= $4 AND (m.valid_to IS NULL OR m.valid_to >= $3)
),
lesson_of AS MATERIALIZED (
    SELECT l.*, g.name AS group_name, g.kind AS group_kind FROM membership_of g
    JOIN lesson l ON l.teaching_group = g.teaching_group AND l.date BETWEEN $3 AND $4
        AND l.date >= g.valid_from AND (g.valid_to IS NULL OR l.date <= g.valid_to)
    CROSS JOIN access a
    WHERE coalesce(a.whole, false) OR l.teacher = a.teacher OR EXISTS (
        SELECT FROM teaching_assignment t WHERE t.teacher = a.teacher AND t.teaching_group = l.teaching_group
            AND t.subject = l.subject AND t.valid_from <= l.date AND (t.valid_to IS NULL OR t.valid_to >= l.date))
)
SELECT a.verdict, s.time_zone,
    coalesce((SELECT version FROM feed WHERE id = a.pupil), 0) AS pupil_version,
    coalesce((SELECT version FROM feed WHERE id = a.school), 0) AS school_version,
    l.id, l.date, l.ordinal, l.starts_at, l.ends_at, l.status, l.room, l.topic, l.lesson_type,
    b.name AS subject, {teacher} AS teacher,
    l.group_name, l.group_kind,
    c.kind AS change_kind, c.reason AS change_reason, c.was_room,
    {was_teacher} AS was_teacher, wb.name AS was_subject,
    ml.date AS moved_to_date, ml.ordinal AS moved_to_ordinal,
    fl.date AS moved_from_date, fl.ordinal AS moved_from_ordinal,
    fc.reason AS moved_from_reason,
    n.code AS attendance, n.minutes_late,
    h.id AS homework_id, h.text AS homework, h.due_on,
    m.id AS mark_id, m.value, m.weight, m.comment, m.work_type, m.recorded_at, m.corrected_at,
    NULL::text AS holiday, NULL::date AS holiday_from, NULL::date AS holiday_to
FROM access a JOIN school s ON s.id = a.school
LEFT JOIN lesson_of l ON true
LEFT JOIN subject b ON b.id = l.subject
LEFT JOIN teacher t ON t.id = l.teacher
LEFT JOIN LATERAL (
    SELECT * FROM lesson_change c WHERE c.lesson = l.id ORDER BY c.at DESC, c.id DESC LIMIT 1
) AS c ON true
LEFT JOIN teacher wt ON wt.id = c.was_teacher
LEFT JOIN subject wb ON wb.id = c.was_subject
LEFT JOIN lesson ml ON ml.id = c.moved_to
LEFT JOIN LATERAL (SELECT * FROM lesson_change f WHERE f.moved_to = l.id ORDER BY f.at DESC LIMIT 1) AS fc ON true
LEFT JOIN lesson fl ON fl.id = fc.lesson
LEFT JOIN attendance n ON n.lesson = l.id AND n.pupil = a.pupil
LEFT JOIN homework h ON h.lesson = l.id
LEFT JOIN mark m ON m.lesson = l.id AND m.pupil = a.pupil
UNION ALL
SELECT a.verdict, NULL, 0, 0,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    h.name, h.starts_on, h.ends_on
FROM access a JOIN holiday h ON h.school = a.school AND h.starts_on <= $4 AND h.ends_on >= $3
WHERE a.verdict = 'ALLOWED' AND (h.grade_from IS NULL OR EXISTS (
    SELECT FROM membership_of g WHERE g.grade_level BETWEEN h.grade_from AND h.grade_to))
ORDER BY date, ordinal, id, recorded_at, mark_id
"""
_NAMED = {"teacher": full_name("t"), "was_teacher": full_name("wt")}
_ON_SCREEN = _WEEK.format(access=access_sql(account="$1", pupil="$2", at="$5"), **_NAMED)
_ON_PAPER = _WEEK.format(access=paper_access_sql(readable="$1", pupil="$2"), **_NAMED)


def monday_of(day: date) -> date:
    """Return the Monday of the week that holds the day (A8)."""
    if not EARLIEST <= day <= LATEST:
        raise BadInput(field="weekOf", reason=_("дата вне разумных пределов"))
    return day - timedelta(days=day.weekday())


async def diary_week(
    account_id: int,
    pupil_id: UUID,
    week_of: date,
    *,
    at: datetime | None = None,
    sheets_of: frozenset[UUID] = frozenset(),
) -> DiaryWeek:
    """Return a pupil's week to whoever may see it, or for paper to the service that prints sheets of these pupils.

    Raises NotFound for an unknown or foreign pupil alike, the consent's refusal with its reason, or BadInput.
    """
    monday = monday_of(week_of)
    sunday = monday + timedelta(days=6)
    if sheets_of:
        rows = await database.fetch(_ON_PAPER, list(sheets_of), pupil_id, monday, sunday)
    else:
        rows = await database.fetch(_ON_SCREEN, account_id, pupil_id, monday, sunday, at or clock.now())
    raise_unless_allowed(rows[0]["verdict"] if rows else None)
    return _assemble(rows, monday)


def _assemble(rows: list[Any], monday: date) -> DiaryWeek:
    days = [Day(date=monday + timedelta(days=offset), holiday=None) for offset in range(7)]
    version, zone = "0.0", ZoneInfo("UTC")
    lesson: LessonOf | None = None
    for row in rows:
        if row["holiday"] is not None:
            for day in days:
                if row["holiday_from"] <= day.date <= row["holiday_to"]:
                    day.holiday = HolidayOf(row["holiday"])
            continue
        version = f"{row['pupil_version']}.{row['school_version']}"
        zone = ZoneInfo(row["time_zone"])
        if row["id"] is None:
            continue
        if lesson is None or lesson.id != row["id"]:
            lesson = _lesson(row, zone)
            days[(row["date"] - monday).days].lessons.append(lesson)
        if row["mark_id"] is not None:
            lesson.marks.append(mark_of(row))
    return DiaryWeek(version=version, days=days)


def mark_of(row: Any) -> MarkOf:
    """Build a mark from a row that has its columns."""
    return MarkOf(
        row["mark_id"],
        row["value"],
        row["weight"],
        row["comment"],
        row["work_type"],
        row["recorded_at"],
        row["corrected_at"],
    )


def _lesson(row: Any, zone: ZoneInfo) -> LessonOf:
    return LessonOf(
        id=row["id"],
        ordinal=row["ordinal"],
        starts_at=row["starts_at"].astimezone(zone),
        ends_at=row["ends_at"].astimezone(zone),
        status=row["status"],
        room=row["room"],
        topic=row["topic"],
        lesson_type=row["lesson_type"],
        subject=SubjectOf(row["subject"]),
        teacher=TeacherOf(row["teacher"]),
        group=GroupOf(row["group_name"], row["group_kind"]),
        change=_change(row),
        attendance=AttendanceOf(row["attendance"], row["minutes_late"]) if row["attendance"] else None,
        homework=HomeworkOf(row["homework_id"], row["homework"], row["due_on"]) if row["homework_id"] else None,
    )


def _change(row: Any) -> ChangeOf | None:
    moved_from = (
        SlotOf(row["moved_from_date"], row["moved_from_ordinal"]) if row["moved_from_date"] is not None else None
    )
    if row["change_kind"] is None:
        # The new slot of a moved lesson has no change of its own, but shows where it came from (R3.4).
        return ChangeOf("MOVE", row["moved_from_reason"], None, moved_from, None) if moved_from else None
    was = WasOf(
        TeacherOf(row["was_teacher"]) if row["was_teacher"] else None,
        SubjectOf(row["was_subject"]) if row["was_subject"] else None,
        row["was_room"] or None,
    )
    return ChangeOf(
        kind=row["change_kind"],
        reason=row["change_reason"],
        moved_to=SlotOf(row["moved_to_date"], row["moved_to_ordinal"]) if row["moved_to_date"] is not None else None,
        moved_from=moved_from,
        was=was if was.teacher or was.subject or was.room else None,
    )
