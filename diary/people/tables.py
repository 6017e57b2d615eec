"""The people of a school; each record belongs to one school, an account may hold several."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import UUID, BigSerial, Boolean, Date, SmallInt, Timestamptz, Varchar
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from diary.kit.columns import identifier, one_of, reference
from diary.schools.tables import School


class Relation(StrEnum):
    """What a guardian is to the pupil."""

    MOTHER = "MOTHER"
    FATHER = "FATHER"
    PARENT = "PARENT"
    GRANDPARENT = "GRANDPARENT"
    GUARDIAN = "GUARDIAN"
    OTHER = "OTHER"


class LegalBasis(StrEnum):
    """Why the law lets the guardian act for the pupil."""

    PARENT = "PARENT"
    ADOPTION = "ADOPTION"
    GUARDIANSHIP_ORDER = "GUARDIANSHIP_ORDER"
    COURT_ORDER = "COURT_ORDER"
    IMPORTED = "IMPORTED"


class Pupil(Table, tablename="pupil", help_text="Обучающийся"):
    """A pupil (обучающийся)."""

    id = identifier()
    school = reference(School)
    family_name = Varchar(length=80, help_text="Фамилия")
    given_name = Varchar(length=80, help_text="Имя")
    patronymic = Varchar(length=80, default="", help_text="Отчество")
    birth_date = Date(null=True, default=None, help_text="Дата рождения")
    grade_level = SmallInt(null=True, default=None, help_text="Год обучения, если класса ещё нет")
    left_on = Date(null=True, default=None, help_text="Дата выбытия")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    pupil_has_a_name = Check("btrim(family_name) <> '' AND btrim(given_name) <> ''")
    pupil_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s %s %s", columns=[cls.family_name, cls.given_name, cls.patronymic])


class Guardian(Table, tablename="guardian", help_text="Законный представитель"):
    """A guardian: parent or other legal representative (законный представитель)."""

    id = identifier()
    school = reference(School)
    family_name = Varchar(length=80, help_text="Фамилия")
    given_name = Varchar(length=80, help_text="Имя")
    patronymic = Varchar(length=80, default="", help_text="Отчество")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    guardian_has_a_name = Check("btrim(family_name) <> '' AND btrim(given_name) <> ''")
    guardian_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s %s %s", columns=[cls.family_name, cls.given_name, cls.patronymic])


class Guardianship(Table, tablename="guardianship", help_text="Чей представитель, с какого и по какое число"):
    """The right of one guardian to act for one pupil, with its dates and legal basis (A11)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, help_text="Законный представитель")
    pupil = reference(Pupil, help_text="Обучающийся")
    relation = Varchar(length=16, choices=Relation, default=Relation.PARENT, help_text="Кем приходится")
    legal_basis = Varchar(length=24, choices=LegalBasis, default=LegalBasis.PARENT, help_text="Основание")
    restricted = Boolean(default=False, help_text="Права ограничены судом")
    valid_from = Date(default=None, help_text="С какого числа")
    valid_to = Date(null=True, default=None, help_text="По какое число включительно (пусто: бессрочно)")

    guardianship_relation_is_known = one_of("relation", Relation)
    guardianship_legal_basis_is_known = one_of("legal_basis", LegalBasis)
    guardianship_ends_not_before_start = Check("valid_to IS NULL OR valid_from <= valid_to")
    guardianship_one_start_per_pair = Unique(["guardian", "pupil", "valid_from"])


class GuardianshipVersion(
    Table, tablename="guardianship_version", help_text="История прав представителей (только чтение)"
):
    """What a guardianship said from an instant on, kept by a trigger: the past is judged by what was known (R2.4)."""

    id = BigSerial(primary_key=True)
    school = reference(School)
    guardianship = UUID(index=True, default=None, help_text="Запись о представительстве")
    guardian = reference(Guardian, help_text="Законный представитель")
    pupil = reference(Pupil, help_text="Обучающийся")
    restricted = Boolean(help_text="Права ограничены судом")
    valid_from = Date(default=None, help_text="С какого числа")
    valid_to = Date(null=True, default=None, help_text="По какое число включительно")
    removed = Boolean(default=False, help_text="Запись удалена")
    recorded_at = Timestamptz(help_text="Известно с")


class Teacher(Table, tablename="teacher", help_text="Педагог"):
    """A teacher (педагог)."""

    id = identifier()
    school = reference(School)
    family_name = Varchar(length=80, help_text="Фамилия")
    given_name = Varchar(length=80, help_text="Имя")
    patronymic = Varchar(length=80, default="", help_text="Отчество")
    left_on = Date(null=True, default=None, help_text="Дата увольнения")
    external_id = Varchar(length=255, null=True, default=None, help_text="Идентификатор в OneRoster")

    teacher_has_a_name = Check("btrim(family_name) <> '' AND btrim(given_name) <> ''")
    teacher_one_external_id = Unique(["school", "external_id"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s %s %s", columns=[cls.family_name, cls.given_name, cls.patronymic])
