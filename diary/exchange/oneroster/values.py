"""Single values of a roster: dates, statuses, roles and lists, read as real exports write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from diary.exchange.oneroster.records import Capacity, SessionKind, Standing
from diary.exchange.problem import error, notice
from diary.exchange.table_file import Row
from diary.kit.wording import _

BAD_DATE = error(_("Дата «{value}» не читается."), _("Запишите её как ГГГГ-ММ-ДД, например 2026-09-01."))
DOTTED_DATE = notice(_("Дата «{value}» прочитана как день.месяц.год."), _("По стандарту нужно ГГГГ-ММ-ДД."))
EMPTY_VALUE = error(_("Значение пусто."), _("Заполните ячейку."))
TOO_LONG = error(_("Значение длиннее {limit} знаков: «{value}»."), _("Сократите его."))
BAD_STATUS = error(_("Состояние «{value}» неизвестно."), _("Допустимы active и tobedeleted; пустое значит active."))
BAD_ROLE = error(
    _("Роль «{value}» неизвестна."), _("Допустимы student, teacher, parent, guardian, relative, administrator, aide.")
)
BAD_SESSION_TYPE = error(
    _("Вид периода «{value}» неизвестен."), _("Допустимы schoolYear, semester, term и gradingPeriod.")
)
ENDS_BEFORE_START = error(_("Конец ({end}) раньше начала ({start})."), _("Исправьте даты."))

#: The diary keeps 255 signs, some of which name a place by grade.
LONGEST_ID = 220
LONGEST_NAME = 80
EARLIEST_YEAR = 1900
LATEST_YEAR = 2100

_STANDINGS = {
    "": Standing.ACTIVE,
    "active": Standing.ACTIVE,
    "enabled": Standing.ACTIVE,
    "inactive": Standing.INACTIVE,
    "disabled": Standing.INACTIVE,
    "tobedeleted": Standing.TO_BE_DELETED,
    "deleted": Standing.TO_BE_DELETED,
}
_CAPACITIES = {
    "student": Capacity.STUDENT,
    "pupil": Capacity.STUDENT,
    "learner": Capacity.STUDENT,
    "teacher": Capacity.TEACHER,
    "instructor": Capacity.TEACHER,
    "parent": Capacity.PARENT,
    "guardian": Capacity.GUARDIAN,
    "relative": Capacity.RELATIVE,
} | dict.fromkeys(
    [
        "administrator",
        "aide",
        "counselor",
        "districtadministrator",
        "principal",
        "proctor",
        "siteadministrator",
        "staff",
        "systemadministrator",
    ],
    Capacity.STAFF,
)
_SESSION_KINDS = {kind.casefold(): kind for kind in SessionKind} | {
    "quarter": SessionKind.GRADING_PERIOD,
    "trimester": SessionKind.GRADING_PERIOD,
}
_TRUE = frozenset({"true", "1", "yes", "да", "истина"})


def squeezed(value: str) -> str:
    """Return an enumerated value as it is compared: case and separators do not count."""
    return re.sub(r"[\s_-]", "", value.casefold())


def key_of(row: Row, column: str = "sourcedId") -> str:
    """Return the id in a cell; an empty or endless one is an error and comes back empty."""
    value = row[column]
    if not value:
        row.complain(EMPTY_VALUE, column)
    elif len(value) > LONGEST_ID:
        row.complain(TOO_LONG, column, value=value, limit=LONGEST_ID)
        return ""
    return value


def text_of(row: Row, column: str, *, limit: int, required: bool) -> str:
    """Return a name or title; too long ones and empty required ones are errors."""
    value = row[column]
    if required and not value:
        row.complain(EMPTY_VALUE, column)
    if len(value) > limit:
        row.complain(TOO_LONG, column, value=value, limit=limit)
    return value[:limit]


def list_of(value: str) -> tuple[str, ...]:
    """Return the parts of a list in one cell, each once, in order; some systems write ["a", "b"] instead of a,b."""
    if value.startswith("[") and value.endswith("]"):
        value = value[1:-1].replace('"', "")
    return tuple(dict.fromkeys(part for piece in value.split(",") if (part := piece.strip())))


def is_true(value: str) -> bool:
    """Whether a yes-or-no cell says yes."""
    return value.casefold() in _TRUE


def standing_of(row: Row) -> Standing:
    """Return whether the record is in force."""
    standing = _STANDINGS.get(squeezed(row["status"]))
    if standing is None:
        row.complain(BAD_STATUS, "status", value=row["status"])
    return standing or Standing.ACTIVE


def capacity_of(row: Row, value: str, column: str = "role") -> Capacity | None:
    """Return what a role of the standard makes of a person; an unknown one is an error."""
    if value.startswith("ext:"):
        return Capacity.STAFF
    capacity = _CAPACITIES.get(squeezed(value))
    if capacity is None:
        row.complain(BAD_ROLE if value else EMPTY_VALUE, column, value=value)
    return capacity


def session_kind_of(row: Row) -> SessionKind:
    """Return what part of the year a session is; without a word it is a term."""
    if not row["type"] or row["type"].startswith("ext:"):
        return SessionKind.TERM
    kind = _SESSION_KINDS.get(squeezed(row["type"]))
    if kind is None:
        row.complain(BAD_SESSION_TYPE, "type", value=row["type"])
    return kind or SessionKind.TERM


def date_of(row: Row, column: str) -> date | None:
    """Return the date of a cell, None when it is empty; an unreadable one is an error."""
    value = row[column]
    if not value:
        return None
    found, is_dotted = _date(value)
    if found is None:
        row.complain(BAD_DATE, column, value=value)
    elif is_dotted:
        row.complain(DOTTED_DATE, column, value=value)
    return found


def span_of(row: Row, start: str, end: str) -> tuple[date | None, date | None]:
    """Return two dates in order; an end before the start is an error."""
    starts_on, ends_on = date_of(row, start), date_of(row, end)
    if starts_on and ends_on and ends_on < starts_on:
        row.complain(ENDS_BEFORE_START, end, start=starts_on, end=ends_on)
        return starts_on, None
    return starts_on, ends_on


@lru_cache(maxsize=10_000)
def _date(value: str) -> tuple[date | None, bool]:
    """Read a date with or without a time of day; Russian spreadsheets turn 2026-09-01 into 01.09.2026."""
    iso = re.fullmatch(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}.*)?", value, re.ASCII)
    dotted = re.fullmatch(r"(\d{1,2}\.\d{1,2}\.\d{4})( \d{1,2}:\d{2}.*)?", value, re.ASCII)
    try:
        if iso:
            found = date.fromisoformat(iso[1])
        elif dotted:
            found = datetime.strptime(dotted[1], "%d.%m.%Y").date()  # noqa: DTZ007 - a calendar day has no zone
        else:
            return None, False
    except ValueError:
        return None, False
    return (found if EARLIEST_YEAR <= found.year <= LATEST_YEAR else None), dotted is not None
