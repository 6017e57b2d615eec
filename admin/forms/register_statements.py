"""A pile of drafts: how many they are and which would be refused, then all of them at once or none (D10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, typed
from admin.problems import sentence
from admin.scope import staff_transaction
from diary.delivery.statement_pile import (
    MOST_AT_ONCE,
    Draft,
    PileRefused,
    Unfit,
    check_pile,
    drafts,
    register_pile,
)

#: So many drafts that would be refused are named; the others are counted.
MOST_NAMED = 20


class StatementFields(Fields):
    """Which drafts, and the count that the clerk has seen."""

    school_class: str = typed("Класс (пусто — вся школа)", suggest="classes", needed=False)
    received_from: date | None = Field(default=None, title="Получены с (пусто — любые)")
    received_to: date | None = Field(default=None, title="Получены по (пусто — любые)")
    count: int = Field(
        default=0,
        ge=0,
        le=MOST_AT_ONCE,
        title="Сколько заявлений зарегистрировать (0 — только проверить)",
    )


async def register(desk: Desk, fields: StatementFields) -> str:
    """Check the pile, or register it when its size is the one that the clerk has seen."""
    class_id = None
    if fields.school_class:
        async with staff_transaction(desk.member):
            class_id = (await people.school_class(fields.school_class)).id
    viewer = desk.member.viewer
    pile = await drafts(viewer, class_id=class_id, received_from=fields.received_from, received_to=fields.received_to)
    if not pile:
        return "Черновиков по этому отбору нет."
    if len(pile) > MOST_AT_ONCE:
        raise ValueError(f"Черновиков больше {MOST_AT_ONCE}: выберите класс или дни.")
    if fields.count not in {0, len(pile)}:
        raise ValueError(f"Черновиков по этому отбору теперь {len(pile)}, а не {fields.count}. Проверьте список.")
    if fields.count == 0:
        return _checked(pile, await check_pile(viewer, [draft.id for draft in pile]))
    try:
        done = await register_pile(viewer, [draft.id for draft in pile])
    except PileRefused as refusal:
        raise ValueError("\n".join((str(refusal), *_named(pile, refusal.unfit)))) from None
    return f"Зарегистрировано: {done}. Решения действуют с этой минуты."


def _checked(pile: Sequence[Draft], unfit: Sequence[Unfit]) -> str:
    if not unfit:
        return f"Черновиков: {len(pile)}, пройдут все. Чтобы зарегистрировать их, укажите число {len(pile)}."
    told = f"Черновиков: {len(pile)}, не пройдут: {len(unfit)}. Исправьте их, иначе не зарегистрируется ни один."
    return "\n".join((told, *_named(pile, unfit)))


def _named(pile: Sequence[Draft], unfit: Sequence[Unfit]) -> list[str]:
    by_id = {draft.id: draft for draft in pile}
    lines = [
        f"{_whose(by_id[one.statement_id])}: {sentence(one.refusal)} ({one.refusal.code})" for one in unfit[:MOST_NAMED]
    ]
    return [*lines, f"И ещё {len(unfit) - MOST_NAMED}."] if len(unfit) > MOST_NAMED else lines


def _whose(draft: Draft) -> str:
    child = f"{draft.pupil}, {draft.school_class}" if draft.school_class else draft.pupil
    return f"{draft.guardian or 'сам обучающийся'} — {child}"


FORM = StaffForm(
    slug="register-statements",
    name="Зарегистрировать заявления",
    description="Сразу все черновики класса или школы: сначала проверка, потом все вместе или ни одного.",
    group="Согласия",
    fields=StatementFields,
    handler=register,
)
