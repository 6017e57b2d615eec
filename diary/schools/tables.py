"""A school's frame: everything else hangs on these records."""

from __future__ import annotations

from datetime import time
from enum import StrEnum

from piccolo.columns import Array, Boolean, Date, SmallInt, Time, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from diary.kit.columns import identifier, one_of, reference


class PeriodKind(StrEnum):
    """How a school divides its year."""

    QUARTER = "QUARTER"
    TRIMESTER = "TRIMESTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"


class School(Table, tablename="school", help_text="Школа"):
    """An educational organisation; the tenant of all its records."""

    id = identifier()
    name = Varchar(length=255, help_text="Название")
    short_name = Varchar(length=80, default="", help_text="Краткое название")
    address = Varchar(length=255, default="", help_text="Адрес")
    time_zone = Varchar(length=64, default="Europe/Moscow", help_text="Часовой пояс, например Asia/Yekaterinburg")
    demo = Boolean(default=False, help_text="Учебный пример, не настоящая школа")
    external_id = Varchar(length=255, null=True, default=None, unique=True, help_text="Идентификатор в OneRoster")
    created_at = Timestamptz(default=TimestamptzNow())
    own_decision_age = SmallInt(default=14, help_text="С какого возраста обучающийся решает о своих данных тоже")
    of_age = SmallInt(default=18, help_text="С какого возраста обучающийся решает о своих данных сам")
    school_days = Array(base_column=SmallInt(), default=[1, 2, 3, 4, 5], help_text="Учебные дни (1 — понедельник)")
    delivery_weekdays = Array(
        base_column=SmallInt(), default=[1, 2, 3, 4, 5], help_text="Дни рассылки, если не согласовано иное"
    )
    delivery_time = Time(default=time(18), help_text="Время рассылки")
    quiet_from = Time(default=time(21), help_text="Не беспокоить с")
    quiet_to = Time(default=time(7), help_text="Не беспокоить до")
    responsible_email = Varchar(length=254, default="", help_text="Кого предупреждать о сроках (электронная почта)")
    processor = Varchar(length=255, default="", help_text="Кому поручена обработка данных (название и адрес)")

    school_has_a_name = Check("btrim(name) <> ''")
    school_ages_are_in_order = Check("own_decision_age BETWEEN 1 AND of_age AND of_age <= 25")
    school_days_exist = Check("school_days <@ '{1,2,3,4,5,6,7}'::smallint[] AND cardinality(school_days) > 0")
    school_delivery_weekdays_exist = Check(
        "delivery_weekdays <@ '{1,2,3,4,5,6,7}'::smallint[] AND cardinality(delivery_weekdays) > 0"
    )
    school_responsible_email_looks_like_one = Check(
        r"responsible_email = '' OR responsible_email ~ '^[^@\s]+@[^@\s]+$'"
    )

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class SchoolYear(Table, tablename="school_year", help_text="Учебный год"):
    """A school year, from the first to the last school day."""

    id = identifier()
    school = reference(School)
    name = Varchar(length=32, help_text="Название, например 2026/27")
    starts_on = Date(default=None, help_text="Первый день")
    ends_on = Date(default=None, help_text="Последний день")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    school_year_ends_after_start = Check("starts_on < ends_on")
    school_year_one_name_per_school = Unique(["school", "name"])
    school_year_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class GradingPeriod(Table, tablename="grading_period", help_text="Отчётный период (четверть, полугодие)"):
    """A grading period: the span that marks are summed up for, in all grades or in some (R5, R6)."""

    id = identifier()
    school = reference(School)
    school_year = reference(SchoolYear)
    kind = Varchar(length=16, choices=PeriodKind, default=PeriodKind.QUARTER, help_text="Вид периода")
    name = Varchar(length=64, help_text="Название, например II четверть")
    starts_on = Date(default=None, help_text="Первый день")
    ends_on = Date(default=None, help_text="Последний день")
    grade_from = SmallInt(null=True, default=None, help_text="С какого класса (пусто: вся школа)")
    grade_to = SmallInt(null=True, default=None, help_text="По какой класс (пусто: вся школа)")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    grading_period_kind_is_known = one_of("kind", PeriodKind)
    grading_period_ends_after_start = Check("starts_on < ends_on")
    grading_period_grades_are_in_order = Check(
        "(grade_from IS NULL) = (grade_to IS NULL) AND (grade_from IS NULL OR grade_from <= grade_to)"
    )
    grading_period_one_name_per_year = Unique(["school_year", "kind", "name"])
    grading_period_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class BellPeriod(Table, tablename="bell_period", help_text="Звонки: время урока по порядку"):
    """One slot of the bell schedule, in the school's own time."""

    id = identifier()
    school = reference(School)
    ordinal = SmallInt(help_text="Номер урока")
    starts_at = Time(default=None, help_text="Начало")
    ends_at = Time(default=None, help_text="Конец")

    bell_period_ends_after_start = Check("starts_at < ends_at")
    bell_period_ordinal_is_sane = Check("ordinal BETWEEN 0 AND 20")
    bell_period_one_slot_per_ordinal = Unique(["school", "ordinal"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s (%s)", columns=[cls.ordinal, cls.starts_at])


class Holiday(Table, tablename="holiday", help_text="Каникулы и праздники"):
    """Days without lessons, for the whole school or for some grades (R3.7)."""

    id = identifier()
    school = reference(School)
    name = Varchar(length=120, help_text="Название")
    starts_on = Date(default=None, help_text="Первый день")
    ends_on = Date(default=None, help_text="Последний день")
    grade_from = SmallInt(null=True, default=None, help_text="С какого класса (пусто: вся школа)")
    grade_to = SmallInt(null=True, default=None, help_text="По какой класс (пусто: вся школа)")

    holiday_ends_not_before_start = Check("starts_on <= ends_on")
    holiday_grades_are_in_order = Check(
        "(grade_from IS NULL) = (grade_to IS NULL) AND (grade_from IS NULL OR grade_from <= grade_to)"
    )


class Subject(Table, tablename="subject", help_text="Учебный предмет"):
    """A subject as the school names it."""

    id = identifier()
    school = reference(School)
    name = Varchar(length=160, help_text="Название")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    subject_has_a_name = Check("btrim(name) <> ''")
    subject_one_name_per_school = Unique(["school", "name"])
    subject_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])
