"""The panel on a port of its own, two schools, and a browser-like client for each of their people."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from diary.kit import clock as clocks
from settings import read_settings
from tests.admin.world import PASSWORD, SchoolWorld, add_account, build_school
from tests.support.server import served


@dataclass(frozen=True)
class Panel:
    """The running panel and the folder of its files."""

    url: str
    data: Path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def panel(diary_database: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Panel]:
    """The panel as the web process mounts it, with a data folder that goes away."""
    from admin.site import create_diary_admin  # noqa: PLC0415 - reads the environment

    data = tmp_path_factory.mktemp("panel")
    app = Starlette(routes=[Mount("/admin/", create_diary_admin(replace(read_settings(os.environ), data=data)))])
    async with served(app) as service:
        yield Panel(url=f"http://{service.address}/admin", data=data)


@dataclass(frozen=True)
class Worlds:
    """School A, whose clerk we are, and school B, of which the clerk must never learn anything."""

    a: SchoolWorld
    b: SchoolWorld


@pytest_asyncio.fixture(loop_scope="session")
async def worlds(empty_database: asyncpg.Connection, clock: clocks.SetClock) -> Worlds:
    """Two schools with the same records and different secrets, and an operator over both."""
    await add_account("root", admin=True, role="OPERATOR")
    return Worlds(a=await build_school("А"), b=await build_school("Б"))


SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(panel: Panel) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has opened the panel's page and not signed in."""
    async with httpx.AsyncClient(base_url=panel.url, timeout=30) as client:
        await open_page(client)
        yield client


async def open_page(client: httpx.AsyncClient) -> None:
    """Open the page, which plants the token that every change has to carry."""
    await client.get("/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(panel: Panel) -> AsyncIterator[SignIn]:
    """Signs people in, each with a browser of their own."""
    async with AsyncExitStack() as stack:

        async def enter(login: str) -> httpx.AsyncClient:
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=panel.url, timeout=30))
            await open_page(client)
            answer = await client.post("/public/login/", json={"username": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            return client

        yield enter


@pytest_asyncio.fixture(loop_scope="session")
async def clerk(worlds: Worlds, sign_in: SignIn) -> httpx.AsyncClient:
    """The clerk of school A."""
    return await sign_in("office-А")
