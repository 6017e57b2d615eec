"""The live feed of one pupil's diary: backlog after the cursor, then live, judged again before every event (D4, D5)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, cast

import strawberry

from api.context import Context, Info
from api.identifiers import identifier
from api.journal import types
from api.journal.listening import listeners
from diary.journal.events import DiaryEvent, events_after, read_cursor
from diary.kit.refusal import Refusal

#: A lost announcement delays an event, or the end of a subscription, by this much at most, seconds.
POLL_EVERY = 5.0
#: Events read together are judged again when the rest of them has waited longer than this for the client, seconds.
FRESH_FOR = 0.2


@strawberry.type
class JournalSubscriptions:
    """Subscriptions of the journal."""

    @strawberry.subscription(
        description="What happens in a pupil's diary, from now on, or after a cursor: first what was missed, then "
        "live, in order, none twice. Session, access and consent are checked again before every event; when one "
        "of them ends, the error comes with its code and the socket closes: 4401 the session, 4403 consent or access.",
        graphql_type=types.DiaryEvent,
    )
    async def diary_events(
        self,
        info: Info,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="Whose diary.")],
        after: Annotated[
            str | None, strawberry.argument(description="The cursor of the last event seen; without it only new ones.")
        ] = None,
    ) -> AsyncGenerator[DiaryEvent, None]:
        """Follow the pupil's feed."""
        feed = _follow(info.context, pupil_id, after)
        # The first look is taken here, so that whoever may not follow is answered before anything is followed.
        await anext(feed)
        return cast("AsyncGenerator[DiaryEvent, None]", feed)


async def _follow(context: Context, pupil: str, after: str | None) -> AsyncGenerator[DiaryEvent | None, None]:
    """Yield None once the feed may be followed, then events."""
    viewer = await context.viewer()
    pupil_id, cursor = identifier(pupil), read_cursor(after)
    is_live = False
    # Listening starts before the first look, so that nothing falls between the backlog and the live part.
    with listeners.wake(pupil=str(pupil_id), account=viewer.account_id) as woken:
        try:
            while True:
                woken.clear()
                batch = await events_after(viewer, pupil_id, cursor)
                if not is_live:
                    is_live = True
                    yield None
                read_at = time.monotonic()
                for event in batch.events:
                    yield event
                    cursor = event.seq
                    if woken.is_set() or time.monotonic() - read_at > FRESH_FOR:
                        break
                else:
                    cursor = batch.seq
                    if not batch.is_full:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(POLL_EVERY * random.uniform(0.8, 1.0)):  # noqa: S311
                                await woken.wait()
        except Refusal as refusal:
            if is_live:
                context.ended_by = refusal
            raise
