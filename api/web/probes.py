"""Is the process up, and can it serve: for supervisors and load balancers."""

from __future__ import annotations

import asyncio
import logging

import asyncpg
import redis.asyncio as redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from diary import migrations
from diary.kit import database

log = logging.getLogger(__name__)

#: A dependency that does not answer within this is not there, seconds.
PATIENCE = 2.0


class Readiness:
    """Asks the database and Redis whether they are there."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis_url = redis_url
        self._is_migrated = False

    async def missing(self) -> list[str]:
        """Return what is missing, in one word each and without any address."""
        found = await asyncio.gather(self._database(), self._redis())
        return [reason for reason in found if reason]

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE):
                await database.fetch("SELECT 1")
                if not self._is_migrated:
                    self._is_migrated = not await migrations.pending()
        except (OSError, TimeoutError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            log.warning("not ready: database: %s", problem)
            return "database"
        return None if self._is_migrated else "migrations"

    async def _redis(self) -> str | None:
        if self._redis_url is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE), redis.from_url(self._redis_url) as client:
                await client.ping()
        except (OSError, TimeoutError, RedisError) as problem:
            log.warning("not ready: redis: %s", problem)
            return "redis"
        return None


async def _healthz(request: Request) -> Response:  # noqa: ARG001
    return JSONResponse({"status": "up"})


def probe_routes(redis_url: str | None) -> list[BaseRoute]:
    """Return /healthz and /readyz."""
    readiness = Readiness(redis_url)

    async def readyz(request: Request) -> Response:  # noqa: ARG001
        missing = await readiness.missing()
        body = {"status": "not ready", "missing": missing} if missing else {"status": "ready"}
        return JSONResponse(body, status_code=503 if missing else 200)

    return [Route("/healthz", _healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
