"""What is said when something is not there or has failed: friendly to people, JSON to programs, no inner detail."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cabinet.template import page, speak_the_readers_language
from diary.kit.outage import OUTAGES, RETRY_AFTER
from diary.kit.wording import _, translate

_WORDS = {
    404: ("NOT_FOUND", _("Страница не найдена"), _("Такой страницы нет. Проверьте адрес или начните с главной.")),
    405: ("METHOD_NOT_ALLOWED", _("Так сюда обратиться нельзя"), _("Этот адрес не принимает такой способ обращения.")),
    503: (
        "UNAVAILABLE",
        _("Сервис временно недоступен"),
        _("База данных сейчас не отвечает. Данные не пострадали, повторите попытку через минуту."),
    ),
    500: (
        "INTERNAL",
        _("Ошибка на нашей стороне"),
        _("Мы уже знаем о ней. Данные не пострадали, повторите попытку через минуту."),
    ),
}


def fault_page(request: Request, problem: Exception) -> Response:
    """Answer for a fault."""
    speak_the_readers_language(request)
    status = problem.status_code if isinstance(problem, HTTPException) else 503 if isinstance(problem, OUTAGES) else 500
    code, title, text = _WORDS.get(status, _WORDS[404 if status < 500 else 500])
    if "text/html" in request.headers.get("accept", ""):
        answer = page("fault", status=status, title=translate(title), text=translate(text))
    else:
        body = {"errors": [{"message": translate(title), "extensions": {"code": code}}]}
        answer = JSONResponse(body, status_code=status)
    if status == 503:
        answer.headers["retry-after"] = str(RETRY_AFTER)
    if isinstance(problem, HTTPException):
        answer.headers.update(problem.headers or {})
    return answer
