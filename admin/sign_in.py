"""Signing in to the panel, signing out, and changing one's password there."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin.scope import ROUTE, STAFF_ONLY, StaffMember, is_staff
from diary.access import session_tokens
from diary.access.password_change import change_password
from diary.access.passwords import RETRY_AFTER, SignInBusy
from diary.access.sign_in import SignInFailed, sign_out
from diary.access.sign_in_delay import SignInDelayed
from diary.access.tables import Account
from diary.access.viewer import viewer_of
from diary.kit.refusal import Refusal

FILL_IN = "Укажите логин и пароль."
DIFFERENT = "Новый пароль и его повторение не совпадают."


class SignInDesk:
    """The panel's sign-in, with the session that GraphQL and the cabinet share (D11)."""

    def __init__(self, *, https: bool) -> None:
        self.https = https
        self.cookie = session_tokens.cookie_name(https=https)

    async def sign_in(self, request: Request) -> Response:
        """Start a session for a clerk or an operator; after failures the login waits, and only in that network."""
        body = await _fields(request)
        login, password = body.get("username"), body.get("password")
        if not isinstance(login, str) or not isinstance(password, str) or not login or not password:
            return _refusal(422, FILL_IN)
        try:
            account_id = await Account.login(login, password, address=_address(request))
        except (SignInDelayed, SignInBusy) as refusal:
            return _later(refusal)
        if account_id is None:
            return _refusal(401, str(SignInFailed()))
        if not is_staff(await viewer_of(account_id, route=ROUTE)):
            return _refusal(403, STAFF_ONLY)
        # A former session of this browser ends, so that nobody can have planted it.
        if former := request.cookies.get(self.cookie):
            await sign_out(former)
        response = JSONResponse({"message": "Вход выполнен"})
        response.set_cookie(
            self.cookie,
            await session_tokens.start(account_id),
            httponly=True,
            secure=self.https,
            samesite="lax",
            path="/",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session at once, its open sockets included."""
        if token := request.cookies.get(self.cookie):
            await sign_out(token)
        response = JSONResponse({"message": "Сеанс завершён"})
        self._forget(response)
        return response

    async def change_password(self, request: Request) -> Response:
        """Change the own password and end every session of the account, this one included."""
        member: StaffMember = request.user
        body = await _fields(request)
        current, new, again = (body.get(name) for name in ("current_password", "new_password", "confirm_new_password"))
        if not all(isinstance(value, str) and value for value in (current, new, again)):
            return _refusal(422, "Заполните все три поля.")
        if new != again:
            return _refusal(422, DIFFERENT)
        try:
            await change_password(member.viewer, current=str(current), new=str(new), address=_address(request))
        except (SignInDelayed, SignInBusy) as refusal:
            return _later(refusal)
        except Refusal as refusal:
            return _refusal(422, str(refusal))
        response = JSONResponse({"message": "Пароль изменён"})
        self._forget(response)
        return response

    def _forget(self, response: Response) -> None:
        response.delete_cookie(self.cookie, path="/", secure=self.https, httponly=True, samesite="lax")


async def _fields(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _later(refusal: SignInDelayed | SignInBusy) -> Response:
    """Tell when to try again: after the wait that failures earned, or when fewer sign in at once."""
    if isinstance(refusal, SignInBusy):
        return _refusal(503, str(refusal), headers={"Retry-After": str(RETRY_AFTER)})
    return _refusal(429, str(refusal), headers={"Retry-After": str(refusal.facts["seconds"])})


def _refusal(status: int, text: str, *, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": text}, status_code=status, headers=headers)
