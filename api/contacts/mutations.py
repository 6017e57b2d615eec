"""Adding, confirming, replacing and retiring contact points (R8)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.contacts import types
from api.context import Info
from api.identifiers import identifier, optional_identifier
from diary.delivery import contacts
from diary.delivery.tables import Channel, Messenger, Provenance

ContactId = Annotated[strawberry.ID, strawberry.argument(description="Which contact.")]


@strawberry.input(description="What a browser's notices are encrypted with (RFC 8291).")
class BrowserKeysInput:
    """The keys of a browser's push subscription."""

    p256dh: str = strawberry.field(description="The public key, in base64url.")
    auth: str = strawberry.field(description="The secret, in base64url.")


@strawberry.input(description="A contact to add.")
class AddContactPointInput:
    """What addContactPoint needs."""

    guardian_id: strawberry.ID | None = strawberry.field(default=None, description="Whose: a guardian's.")
    pupil_id: strawberry.ID | None = strawberry.field(default=None, description="Whose: a pupil's own.")
    channel: Channel = strawberry.field(description="Through what.")
    messenger: Messenger | None = strawberry.field(default=None, description="Which messenger, for that channel only.")
    value: str = strawberry.field(
        description="The address or number, in any usual spelling; of a browser the endpoint of its subscription."
    )
    push_keys: BrowserKeysInput | None = strawberry.field(default=None, description="Of a browser, and there required.")
    provenance: Provenance = strawberry.field(
        default=Provenance.PAPER, description="For the office: PAPER or SIGNED_DOCUMENT."
    )
    document_reference: str = strawberry.field(default="", description="For the office: number, date, place.")


@strawberry.input(description="A new address in the place of an old one.")
class ReplaceContactPointInput:
    """What replaceContactPoint needs."""

    contact_id: strawberry.ID = strawberry.field(description="Which contact is replaced.")
    value: str = strawberry.field(description="The new address or number.")
    provenance: Provenance = strawberry.field(
        default=Provenance.PAPER, description="For the office: PAPER or SIGNED_DOCUMENT."
    )
    document_reference: str = strawberry.field(default="", description="For the office: number, date, place.")


@strawberry.type
class ContactMutations:
    """Mutations of contacts."""

    @strawberry.mutation(
        description="Add a contact. The person's own gets a code and waits for it; the office's rests on its document "
        "and is confirmed at once (R8.2).",
        graphql_type=types.AddedContactPoint,
    )
    async def add_contact_point(
        self,
        info: Info,
        given: Annotated[AddContactPointInput, strawberry.argument(name="input", description="The contact.")],
    ) -> contacts.AddedContact:
        """Add the contact."""
        return await contacts.add_contact_point(
            await info.context.viewer(),
            guardian_id=optional_identifier(given.guardian_id),
            pupil_id=optional_identifier(given.pupil_id),
            channel=given.channel,
            messenger=given.messenger,
            value=given.value,
            push_keys=({"p256dh": given.push_keys.p256dh, "auth": given.push_keys.auth} if given.push_keys else None),
            provenance=given.provenance,
            document_reference=given.document_reference,
            address=info.context.address,
        )

    @strawberry.mutation(
        description="Confirm an own contact by the code that reached it; five tries, ten minutes (R8.2).",
        graphql_type=types.ContactPoint,
    )
    async def confirm_contact_point(
        self,
        info: Info,
        contact_id: ContactId,
        code: Annotated[str, strawberry.argument(description="The code, six digits.")],
    ) -> contacts.Contact:
        """Confirm the contact."""
        return await contacts.confirm_contact_point(
            await info.context.viewer(), contact_id=identifier(contact_id), code=code
        )

    @strawberry.mutation(
        description="Send another code to an own contact that waits for one, or one to an own contact that a document "
        "has confirmed: codes to sign with go only where a code has come back from (63-FZ art. 9).",
        graphql_type=types.AddedContactPoint,
    )
    async def resend_contact_code(self, info: Info, contact_id: ContactId) -> contacts.AddedContact:
        """Send another code."""
        return await contacts.resend_code(
            await info.context.viewer(), contact_id=identifier(contact_id), address=info.context.address
        )

    @strawberry.mutation(
        description="Put a new address in the place of an old one, which is kept with the date of its end (R8.1).",
        graphql_type=types.AddedContactPoint,
    )
    async def replace_contact_point(
        self,
        info: Info,
        given: Annotated[ReplaceContactPointInput, strawberry.argument(name="input", description="The new address.")],
    ) -> contacts.AddedContact:
        """Replace the contact."""
        return await contacts.replace_contact_point(
            await info.context.viewer(),
            contact_id=identifier(given.contact_id),
            value=given.value,
            provenance=given.provenance,
            document_reference=given.document_reference,
            address=info.context.address,
        )

    @strawberry.mutation(description="Use a contact no more; it is kept (R8.1).", graphql_type=types.ContactPoint)
    async def retire_contact_point(self, info: Info, contact_id: ContactId) -> contacts.Contact:
        """Retire the contact."""
        return await contacts.retire_contact_point(await info.context.viewer(), contact_id=identifier(contact_id))
