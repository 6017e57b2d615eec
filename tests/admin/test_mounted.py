"""The panel behind the web process's one door."""

from __future__ import annotations

import httpx
import pytest

from tests.support.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_web_process_serves_the_panel_with_its_own_headers(service: Service) -> None:
    async with httpx.AsyncClient(base_url=f"http://{service.address}") as client:
        bare = await client.get("/admin")
        page = await client.get("/admin/")
        script = await client.get("/admin/assets/diary.js")
        closed = await client.get("/admin/api/tables/pupil/")

    assert bare.headers["location"].endswith("/admin/")
    assert "Школьный дневник" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["set-cookie"].startswith("csrftoken=")
    assert "Path=/admin" in page.headers["set-cookie"]
    assert script.status_code == 200
    assert closed.status_code == 401
