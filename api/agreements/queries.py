"""Reading delivery agreements (R1)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.agreements import types
from api.context import Info
from api.identifiers import identifier
from api.limits import SIZE
from diary.delivery import agreements


@strawberry.type
class AgreementQueries:
    """Queries of agreements."""

    @strawberry.field(
        description="The agreements about a pupil, newest first; the first of each guardian is in force (R1.1). "
        "The office sees its school's, a guardian the own ones; anybody else's pupil is NOT_FOUND.",
        graphql_type=list[types.DeliveryAgreement],
        metadata={SIZE: 5},
    )
    async def delivery_agreements(
        self, info: Info, pupil_id: Annotated[strawberry.ID, strawberry.argument(description="About whom.")]
    ) -> list[agreements.Agreement]:
        """Return the agreements."""
        return await agreements.history(await info.context.viewer(), identifier(pupil_id))
