"""Who may enter the panel, and the transaction that keeps each request to that person's schools (D10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.problems import answer, refuse
from diary.access import session_tokens
from diary.access.tables import Account, Role
from diary.access.viewer import SignInRequired, Viewer, viewer_of
from diary.kit import database
from diary.kit.command import transaction

ROUTE = "ADMIN"
SIGN_IN = "Войдите в систему: сеанс не начат или уже закончился."
STAFF_ONLY = "Вход только для сотрудников канцелярии и операторов."

#: Where no table is reachable: forms call commands, which open their own transaction; the rest only names things.
WITHOUT_TRANSACTION = ("/forms/", "/links/", "/user/", "/tables/grouped/", "/change-password/")
WITHOUT_TRANSACTION_EXACTLY = ("/tables/", "/media/")


class StaffMember(BaseUser):
    """A signed-in clerk or operator with the schools whose records PostgreSQL will show."""

    def __init__(self, viewer: Viewer, schools: frozenset[UUID]) -> None:
        self.viewer = viewer
        self.schools = schools

    @property
    def is_authenticated(self) -> bool:
        """Whether the person is signed in: always, others never come this far."""
        return True

    @property
    def display_name(self) -> str:
        """The login, as the panel shows it."""
        return self.viewer.login

    @property
    def user_id(self) -> int:
        """The account."""
        return self.viewer.account_id

    @property
    def user(self) -> Account:
        """What Piccolo Admin hands to a media storage."""
        return Account(id=self.viewer.account_id, username=self.viewer.login)

    @property
    def is_operator(self) -> bool:
        """Whether the person is above the schools."""
        return any(capacity.role is Role.OPERATOR for capacity in self.viewer.capacities)

    @property
    def only_school(self) -> UUID | None:
        """The school of whoever has exactly one, so that no form has to ask for it."""
        return next(iter(self.schools)) if len(self.schools) == 1 else None


def is_staff(viewer: Viewer) -> bool:
    """Whether the person may enter the panel: the account's admin flag alone opens nothing."""
    return any(capacity.role in {Role.OFFICE, Role.OPERATOR} for capacity in viewer.capacities)


async def staff_member(viewer: Viewer) -> StaffMember:
    """Return the person with the schools of this moment: a clerk's own ones, every school for an operator."""
    if any(capacity.role is Role.OPERATOR for capacity in viewer.capacities):
        return StaffMember(viewer, frozenset(row["id"] for row in await database.fetch("SELECT id FROM school")))
    return StaffMember(viewer, viewer.schools(Role.OFFICE))


class StaffBackend(AuthenticationBackend):
    """Reads session and capacities anew at every request, so that losing either takes effect at the next one."""

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        """Return the staff member of the session cookie; raises AuthenticationError for everybody else."""
        live = await session_tokens.read(conn.cookies.get(self._cookie, ""))
        if live is None:
            raise AuthenticationError(SIGN_IN)
        try:
            viewer = await viewer_of(live.account_id, route=ROUTE, session_id=live.session_id)
        except SignInRequired as problem:
            raise AuthenticationError(SIGN_IN) from problem
        if not is_staff(viewer):
            raise AuthenticationError(STAFF_ONLY)
        return AuthCredentials(["staff"]), await staff_member(viewer)


def turn_away(_conn: HTTPConnection, problem: Exception) -> Response:
    """Answer a request without a staff session: the panel then shows its sign-in page."""
    return refuse(401, str(problem))


async def act_as_staff(schools: frozenset[UUID], *, operator: bool = False) -> None:
    """Let row-level security judge every statement of the open transaction from here on.

    An operator reads also the trail of what belongs to no school.
    """
    await database.fetch(
        "SELECT set_config('diary.schools', $1, true), set_config('diary.operator', $2, true), "
        "set_config('role', 'diary_staff', true)",
        ",".join(str(school) for school in sorted(schools)),
        "yes" if operator else "",
    )


@asynccontextmanager
async def as_application(staff: StaffMember) -> AsyncIterator[None]:
    """Let a command join the request's transaction as the application's role, after its record was seen as staff.

    A refusal inside rolls the whole request back, so the way back to the staff role is only for what succeeds.
    """
    await database.fetch("SELECT set_config('role', 'none', true)")
    yield
    await act_as_staff(staff.schools, operator=staff.is_operator)


@asynccontextmanager
async def staff_transaction(staff: StaffMember) -> AsyncIterator[None]:
    """Open one transaction as the staff role: only the member's schools can be seen or changed in it (D10)."""
    async with transaction(staff.viewer):
        await act_as_staff(staff.schools, operator=staff.is_operator)
        yield


class _NotKept(Exception):  # noqa: N818 - an answer, not an error
    """Rolls the request back: it was answered with a refusal."""


class Answer:
    """Holds an answer back until the commit has succeeded."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 500

    async def keep(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.messages.append(message)

    def require_success(self) -> None:
        """Raise, so that the transaction is rolled back, when the answer is a refusal."""
        if self.status >= 400:
            raise _NotKept


class StaffScope:
    """Runs each request in one transaction as the staff role, and answers only after the commit (D10)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of a signed-in staff member."""
        if scope["type"] != "http":
            return
        held = Answer()
        try:
            if self._needs_no_transaction(scope):
                await self.app(scope, receive, held.keep)
            else:
                async with staff_transaction(scope["user"]):
                    await self.app(scope, receive, held.keep)
                    held.require_success()
        except _NotKept:
            pass
        except Exception as problem:  # noqa: BLE001 - every failure becomes one sentence for the clerk
            await answer(problem, deleting=scope["method"] == "DELETE")(scope, receive, send)
            return
        for message in held.messages:
            await send(message)

    @staticmethod
    def _needs_no_transaction(scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return path in WITHOUT_TRANSACTION_EXACTLY or path.startswith(WITHOUT_TRANSACTION)
