"""PostgreSQL being away: what our calls then raise, for every face to say so instead of failing."""

from __future__ import annotations

import asyncpg

#: A server that is stopped, starting, out of connections or in the middle of a long lock; nothing has been changed,
#: and the same request may be sent again.
OUTAGES: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died in the middle of a call
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
)
#: When the faces say that it is worth asking again, seconds.
RETRY_AFTER = 5
