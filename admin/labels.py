"""Russian names for what Piccolo Admin would show in English: tables, columns and choices."""

from __future__ import annotations

import re
from enum import StrEnum

from piccolo.columns import Column
from piccolo.table import Table

from diary.access.tables import Account, Capacity, Role
from diary.audit.tables import AuditEntry
from diary.consent.signatures.result import VERDICTS
from diary.consent.tables import (
    ConsentDecision,
    ConsentText,
    Decision,
    DocumentForm,
    Purpose,
    Signature,
    SignatureKind,
    SignatureVerdict,
    SigningAgreement,
    TrustedCertificate,
)
from diary.delivery.tables import (
    AgreedChannel,
    AgreementOrigin,
    Channel,
    ContactPoint,
    DeliveryAgreement,
    DeliveryForm,
    DeliverySchedule,
    MailboxMessage,
    Mailing,
    MailingKind,
    Messenger,
    MetBy,
    Obligation,
    ObligationKind,
    ObligationState,
    Outbox,
    OutboxKind,
    OutboxState,
    OutboxTiming,
    OutboxTopic,
    PaperReason,
    PaperReceiver,
    Provenance,
    Statement,
    StatementState,
)
from diary.groups.tables import GroupKind, Membership, SchoolClass, TeachingAssignment, TeachingGroup
from diary.journal.tables import Attendance, AttendanceCode, Homework, Mark, MarkHistory, WorkType
from diary.paper.tables import PrintJob, PrintState, SheetKind
from diary.people.tables import Guardian, Guardianship, LegalBasis, Pupil, Relation, Teacher
from diary.schools.tables import BellPeriod, GradingPeriod, Holiday, PeriodKind, School, SchoolYear, Subject
from diary.timetable.tables import ChangeKind, Lesson, LessonChange, LessonStatus, LessonType

#: What the sidebar and the address bar call a table; the panel shows an underscore as a space.
TABLES: dict[type[Table], str] = {
    Statement: "Заявления",
    ConsentDecision: "Реестр_решений",
    ConsentText: "Тексты_согласий",
    ContactPoint: "Контактные_данные",
    DeliveryAgreement: "Соглашения_о_доставке",
    Obligation: "Обязанности",
    Pupil: "Обучающиеся",
    Guardian: "Представители",
    Guardianship: "Представительство",
    Teacher: "Педагоги",
    Account: "Учётные_записи",
    Capacity: "Роли",
    SchoolClass: "Классы",
    TeachingGroup: "Учебные_группы",
    Membership: "Состав_групп",
    TeachingAssignment: "Нагрузка_педагогов",
    School: "Школа",
    SchoolYear: "Учебные_годы",
    GradingPeriod: "Отчётные_периоды",
    BellPeriod: "Звонки",
    Holiday: "Каникулы",
    Subject: "Предметы",
    Lesson: "Уроки",
    LessonChange: "Замены_и_переносы",
    Mark: "Отметки",
    MarkHistory: "Исправления_отметок",
    Attendance: "Пропуски",
    Homework: "Домашние_задания",
    Mailing: "Рассылки",
    MailboxMessage: "Внутренняя_почта",
    Outbox: "Исходящие",
    PrintJob: "Задания_на_печать",
    AuditEntry: "Журнал_изменений",
    TrustedCertificate: "Доверенные_центры",
    Signature: "Электронные_подписи",
    SigningAgreement: "Соглашения_о_простой_подписи",
}

#: Columns that carry no help text of their own.
COLUMNS: dict[str, str] = {
    "id": "Номер записи",
    "school": "Школа",
    "school_year": "Учебный год",
    "created_at": "Создано",
    "lease_until": "Занято до",
    "created_by": "Кто создал",
    "requested_by": "Кто запросил",
    "author": "Автор",
    "guardian": "Представитель",
    "pupil": "Обучающийся",
    "teacher": "Педагог",
    "username": "Логин",
    "last_login": "Последний вход",
}

#: The days of the week from Monday, as people write them down.
WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")

