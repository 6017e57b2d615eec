"""Confirming that paper was handed over (R9)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import identifier
from api.paper import types
from diary.paper import hand_over


@strawberry.type
class PaperMutations:
    """Mutations of sheets on paper."""

    @strawberry.mutation(
        description="Confirm that a sheet was handed over; it meets the duties of that week on paper, with evidence "
        "(R9, D6). The school's office and the class teacher only; another school's sheet is answered NOT_FOUND."
    )
    async def confirm_hand_over(
        self,
        info: Info,
        *,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="Which sheet.")],
        to: Annotated[
            str, strawberry.argument(description="To whom and how that is confirmed, 255 characters at most.")
        ],
    ) -> types.HandOver:
        """Record the hand-over."""
        recorded = await hand_over.hand_over(await info.context.viewer(), job_id=identifier(job_id), to=to)
        return types.hand_over_of(recorded)
