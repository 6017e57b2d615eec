"""Scans of statements: files outside the web root that only the staff of their school can ever fetch (trust.md 1.2)."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from admin.problems import BAD_VALUE, NOT_FOUND, refuse
from admin.scope import StaffMember

LARGEST_SCAN = 10 * 1024 * 1024
#: What a scan may be is read from its first bytes; SVG and everything else that a browser could run stays out.
KINDS = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
}
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KEY = re.compile(rf"(?P<school>{_UUID})/(?P<name>{_UUID}\.(?P<kind>pdf|jpg|png))")
NO_SCAN = "Скан не найден: приложите файл заново."


class ScanStorage:
    """Keeps scans under a folder per school, by names that the server makes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def store(self, content: bytes, *, school: uuid.UUID) -> str:
        """Keep a scan for a school and return its key; raises HTTPException for what is no PDF, JPEG or PNG."""
        if len(content) > LARGEST_SCAN:
            raise HTTPException(413, "Файл больше 10 МБ.")
        kind = next((kind for kind, (magic, _type) in KINDS.items() if content.startswith(magic)), None)
        if kind is None:
            raise HTTPException(422, "Скан должен быть файлом PDF, JPEG или PNG.")
        key = f"{school}/{uuid.uuid4()}.{kind}"
        await asyncio.to_thread(self._write, self.root / key, content)
        return key

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _path(self, key: object, member: StaffMember) -> tuple[Path, re.Match[str]] | None:
        """Return the file of a key, as long as it belongs to one of the member's schools."""
        found = KEY.fullmatch(key) if isinstance(key, str) else None
        if found is None or uuid.UUID(found["school"]) not in member.schools:
            return None
        return self.root / found["school"] / found["name"], found

    async def read(self, key: object, *, member: StaffMember) -> tuple[bytes, str] | None:
        """Return a scan and its type; None when it does not exist or belongs to a school that is not the member's."""
        located = self._path(key, member)
        if located is None:
            return None
        path, found = located
        try:
            return await asyncio.to_thread(path.read_bytes), KINDS[found["kind"]][1]
        except OSError:
            return None

    async def adopt(self, key: object, *, into: Any, member: StaffMember) -> str:
        """Return the key under which the record's school keeps an uploaded scan.

        Raises HTTPException when the member has uploaded no such file.
        """
        located = self._path(key, member)
        if located is None or not await asyncio.to_thread(located[0].is_file):
            raise HTTPException(422, NO_SCAN)
        path, found = located
        if into is None or str(into) == found["school"]:
            return found[0]
        if str(into) not in {str(school) for school in member.schools}:
            raise HTTPException(422, NOT_FOUND)
        content = await asyncio.to_thread(path.read_bytes)
        return await self.store(content, school=uuid.UUID(str(into)))


def scan_routes(scans: ScanStorage) -> list[BaseRoute]:
    """Return the panel's routes for uploading, addressing and fetching scans."""

    async def upload(request: Request) -> Response:
        member: StaffMember = request.user
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile) or form.get("column_name") != "scan":
                return JSONResponse({"detail": BAD_VALUE}, status_code=422)
            content = await file.read(LARGEST_SCAN + 1)
        if not member.schools:
            return JSONResponse({"detail": NOT_FOUND}, status_code=422)
        # Whoever works for several schools says which one by the statement that the scan is saved with.
        try:
            key = await scans.store(content, school=min(member.schools))
        except HTTPException as problem:
            return JSONResponse({"detail": problem.detail}, status_code=problem.status_code)
        return JSONResponse({"file_key": key})

    async def address(request: Request) -> Response:
        asked = await request.json()
        key = asked.get("file_key") if isinstance(asked, dict) else None
        if await scans.read(key, member=request.user) is None:
            return refuse(404, NOT_FOUND)
        return JSONResponse({"file_url": f"./api/media-files/statement/scan/{key}"})

    async def fetch(request: Request) -> Response:
        key = request.path_params["key"]
        found = await scans.read(key, member=request.user)
        if found is None:
            return refuse(404, NOT_FOUND)
        content, kind = found
        return Response(
            content,
            media_type=kind,
            headers={
                "Content-Disposition": f'attachment; filename="{Path(key).name}"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )

    return [
        Route("/media/", upload, methods=["POST"]),
        Route("/media/generate-file-url/", address, methods=["POST"]),
        Route("/media-files/statement/scan/{key:path}", fetch, methods=["GET"]),
    ]
