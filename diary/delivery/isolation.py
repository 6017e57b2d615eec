"""One school's fault is no other's: what the clock does for all is done for each in a transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from diary.kit import database
from diary.kit.command import Actor, transaction
from diary.kit.outage import OUTAGES

log = logging.getLogger(__name__)

#: A row that somebody holds for long, or a school too big for a statement's time, is no outage of the database.
_OF_ONE_SCHOOL = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)


class SchoolsFailedError(Exception):
    """What was to be done has failed in some schools and was done in all others."""


async def school_by_school(actor: Actor, act: Callable[[UUID], Awaitable[None]]) -> dict[UUID, str]:
    """Do an act for each school and return what was wrong in those where it failed; an outage ends it for all."""
    failed: dict[UUID, str] = {}
    for row in await database.fetch("SELECT id FROM school ORDER BY id"):
        try:
            async with transaction(actor):
                await act(row["id"])
        except Exception as problem:
            if isinstance(problem, OUTAGES) and not isinstance(problem, _OF_ONE_SCHOOL):
                raise
            log.exception("school %s failed", row["id"])
            failed[row["id"]] = type(problem).__name__
    return failed


def require_none(failed: dict[UUID, str]) -> None:
    """Raise SchoolsFailedError when there are any."""
    if failed:
        raise SchoolsFailedError("; ".join(f"school {school}: {problem}" for school, problem in failed.items()))
