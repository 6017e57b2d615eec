"""Asking for a printed week of a pupil or a class (R9.2)."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, typed
from admin.scope import staff_transaction
from diary.journal.week import EARLIEST, LATEST
from diary.paper.print_jobs import request_week


class WeekFields(Fields):
    """Whose week."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс (или укажите класс целиком)", suggest="pupils", needed=False)
    school_class: str = typed("Класс целиком", suggest="classes", needed=False)
    week_of: date = Field(title="Любой день нужной недели", ge=EARLIEST, le=LATEST)


async def print_week(desk: Desk, fields: WeekFields) -> str:
    """Queue the sheet; the worker renders it."""
    if bool(fields.pupil) == bool(fields.school_class):
        raise ValueError("Укажите обучающегося или класс: что-то одно.")
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil) if fields.pupil else None
        whole = await people.school_class(fields.school_class) if fields.school_class else None
    await request_week(
        desk.member.viewer,
        week_of=fields.week_of,
        pupil_id=child.id if child else None,
        class_id=whole.id if whole else None,
    )
    return f"Задание поставлено: {child or whole}. Готовый лист появится в таблице «Задания на печать»."


FORM = StaffForm(
    slug="print-week",
    name="Напечатать неделю",
    description="Печатный дневник на неделю для обучающегося или для всего класса.",
    group="Письма и печать",
    fields=WeekFields,
    handler=print_week,
)
