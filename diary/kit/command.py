"""The command: one transaction, one actor, and only after the commit an announcement (D3)."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeVar

from diary.kit import clock, database
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
    """Tell the audit and feed triggers who acts and when, until the transaction ends."""
    await database.fetch(
        "SELECT set_config('diary.actor', $1, true), set_config('diary.route', $2, true), "
        "set_config('diary.now', $3, true)",
        "" if actor.account_id is None else str(actor.account_id),
        actor.route,
        clock.now().isoformat(),
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


class Command(Generic[SomeActor, Parameters, Answer]):
    """A function of the domain that runs in one transaction of its own, as the actor that is its first argument."""

    def __init__(self, function: Callable[Concatenate[SomeActor, Parameters], Awaitable[Answer]]) -> None:
        self._function = function
        functools.update_wrapper(self, function)

    async def __call__(self, actor: SomeActor, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        """Run and commit, or leave everything as it was; then announce."""
        async with transaction(actor):
            return await self._function(actor, *args, **kwargs)

    async def joined(self, actor: SomeActor, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        """Run as a part of the open transaction: for a command made of others, and the admin's request (D10)."""
        if database.engine().current_transaction.get() is None:
            raise RuntimeError("a joined command needs an open transaction")
        return await self._function(actor, *args, **kwargs)


command = Command
