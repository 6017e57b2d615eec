"""Messages as GraphQL types, with a Relay connection."""

from __future__ import annotations

import datetime as dt

import strawberry
from strawberry import relay

from api.limits import SIZE
from api.pages import page_info
from diary.delivery import mailbox
from diary.kit.pages import Page


@strawberry.type(description="A message in the own mailbox, with its times (R3.1).")
class MailboxMessage:
    """A message."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    pupil_id: strawberry.ID | None = strawberry.field(description="About which child.")
    own_matter: bool = strawberry.field(
        description="About the reader's own decision: shown even when the child's diary is closed."
    )
    subject: str = strawberry.field(description="Its subject.")
    body: str = strawberry.field(description="Its text, plain.")
    sent_at: dt.datetime = strawberry.field(description="When it was sent.")
    delivered_at: dt.datetime | None = strawberry.field(description="When it was first listed for its reader.")
    read_at: dt.datetime | None = strawberry.field(description="When it was first read; null means unread.")


@strawberry.type(description="One message and its place in the list.")
class MailboxEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, for `after`.")
    node: MailboxMessage = strawberry.field(description="The message.")


@strawberry.type(description="A page of messages, the newest first.")
class MailboxConnection:
    """A connection."""

    edges: list[MailboxEdge] = strawberry.field(description="The page.", metadata={SIZE: 20})
    page_info: relay.PageInfo = strawberry.field(description="Whether and where it goes on.")


def message_of(found: mailbox.Message) -> MailboxMessage:
    """Return a message as clients see it."""
    return MailboxMessage(
        id=strawberry.ID(str(found.id)),
        pupil_id=None if found.pupil_id is None else strawberry.ID(str(found.pupil_id)),
        own_matter=found.own_matter,
        subject=found.subject,
        body=found.body,
        sent_at=found.sent_at,
        delivered_at=found.delivered_at,
        read_at=found.read_at,
    )


def connection_of(page: Page[mailbox.Message], *, after: str | None) -> MailboxConnection:
    """Return a page as clients see it."""
    edges = [MailboxEdge(cursor=mailbox.cursor_of(found), node=message_of(found)) for found in page.found]
    return MailboxConnection(edges=edges, page_info=page_info(edges, has_more=page.has_more, after=after))
