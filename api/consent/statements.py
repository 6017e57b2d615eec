"""What has become of signed documents, and the agreements under which codes sign (R2.1, R2.2, 63-FZ art. 9)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.consent import types as _enumerations  # noqa: F401 - publishes the enumerations used here
from api.context import Info
from api.enums import describe
from api.identifiers import identifier, optional_identifier
from api.limits import SIZE
from diary.consent import signing_agreements
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureVerdict
from diary.delivery import statement_list
from diary.delivery.statements import reject_statement
from diary.delivery.tables import StatementState

describe(
    StatementState,
    "Where a document stands (R2.2).",
    DRAFT="It waits for the school's office.",
    REGISTERED="It has become a decision in the ledger.",
    REJECTED="It came to nothing, for the reason beside it.",
)

WhoseAgreement = Annotated[
    strawberry.ID | None, strawberry.argument(description="Whose: a guardian's; left out, the pupil's.")
]
PupilsAgreement = Annotated[
    strawberry.ID | None, strawberry.argument(description="Whose: a pupil's own; not needed for a guardian's.")
]


@strawberry.type(description="A document about a decision, as it came in (R2.2).")
class Statement:
    """A document."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier; rejectStatement takes it.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Whose; null for the pupil's own.")
    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    purpose: Purpose = strawberry.field(description="What is decided about.")
    decision: Decision = strawberry.field(description="What is decided.")
    form: DocumentForm = strawberry.field(description="In which form it came.")
    state: StatementState = strawberry.field(description="Where it stands.")
    verdict: SignatureVerdict | None = strawberry.field(
        description="What checking its electronic signature has shown; null without one."
    )
    closing_reason: str = strawberry.field(description="Why it was rejected, in Russian; empty otherwise.")
    received_at: dt.datetime = strawberry.field(description="When the school received it.")
    decision_id: strawberry.ID | None = strawberry.field(
        description="The decision in the ledger that it has become; null unless registered."
    )


@strawberry.type(description="An agreement with the school that codes count as the person's signature (63-FZ art. 9).")
class SigningAgreement:
    """An agreement."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    document_reference: str = strawberry.field(description="The paper: number, date, place where it is kept.")
    signed_on: dt.date = strawberry.field(description="Since when.")
    ended_at: dt.datetime | None = strawberry.field(description="When it ended; null while it is in force.")


@strawberry.input(description="An agreement on simple signatures that the office has on paper.")
class AgreeToCodesInput:
    """What agreeToCodes needs."""

    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose: a guardian's; left out, the pupil's."
    )
    pupil_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose: a pupil's own; not needed for a guardian's."
    )
    document_reference: str = strawberry.field(description="The paper: number, date, place where it is kept.")
    signed_on: dt.date | None = strawberry.field(default=None, description="When it was signed; left out, today.")


@strawberry.type
class StatementQueries:
    """Queries of documents and of agreements on simple signatures."""

    @strawberry.field(
        description="The documents that a guardian, or without one the pupil, has handed in about a pupil, the newest "
        "first, 100 at most: which wait, and which were rejected and why (R2.2). For the person and the school's "
        "office; it needs no consent.",
        graphql_type=list[Statement],
        metadata={SIZE: 10},
    )
    async def statements(
        self,
        info: Info,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="About whose data.")],
        guardian_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose documents; left out, the pupil's own.")
        ] = None,
    ) -> list[statement_list.StatementLine]:
        """Return the documents."""
        return await statement_list.statements(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=identifier(pupil_id),
        )

    @strawberry.field(
        description="The agreement under which a person's codes are a signature; null while there is none "
        "(63-FZ art. 9). For the person and the school's office.",
        graphql_type=SigningAgreement | None,
    )
    async def signing_agreement(
        self, info: Info, guardian_id: WhoseAgreement = None, pupil_id: PupilsAgreement = None
    ) -> signing_agreements.SigningAgreement | None:
        """Return the agreement."""
        return await signing_agreements.of_person(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=optional_identifier(pupil_id),
        )


@strawberry.type
class StatementMutations:
    """Mutations of documents and of agreements on simple signatures."""

    @strawberry.mutation(
        description="Close a document that cannot be registered, for a reason that its signer reads in the mailbox. "
        "The school's office only.",
    )
    async def reject_statement(
        self,
        info: Info,
        statement_id: Annotated[strawberry.ID, strawberry.argument(description="Which document.")],
        reason: Annotated[str, strawberry.argument(description="Why; one line.")],
    ) -> bool:
        """Reject it."""
        await reject_statement(await info.context.viewer(), identifier(statement_id), reason=reason)
        return True

    @strawberry.mutation(
        description="Write down, by its paper, that a person has agreed with the school to sign by codes "
        "(63-FZ art. 6 and 9). The school's office only.",
        graphql_type=SigningAgreement,
    )
    async def agree_to_codes(
        self,
        info: Info,
        given: Annotated[AgreeToCodesInput, strawberry.argument(name="input", description="The agreement.")],
    ) -> signing_agreements.SigningAgreement:
        """Write it down."""
        return await signing_agreements.agree_to_codes(
            await info.context.viewer(),
            guardian_id=optional_identifier(given.guardian_id),
            pupil_id=optional_identifier(given.pupil_id),
            document_reference=given.document_reference,
            signed_on=given.signed_on,
        )

    @strawberry.mutation(
        description="End a person's agreement on codes now; what was signed before stays. The school's office only.",
        graphql_type=SigningAgreement,
    )
    async def end_signing_agreement(
        self, info: Info, guardian_id: WhoseAgreement = None, pupil_id: PupilsAgreement = None
    ) -> signing_agreements.SigningAgreement:
        """End it."""
        return await signing_agreements.end_agreement(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=optional_identifier(pupil_id),
        )
