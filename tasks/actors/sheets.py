"""Printing sheets: claim, render through the paper face, keep the file, record (flow 5 of the design)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from diary.access.viewer import Nobody
from diary.delivery import outbox
from diary.delivery.outbox import Claimed
from diary.delivery.tables import OutboxKind
from diary.kit import clock
from diary.kit.refusal import Refusal
from diary.kit.wording import _
from diary.paper import rendering
from diary.paper.rendering import FormsToPrint, WeekToPrint
from printing.consent_sheet import consent_sheets
from printing.render import SheetError
from printing.week_sheet import AnswersUnavailable, week_sheets
from tasks.outage import OUTAGES, in_one_line, in_spite_of_outages

log = logging.getLogger(__name__)

WORKER = Nobody(route="WORKER")
RECORD_PATIENCE = 60.0
WORKER_STOPPED = "WORKER_STOPPED"
#: What the office reads in the list of print jobs; a library's own words are for the log.
NO_FILE = _("Файл для печати не получился: подробности в журнале службы.")
OUT_OF_REACH = _("Данные или место для файла были недоступны: подробности в журнале службы.")


class Sheets:
    """The actor of print jobs; files stand outside the web root and are readable by the service alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def print(self, outbox_id: str) -> None:
        """Render one job if it waits; rendering twice gives one file."""
        try:
            sheet = await outbox.claim(WORKER, UUID(outbox_id), OutboxKind.PRINT)
        except OUTAGES as problem:
            log.warning("a sheet waits for the database: %s", in_one_line(problem))
            return
        if sheet is not None and sheet.print_job_id is not None:
            await self._render(sheet, sheet.print_job_id)

    async def _render(self, sheet: Claimed, job_id: UUID) -> None:
        try:
            wanted = await rendering.to_print(WORKER, job_id)
            pdf, pages = await _printed(wanted)
            part = await asyncio.to_thread(self._write, f".{job_id}.{sheet.attempt}.part", pdf)
        except rendering.SheetNotWanted as problem:
            reason = str(problem)
            await _record(lambda: rendering.record_not_wanted(WORKER, sheet, reason=reason))
            return
        except Refusal as problem:
            reason = str(problem)
            await _record(lambda: rendering.record_failed(WORKER, sheet, reason=reason))
            return
        except SheetError as problem:
            log.warning("no file for print job %s: %s", job_id, in_one_line(problem))
            reason = str(NO_FILE)
            await _record(lambda: rendering.record_failed(WORKER, sheet, reason=reason))
            return
        except asyncio.CancelledError:
            await outbox.settle_retry(WORKER, sheet.id, sheet.attempt, reason=WORKER_STOPPED, at=clock.now())
            raise
        except (*OUTAGES, AnswersUnavailable) as problem:
            log.warning("print job %s waits: %s", job_id, in_one_line(problem))
            reason = str(OUT_OF_REACH)
            await _record(lambda: rendering.record_retry(WORKER, sheet, reason=reason))
            return
        name = f"{job_id}.pdf"
        try:
            await _record(
                lambda: rendering.record_rendered(
                    WORKER,
                    sheet,
                    pages=pages,
                    file=name,
                    sha256=hashlib.sha256(pdf).hexdigest(),
                    pupil_ids=wanted.pupil_ids if isinstance(wanted, WeekToPrint) else (),
                    documents=[one.document_sha256 for one in wanted.documents]
                    if isinstance(wanted, FormsToPrint)
                    else (),
                    put_in_place=partial(self._put_in_place, part, name),
                )
            )
        finally:
            part.unlink(missing_ok=True)

    def _write(self, name: str, pdf: bytes) -> Path:
        """Write the file beside its final place, so that nobody ever reads half of it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / name
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        return part

    def _put_in_place(self, part: Path, name: str) -> None:
        part.replace(self._folder / name)


async def _printed(wanted: WeekToPrint | FormsToPrint) -> tuple[bytes, int]:
    """Return the file and how many pages it has."""
    at = clock.now().astimezone(wanted.zone)
    if isinstance(wanted, FormsToPrint):
        return await consent_sheets(wanted.documents, at=at)
    return await week_sheets(wanted.viewer, wanted.pupil_ids, wanted.week_of, at=at), len(wanted.pupil_ids)


async def _record(settle: Callable[[], Awaitable[object]]) -> None:
    await in_spite_of_outages(settle, what="recording a sheet", seconds=RECORD_PATIENCE)
