"""The diary week (R3)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import identifier
from api.journal import types
from diary.journal import week


@strawberry.type
class JournalQueries:
    """Queries of the journal."""

    @strawberry.field(
        description="One pupil's week with lessons, changes, homework, marks and attendance (R3.2-R3.8). "
        "An unknown pupil and somebody else's child are answered alike: NOT_FOUND.",
        graphql_type=types.DiaryWeek,
    )
    async def diary_week(
        self,
        info: Info,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="Whose week.")],
        week_of: Annotated[dt.date, strawberry.argument(description="Any day of the week wanted.")],
    ) -> week.DiaryWeek:
        """Return the week to whoever may see it."""
        account_id = await info.context.account_id()
        return await week.diary_week(account_id, identifier(pupil_id), week_of, sheets_of=info.context.sheets_of)
