"""Registering many drafts in one go, after the panel has said how many they are."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from admin.forms.form import Desk, Fields, StaffForm
from admin.scope import staff_transaction
from diary.delivery.statements import register_statement
from diary.kit import database
from diary.kit.refusal import Refusal

MOST_AT_ONCE = 500
#: So many drafts that could not be registered are named; the others are counted.
MOST_NAMED = 10


class StatementFields(Fields):
    """Which drafts, and the count that the clerk has seen."""

    received_from: date | None = Field(default=None, title="Получены с (пусто — любые)")
    received_to: date | None = Field(default=None, title="Получены по (пусто — любые)")
    count: int = Field(
        default=0,
        ge=0,
        le=MOST_AT_ONCE,
        title="Сколько заявлений зарегистрировать (0 — только узнать, сколько их)",
    )


async def _drafts(fields: StatementFields) -> list[tuple[UUID, str]]:
    rows = await database.fetch(
        """
        SELECT s.id, concat_ws(' ', p.family_name, p.given_name) AS whose
        FROM statement s JOIN pupil p ON p.id = s.pupil JOIN school c ON c.id = s.school
        WHERE s.state = 'DRAFT'
            AND ($1::date IS NULL OR (s.received_at AT TIME ZONE c.time_zone)::date >= $1)
            AND ($2::date IS NULL OR (s.received_at AT TIME ZONE c.time_zone)::date <= $2)
        ORDER BY s.received_at, s.id LIMIT $3
        """,
        fields.received_from,
        fields.received_to,
        MOST_AT_ONCE,
    )
    return [(row["id"], row["whose"]) for row in rows]


async def register(desk: Desk, fields: StatementFields) -> str:
    """Register the drafts one by one, each in its own transaction, and name those that stayed drafts."""
    async with staff_transaction(desk.member):
        drafts = await _drafts(fields)
    if not drafts:
        return "Черновиков за эти дни нет."
    if fields.count == 0:
        return f"Черновиков за эти дни: {len(drafts)}. Чтобы зарегистрировать их, укажите это число."
    if fields.count != len(drafts):
        raise ValueError(f"Черновиков за эти дни теперь {len(drafts)}, а не {fields.count}. Проверьте список.")
    refused = []
    for statement_id, whose in drafts:
        try:
            await register_statement(desk.member.viewer, statement_id)
        except Refusal as refusal:
            refused.append(f"{whose}: {refusal}")
    said = f"Зарегистрировано: {len(drafts) - len(refused)}."
    if refused:
        said += f" Остались черновиками: {len(refused)}. " + " ".join(refused[:MOST_NAMED])
    return said


FORM = StaffForm(
    slug="register-statements",
    name="Зарегистрировать заявления",
    description="Сразу несколько черновиков. Зарегистрированное заявление изменить нельзя.",
    group="Согласия",
    fields=StatementFields,
    handler=register,
)
