"""A school's own wording of a consent document: a new version, the earlier ones stay (152-FZ art. 9)."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.consent.tables import Purpose
from diary.consent.texts import built_in, publish
from diary.kit import clock, database

EARLIEST, LATEST = date(2020, 1, 1), date(2100, 1, 1)


class TextFields(Fields):
    """Which document, and its new wording."""

    school: str = typed("Школа (пусто — ваша)", needed=False)
    purpose: Purpose = choice("О чём документ", Purpose, default=Purpose.PERSONAL_DATA)
    version: str = typed("Редакция, например 2027-01")
    title: str = typed("Заголовок документа")
    body: str = typed("Текст (пусто — показать нынешний образец)", needed=False, widget="textarea")
    starts_on: date | None = Field(default=None, title="Действует с (пусто — сразу)", ge=EARLIEST, le=LATEST)


async def write_down(desk: Desk, fields: TextFields) -> str:
    """Publish the wording; without one show the sample that comes with the diary, to be changed."""
    async with staff_transaction(desk.member):
        school, zone = await _school(fields.school)
    if not fields.body:
        return f"Образец, его можно скопировать и изменить:\n{built_in(fields.purpose)}"
    starts = datetime.combine(fields.starts_on, time(), zone) if fields.starts_on else None
    if starts is not None and fields.starts_on == clock.now().astimezone(zone).date():
        starts = None
    text = await publish(
        desk.member.viewer,
        school_id=school,
        purpose=fields.purpose,
        version=fields.version,
        title=fields.title,
        body=fields.body,
        published_at=starts,
    )
    since = f"с {fields.starts_on:%d.%m.%Y}" if starts and fields.starts_on else "с этой минуты"
    return f"Редакция {text.version} документа «{CHOICES[Purpose][fields.purpose]}» действует {since}."


async def _school(name: str) -> tuple[UUID, ZoneInfo]:
    rows = await database.fetch("SELECT id, name, time_zone FROM school ORDER BY name")
    fitting = [row for row in rows if name.casefold() in row["name"].casefold()] if name else rows
    if len(fitting) != 1:
        raise ValueError(f"Школа: укажите одну из ваших: {'; '.join(row['name'] for row in rows[:5])}.")
    return fitting[0]["id"], ZoneInfo(fitting[0]["time_zone"])


FORM = StaffForm(
    slug="publish-consent-text",
    name="Новый текст согласия",
    description="Своя редакция документа вместо образца. Подписанные раньше остаются, как были.",
    group="Согласия",
    fields=TextFields,
    handler=write_down,
)
