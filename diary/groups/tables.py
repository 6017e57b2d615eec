"""One table of teaching groups of four kinds, their members and their teachers."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import Date, SmallInt, Varchar
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Pupil, Teacher
from diary.schools.tables import School, SchoolYear, Subject


class GroupKind(StrEnum):
    """The four units a teacher may work with (R3.6)."""

    CLASS = "CLASS"
    GROUP = "GROUP"
    STREAM = "STREAM"
    INDIVIDUAL = "INDIVIDUAL"


class SchoolClass(Table, tablename="school_class", help_text="Класс"):
    """A class (5А) of one school year with its class teacher; its pupils are the members of its CLASS group."""

    id = identifier()
    school = reference(School)
    school_year = reference(SchoolYear)
    name = Varchar(length=64, help_text="Название, например 5А")
    grade_level = SmallInt(help_text="Год обучения, 1-11")
    class_teacher = reference(Teacher, null=True, help_text="Классный руководитель")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    school_class_has_a_name = Check("btrim(name) <> ''")
    school_class_grade_is_sane = Check("grade_level BETWEEN 0 AND 13")
    school_class_one_name_per_year = Unique(["school_year", "name"])
    school_class_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class TeachingGroup(
    Table, tablename="teaching_group", help_text="Учебная группа, поток или класс как единица обучения"
):
    """Those who sit in one lesson together: a class, a study group, a stream or one pupil's individual curriculum."""

    id = identifier()
    school = reference(School)
    school_year = reference(SchoolYear)
    kind = Varchar(length=16, choices=GroupKind, default=GroupKind.CLASS, help_text="Вид")
    name = Varchar(length=120, help_text="Название")
    school_class = reference(SchoolClass, null=True, help_text="Класс, если группа и есть класс или его часть")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    teaching_group_kind_is_known = one_of("kind", GroupKind)
    teaching_group_a_class_group_has_its_class = Check("kind <> 'CLASS' OR school_class IS NOT NULL")
    teaching_group_one_name_per_year = Unique(["school_year", "name"])
    teaching_group_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class Membership(Table, tablename="membership", help_text="Кто в какой группе и когда"):
    """A pupil's belonging to a teaching group between two dates."""

    id = identifier()
    school = reference(School)
    pupil = reference(Pupil, help_text="Обучающийся")
    teaching_group = reference(TeachingGroup, help_text="Группа")
    valid_from = Date(default=None, help_text="С какого числа")
    valid_to = Date(null=True, default=None, help_text="По какое число включительно")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    membership_ends_not_before_start = Check("valid_to IS NULL OR valid_from <= valid_to")
    membership_one_start_per_group = Unique(["pupil", "teaching_group", "valid_from"])
    membership_one_external_id = Unique(["school", "external_id"])


class TeachingAssignment(Table, tablename="teaching_assignment", help_text="Кто какой предмет ведёт в группе"):
    """A teacher's right and duty to teach a subject to a group between two dates."""

    id = identifier()
    school = reference(School)
    teacher = reference(Teacher, help_text="Педагог")
    teaching_group = reference(TeachingGroup, help_text="Группа")
    subject = reference(Subject, help_text="Предмет")
    valid_from = Date(default=None, help_text="С какого числа")
    valid_to = Date(null=True, default=None, help_text="По какое число включительно")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    teaching_assignment_ends_not_before_start = Check("valid_to IS NULL OR valid_from <= valid_to")
    teaching_assignment_one_start_per_subject = Unique(["teacher", "teaching_group", "subject", "valid_from"])
    teaching_assignment_one_external_id = Unique(["school", "external_id"])
