"""A sheet that was printed or handed over: a clerk says it, and what was owed on paper is met (R9, D6)."""

from __future__ import annotations

from enum import StrEnum

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.forms.sheet import sheet_of
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.delivery.tables import PaperReceiver
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
    received_by: PaperReceiver = choice("Кто получил", PaperReceiver, default=PaperReceiver.GUARDIAN)
    guardian: str = typed("Какой представитель (если лист просил не он)", suggest="people", needed=False)
    to: str = typed("Кому выдано и как подтверждено (для «Выдано»)", needed=False)


async def record_step(desk: Desk, fields: SheetFields) -> str:
    """Record the clerk's word about the sheet."""
    async with staff_transaction(desk.member):
        sheet = await sheet_of(fields.sheet)
        guardian = await people.guardian(fields.guardian) if fields.guardian else None
    if fields.step is Step.PRINTED:
        await mark_printed(desk.member.viewer, job_id=sheet.id)
        return f"Записано, что напечатано: {sheet}."
    if not fields.to:
        raise ValueError("Укажите, кому выдан лист и как это подтверждено.")
    recorded = await hand_over(
        desk.member.viewer,
        job_id=sheet.id,
        to=fields.to,
        received_by=fields.received_by,
        guardian_id=guardian.id if guardian else None,
    )
    said = f"Выдача записана: {sheet}. Исполнено обязанностей: {recorded.duties_met}."
    if recorded.still_waiting:
        said += f" Ждут своего получения: {len(recorded.still_waiting)}."
    return said


FORM = StaffForm(
    slug="hand-over-sheet",
    name="Выдано",
    description="Отметьте, что лист напечатан или выдан. Расписался представитель — исполнено перед ним; получил "
    "обучающийся — перед ним и перед теми, кто договорился получать через него.",
    group="Письма и печать",
    fields=SheetFields,
    handler=record_step,
)
