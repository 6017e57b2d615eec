"""Recording and correcting marks (R3.2, R4.2)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import identifier
from api.journal import types
from diary.journal import marks
from diary.journal.tables import WorkType


@strawberry.input(description="A mark to give.")
class RecordMarkInput:
    """What recordMark needs."""

    lesson_id: strawberry.ID = strawberry.field(description="The lesson; it must be the teacher's own.")
    pupil_id: strawberry.ID = strawberry.field(description="The pupil; a member of the lesson's group on that day.")
    value: str = strawberry.field(description="1 to 5, or a word: зачёт, незачёт, освоил, не освоил, н/а.")
    weight: int = strawberry.field(default=1, description="How much it counts, from 1 to 10.")
    work_type: WorkType = strawberry.field(default=WorkType.ANSWER, description="What it is given for.")
    comment: str = strawberry.field(default="", description="A comment for the family, up to 500 characters.")


@strawberry.input(description="A mark to correct.")
class CorrectMarkInput:
    """What correctMark needs."""

    mark_id: strawberry.ID = strawberry.field(description="The mark; of the teacher's own lesson.")
    value: str = strawberry.field(description="The new value.")
    reason: str = strawberry.field(description="Why, up to 500 characters; the family sees it in the history (R4.2).")
    weight: int | None = strawberry.field(default=None, description="The new weight; left out, it stays.")
    comment: str | None = strawberry.field(default=None, description="The new comment; left out, it stays.")
    expected_value: str | None = strawberry.field(
        default=None, description="The value the teacher saw: if it has changed meanwhile, nothing is overwritten."
    )


@strawberry.type
class JournalMutations:
    """Mutations of the journal."""

    @strawberry.mutation(
        description="Give a pupil a mark in an own lesson (R3.2). Teachers only.", graphql_type=types.Mark
    )
    async def record_mark(
        self,
        info: Info,
        given: Annotated[RecordMarkInput, strawberry.argument(name="input", description="The mark.")],
    ) -> marks.MarkRecord:
        """Record the mark."""
        return await marks.record_mark(
            await info.context.viewer(),
            lesson_id=identifier(given.lesson_id),
            pupil_id=identifier(given.pupil_id),
            value=given.value,
            weight=given.weight,
            work_type=given.work_type,
            comment=given.comment,
        )

    @strawberry.mutation(
        description="Correct a mark of an own lesson; what it was is kept with author, time and reason (R4.2).",
        graphql_type=types.Mark,
    )
    async def correct_mark(
        self,
        info: Info,
        given: Annotated[CorrectMarkInput, strawberry.argument(name="input", description="The correction.")],
    ) -> marks.MarkRecord:
        """Correct the mark."""
        return await marks.correct_mark(
            await info.context.viewer(),
            mark_id=identifier(given.mark_id),
            value=given.value,
            reason=given.reason,
            weight=given.weight,
            comment=given.comment,
            expected_value=given.expected_value,
        )
