"""Signing one's own decision with a code or with a signature file (63-FZ, R2.1)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated

import strawberry

from api.consent import types
from api.context import Info
from api.identifiers import identifier, optional_identifier
from diary.consent.tables import Decision, Purpose
from diary.delivery import codes, consents, signed_files, signing
from diary.kit.refusal import BadInput
from diary.kit.wording import _


@strawberry.input(description="A document to sign with a one-time code.")
class RequestSigningCodeInput:
    """What requestSigningCode needs."""

    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who decides; left out, the pupil about the own data."
    )
    purpose: Purpose = strawberry.field(default=Purpose.PERSONAL_DATA, description="What is decided about.")
    decision: Decision = strawberry.field(default=Decision.GIVEN, description="What is decided.")
    contact_id: strawberry.ID = strawberry.field(
        description="The own contact that gets the code; one that a code has confirmed."
    )
    document_sha256: str = strawberry.field(
        description="The hash of the document that was shown, from consentDocument: what was not read is not signed."
    )
    particulars: types.ParticularsInput | None = strawberry.field(
        default=None, description="What the signer has put into that document; a consent needs all of it."
    )


@strawberry.input(description="A code that came back.")
class SignConsentInput:
    """What signConsent needs."""

    request_id: strawberry.ID = strawberry.field(description="What requestSigningCode has answered.")
    code: str = strawberry.field(description="The code, six digits.")


@strawberry.input(description="A document signed with an enhanced or qualified signature.")
class SubmitSignedConsentInput:
    """What submitSignedConsent needs."""

    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who decides; left out, the pupil about the own data."
    )
    purpose: Purpose = strawberry.field(default=Purpose.PERSONAL_DATA, description="What is decided about.")
    decision: Decision = strawberry.field(default=Decision.GIVEN, description="What is decided.")
    document: str = strawberry.field(
        description="The bytes of consentDocument's document in UTF-8, in base64; at most 32 KB."
    )
    particulars: types.ParticularsInput | None = strawberry.field(
        default=None,
        description="What consentDocument has put into that document. A document that was filled in otherwise waits "
        "for the office, which reads it; nothing but its empty places may differ.",
    )
    signature: str = strawberry.field(
        description="The detached signature file (CMS, PKCS#7; DER or PEM), in base64; at most 32 KB."
    )


@strawberry.type
class SigningMutations:
    """Mutations of signing."""

    @strawberry.mutation(
        description="Send a code to an own contact, bound to the very document that was shown (63-FZ art. 9). It needs "
        "no consent, but an agreement with the school on simple signatures, a password of one's own and a contact that "
        "a code has come back from; ten minutes, five tries.",
        graphql_type=types.SigningRequest,
    )
    async def request_signing_code(
        self,
        info: Info,
        given: Annotated[RequestSigningCodeInput, strawberry.argument(name="input", description="The document.")],
    ) -> codes.CodeSent:
        """Send the code."""
        return await signing.request_signing_code(
            await info.context.viewer(),
            guardian_id=optional_identifier(given.guardian_id),
            pupil_id=identifier(given.pupil_id),
            purpose=given.purpose,
            decision=given.decision,
            contact_id=identifier(given.contact_id),
            document_sha256=given.document_sha256,
            particulars=types.told(given.particulars),
            address=info.context.address,
        )

    @strawberry.mutation(
        description="Sign by the code; the decision stands in the ledger and is in force at once (R2.1, R2.3).",
        graphql_type=types.ConsentDecision,
    )
    async def sign_consent(
        self,
        info: Info,
        given: Annotated[SignConsentInput, strawberry.argument(name="input", description="The code.")],
    ) -> consents.RegisteredDecision:
        """Sign and register."""
        return await signing.sign_with_code(
            await info.context.viewer(),
            request_id=identifier(given.request_id),
            code=given.code,
            address=info.context.address,
        )

    @strawberry.mutation(
        description="Hand in a signed document. A signature that was checked and is valid registers the decision at "
        "once; any other is kept with its verdict and waits for the office as a draft. The same file once more returns "
        "what rests on it already; one from before a later decision is refused (DOCUMENT_CHANGED).",
        graphql_type=types.SubmittedConsent,
    )
    async def submit_signed_consent(
        self,
        info: Info,
        given: Annotated[SubmitSignedConsentInput, strawberry.argument(name="input", description="The document.")],
    ) -> signed_files.Submitted:
        """Check, and register or keep."""
        viewer = await info.context.viewer()
        guardian_id, pupil_id = optional_identifier(given.guardian_id), identifier(given.pupil_id)
        # A stranger learns nothing, not even that the file is no file.
        consents.require_own(viewer, guardian_id, pupil_id)
        return await signed_files.submit_signed_decision(
            viewer,
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            purpose=given.purpose,
            decision=given.decision,
            document=_bytes(given.document, field="document"),
            cms=_bytes(given.signature, field="signature"),
            particulars=types.told(given.particulars),
            address=info.context.address,
        )


def _bytes(text: str, *, field: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(field=field, reason=_("файл передают в base64")) from None
