"""Reading the own mailbox (R3.1)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.context import Info
from api.mailbox import types
from diary.delivery import mailbox


@strawberry.type
class MailboxQueries:
    """Queries of the mailbox."""

    @strawberry.field(
        description="The own messages, the newest first; being listed delivers them. Those about a child are hidden "
        "while its diary is closed to the reader (R1.3, R2.3). Everybody may ask; most people's mailbox is empty."
    )
    async def mailbox(
        self,
        info: Info,
        *,
        first: Annotated[int, strawberry.argument(description="How many, 100 at most.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on after.")] = None,
        unread_only: Annotated[bool, strawberry.argument(description="Whether to leave out what was read.")] = False,
    ) -> types.MailboxConnection:
        """Return a page."""
        page = await mailbox.page(await info.context.viewer(), first=first, after=after, unread_only=unread_only)
        return types.connection_of(page, after=after)

    @strawberry.field(description="How many of the own messages are shown and unread.")
    async def unread_messages(self, info: Info) -> int:
        """Return the number."""
        return await mailbox.unread_count(await info.context.viewer())
