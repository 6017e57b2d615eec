"""Registering a withdrawal that came to the office (R2.3)."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from admin.forms import received
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from diary.consent.tables import Decision, Purpose


class WithdrawalFields(Fields):
    """What the clerk copies from the withdrawal."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Законный представитель (или «сам», если решение самого обучающегося)", suggest="guardians")
    purpose: Purpose = choice("Какое согласие отзывается", Purpose, default=Purpose.PERSONAL_DATA)
    document: str = typed("Документ: номер, дата, место хранения", needed=False)
    scan: str = typed("Скан (PDF, JPEG или PNG)", needed=False, widget="scan")
    received_on: date | None = Field(default=None, title="Дата получения (пусто — сегодня)")


async def withdraw(desk: Desk, fields: WithdrawalFields) -> str:
    """Append the withdrawal to the ledger; the family's access ends with it."""
    _registered, whose = await received.register(desk, decision=Decision.WITHDRAWN, **dict(fields))
    purpose = CHOICES[Purpose][fields.purpose]
    return f"Отзыв зарегистрирован: {purpose.lower()}. {whose}. Доступ закрыт с этой минуты, дальше — на бумаге."


FORM = StaffForm(
    slug="withdraw-consent",
    name="Отозвать согласие",
    description="По бумаге с собственноручной подписью. Доступ к дневнику закрывается сразу.",
    group="Согласия",
    fields=WithdrawalFields,
    handler=withdraw,
)
