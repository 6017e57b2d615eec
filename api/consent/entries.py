"""The lines of the consent ledger as GraphQL types, with a Relay connection."""

from __future__ import annotations

import datetime as dt

import strawberry
from strawberry import relay

from api.consent import types as _enumerations  # noqa: F401 - publishes the enumerations used here
from api.enums import describe
from api.limits import SIZE
from api.pages import page_info
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind, SignatureVerdict
from diary.delivery import consent_pages
from diary.delivery.consent_pages import Registrar
from diary.kit.pages import Page

describe(
    Registrar,
    "Who wrote a decision into the ledger.",
    OFFICE="The school's office, by a document.",
    PERSON="The person who decided, signed in.",
    SERVICE="The service itself, for example an import.",
)


@strawberry.type(description="One line of the append-only ledger with what it rests on (R2.1, R2.4).")
class ConsentEntry:
    """A line."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    number: int = strawberry.field(description="Its number in the ledger; later decisions have higher ones.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Who decided; null for the pupil's own decision.")
    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    purpose: Purpose = strawberry.field(description="What was decided about.")
    decision: Decision = strawberry.field(description="What was decided.")
    form: DocumentForm = strawberry.field(description="In which form the decision came.")
    text_version: str = strawberry.field(description="Which version of the text was signed; empty for another form.")
    text_sha256: str = strawberry.field(description="SHA-256 of that text; empty for another form.")
    signature_kind: SignatureKind | None = strawberry.field(description="How the document is signed.")
    signature_verdict: SignatureVerdict | None = strawberry.field(
        description="What checking the electronic signature has shown; null without one."
    )
    registrar: Registrar = strawberry.field(description="Who wrote it into the ledger.")
    document_reference: str | None = strawberry.field(
        description="The document: number, date, place where it is kept; for the school's office alone."
    )
    received_at: dt.datetime = strawberry.field(description="When the school received it.")
    registered_at: dt.datetime = strawberry.field(description="When it was registered; it is in force from then on.")
    valid_until: dt.datetime | None = strawberry.field(description="Until when; null means until it is withdrawn.")


@strawberry.type(description="One line of the ledger and its place in the list.")
class ConsentEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, for `after`.")
    node: ConsentEntry = strawberry.field(description="The line.")


@strawberry.type(description="A page of the ledger, the newest decision first.")
class ConsentConnection:
    """A connection."""

    edges: list[ConsentEdge] = strawberry.field(description="The page.", metadata={SIZE: 20})
    page_info: relay.PageInfo = strawberry.field(description="Whether and where it goes on.")


def entry_of(found: consent_pages.ConsentEntry) -> ConsentEntry:
    """Return a line as clients see it."""
    return ConsentEntry(
        id=strawberry.ID(str(found.id)),
        number=found.number,
        guardian_id=None if found.guardian_id is None else strawberry.ID(str(found.guardian_id)),
        pupil_id=strawberry.ID(str(found.pupil_id)),
        purpose=found.purpose,
        decision=found.decision,
        form=found.form,
        text_version=found.text_version,
        text_sha256=found.text_sha256,
        signature_kind=found.signature_kind,
        signature_verdict=found.signature_verdict,
        registrar=found.registrar,
        document_reference=found.document_reference,
        received_at=found.received_at,
        registered_at=found.registered_at,
        valid_until=found.valid_until,
    )


def connection_of(page: Page[consent_pages.ConsentEntry], *, after: str | None) -> ConsentConnection:
    """Return a page as clients see it."""
    edges = [ConsentEdge(cursor=consent_pages.cursor_of(found), node=entry_of(found)) for found in page.found]
    return ConsentConnection(edges=edges, page_info=page_info(edges, has_more=page.has_more, after=after))
