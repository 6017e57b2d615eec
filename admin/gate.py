"""What every request to the panel passes first: origin and token, size, and the headers of every answer."""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.problems import refuse

CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "x-csrftoken"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR = 365 * 24 * 60 * 60

#: The panel is a page of scripts that styles its elements itself; nothing comes from anywhere else.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FOREIGN = "Запрос пришёл с другой страницы и отклонён. Обновите страницу и повторите."
TOO_LARGE = "Слишком большой запрос."


def cookies_of(headers: Headers) -> dict[str, str]:
    """Return the request's cookies."""
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[" begins an address that never ends
        return None


class Gate:
    """Refuses foreign pages' requests, and marks every answer, errors included."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request of the panel's own page through."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        token = cookies_of(headers).get(CSRF_COOKIE, "")

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered.setdefault("Content-Security-Policy", CONTENT_POLICY)
                answered.setdefault("Cache-Control", "no-store")
                for name, value in HEADERS.items():
                    answered[name] = value
                if not token and scope["method"] in SAFE_METHODS:
                    answered.append("Set-Cookie", self._cookie(scope))
            await send(message)

        if scope["method"] not in SAFE_METHODS and not self._is_ours(headers, token):
            await refuse(403, FOREIGN)(scope, receive, marked)
            return
        await self.app(scope, receive, marked)

    def _cookie(self, scope: Scope) -> str:
        secure = "; Secure" if self.https else ""
        path = scope.get("root_path", "") or "/"
        return f"{CSRF_COOKIE}={secrets.token_urlsafe(32)}; Path={path}; Max-Age={YEAR}; SameSite=Strict{secure}"

    @staticmethod
    def _is_ours(headers: Headers, token: str) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = headers.get("origin")
        if origin is not None and _place(origin) != headers.get("host"):
            return False
        return bool(token) and secrets.compare_digest(token.encode(), headers.get(CSRF_HEADER, "").encode())


class BodyLimit:
    """Reads a request's body before anything else does, up to a size, and hands it on whole."""

    def __init__(self, app: ASGIApp, *, largest: int, exceptions: dict[str, int] | None = None) -> None:
        self.app = app
        self.largest = largest
        self.exceptions = exceptions or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body over the limit of its path."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        limit = self.exceptions.get(scope["path"].removeprefix(scope.get("root_path", "")), self.largest)
        declared = Headers(scope=scope).get("content-length", "0")
        body = bytearray()
        too_large = not declared.isdecimal() or int(declared) > limit
        more = not too_large
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            too_large = len(body) > limit
            more = message.get("more_body", False) and not too_large
        if too_large:
            await refuse(413, TOO_LARGE)(scope, receive, send)
            return
        handed = False

        async def replay() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, replay, send)
