"""Registering a decision at once, without a draft (R2.1, R2.2)."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from admin.forms import received
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from diary.consent.tables import Decision, Purpose


class DecisionFields(Fields):
    """What the clerk copies from the document."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Законный представитель (или «сам», если решение самого обучающегося)", suggest="guardians")
    purpose: Purpose = choice("О чём решение", Purpose, default=Purpose.PERSONAL_DATA)
    decision: Decision = choice("Решение", Decision, default=Decision.GIVEN)
    document: str = typed("Документ: номер, дата, место хранения", needed=False)
    scan: str = typed("Скан (PDF, JPEG или PNG)", needed=False, widget="scan")
    text_version: str = typed("Редакция бланка (внизу листа; пусто — бланк не из дневника)", needed=False)
    received_on: date | None = Field(default=None, title="Дата получения (пусто — сегодня)")
    valid_until: date | None = Field(default=None, title="Действует по (пусто — до отзыва)")


async def register(desk: Desk, fields: DecisionFields) -> str:
    """Append the decision to the ledger and say what has come of it."""
    registered, whose = await received.register(desk, **dict(fields))
    decision = CHOICES[Decision][registered.decision]
    purpose = CHOICES[Purpose][registered.purpose]
    return f"Зарегистрировано: {decision.lower()}, {purpose.lower()}. {whose}. Действует с этой минуты."


FORM = StaffForm(
    slug="register-decision",
    name="Зарегистрировать решение",
    description="Согласие, отказ или отзыв по бумаге с собственноручной подписью. Действует сразу.",
    group="Согласия",
    fields=DecisionFields,
    handler=register,
)
