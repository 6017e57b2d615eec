"""What a clerk reads when PostgreSQL or a rule says no: one Russian sentence, no trace and nobody else's data."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

import asyncpg
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from admin.labels import TABLES, column_title, spoken
from diary.kit.outage import OUTAGES, RETRY_AFTER
from diary.kit.refusal import BadInput, NotAllowed, NotFound, Refusal
from diary.kit.wording import translate

log = logging.getLogger(__name__)

NOT_FOUND = "Запись не найдена или недоступна вам."
FORBIDDEN = "Это действие вам недоступно: запись относится к другой школе или меняется только через формы."
READ_ONLY = "Эта таблица только для чтения: она меняется через формы и журнал."
CLOSED = "Замена записи целиком закрыта: измените отдельные поля."
CONNECTED = "Нельзя удалить: есть связанные записи"
BUSY = "Запись сейчас меняет кто-то другой. Повторите через минуту."
TOO_SLOW = "Запрос выполнялся слишком долго. Уточните отбор."
BAD_VALUE = "Недопустимое значение в запросе."
INTERNAL = "Внутренняя ошибка. Изменения не сохранены."
TOO_DEEP = "Запрос вложен слишком глубоко."
UNAVAILABLE = "Сервис временно недоступен. Изменения не сохранены: повторите через минуту."

#: What each rule of the tables that staff edit means to whoever breaks it.
CONSTRAINTS = {
    "statement_is_closed": "Заявление зарегистрировано или отклонено: его нельзя изменить или удалить.",
    "statement_by_command": "Заявление регистрируется отдельным действием: измените только состояние.",
    "statement_as_checked": "Что показала проверка подписи и нужно ли читать документ, записывает сама проверка.",
    "statement_registered_ones_are_in_the_ledger": "Заявление регистрируется отдельным действием.",
    "statement_rejected_ones_have_a_reason": "Причину указывают, только когда отклоняют заявление.",
    "guardianship_has_decisions": (
        "По этой записи есть решения в реестре: её не удаляют, а закрывают датой «По какое число»."
    ),
    "school_ages_are_in_order": "Возраст собственного решения не больше возраста совершеннолетия, а тот не больше 25.",
    "school_days_exist": "Учебные дни: хотя бы один, числа от 1 (понедельник) до 7.",
    "school_delivery_weekdays_exist": "Дни рассылки: хотя бы один, числа от 1 (понедельник) до 7.",
    "school_responsible_email_looks_like_one": "Адрес ответственного не похож на адрес электронной почты.",
    "school_has_a_name": "Укажите название школы.",
    "school_year_ends_after_start": "Учебный год должен закончиться позже, чем начался.",
    "school_year_one_name_per_school": "Учебный год с таким названием уже есть.",
    "grading_period_ends_after_start": "Отчётный период должен закончиться позже, чем начался.",
    "grading_period_grades_are_in_order": "Укажите оба класса отчётного периода, с какого и по какой, или ни одного.",
    "grading_period_one_name_per_year": "Отчётный период с таким названием в этом учебном году уже есть.",
    "bell_period_ends_after_start": "Урок должен закончиться позже, чем начался.",
    "bell_period_ordinal_is_sane": "Номер урока: от 0 до 20.",
    "bell_period_one_slot_per_ordinal": "Урок с таким номером в звонках уже есть.",
    "holiday_ends_not_before_start": "Каникулы не могут закончиться раньше, чем начались.",
    "holiday_grades_are_in_order": "Укажите оба класса (с какого и по какой) по порядку или ни одного.",
    "subject_has_a_name": "Укажите название предмета.",
    "subject_one_name_per_school": "Предмет с таким названием уже есть.",
    "pupil_has_a_name": "Укажите фамилию и имя.",
    "guardian_has_a_name": "Укажите фамилию и имя.",
    "teacher_has_a_name": "Укажите фамилию и имя.",
    "guardianship_ends_not_before_start": "Последний день не может быть раньше первого.",
    "guardianship_one_start_per_pair": "Такая запись о представительстве с этого числа уже есть.",
    "school_class_has_a_name": "Укажите название класса.",
    "school_class_grade_is_sane": "Год обучения: от 0 до 13.",
    "school_class_one_name_per_year": "Класс с таким названием в этом учебном году уже есть.",
    "teaching_group_a_class_group_has_its_class": "Для группы вида «Класс» укажите класс.",
    "teaching_group_one_name_per_year": "Группа с таким названием в этом учебном году уже есть.",
    "membership_ends_not_before_start": "Последний день не может быть раньше первого.",
    "membership_one_start_per_group": "Обучающийся уже записан в эту группу с этого числа.",
    "teaching_assignment_ends_not_before_start": "Последний день не может быть раньше первого.",
    "teaching_assignment_one_start_per_subject": "Такое назначение с этого числа уже есть.",
}
#: What clerks call the fields that the domain names for programs.
FIELDS = {
    "at": "Момент",
    "body": "Текст",
    "channel": "Канал",
    "channels": "Каналы",
    "dates": "Отдельные даты",
    "day": "С какого числа",
    "guardianId": "Представитель",
    "handedTo": "Кто получает печатный дневник",
    "messenger": "Мессенджер",
    "monthDays": "Числа месяца",
    "name": "Название",
    "pem": "Сертификат",
    "provenance": "Откуда получен",
    "pupilId": "Обучающийся",
    "quietTo": "Не беспокоить",
    "reason": "Причина",
    "receivedAt": "Получено",
    "schedule": "Когда",
    "signedOn": "Дата соглашения",
    "subject": "Тема",
    "textVersion": "Редакция текста согласия",
    "validUntil": "Действует до",
    "value": "Адрес или номер",
    "weekOf": "Неделя",
    "weekdays": "Дни недели",
}
_ONE_EXTERNAL_ID = re.compile(r"_one_external_id$")
_VALIDATION = {
    "missing": "обязательное поле",
    "string_too_long": "слишком длинное значение",
    "string_type": "здесь нужен текст",
    "uuid_parsing": "выберите запись",
    "date_from_datetime_parsing": "укажите дату",
    "date_parsing": "укажите дату",
    "datetime_parsing": "укажите дату и время",
    "datetime_from_date_parsing": "укажите дату и время",
    "time_parsing": "укажите время",
    "int_parsing": "укажите целое число",
    "int_type": "укажите целое число",
    "bool_parsing": "укажите да или нет",
}


def sentence(refusal: Refusal) -> str:
    """Return a refusal as a clerk reads it: a field is called by its Russian name, or not at all."""
    if not isinstance(refusal, BadInput):
        return str(refusal)
    reason = translate(str(refusal.facts["reason"]))
    title = FIELDS.get(str(refusal.facts["field"]))
    return f"«{title}»: {reason}." if title else f"{reason[:1].upper()}{reason[1:]}."


def refuse(status: int, text: str) -> PlainTextResponse:
    """Return an answer that the panel shows as it stands."""
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
    return PlainTextResponse(text, status_code=status, headers=headers)


def constraint_text(name: str) -> str | None:
    """Return what breaking the constraint means, None for one that staff cannot break."""
    if name in CONSTRAINTS:
        return CONSTRAINTS[name]
    if _ONE_EXTERNAL_ID.search(name):
        return "Запись с таким идентификатором OneRoster уже есть."
    if name.endswith("_is_known"):
        return "Недопустимое значение: выберите одно из предложенных."
    return None


def validation_text(problem: Any) -> str:
    """Return what is wrong with each field of a form, by the fields' Russian names where they have one."""
    lines = []
    for error in problem.errors():
        place = str(error["loc"][-1]) if error["loc"] else ""
        reason = _VALIDATION.get(error["type"], "недопустимое значение")
        if error["type"] == "value_error" and str(error["msg"]).startswith("Value error, "):
            reason = str(error["msg"]).removeprefix("Value error, ")
        lines.append(f"«{_field_title(place)}»: {reason}")
    return "; ".join(dict.fromkeys(lines)) or BAD_VALUE


