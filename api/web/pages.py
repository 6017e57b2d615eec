"""The few pages that belong to no face: the front door and what is said when something is not there."""

from __future__ import annotations

from html import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from diary.kit.wording import _, choose_language, language, translate
from settings import Settings

_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
{body}
</html>
"""

_WORDS = {
    404: ("NOT_FOUND", _("Страница не найдена"), _("Такой страницы нет. Проверьте адрес или начните с главной.")),
    405: ("METHOD_NOT_ALLOWED", _("Так сюда обратиться нельзя"), _("Этот адрес не принимает такой способ обращения.")),
    500: (
        "INTERNAL",
        _("Ошибка на нашей стороне"),
        _("Мы уже знаем о ней. Данные не пострадали, повторите попытку через минуту."),
    ),
}


def _page(title: str, body: str, *, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(language=language.get(), title=escape(title), body=body), status_code=status)


def front_page(settings: Settings) -> Response:
    """Return the front door: what this is, and where to go on."""
    links = [("/admin/", _("Кабинет сотрудника школы"))]
    if not settings.is_production:
        links.append(("/graphql", _("Запросы GraphQL")))
    if settings.mode == "demo":
        links.append(("/demo/mail", _("Письма учебного примера")))
    links.append(("/schema.graphql", _("Схема GraphQL для программ")))
    body = "<p>" + escape(
        translate(_("Оценки, расписание и задания - тем, кому положено их знать, вовремя и с согласия."))
    )
    body += "</p>\n<ul>\n"
    body += "\n".join(f'<li><a href="{href}">{escape(translate(text))}</a></li>' for href, text in links)
    return _page(translate(_("Электронный дневник")), body + "\n</ul>")


def error_page(request: Request, problem: Exception) -> Response:
    """Return a friendly page to people, JSON to programs, and nothing about the fault's inside to either."""
    language.set(choose_language(request.headers.get("accept-language", "")))
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    code, title, text = _WORDS.get(status, _WORDS[404 if status < 500 else 500])
    headers = problem.headers if isinstance(problem, HTTPException) else None
    if "text/html" in request.headers.get("accept", ""):
        page = _page(
            translate(title),
            f'<p>{escape(translate(text))}</p>\n<p><a href="/">{escape(translate(_("На главную")))}</a></p>',
            status=status,
        )
        page.headers.update(headers or {})
        return page
    body = {"errors": [{"message": translate(title), "extensions": {"code": code}}]}
    return JSONResponse(body, status_code=status, headers=headers)
