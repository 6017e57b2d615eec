"""The routes that run the forms and suggest the people and classes to fill in."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from typing import Any

from asyncpg import DataError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from admin.forms import FORMS, typed
from admin.forms.duty import duties_of
from admin.forms.form import Desk
from admin.forms.sheet import sheets
from admin.problems import BAD_VALUE, INTERNAL, NOT_FOUND, TOO_DEEP, UNAVAILABLE, refuse, sentence
from admin.scans import ScanStorage
from diary.kit.outage import OUTAGES, RETRY_AFTER
from diary.kit.refusal import Refusal

log = logging.getLogger(__name__)

_FORMS = {form.slug: form for form in FORMS}
_REASONS = {
    "missing": "обязательное поле",
    "string_too_short": "обязательное поле",
    "enum": "выберите одно из предложенных",
    "extra_forbidden": "такого поля нет",
    "greater_than_equal": "дата вне разумных пределов",
    "less_than_equal": "дата вне разумных пределов",
}


def _wrong_fields(problem: ValidationError, titles: dict[str, str]) -> str:
    said = []
    for error in problem.errors():
        name = str(error["loc"][0]) if error["loc"] else ""
        reason = _REASONS.get(error["type"])
        if reason is None:
            reason = "укажите дату" if "date" in error["type"] else "недопустимое значение"
        said.append(f"«{titles.get(name, name)}»: {reason}")
    return "; ".join(said)


def _refused(text: str, status: int = 422, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"custom_form_error": text}, status_code=status, headers=headers)


async def _sent(request: Request) -> dict[str, Any]:
    """Return what was filled in; raises HTTPException for what is no form."""
    try:
        sent = await request.json()
    except ValueError:
        sent = None
    except RecursionError as problem:
        raise HTTPException(400, TOO_DEEP) from problem
    if not isinstance(sent, dict):
        raise HTTPException(422, "Форма пришла в непонятном виде: обновите страницу.")
    return sent


def _words(problem: Exception) -> str:
    """Return what the clerk reads; a sign that no text holds and a date beyond the calendar are wrong values."""
    if isinstance(problem, Refusal):
        return sentence(problem)
    return BAD_VALUE if isinstance(problem, DataError | OverflowError) else str(problem)


def form_routes(scans: ScanStorage) -> list[BaseRoute]:
    """Return the routes for submitting a form and for the suggestions of its fields."""

    async def submit(request: Request) -> Response:
        form = _FORMS.get(request.path_params["slug"])
        if form is None:
            return refuse(404, NOT_FOUND)
        try:
            fields = form.fields(**await _sent(request))
            said = await form.handler(Desk(member=request.user, scans=scans), fields)
        except ValidationError as problem:
            titles = {name: field.title or name for name, field in form.fields.model_fields.items()}
            return _refused(_wrong_fields(problem, titles))
        except (Refusal, ValueError, DataError, OverflowError) as problem:
            return _refused(_words(problem))
        except HTTPException as problem:
            return _refused(str(problem.detail), problem.status_code)
        except OUTAGES as problem:
            log.warning("the form %s could not be run: %s", form.slug, type(problem).__name__)
            return _refused(UNAVAILABLE, 503, {"Retry-After": str(RETRY_AFTER)})
        except Exception as problem:  # noqa: BLE001 - the clerk reads a sentence, the log the place
            place = "".join(traceback.format_tb(problem.__traceback__))
            log.error("the form %s failed: %s\n%s", form.slug, type(problem).__name__, place)  # noqa: TRY400
            return _refused(INTERNAL, 500)
        return JSONResponse({"custom_form_success": said})

    async def suggest(request: Request) -> Response:
        search = request.query_params.get("search", "")[:200]
        child = request.query_params.get("pupil", "")[:200]
        return JSONResponse([str(found) for found in await _suggested(request.path_params["what"], search, child)])

    return [
        Route("/forms/{slug}/", submit, methods=["POST"]),
        Route("/suggest/{what}/", suggest, methods=["GET"]),
    ]


async def _suggested(what: str, search: str, child: str) -> Sequence[object]:
    if what == "pupils":
        return list(await typed.pupils(search))[: typed.MOST_OFFERED]
    if what in {"guardians", "duties"}:
        try:
            named = await typed.pupil(child) if child else None
        except typed.NotOne:
            named = None
        return await _suggested_of(what, named) if named else []
    if what == "sheets":
        return (await sheets(search))[: typed.MOST_OFFERED]
    if what == "classes":
        return list(await typed.classes(search))[: typed.MOST_OFFERED]
    if what == "accounts":
        return await typed.logins(search)
    if what == "people":
        found = [*await typed.people("guardian", search), *await typed.people("teacher", search)]
        return [*found, *await typed.pupils(search)][: typed.MOST_OFFERED]
    return []


async def _suggested_of(what: str, child: typed.Person) -> Sequence[object]:
    if what == "duties":
        return (await duties_of(child))[: typed.MOST_OFFERED]
    return [*await typed.guardians_of(child), "сам"]
