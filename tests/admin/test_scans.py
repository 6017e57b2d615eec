"""Scans of statements: only real PDF, JPEG and PNG come in, only their school's staff get them out."""

from __future__ import annotations

import stat
import uuid

import httpx
import pytest

from admin.scans import LARGEST_SCAN
from diary.kit import database
from tests.admin.conftest import Panel, SignIn, Worlds

pytestmark = pytest.mark.asyncio(loop_scope="session")

PDF, JPEG, PNG = b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"


async def upload(client: httpx.AsyncClient, content: bytes, name: str = "скан.pdf") -> httpx.Response:
    """Send a file as the panel does."""
    return await client.post(
        "/api/media/", data={"table_name": "Заявления", "column_name": "scan"}, files={"file": (name, content)}
    )


async def fetch(client: httpx.AsyncClient, key: str) -> httpx.Response:
    """Ask for a scan as the panel does."""
    return await client.get(f"/api/media-files/statement/scan/{key}")


@pytest.mark.parametrize(
    "sort", [(PDF, "pdf", "application/pdf"), (JPEG, "jpg", "image/jpeg"), (PNG, "png", "image/png")]
)
async def test_a_scan_with_a_cyrillic_name_is_kept_and_fetched(
    clerk: httpx.AsyncClient, worlds: Worlds, panel: Panel, sort: tuple[bytes, str, str]
) -> None:
    content, kind, media_type = sort
    key = (await upload(clerk, content, "Согласие Ёлкиной (ред. 2).html")).json()["file_key"]
    told = await clerk.post(
        "/api/media/generate-file-url/", json={"table_name": "Заявления", "column_name": "scan", "file_key": key}
    )
    fetched = await fetch(clerk, key)

    assert key.startswith(f"{worlds.a.id}/")
    assert key.endswith(f".{kind}")
    assert told.json()["file_url"] == f"./api/media-files/statement/scan/{key}"
    assert fetched.content == content
    assert fetched.headers["content-type"] == media_type
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert fetched.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    file = panel.data / "scans" / key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"GIF89a", b" %PDF-"]
)
async def test_anything_else_is_refused(clerk: httpx.AsyncClient, content: bytes) -> None:
    answer = await upload(clerk, content, "scan.png")

    assert answer.status_code == 422
    assert "PDF, JPEG или PNG" in answer.json()["detail"]


async def test_the_size_is_limited(clerk: httpx.AsyncClient) -> None:
    largest = await upload(clerk, PDF + b"0" * (LARGEST_SCAN - len(PDF)))
    larger = await upload(clerk, PDF + b"0" * (LARGEST_SCAN - len(PDF) + 1))
    huge = await upload(clerk, PDF + b"0" * (LARGEST_SCAN + 100_000))

    assert (largest.status_code, larger.status_code, huge.status_code) == (200, 413, 413)


async def test_the_other_schools_clerk_with_the_right_key_gets_nothing(
    clerk: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    key = (await upload(clerk, PDF)).json()["file_key"]
    other = await sign_in("office-Б")

    guessed = await fetch(other, key)
    unknown = await fetch(other, f"{worlds.a.id}/{uuid.uuid4()}.pdf")
    told = await other.post(
        "/api/media/generate-file-url/", json={"table_name": "statement", "column_name": "scan", "file_key": key}
    )
    taken = await other.patch(f"/api/tables/statement/{worlds.b.ids['statement']}/", json={"scan": key})

    assert (guessed.status_code, guessed.text) == (unknown.status_code, unknown.text) == (404, unknown.text)
    assert told.status_code == 404
    assert taken.status_code == 422
    assert (await fetch(clerk, key)).status_code == 200


async def test_a_statement_takes_only_a_scan_that_was_uploaded(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    path = f"/api/tables/statement/{worlds.a.ids['statement']}/"
    key = (await upload(clerk, PDF)).json()["file_key"]

    for invented in (f"{worlds.a.id}/{uuid.uuid4()}.pdf", "/etc/passwd", "../../x.pdf", f"{key}/../{key}"):
        assert (await clerk.patch(path, json={"scan": invented})).status_code == 422
    assert (await clerk.patch(path, json={"scan": key})).status_code == 200
    assert (await clerk.patch(path, json={"scan": key, "note": "со сканом"})).status_code == 200


async def test_a_clerk_of_two_schools_leaves_the_scan_with_the_statements_school(
    worlds: Worlds, sign_in: SignIn
) -> None:
    await database.execute(
        "INSERT INTO capacity (id, account, school, role) VALUES ($1, $2, $3, 'OFFICE')",
        uuid.uuid4(), worlds.a.accounts["office"], worlds.b.id,
    )  # fmt: skip
    both, other = await sign_in("office-А"), await sign_in("office-Б")
    key = (await upload(both, PDF)).json()["file_key"]

    saved = await both.patch(f"/api/tables/statement/{worlds.b.ids['statement']}/", json={"scan": key})

    assert saved.json()["scan"].startswith(f"{worlds.b.id}/")
    assert (await fetch(other, saved.json()["scan"])).content == PDF


async def test_a_rendered_sheet_goes_to_its_schools_staff_only(
    clerk: httpx.AsyncClient, worlds: Worlds, panel: Panel, sign_in: SignIn
) -> None:
    other = await sign_in("office-Б")
    key = f"{worlds.b.ids['print_job']}.pdf"
    (panel.data / "print").mkdir(exist_ok=True)
    (panel.data / "print" / key).write_bytes(PDF)
    await database.execute(
        "UPDATE print_job SET file = $1, state = 'RENDERED' WHERE id = $2", key, worlds.b.ids["print_job"]
    )
    asked = {"table_name": "Задания_на_печать", "column_name": "file", "file_key": key}

    own = await other.post("/api/media/generate-file-url/", json=asked)
    foreign = await clerk.post("/api/media/generate-file-url/", json=asked)

    assert own.json()["file_url"] == f"./api/media-files/print_job/file/{key}"
    assert foreign.status_code == 404
    assert (await other.get(f"/api/media-files/print_job/file/{key}")).content == PDF
    assert (await clerk.get(f"/api/media-files/print_job/file/{key}")).status_code == 404
