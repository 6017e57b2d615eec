"""Contact points as GraphQL types."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.enums import describe
from diary.delivery.tables import Channel, Messenger, Provenance

describe(
    Channel,
    "Through what a person can be reached.",
    EMAIL="E-mail.",
    SMS="A phone number for text messages.",
    MESSENGER="A messenger.",
    WEB_PUSH="Notices of a browser.",
    POSTAL="A postal address.",
)
describe(
    Messenger,
    "Which messenger.",
    TELEGRAM="Telegram.",
    VK="VK.",
    MAX="MAX.",
)
describe(
    Provenance,
    "Where a contact comes from (R8.1).",
    PAPER="A document on paper.",
    SIGNED_DOCUMENT="A signed electronic document.",
    SELF_ENTERED="Entered by the person; used only after its code came back.",
    IMPORTED="Imported; never used until a document confirms it.",
)


@strawberry.type(description="An address of a guardian or a pupil; only a confirmed one is ever used (R8.2).")
class ContactPoint:
    """A contact."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Whose, if a guardian's.")
    pupil_id: strawberry.ID | None = strawberry.field(description="Whose, if a pupil's own.")
    channel: Channel = strawberry.field(description="Through what.")
    messenger: Messenger | None = strawberry.field(description="Which messenger, for that channel only.")
    value: str = strawberry.field(description="The address as it is kept: a phone number in E.164.")
    provenance: Provenance = strawberry.field(description="Where it comes from.")
    document_reference: str = strawberry.field(description="The document that it was handed over by.")
    confirmed_at: dt.datetime | None = strawberry.field(description="When it was confirmed; null means it is not used.")
    confirmed_by_code: bool = strawberry.field(
        description="Whether a code that reached it has come back: only then it carries codes to sign with."
    )
    retired_at: dt.datetime | None = strawberry.field(description="Since when it is no longer used.")
    failed_at: dt.datetime | None = strawberry.field(description="Since when nothing arrives there.")


@strawberry.type(description="A contact, and until when the code that was sent to it can be entered.")
class AddedContactPoint:
    """A contact with its code."""

    contact: ContactPoint = strawberry.field(description="The contact.")
    code_expires_at: dt.datetime | None = strawberry.field(description="Null when no code was sent.")
