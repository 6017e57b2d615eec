"""Registering a decision by the office and withdrawing one's own (R2.1, R2.3)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.consent import types
from api.context import Info
from api.identifiers import identifier, instant, optional_identifier
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind
from diary.delivery import consents


@strawberry.input(description="A decision that the office has received.")
class RegisterConsentInput:
    """What registerConsent needs."""

    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who decided; left out, it is the pupil's own decision."
    )
    purpose: Purpose = strawberry.field(default=Purpose.PERSONAL_DATA, description="What is decided about.")
    decision: Decision = strawberry.field(default=Decision.GIVEN, description="What was decided.")
    form: DocumentForm = strawberry.field(default=DocumentForm.PAPER, description="In which form it came.")
    signature_kind: SignatureKind | None = strawberry.field(
        default=SignatureKind.HANDWRITTEN, description="How the document is signed."
    )
    document_reference: str = strawberry.field(
        default="", description="The document: number, date, place where it is kept; needed for paper (R2.2)."
    )
    signature_id: strawberry.ID | None = strawberry.field(
        default=None, description="The valid signature that a decision in electronic form rests on (63-FZ)."
    )
    text_version: str = strawberry.field(
        default="", description="Which published version of the text was signed; left out, another form was used."
    )
    received_at: dt.datetime | None = strawberry.field(
        default=None, description="When the school received it, with a time zone; left out, now."
    )
    valid_until: dt.datetime | None = strawberry.field(
        default=None, description="Until when it holds, with a time zone; left out, until it is withdrawn."
    )


@strawberry.input(description="One's own consent to withdraw.")
class WithdrawConsentInput:
    """What withdrawConsent needs."""

    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="As which guardian, for an account that is several; left out, it is found."
    )
    purpose: Purpose = strawberry.field(default=Purpose.PERSONAL_DATA, description="What the consent was about.")


@strawberry.type
class ConsentMutations:
    """Mutations of consent."""

    @strawberry.mutation(
        description="Register a decision about a pupil's data; it takes effect at once (R1.3, R2.1). "
        "The school's office only; a pair it does not know is answered NOT_FOUND.",
        graphql_type=types.ConsentDecision,
    )
    async def register_consent(
        self,
        info: Info,
        given: Annotated[RegisterConsentInput, strawberry.argument(name="input", description="The decision.")],
    ) -> consents.RegisteredDecision:
        """Register the decision."""
        return await consents.register_consent(
            await info.context.viewer(),
            guardian_id=optional_identifier(given.guardian_id),
            pupil_id=identifier(given.pupil_id),
            purpose=given.purpose,
            decision=given.decision,
            form=given.form,
            signature_kind=given.signature_kind,
            document_reference=given.document_reference,
            signature_id=optional_identifier(given.signature_id),
            text_version=given.text_version,
            received_at=instant(given.received_at, field="receivedAt"),
            valid_until=instant(given.valid_until, field="validUntil"),
        )

    @strawberry.mutation(
        description="Withdraw one's own consent about a pupil; access and open subscriptions end at once, "
        "the session and other children's diaries stay (R2.3).",
        graphql_type=types.ConsentDecision,
    )
    async def withdraw_consent(
        self,
        info: Info,
        given: Annotated[WithdrawConsentInput, strawberry.argument(name="input", description="The consent.")],
    ) -> consents.RegisteredDecision:
        """Withdraw the consent."""
        return await consents.withdraw_consent(
            await info.context.viewer(),
            pupil_id=identifier(given.pupil_id),
            guardian_id=optional_identifier(given.guardian_id),
            purpose=given.purpose,
        )
