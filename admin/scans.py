"""Scans of statements: files outside the web root that only the staff of their school can ever fetch (trust.md 1.2)."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from admin.problems import NOT_FOUND
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