CHOICES: dict[type[StrEnum], dict[str, str]] = {
    Role: {
        "GUARDIAN": "Представитель",
        "PUPIL": "Обучающийся",
        "TEACHER": "Педагог",
        "OFFICE": "Канцелярия",
        "OPERATOR": "Оператор",
    },
    Purpose: {
        "PERSONAL_DATA": "Обработка персональных данных",
        "ELECTRONIC_FORM": "Электронная форма информирования",
        "GUARDIAN_ACCESS": "Доступ представителей после совершеннолетия",
    },
    Decision: {"GIVEN": "Согласие", "REFUSED": "Отказ", "WITHDRAWN": "Отзыв согласия"},
    DocumentForm: {"PAPER": "На бумаге", "ELECTRONIC": "Электронный документ"},
    SignatureKind: {
        "HANDWRITTEN": "Собственноручная",
        "SIMPLE": "Простая электронная",
        "ENHANCED": "Усиленная неквалифицированная",
        "QUALIFIED": "Усиленная квалифицированная",
    },
    StatementState: {"DRAFT": "Черновик", "REGISTERED": "Зарегистрировано", "REJECTED": "Отклонено"},
    Channel: {
        "EMAIL": "Электронная почта",
        "SMS": "СМС",
        "MESSENGER": "Мессенджер",
        "WEB_PUSH": "Уведомление в браузере",
        "POSTAL": "Почта",
    },
    Provenance: {
        "PAPER": "Бумажное заявление",
        "SIGNED_DOCUMENT": "Подписанный электронный документ",
        "SELF_ENTERED": "Введены самостоятельно",
        "IMPORTED": "Импорт",
    },
    OutboxKind: {
        "EMAIL": "Письмо",
        "SMS": "СМС",
        "MESSENGER": "Мессенджер",
        "WEB_PUSH": "Уведомление в браузере",
        "PRINT": "Печать",
    },
    OutboxTopic: {
        "CHILD": "О ребёнке",
        "OWN_MATTER": "О собственном решении",
        "CODE": "Одноразовый код",
        "STAFF_WARNING": "Предупреждение школе",
    },
    OutboxTiming: {"NOTICE": "Как согласовано", "MAILING": "В дни рассылки", "URGENT": "Срочно"},
    SignatureVerdict: {verdict.value: name for verdict, name in VERDICTS.items()},
    Messenger: {"TELEGRAM": "Телеграм", "VK": "ВКонтакте", "MAX": "Макс"},
    DeliveryForm: {"ELECTRONIC": "Электронная", "PAPER": "На бумаге"},
    AgreedChannel: {
        "CABINET": "Личный кабинет",
        "MAILBOX": "Внутренняя почта",
        "EMAIL": "Электронная почта",
        "SMS": "СМС",
        "MESSENGER": "Мессенджер",
        "WEB_PUSH": "Уведомление в браузере",
    },
    DeliverySchedule: {
        "SCHOOL_DEFAULT": "Как принято в школе",
        "AGREED_DAYS": "В согласованные дни",
        "SELF_SERVICE": "Смотрит сам",
    },
    PaperReason: {"UNABLE": "Нет возможности", "UNWILLING": "Нет желания"},
    PaperReceiver: {"GUARDIAN": "Представитель лично", "PUPIL": "Обучающийся (отнесёт домой)"},
    AgreementOrigin: {
        "OFFICE": "Канцелярия",
        "GUARDIAN": "Представитель",
        "CONSENT_ENDED": "Согласие закончилось",
    },
    ObligationKind: {
        "FORECAST": "Прогноз",
        "RESULT": "Итоговый результат",
        "WEEKLY_DIARY": "Печатный дневник за неделю",
        "PRINTOUT": "Распечатка по запросу",
        "CONSENT_EFFECT": "Сообщение о решении",
    },
    ObligationState: {
        "OPEN": "Ждёт исполнения",
        "MET": "Исполнена",
        "BREACHED": "Нарушена",
        "CANCELLED": "Отменена",
    },
    MetBy: {"PUBLICATION": "Опубликовано", "DELIVERY": "Доставлено", "HAND_OVER": "Выдано на руки"},
    MailingKind: {"OFFICE_LETTER": "Письмо школы", "CONSENT_EFFECT": "Сообщение о решении"},
    SheetKind: {"WEEK": "Неделя дневника", "CONSENT_FORM": "Бланк согласия"},
    OutboxState: {
        "QUEUED": "Ждёт",
        "STARTED": "Отправляется",
        "DONE": "Отправлено",
        "REFUSED": "Отклонено: отправлять нельзя",
        "CANCELLED": "Отменено",
        "FAILED": "Не удалось",
        "UNCERTAIN": "Неизвестно, дошло ли",
    },
    PrintState: {
        "QUEUED": "Ждёт",
        "RENDERED": "Готово к печати",
        "PRINTED": "Напечатано",
        "HANDED_OVER": "Выдано",
        "FAILED": "Не удалось",
        "CANCELLED": "Отменено",
    },
    Relation: {
        "MOTHER": "Мать",
        "FATHER": "Отец",
        "PARENT": "Родитель",
        "GRANDPARENT": "Бабушка или дедушка",
        "GUARDIAN": "Опекун",
        "OTHER": "Другое",
    },
    LegalBasis: {
        "PARENT": "Родительские права",
        "ADOPTION": "Усыновление",
        "GUARDIANSHIP_ORDER": "Акт об опеке",
        "COURT_ORDER": "Решение суда",
        "IMPORTED": "Импорт",
    },
    PeriodKind: {"QUARTER": "Четверть", "TRIMESTER": "Триместр", "HALF_YEAR": "Полугодие", "YEAR": "Год"},
    GroupKind: {"CLASS": "Класс", "GROUP": "Группа", "STREAM": "Поток", "INDIVIDUAL": "Индивидуальный план"},
    LessonStatus: {"PLANNED": "По плану", "HELD": "Проведён", "CANCELLED": "Отменён", "MOVED": "Перенесён"},
    LessonType: {
        "NEW_MATERIAL": "Новый материал",
        "PRACTICE": "Практикум",
        "LAB": "Лабораторная работа",
        "TEST": "Контрольная работа",
        "REVISION": "Повторение",
    },
    ChangeKind: {"SUBSTITUTION": "Замена", "MOVE": "Перенос", "CANCELLATION": "Отмена"},
    WorkType: {
        "ANSWER": "Ответ на уроке",
        "HOMEWORK": "Домашняя работа",
        "CLASSWORK": "Классная работа",
        "INDEPENDENT": "Самостоятельная работа",
        "TEST": "Контрольная работа",
        "LAB": "Лабораторная работа",
        "DICTATION": "Диктант",
        "PROJECT": "Проект",
    },
    AttendanceCode: {
        "ABSENT": "Отсутствовал",
        "ILL": "Болен",
        "EXCUSED": "Уважительная причина",
        "LATE": "Опоздал",
    },
}