def _field_title(name: str) -> str:
    for table in TABLES:
        for column in table._meta.columns:
            if column._meta.name == name and column._meta.help_text:
                return column_title(column)
    return name


def _spoken_table(name: str | None) -> str | None:
    return next((spoken(table) for table in TABLES if table._meta.tablename == name), None)


def _violation(problem: asyncpg.PostgresError, *, deleting: bool) -> Response | None:
    name = problem.constraint_name or ""
    if isinstance(problem, asyncpg.RestrictViolationError | asyncpg.ForeignKeyViolationError):
        if name in CONSTRAINTS:
            return refuse(422, CONSTRAINTS[name])
        if deleting:
            where = _spoken_table(problem.table_name)
            return refuse(422, f"{CONNECTED} ({where})." if where else f"{CONNECTED}.")
        if isinstance(problem, asyncpg.RestrictViolationError):
            return refuse(422, READ_ONLY)
        return refuse(422, NOT_FOUND)
    if isinstance(problem, asyncpg.NotNullViolationError):
        return refuse(422, f"«{_field_title(problem.column_name or '')}»: обязательное поле")
    if isinstance(problem, asyncpg.CheckViolationError | asyncpg.UniqueViolationError):
        return refuse(422, constraint_text(name) or "Такое значение здесь недопустимо.")
    return None


def answer(problem: BaseException, *, deleting: bool = False) -> Response:
    """Turn whatever stopped a request into the answer that the clerk reads; nothing of the request has happened."""
    if isinstance(problem, Refusal):
        status = 404 if isinstance(problem, NotFound) else 403 if isinstance(problem, NotAllowed) else 422
        return refuse(status, sentence(problem))
    if isinstance(problem, ValidationError):
        return refuse(422, validation_text(problem))
    if isinstance(problem, HTTPException):
        return refuse(problem.status_code, str(problem.detail))
    if isinstance(problem, asyncpg.PostgresError):
        said = _violation(problem, deleting=deleting) or _database_refusal(problem)
        if said:
            return said
    if isinstance(problem, RecursionError):
        return refuse(400, TOO_DEEP)
    if isinstance(problem, OUTAGES):
        log.warning("a request could not be served: %s", type(problem).__name__)
        return refuse(503, UNAVAILABLE)
    # The message may quote a record; the place and the kind are enough to find the fault.
    log.error("a request failed: %s\n%s", type(problem).__name__, "".join(traceback.format_tb(problem.__traceback__)))
    return refuse(500, INTERNAL)


async def fault(_request: Request, problem: Exception) -> Response:
    """Answer for what stopped a request outside its transaction: at the door, or at the sign-in desk."""
    return answer(problem)


#: What the panel's applications answer themselves, instead of a bare 500.
FAULTS = dict.fromkeys((*OUTAGES, RecursionError), fault)


def _database_refusal(problem: asyncpg.PostgresError) -> Response | None:
    kinds: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
        ((asyncpg.InsufficientPrivilegeError,), 403, FORBIDDEN),
        ((asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError), 409, BUSY),
        ((asyncpg.QueryCanceledError,), 422, TOO_SLOW),
        ((asyncpg.DataError,), 400, BAD_VALUE),
    )
    return next((refuse(status, text) for kind, status, text in kinds if isinstance(problem, kind)), None)
