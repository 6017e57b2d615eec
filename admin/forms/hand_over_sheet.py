"""A sheet that was printed or handed over: a clerk says it, and what was owed on paper is met (R9, D6)."""

from __future__ import annotations

from enum import StrEnum

from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.forms.sheet import sheet_of
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.paper.hand_over import hand_over, mark_printed


class Step(StrEnum):
    """How far the sheet has come."""

    HANDED_OVER = "HANDED_OVER"
    PRINTED = "PRINTED"


CHOICES[Step] = {"HANDED_OVER": "Выдано", "PRINTED": "Напечатано"}


class SheetFields(Fields):
    """Which sheet, what became of it and who received it."""

    sheet: str = typed("Лист: обучающийся или класс, через запятую — неделя или время", suggest="sheets")
    step: Step = choice("Что с листом", Step, default=Step.HANDED_OVER)
    to: str = typed("Кому выдано и как подтверждено (для «Выдано»)", needed=False)


async def record_step(desk: Desk, fields: SheetFields) -> str:
    """Record the clerk's word about the sheet."""
    async with staff_transaction(desk.member):
        sheet = await sheet_of(fields.sheet)
    if fields.step is Step.PRINTED:
        await mark_printed(desk.member.viewer, job_id=sheet.id)
        return f"Записано, что напечатано: {sheet}."
    if not fields.to:
        raise ValueError("Укажите, кому выдан лист и как это подтверждено.")
    recorded = await hand_over(desk.member.viewer, job_id=sheet.id, to=fields.to)
    return f"Выдача записана: {sheet}. Исполнено обязанностей: {recorded.duties_met}."


FORM = StaffForm(
    slug="hand-over-sheet",
    name="Выдано",
    description="Отметьте, что лист напечатан или выдан: выдача исполняет обязанности по бумажному дневнику.",
    group="Письма и печать",
    fields=SheetFields,
    handler=record_step,
)
