"""The panel's files: scans that staff upload, and the sheets that the worker has rendered for them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from admin.problems import BAD_VALUE, NOT_FOUND, refuse
from admin.scans import LARGEST_SCAN, ScanStorage
from admin.scope import StaffMember
from diary.kit import database

#: Which column's files are addressed how; the ledger shows the scan of the statement that it was made from.
ADDRESSES = {"scan": "statement/scan", "file": "print_job/file"}
#: A file is saved, never run: whatever a browser makes of it has no rights here.
FILE_POLICY = "default-src 'none'; sandbox"


class Media:
    """Takes scans in, and gives scans and printed sheets out to the staff of their school."""

    def __init__(self, scans: ScanStorage, sheets: Path) -> None:
        self.scans = scans
        self.sheets = sheets

    def routes(self) -> list[BaseRoute]:
        """Return the panel's routes for files."""
        return [
            Route("/media/", self.upload, methods=["POST"]),
            Route("/media/generate-file-url/", self.address, methods=["POST"]),
            Route("/media-files/statement/scan/{key:path}", self.fetch_scan, methods=["GET"]),
            Route("/media-files/print_job/file/{key:path}", self.fetch_sheet, methods=["GET"]),
        ]

    async def upload(self, request: Request) -> Response:
        """Keep a scan for the member's school and return the key that the statement stores."""
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
            key = await self.scans.store(content, school=min(member.schools))
        except HTTPException as problem:
            return JSONResponse({"detail": problem.detail}, status_code=problem.status_code)
        return JSONResponse({"file_key": key})

    async def address(self, request: Request) -> Response:
        """Return where a file is fetched, as long as the member may fetch it."""
        asked = await request.json()
        column, key = (asked.get("column_name"), asked.get("file_key")) if isinstance(asked, dict) else (None, None)
        if column not in ADDRESSES or not isinstance(key, str):
            return refuse(404, NOT_FOUND)
        found = await (self.scans.read(key, member=request.user) if column == "scan" else self._sheet(key))
        if found is None:
            return refuse(404, NOT_FOUND)
        return JSONResponse({"file_url": f"./api/media-files/{ADDRESSES[column]}/{key}"})

    async def fetch_scan(self, request: Request) -> Response:
        """Answer with a scan of one of the member's schools."""
        key = request.path_params["key"]
        return _file(key, await self.scans.read(key, member=request.user))

    async def fetch_sheet(self, request: Request) -> Response:
        """Answer with a rendered sheet of one of the member's schools."""
        key = request.path_params["key"]
        return _file(key, await self._sheet(key))

    async def _sheet(self, key: str) -> tuple[bytes, str] | None:
        """Return a sheet whose job the staff role can see; row-level security decides, the name alone opens nothing."""
        if not await database.fetch("SELECT FROM print_job WHERE file = $1 AND file <> ''", key):
            return None
        try:
            return await asyncio.to_thread((self.sheets / Path(key).name).read_bytes), "application/pdf"
        except OSError:
            return None


def _file(key: str, found: tuple[bytes, str] | None) -> Response:
    if found is None:
        return refuse(404, NOT_FOUND)
    content, kind = found
    headers = {
        "Content-Disposition": f'attachment; filename="{Path(key).name}"',
        "Content-Security-Policy": FILE_POLICY,
    }
    return Response(content, media_type=kind, headers=headers)
