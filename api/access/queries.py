"""The viewer, and a pupil as a page is headed with."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.access import types
from api.context import Info
from api.identifiers import identifier
from diary.access import people, viewer
from diary.delivery import pupils


@strawberry.type
class AccessQueries:
    """Queries of access."""

    @strawberry.field(description="Who is signed in.", graphql_type=types.Viewer)
    async def viewer(self, info: Info) -> viewer.Viewer:
        """Return the viewer."""
        return await info.context.viewer()

    @strawberry.field(
        description="A pupil as a page is headed with, under the same rule as the diary week (R1.3, R3.2): "
        "an unknown pupil and somebody else's child are answered alike.",
        graphql_type=types.Pupil,
    )
    async def pupil(
        self, info: Info, pupil_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Which pupil.")]
    ) -> people.PupilOf:
        """Return the pupil to whoever may see it."""
        account_id = await info.context.account_id()
        return await pupils.pupil_heading(account_id, identifier(pupil_id), sheets_of=info.context.sheets_of)
