"""Reading a message (R3.1)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import identifier
from api.mailbox import types
from diary.delivery import mailbox


@strawberry.type
class MailboxMutations:
    """Mutations of the mailbox."""

    @strawberry.mutation(description="Note that an own message was read; the first time counts (R3.1).")
    async def mark_read(
        self,
        info: Info,
        message_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Which message.")],
    ) -> types.MailboxMessage:
        """Mark the message."""
        return types.message_of(await mailbox.mark_read(await info.context.viewer(), identifier(message_id)))
