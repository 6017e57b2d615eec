"""Reading contact points (R8)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.contacts import types
from api.context import Info
from api.identifiers import optional_identifier
from api.limits import SIZE
from diary.delivery import contacts


@strawberry.type
class ContactQueries:
    """Queries of contacts."""

    @strawberry.field(
        description="The public key to which a browser gives its leave for notices: `applicationServerKey` of "
        "PushManager.subscribe, in base64url (RFC 8292). The subscription then goes to addContactPoint, channel "
        "WEB_PUSH. Null where this school's service sends no notices to browsers. For everybody who is signed in."
    )
    async def push_key(self, info: Info) -> str | None:
        """Return the key."""
        await info.context.viewer()
        return info.context.push_key

    @strawberry.field(
        description="The contacts of a guardian or of a pupil, those in use first, the old ones kept (R8.1). "
        "For the person and the school's office; a guardian needs no consent for the own contacts.",
        graphql_type=list[types.ContactPoint],
        metadata={SIZE: 5},
    )
    async def contact_points(
        self,
        info: Info,
        guardian_id: Annotated[strawberry.ID | None, strawberry.argument(description="Whose: a guardian's.")] = None,
        pupil_id: Annotated[strawberry.ID | None, strawberry.argument(description="Whose: a pupil's own.")] = None,
    ) -> list[contacts.Contact]:
        """Return the contacts."""
        return await contacts.of_person(
            await info.context.viewer(),
            guardian_id=optional_identifier(guardian_id),
            pupil_id=optional_identifier(pupil_id),
        )
