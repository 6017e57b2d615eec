"""What the stories of families are told with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.support.carriers import Carriers
from tests.support.carriers import carriers as started
from tests.support.service import Service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """One connection for all questions."""
    # The server hangs up after five idle seconds, so a connection is given up before that.
    limits = httpx.Limits(keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, limits=limits) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def carriers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carriers]:
    """The providers of letters, on the loopback."""
    async with started(tmp_path_factory.mktemp("print")) as running:
        yield running
