"""The sheets of a whole class: printed, then handed over, each with one act (R9, D6)."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.forms.hand_over_sheet import Step
from admin.scope import staff_transaction
from diary.journal.week import EARLIEST, LATEST
from diary.paper.class_sheets import hand_over_class, mark_class_printed


class ClassFields(Fields):
    """Which class, which week, and what became of its sheets."""

    school_class: str = typed("Класс", suggest="classes")
    week_of: date = Field(title="Любой день недели, за которую листы", ge=EARLIEST, le=LATEST)
    step: Step = choice("Что с листами", Step, default=Step.HANDED_OVER)
    to: str = typed("Как выдано обучающимся (для «Выдано»), например: на классном часе, по списку", needed=False)


async def record_step(desk: Desk, fields: ClassFields) -> str:
    """Record the clerk's word about the pile."""
    async with staff_transaction(desk.member):
        whole = await people.school_class(fields.school_class)
    if fields.step is Step.PRINTED:
        printed = await mark_class_printed(desk.member.viewer, class_id=whole.id, week_of=fields.week_of)
        return f"{whole}: записано, что напечатано. Заданий: {printed}."
    if not fields.to:
        raise ValueError("Укажите, как выданы листы и чем это подтверждено.")
    given = await hand_over_class(desk.member.viewer, class_id=whole.id, week_of=fields.week_of, to=fields.to)
    said = f"{whole}: выдача записана. Заданий: {given.sheets}, исполнено обязанностей: {given.duties_met}."
    if given.duties_waiting:
        said += f" Ждут личного получения представителями: {given.duties_waiting} (отметьте формой «Выдано»)."
    return said


FORM = StaffForm(
    slug="class-sheets",
    name="Листы класса: напечатано, выдано",
    description="Отметьте сразу все листы класса за неделю. Выданы обучающимся — значит, получили они сами и те "
    "представители, кто так договорился; остальные расписываются лично. Что просил представитель, выдаётся отдельно.",
    group="Письма и печать",
    fields=ClassFields,
    handler=record_step,
)
