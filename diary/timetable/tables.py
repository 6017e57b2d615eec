"""Lessons and their changes."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import Date, SmallInt, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.readable import Readable
from piccolo.constraints import Check
from piccolo.table import Table

from diary.access.tables import Account
from diary.groups.tables import TeachingGroup
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Teacher
from diary.schools.tables import School, Subject


class LessonStatus(StrEnum):
    """What became of a lesson."""

    PLANNED = "PLANNED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"
    MOVED = "MOVED"


class LessonType(StrEnum):
    """What kind of lesson it is (R6.3)."""

    NEW_MATERIAL = "NEW_MATERIAL"
    PRACTICE = "PRACTICE"
    LAB = "LAB"
    TEST = "TEST"
    REVISION = "REVISION"


class ChangeKind(StrEnum):
    """How a lesson was changed (R3.4)."""

    SUBSTITUTION = "SUBSTITUTION"
    MOVE = "MOVE"
    CANCELLATION = "CANCELLATION"


class Lesson(Table, tablename="lesson", help_text="Урок"):
    """One dated lesson of a teaching group; a moved one stays at its old slot and points to the new (R3.4)."""

    id = identifier()
    school = reference(School)
    teaching_group = reference(TeachingGroup, index=False, help_text="Группа")
    subject = reference(Subject, help_text="Предмет")
    teacher = reference(Teacher, help_text="Педагог")
    date = Date(default=None, help_text="Дата")
    ordinal = SmallInt(help_text="Номер урока")
    starts_at = Timestamptz(default=None, help_text="Начало")
    ends_at = Timestamptz(default=None, help_text="Конец")
    room = Varchar(length=32, default="", help_text="Кабинет")
    topic = Varchar(length=255, default="", help_text="Тема")
    lesson_type = Varchar(length=16, choices=LessonType, default=LessonType.NEW_MATERIAL, help_text="Тип занятия")
    status = Varchar(length=16, choices=LessonStatus, default=LessonStatus.PLANNED, help_text="Состояние")

    lesson_lesson_type_is_known = one_of("lesson_type", LessonType)
    lesson_status_is_known = one_of("status", LessonStatus)
    lesson_ends_after_start = Check("starts_at < ends_at")
    lesson_ordinal_is_sane = Check("ordinal BETWEEN 0 AND 20")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s, урок %s", columns=[cls.date, cls.ordinal])


class LessonChange(Table, tablename="lesson_change", help_text="Замена, перенос или отмена урока"):
    """What was changed about a lesson, why and by whom; it is kept after the fact (R3.4)."""

    id = identifier()
    school = reference(School)
    lesson = reference(Lesson, help_text="Урок")
    kind = Varchar(length=16, choices=ChangeKind, help_text="Вид")
    reason = Varchar(length=255, default="", help_text="Причина")
    moved_to = reference(Lesson, null=True, help_text="Куда перенесён")
    was_teacher = reference(Teacher, null=True, index=False, help_text="Педагог до замены")
    was_subject = reference(Subject, null=True, index=False, help_text="Предмет до замены")
    was_room = Varchar(length=32, default="", help_text="Кабинет до замены")
    author = reference(Account, null=True, index=False)
    at = Timestamptz(default=TimestamptzNow(), help_text="Когда изменено")

    lesson_change_kind_is_known = one_of("kind", ChangeKind)
    lesson_change_a_move_leads_somewhere = Check("(kind = 'MOVE') = (moved_to IS NOT NULL)")
    lesson_change_a_move_leads_elsewhere = Check("moved_to IS NULL OR moved_to <> lesson")
