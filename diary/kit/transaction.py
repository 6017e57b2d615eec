"""A transaction that gives its connection back whatever happens to it.

Piccolo 1.38 leaves that out when BEGIN, COMMIT or ROLLBACK fails: a restart of PostgreSQL then empties the pool one
lost connection at a time, and the task goes on with a transaction that no longer exists.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from types import TracebackType

import asyncpg
from piccolo.engine.postgres import PostgresTransaction

log = logging.getLogger(__name__)


class WholeTransaction(PostgresTransaction):
    """Piccolo's transaction with an end that always comes."""

    __slots__ = ()

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]
        try:
            self.transaction = self.connection.transaction()
            await self.begin()  # type: ignore[no-untyped-call]
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._parent is not None:
            return error is None
        try:
            if error is None:
                if not self._committed and not self._rolled_back:
                    await self.commit()  # type: ignore[no-untyped-call]
            elif not self._rolled_back:
                await self._roll_back_or_hang_up()
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._give_back()
        return error is None

    async def _roll_back_or_hang_up(self) -> None:
        """Roll back, or hang up, which makes PostgreSQL roll back; the first error is the one told."""
        try:
            await self.rollback()  # type: ignore[no-untyped-call]
        except Exception as problem:  # noqa: BLE001 - whatever it is, the connection is of no more use
            log.debug("hung up instead of rolling back: %s", problem)
            with suppress(asyncpg.InterfaceError):  # already gone, and gone from the pool
                self.connection.terminate()

    async def _give_back(self) -> None:
        try:
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
            else:
                await self.connection.close()
        except Exception as problem:  # noqa: BLE001 - a broken connection is not kept; what was committed stays so
            log.debug("a broken connection was dropped: %s", problem)
