"""The printed diary of a week: a page for each pupil, whose text is the answer of the sheet's own document (R9.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api.context import Context
from api.errors import INTERNAL, OperationTimedOut, ServiceUnavailable
from api.schema import execute
from diary.access.viewer import Viewer
from printing.render import SheetError, render_sheets_in_thread, sheet_document

WEEK = "week"
#: Answers that say something about the moment and nothing about the job.
_PASSING = {INTERNAL, OperationTimedOut.code, ServiceUnavailable.code}


class AnswersUnavailable(Exception):  # noqa: N818 - says what is known
    """Raised when the sheet's data cannot be read at the moment; another time they may be."""


async def week_sheets(viewer: Viewer, pupil_ids: Sequence[UUID], week_of: date, *, at: datetime) -> bytes:
    """Return one PDF with a page for each pupil, in the given order, as the viewer may see them.

    `at` is the instant of the print in the school's time zone. Raises SheetError when these sheets cannot be made,
    AnswersUnavailable when they can, but not now.
    """
    document = sheet_document(WEEK)
    answers = [
        await _answer(document, viewer, {"pupilId": str(pupil_id), "weekOf": week_of.isoformat()})
        for pupil_id in pupil_ids
    ]
    return await render_sheets_in_thread(WEEK, answers, at=at)


async def _answer(document: str, viewer: Viewer, variables: dict[str, object]) -> dict[str, Any]:
    result = await execute(document, Context.of(viewer), variables)
    if result.errors:
        first = result.errors[0]
        code = (first.extensions or {}).get("code")
        if code in _PASSING:
            raise AnswersUnavailable(str(code))
        raise SheetError(first.message)
    if result.data is None:
        raise AnswersUnavailable("NO_DATA")
    return result.data
