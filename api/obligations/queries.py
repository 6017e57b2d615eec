"""The list of duties (D6)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import instant, optional_identifier
from api.obligations import types
from diary.delivery import obligation_pages
from diary.delivery.tables import ObligationKind, ObligationState


@strawberry.type
class ObligationQueries:
    """Queries of duties."""

    @strawberry.field(
        description="What families are owed, by when, and how it was met (D6), in the order of the deadlines. "
        "The office reads its school's duties, guardians and pupils those towards themselves."
    )
    async def obligations(
        self,
        info: Info,
        *,
        school_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Which school, for an office of several.")
        ] = None,
        pupil_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="About whom; a pupil and a guardian of several name it."),
        ] = None,
        state: Annotated[ObligationState | None, strawberry.argument(description="In which state.")] = None,
        kind: Annotated[ObligationKind | None, strawberry.argument(description="Of which kind.")] = None,
        due_after: Annotated[
            dt.datetime | None, strawberry.argument(description="Due at this instant or later.")
        ] = None,
        due_before: Annotated[dt.datetime | None, strawberry.argument(description="Due before this instant.")] = None,
        first: Annotated[int, strawberry.argument(description="How many, 100 at most.")] = 50,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on after.")] = None,
    ) -> types.ObligationConnection:
        """Return a page."""
        page = await obligation_pages.page(
            await info.context.viewer(),
            wanted=obligation_pages.Filter(
                pupil_id=optional_identifier(pupil_id),
                state=state,
                kind=kind,
                due_after=instant(due_after, field="dueAfter"),
                due_before=instant(due_before, field="dueBefore"),
            ),
            first=first,
            after=after,
            school_id=optional_identifier(school_id),
        )
        return types.connection_of(page, after=after)
