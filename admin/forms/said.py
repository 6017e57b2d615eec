"""Reading what clerks type into one line: weekdays, days of the month, dates and hours (R1.2)."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from admin.labels import WEEKDAYS

_IN_FULL = ("понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень")


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;]+", text.casefold()) if part]


def weekdays(text: str) -> list[int]:
    """Return the days of the week that were typed, as words or numbers from Monday; raises ValueError."""
    found = []
    for part in _parts(text):
        day = next((day for day in range(1, 8) if _is_weekday(part, day)), None)
        if day is None:
            raise ValueError(f"Дни недели: «{part}» не день недели. Пишите так: пн, ср, пт.")
        found.append(day)
    return found


def _is_weekday(part: str, day: int) -> bool:
    return part in {str(day), WEEKDAYS[day - 1]} or part.startswith(_IN_FULL[day - 1])


def month_days(text: str) -> list[int]:
    """Return the days of the month that were typed; raises ValueError."""
    try:
        return [int(part) for part in _parts(text)]
    except ValueError:
        raise ValueError("Числа месяца: пишите через запятую, например 1, 15.") from None


def dates(text: str) -> list[date]:
    """Return the dates that were typed; raises ValueError."""
    found = []
    for part in _parts(text):
        try:
            found.append(datetime.strptime(part, "%d.%m.%Y").date())  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise ValueError(f"Отдельные даты: «{part}» не дата. Пишите так: 01.12.2026, 15.12.2026.") from None
    return found


def hour(text: str, *, title: str) -> time | None:
    """Return the time of day that was typed, None for nothing; raises ValueError."""
    if not text:
        return None
    try:
        return datetime.strptime(text.replace(".", ":"), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise ValueError(f"{title}: пишите время так: 21:00.") from None
