"""A duty that was met in person, or whose basis is gone: a clerk says it with a reason (D6)."""

from __future__ import annotations

from enum import StrEnum

from admin.forms import typed as people
from admin.forms.duty import duty_of
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.delivery.obligation_office import cancel_with_reason, meet_in_person


class Act(StrEnum):
    """What is said about the duty."""

    MET = "MET"
    CANCEL = "CANCEL"


CHOICES[Act] = {"MET": "Исполнена лично", "CANCEL": "Отменить"}


class SettleFields(Fields):
    """Which duty, what became of it and why."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    obligation: str = typed("Какая обязанность: что, кому, срок", suggest="duties")
    act: Act = choice("Что с обязанностью", Act, default=Act.MET)
    reason: str = typed("Кому и как выдано, или причина отмены")


async def settle(desk: Desk, fields: SettleFields) -> str:
    """Record the clerk's word about the duty."""
    async with staff_transaction(desk.member):
        duty = await duty_of(await people.pupil(fields.pupil), fields.obligation)
    if fields.act is Act.MET:
        await meet_in_person(desk.member.viewer, duty.id, note=fields.reason)
        return f"Записано, что обязанность исполнена лично: {duty}."
    await cancel_with_reason(desk.member.viewer, duty.id, reason=fields.reason)
    return f"Обязанность отменена, причина записана: {duty}."


FORM = StaffForm(
    slug="settle-obligation",
    name="Исполнить или отменить обязанность",
    description="Отметьте, что семью проинформировали лично, или отмените обязанность, у которой больше нет основания.",
    group="Обязанности",
    fields=SettleFields,
    handler=settle,
)
