"""Print jobs."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import Date, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table

from diary.access.tables import Account
from diary.consent.tables import Purpose
from diary.delivery.tables import Obligation, PaperReceiver
from diary.groups.tables import SchoolClass
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Guardian, Pupil
from diary.schools.tables import School


class PrintState(StrEnum):
    """How far a sheet has come."""

    QUEUED = "QUEUED"
    RENDERED = "RENDERED"
    PRINTED = "PRINTED"
    HANDED_OVER = "HANDED_OVER"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class SheetKind(StrEnum):
    """What is printed."""

    WEEK = "WEEK"
    CONSENT_FORM = "CONSENT_FORM"


class PrintJob(Table, tablename="print_job", help_text="Задание на печать"):
    """One sheet to be printed: a week of one pupil, or of every pupil of a class (R3.10, R9.2)."""

    id = identifier()
    school = reference(School)
    pupil = reference(Pupil, null=True, help_text="Обучающийся")
    school_class = reference(SchoolClass, null=True, help_text="Класс")
    guardian = reference(Guardian, null=True, help_text="Кто просил")
    kind = Varchar(length=16, choices=SheetKind, default=SheetKind.WEEK, help_text="Что печатать")
    purpose = Varchar(length=24, null=True, default=None, choices=Purpose, help_text="О чём бланк согласия")
    obligation = reference(Obligation, null=True, help_text="Обязанность, которую исполняет")
    week_of = Date(null=True, default=None, help_text="Неделя, в которую входит дата")
    state = Varchar(length=16, choices=PrintState, default=PrintState.QUEUED, help_text="Состояние")
    pages = Integer(null=True, default=None, help_text="Страниц")
    file = Varchar(length=255, default="", help_text="Файл PDF")
    sha256 = Varchar(length=64, default="", help_text="SHA-256 файла")
    problem = Text(default="", help_text="Почему не получилось")
    requested_by = reference(Account, null=True)
    requested_at = Timestamptz(default=TimestamptzNow(), help_text="Запрошено")
    rendered_at = Timestamptz(null=True, default=None, help_text="Готово")

    printed_at = Timestamptz(null=True, default=None, help_text="Напечатано")
    handed_over_at = Timestamptz(null=True, default=None, help_text="Выдано")
    handed_over_by = reference(Account, null=True, help_text="Кто выдал")
    handed_over_to = Varchar(length=255, default="", help_text="Кому выдано и как подтверждено")
    received_by = Varchar(length=16, null=True, default=None, choices=PaperReceiver, help_text="Кто получил")
    received_guardian = reference(Guardian, null=True, help_text="Какой представитель получил")
    retries = SmallInt(default=0, help_text="Повторов")

    print_job_kind_is_known = one_of("kind", SheetKind)
    print_job_a_week_has_a_date = Check("(kind = 'WEEK') = (week_of IS NOT NULL)")
    print_job_a_form_has_a_purpose = Check("(kind = 'CONSENT_FORM') = (purpose IS NOT NULL)")
    print_job_handed_over_to_somebody = Check("(handed_over_at IS NULL) = (btrim(handed_over_to) = '')")
    # What was handed over before it was asked who received it says nothing about that.
    print_job_received_by_somebody = Check(
        "(received_guardian IS NOT NULL) = coalesce(received_by = 'GUARDIAN', false) "
        "AND (received_by IS NULL OR (handed_over_at IS NOT NULL AND received_by IN ('GUARDIAN', 'PUPIL')))"
    )
    print_job_state_is_known = one_of("state", PrintState)
    print_job_of_a_pupil_or_a_class = Check(
        "(pupil IS NULL) <> (school_class IS NULL) "
        "OR (kind = 'CONSENT_FORM' AND pupil IS NULL AND school_class IS NULL)"
    )
