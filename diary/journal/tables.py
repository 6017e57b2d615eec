"""Marks with their history, attendance and homework."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import Date, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from diary.access.tables import Account
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Pupil
from diary.schools.tables import School
from diary.timetable.tables import Lesson


class WorkType(StrEnum):
    """What the mark was given for."""

    ANSWER = "ANSWER"
    HOMEWORK = "HOMEWORK"
    CLASSWORK = "CLASSWORK"
    INDEPENDENT = "INDEPENDENT"
    TEST = "TEST"
    LAB = "LAB"
    DICTATION = "DICTATION"
    PROJECT = "PROJECT"


class AttendanceCode(StrEnum):
    """Why a pupil was not there, or came late."""

    ABSENT = "ABSENT"
    ILL = "ILL"
    EXCUSED = "EXCUSED"
    LATE = "LATE"


class Mark(Table, tablename="mark", help_text="Отметка"):
    """A mark of one pupil in one lesson; a pupil may have several there (R3.2)."""

    id = identifier()
    school = reference(School, index=False)
    pupil = reference(Pupil, index=False, help_text="Обучающийся")
    lesson = reference(Lesson, help_text="Урок")
    value = Varchar(length=16, help_text="Отметка")
    weight = SmallInt(default=1, help_text="Вес")
    work_type = Varchar(length=16, choices=WorkType, default=WorkType.ANSWER, help_text="За что")
    comment = Varchar(length=500, default="", help_text="Комментарий")
    author = reference(Account, null=True, index=False, help_text="Кто поставил")
    recorded_at = Timestamptz(default=TimestamptzNow(), help_text="Когда поставлена")
    corrected_at = Timestamptz(null=True, default=None, help_text="Когда исправлена")

    mark_work_type_is_known = one_of("work_type", WorkType)
    mark_weight_is_sane = Check("weight BETWEEN 1 AND 10")
    mark_value_is_known = Check("value IN ('1', '2', '3', '4', '5', 'зачёт', 'незачёт', 'освоил', 'не освоил', 'н/а')")


class MarkHistory(Table, tablename="mark_history", help_text="История исправлений отметки"):
    """What a mark was before a correction, who corrected it, when and why (R4.2)."""

    id = identifier()
    school = reference(School, index=False)
    mark = reference(Mark, help_text="Отметка")
    was_value = Varchar(length=16, help_text="Было")
    was_weight = SmallInt(help_text="Вес был")
    was_comment = Varchar(length=500, default="", help_text="Комментарий был")
    became_value = Varchar(length=16, help_text="Стало")
    became_weight = SmallInt(help_text="Вес стал")
    reason = Varchar(length=500, help_text="Почему")
    author = reference(Account, null=True, index=False, help_text="Кто исправил")
    at = Timestamptz(help_text="Когда")

    mark_history_has_a_reason = Check("btrim(reason) <> ''")


class Attendance(Table, tablename="attendance", help_text="Пропуск или опоздание"):
    """An absence or a late arrival; a pupil without a row was there (R3.2)."""

    id = identifier()
    school = reference(School, index=False)
    pupil = reference(Pupil, index=False, help_text="Обучающийся")
    lesson = reference(Lesson, help_text="Урок")
    code = Varchar(length=16, choices=AttendanceCode, help_text="Код")
    minutes_late = SmallInt(null=True, default=None, help_text="На сколько минут опоздал")

    attendance_code_is_known = one_of("code", AttendanceCode)
    attendance_once_per_lesson = Unique(["pupil", "lesson"])


class Homework(Table, tablename="homework", help_text="Домашнее задание"):
    """What was set in a lesson and by when it is due (R3.8)."""

    id = identifier()
    school = reference(School, index=False)
    lesson = reference(Lesson, index=False, help_text="На каком уроке задано")
    text = Text(help_text="Задание")
    due_on = Date(default=None, help_text="К какому числу")
    author = reference(Account, null=True, index=False)
    set_at = Timestamptz(default=TimestamptzNow(), help_text="Когда задано")

    homework_once_per_lesson = Unique(["lesson"])
    homework_has_a_text = Check("btrim(text) <> ''")