#: What the trail writes into columns that are plain text.
WORDS: dict[str, dict[str, str]] = {
    "route": {
        "ADMIN": "Панель",
        "GRAPHQL": "Кабинет или программа",
        "CABINET": "Кабинет",
        "IMPORT": "Импорт",
        "CLOCK": "Расписание",
        "WORKER": "Отправка и печать",
        "COMMAND_LINE": "Командная строка",
        "DEMO": "Учебный пример",
        "SQL": "База данных",
    },
    "action": {"INSERT": "Создано", "UPDATE": "Изменено", "DELETE": "Удалено", "EXPORT": "Выгружено"},
    "record": {table._meta.tablename: name.replace("_", " ") for table, name in TABLES.items()},
}

_FIRST_WORDS = re.compile(r" \(|[:,]")


def table_name(table: type[Table]) -> str:
    """Return what staff call the table, as it stands in addresses."""
    return TABLES[table]


def spoken(table: type[Table]) -> str:
    """Return what staff call the table, as it stands in a sentence."""
    return TABLES[table].replace("_", " ")


def column_title(column: Column) -> str:
    """Return a column's short Russian name: the first words of its help text."""
    help_text = column._meta.help_text
    if help_text:
        return _FIRST_WORDS.split(help_text)[0]
    return COLUMNS.get(column._meta.name, column._meta.name)
