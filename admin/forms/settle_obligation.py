"""A duty that was met in person, or whose basis is gone: a clerk says it with a reason (D6)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from diary.delivery.obligation_office import cancel_with_reason, meet_in_person


class Act(StrEnum):
    """What is said about the duty."""

    MET = "MET"
    CANCEL = "CANCEL"


CHOICES[Act] = {"MET": "Исполнена лично", "CANCEL": "Отменить"}


class SettleFields(Fields):
    """Which duty, what became of it and why."""

    obligation: str = typed("Номер записи из таблицы «Обязанности»")
    act: Act = choice("Что с обязанностью", Act, default=Act.MET)
    reason: str = typed("Кому и как выдано, или причина отмены")


async def settle(desk: Desk, fields: SettleFields) -> str:
    """Record the clerk's word about the duty."""
    try:
        obligation_id = UUID(fields.obligation)
    except ValueError:
        raise ValueError("Номер записи: скопируйте его из таблицы «Обязанности».") from None
    if fields.act is Act.MET:
        await meet_in_person(desk.member.viewer, obligation_id, note=fields.reason)
        return "Записано, что обязанность исполнена лично."
    await cancel_with_reason(desk.member.viewer, obligation_id, reason=fields.reason)
    return "Обязанность отменена, причина записана."


FORM = StaffForm(
    slug="settle-obligation",
    name="Исполнить или отменить обязанность",
    description="Отметьте, что семью проинформировали лично, или отмените обязанность, у которой больше нет основания.",
    group="Обязанности",
    fields=SettleFields,
    handler=settle,
)
