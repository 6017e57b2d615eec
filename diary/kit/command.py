"""The command: one transaction, one actor, and only after the commit an announcement (D3)."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from diary.kit import database
from diary.kit.announcement import Announcement, announcements


class Actor(Protocol):
    """Whoever acts: the audit trail keeps the account and the route."""

    @property
    def account_id(self) -> int | None:
        """The account that acts, None for the service itself."""

    @property
    def route(self) -> str:
        """Through which face: GRAPHQL, ADMIN, CABINET, IMPORT, CLOCK, WORKER, COMMAND_LINE or DEMO."""


_ended_accounts: ContextVar[set[int] | None] = ContextVar("ended_accounts", default=None)

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
SomeActor = TypeVar("SomeActor", bound=Actor)


async def set_actor(actor: Actor) -> None:
    """Tell the audit triggers who acts until the transaction ends."""
    await database.fetch(
        "SELECT set_config('diary.actor', $1, true), set_config('diary.route', $2, true)",
        "" if actor.account_id is None else str(actor.account_id),
        actor.route,
    )


def sessions_ended(account_id: int) -> None:
    """Have the account's open sockets looked at again right after the commit."""
    ended = _ended_accounts.get()
    if ended is None:
        raise RuntimeError("sessions end inside a command")
    ended.add(account_id)


async def touched() -> Announcement:
    """Return what the open transaction's triggers noted: whose feeds grew and whether the outbox did."""
    row = (
        await database.fetch(
            "SELECT current_setting('diary.touched', true) AS pupils, current_setting('diary.outbox', true) AS outbox"
        )
    )[0]
    return Announcement(
        pupils=frozenset((row["pupils"] or "").split()),
        accounts=frozenset(_ended_accounts.get() or ()),
        outbox=bool(row["outbox"]),
    )


@asynccontextmanager
async def transaction(actor: Actor) -> AsyncIterator[None]:
    """Open the command's transaction; a command inside a command raises, so each stays whole."""
    token = _ended_accounts.set(set())
    try:
        async with database.engine().transaction(allow_nested=False):
            await set_actor(actor)
            yield
            announcement = await touched()
    finally:
        _ended_accounts.reset(token)
    await announcements.announce(announcement)


def command(
    function: Callable[Concatenate[SomeActor, Parameters], Awaitable[Answer]],
) -> Callable[Concatenate[SomeActor, Parameters], Awaitable[Answer]]:
    """Run the function in one transaction of its own, as the actor that is its first argument.

    `command.__wrapped__` is the bare function: only the admin's request transaction calls it (D10).
    """

    @functools.wraps(function)
    async def run(actor: SomeActor, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        async with transaction(actor):
            return await function(actor, *args, **kwargs)

    return run
