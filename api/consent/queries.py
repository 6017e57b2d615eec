"""Reading the consent ledger: its lines, and what stood in it at any instant (R2.4)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.consent import entries, types
from api.context import Info
from api.identifiers import identifier, instant, optional_identifier
from diary.consent.tables import Decision, Purpose
from diary.delivery import consent_documents, consent_pages, past_access
from diary.kit import clock


@strawberry.type
class ConsentQueries:
    """Queries of consent."""

    @strawberry.field(
        description="The decisions of the ledger, the newest first, each with the text, the signature and its check "
        "(R2.1, R2.4). The school's office reads its school's, guardians and pupils their own, also without a consent."
    )
    async def consents(
        self,
        info: Info,
        *,
        pupil_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="About whose data; left out, about anybody's.")
        ] = None,
        guardian_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose decisions; left out, anybody's.")
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many, 100 at most.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on after.")] = None,
    ) -> entries.ConsentConnection:
        """Return a page."""
        page = await consent_pages.page(
            await info.context.viewer(),
            pupil_id=optional_identifier(pupil_id),
            guardian_id=optional_identifier(guardian_id),
            first=first,
            after=after,
        )
        return entries.connection_of(page, after=after)

    @strawberry.field(
        description="Whether a guardian, or the pupil, could lawfully read the diary at an instant, by what was "
        "registered then, with the rows that say so (R2.4). For the school's office, and for a person about themself.",
        graphql_type=types.AccessState,
    )
    async def access_state(
        self,
        info: Info,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="About whose diary.")],
        guardian_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Which guardian; left out, the pupil.")
        ] = None,
        at: Annotated[
            dt.datetime | None, strawberry.argument(description="When, with a time zone; left out, now.")
        ] = None,
    ) -> past_access.PastAccess:
        """Return the state."""
        return await past_access.access_state(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=identifier(pupil_id),
            at=instant(at, field="at") or clock.now(),
        )

    @strawberry.field(
        description="The document about a pupil for a guardian, or for the pupil, as it is to be signed "
        "(152-FZ art. 9, R2.1). For the person and the school's office; it needs no consent.",
        graphql_type=types.ConsentDocument,
    )
    async def consent_document(  # noqa: PLR0917 - the arguments of a GraphQL field are named
        self,
        info: Info,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="About whose data.")],
        guardian_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Who signs; left out, the pupil.")
        ] = None,
        purpose: Annotated[Purpose, strawberry.argument(description="What is decided about.")] = Purpose.PERSONAL_DATA,
        decision: Annotated[
            Decision, strawberry.argument(description="What is decided: a refusal and a withdrawal say so.")
        ] = Decision.GIVEN,
        particulars: Annotated[
            types.ParticularsInput | None, strawberry.argument(description="What the signer puts into it.")
        ] = None,
    ) -> consent_documents.ConsentDocument:
        """Return the document."""
        return await consent_documents.consent_document(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=identifier(pupil_id),
            purpose=purpose,
            decision=decision,
            particulars=types.told(particulars),
        )
