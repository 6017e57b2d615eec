"""Recording and correcting marks; every correction keeps what was (R3.2, R4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.journal.rules import (
    LONGEST_COMMENT,
    LessonInFuture,
    LessonNotHeld,
    MarkChangedMeanwhile,
    PupilNotInGroup,
    ReasonRequired,
    check_mark,
)
from diary.journal.tables import WorkType
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRecord:
    """A mark as it stands."""

    id: UUID
    pupil_id: UUID
    lesson_id: UUID
    value: str
    weight: int
    comment: str
    work_type: WorkType
    recorded_at: datetime
    corrected_at: datetime | None


# A teacher who still works here writes in the own lessons and in those of a group and subject assigned on that day.
_LESSON = """
    SELECT l.school, l.status, l.date, l.teaching_group, local.today
    FROM lesson l JOIN school s ON s.id = l.school
    CROSS JOIN LATERAL (SELECT ($3 AT TIME ZONE s.time_zone)::date AS today) AS local
    WHERE l.id = $1 AND EXISTS (
        SELECT FROM teacher w WHERE w.id = ANY ($2) AND (w.left_on IS NULL OR w.left_on >= local.today)
            AND (w.id = l.teacher OR EXISTS (
                SELECT FROM teaching_assignment a WHERE a.teacher = w.id AND a.teaching_group = l.teaching_group
                    AND a.subject = l.subject AND a.valid_from <= l.date
                    AND (a.valid_to IS NULL OR a.valid_to >= l.date))))
"""


@command
async def record_mark(
    viewer: Viewer,
    *,
    lesson_id: UUID,
    pupil_id: UUID,
    value: str,
    weight: int = 1,
    work_type: WorkType = WorkType.ANSWER,
    comment: str = "",
) -> MarkRecord:
    """Give a pupil a mark in a lesson of the viewer's own (R3.2).

    Raises NotFound for a lesson that is not the teacher's, and the refusals of diary.journal.rules.
    """
    known = check_mark(value=value, weight=weight, comment=comment)
    lesson = await _own_lesson(viewer, lesson_id)
    if lesson["status"] in ("CANCELLED", "MOVED"):
        raise LessonNotHeld
    if lesson["date"] > lesson["today"]:
        raise LessonInFuture
    if not await database.fetch(
        """
        SELECT FROM membership WHERE pupil = $1 AND teaching_group = $2 AND valid_from <= $3
            AND (valid_to IS NULL OR valid_to >= $3)
        """,
        pupil_id,
        lesson["teaching_group"],
        lesson["date"],
    ):
        raise PupilNotInGroup
    rows = await database.fetch(
        """
        INSERT INTO mark (school, pupil, lesson, value, weight, work_type, comment, author, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *
        """,
        lesson["school"],
        pupil_id,
        lesson_id,
        known,
        weight,
        work_type.value,
        comment,
        viewer.account_id,
        clock.now(),
    )
    return _record(rows[0])


@command
async def correct_mark(
    viewer: Viewer,
    *,
    mark_id: UUID,
    value: str,
    reason: str,
    weight: int | None = None,
    comment: str | None = None,
    expected_value: str | None = None,
) -> MarkRecord:
    """Correct a mark in a lesson of the viewer's own, keeping what it was, who corrected it and why (R4.2).

    Raises NotFound, ReasonRequired, MarkChangedMeanwhile when `expected_value` no longer holds, and what check_mark
    refuses.
    """
    if not reason.strip():
        raise ReasonRequired
    if len(reason) > LONGEST_COMMENT:
        raise BadInput(field="reason", reason=_("не длиннее 500 символов"))
    found = await database.fetch("SELECT * FROM mark WHERE id = $1 FOR UPDATE", mark_id)
    if not found:
        raise NotFound
    was = found[0]
    await _own_lesson(viewer, was["lesson"])
    new_weight = was["weight"] if weight is None else weight
    new_comment = was["comment"] if comment is None else comment
    known = check_mark(value=value, weight=new_weight, comment=new_comment)
    if expected_value is not None and expected_value != was["value"]:
        raise MarkChangedMeanwhile(value=was["value"])
    if (known, new_weight, new_comment) == (was["value"], was["weight"], was["comment"]):
        return _record(was)
    now = clock.now()
    await database.execute(
        """
        INSERT INTO mark_history (school, mark, was_value, was_weight, was_comment, became_value, became_weight, reason,
            author, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        was["school"],
        mark_id,
        was["value"],
        was["weight"],
        was["comment"],
        known,
        new_weight,
        reason.strip(),
        viewer.account_id,
        now,
    )
    rows = await database.fetch(
        "UPDATE mark SET value = $2, weight = $3, comment = $4, corrected_at = $5 WHERE id = $1 RETURNING *",
        mark_id,
        known,
        new_weight,
        new_comment,
        now,
    )
    return _record(rows[0])


async def _own_lesson(viewer: Viewer, lesson_id: UUID) -> Any:
    rows = await database.fetch(_LESSON, lesson_id, list(viewer.people(Role.TEACHER)), clock.now())
    if not rows:
        raise NotFound
    return rows[0]


def _record(row: Any) -> MarkRecord:
    return MarkRecord(
        id=row["id"],
        pupil_id=row["pupil"],
        lesson_id=row["lesson"],
        value=row["value"],
        weight=row["weight"],
        comment=row["comment"],
        work_type=WorkType(row["work_type"]),
        recorded_at=row["recorded_at"],
        corrected_at=row["corrected_at"],
    )
