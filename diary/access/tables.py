"""One account table for everybody, and the sessions of browsers, API clients and the admin alike (D11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Boolean, Integer, Secret, SmallInt, Timestamptz, Varchar
from piccolo.columns.combination import WhereRaw
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check, Unique
from piccolo.table import Table
from piccolo_api.session_auth.tables import SessionsBase

from diary.access import logins, passwords, session_tokens, sign_in_delay
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Guardian, Pupil, Teacher
from diary.schools.tables import School


class Role(StrEnum):
    """In which capacity a person acts."""

    GUARDIAN = "GUARDIAN"
    PUPIL = "PUPIL"
    TEACHER = "TEACHER"
    OFFICE = "OFFICE"
    OPERATOR = "OPERATOR"


class Account(BaseUser, tablename="account", help_text="Учётная запись"):
    """A login with its password; what it may do follows from its capacities."""

    password = Secret(  # type: ignore[no-untyped-call]
        length=255, required=False, help_text="Пароль (хранится только хеш argon2id)"
    )
    email = Varchar(length=255, null=True, default=None, unique=False)
    active = Boolean(default=True, help_text="Вход разрешён")
    #: Whoever has given the password may know it still, so that nothing is signed with it (63-FZ art. 9).
    password_given = Boolean(default=True, help_text="Пароль выдан школой и ещё не сменён")
    #: For a day after it other addresses may object to what is signed.
    password_given_at = Timestamptz(null=True, default=None, help_text="Когда школа выдала пароль")
    last_login = Timestamptz(null=True, default=None)

    _min_password_length = passwords.SHORTEST
    _max_password_length = passwords.LONGEST

    def __init__(self, **kwargs: Any) -> None:
        Table.__init__(self, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "password" and isinstance(value, str) and value and not passwords.is_hashed(value):
            raise ValueError("hash the password first: diary.access.passwords.hash_password")
        object.__setattr__(self, name, value)

    @classmethod
    async def login(cls, username: str, password: str, *, address: str = "") -> int | None:
        """Return the account's id when login and password fit, after the delay that failures earn.

        Unknown login, wrong password and closed account take the same time and get the same answer.
        Raises SignInDelayed while the login or the client's network has to wait, SignInBusy when too many sign in.
        """
        username = logins.stored_as(username)
        if not logins.is_possible(username) or len(password) > passwords.LONGEST or not logins.is_text(password):
            return None
        passwords.line.require_room()
        attempt = await sign_in_delay.count_attempt(username, address)
        found = (
            await cls.select(cls.id, cls.password, cls.active).where(WhereRaw("lower(username) = {}", username)).first()
        )
        try:
            fits = await passwords.matches(found["password"] if found else None, password)
        except passwords.SignInBusy:
            await attempt.take_back()
            raise
        if not found or not fits or not found["active"]:
            return None
        await attempt.succeeded()
        return cast("int", found["id"])

    @classmethod
    async def update_password(cls, user: str | int, password: str) -> None:
        """Store a new password; the caller ends the account's sessions."""
        cls._validate_password(password=password)
        hashed = await passwords.hash_password(password)
        clause = cls.username == user if isinstance(user, str) else cls.id == user
        await cls.update({cls.password: hashed}).where(clause)


class Capacity(Table, tablename="capacity", help_text="В каком качестве действует учётная запись"):
    """Links an account to the person it acts as: one account may be a guardian in two schools and a teacher in one."""

    id = identifier()
    account = reference(Account, help_text="Учётная запись")
    school = reference(School, null=True)
    role = Varchar(length=16, choices=Role, help_text="Роль")
    guardian = reference(Guardian, null=True)
    pupil = reference(Pupil, null=True)
    teacher = reference(Teacher, null=True)

    capacity_role_is_known = one_of("role", Role)
    capacity_only_the_operator_is_above_schools = Check("(role = 'OPERATOR') = (school IS NULL)")
    capacity_one_person_of_the_role = Check(
        "(role = 'GUARDIAN') = (guardian IS NOT NULL) AND (role = 'PUPIL') = (pupil IS NOT NULL) "
        "AND (role = 'TEACHER') = (teacher IS NOT NULL)"
    )
    capacity_each_once = Unique(["account", "role", "school", "guardian", "pupil", "teacher"], nulls_distinct=False)


class Session(SessionsBase, tablename="session", help_text="Сеанс"):
    """A signed-in browser or client: only the SHA-256 of its token is kept, it ends by time or by revocation (D11)."""

    token = Varchar(length=64, unique=True, secret=True, help_text="SHA-256 ключа")
    user_id = reference(Account)
    expiry_date = Timestamptz(help_text="Истекает без обращений")
    max_expiry_date = Timestamptz(help_text="Истекает в любом случае")
    started_at = Timestamptz(default=TimestamptzNow(), help_text="Начат")
    revoked_at = Timestamptz(null=True, default=None, help_text="Прекращён")
    idle_seconds = Integer(default=0, help_text="Сколько секунд живёт без обращений")

    @classmethod
    async def create_session(
        cls,
        user_id: int,
        expiry_date: datetime | None = None,  # noqa: ARG003 - the account's role decides
        max_expiry_date: datetime | None = None,  # noqa: ARG003
    ) -> Session:
        """Start a session for the admin; the returned object alone carries the clear token."""
        started = await session_tokens.start(user_id)
        session = cls(user_id=user_id)
        session.token = started
        return session

    @classmethod
    async def get_user_id(cls, token: str, increase_expiry: timedelta | None = None) -> int | None:  # noqa: ARG003
        """Return the account of a live session, and let it live on."""
        live = await session_tokens.read(token)
        return live.account_id if live else None

    @classmethod
    async def remove_session(cls, token: str) -> None:
        """End the session: revoked, not deleted, so that the trail stays."""
        await session_tokens.revoke(token)


class SignInFailure(Table, tablename="sign_in_failure", help_text="Неудачные попытки входа"):
    """How often a login, known or not, or a network failed lately: the delay counts from here."""

    login_digest = Varchar(length=64, primary_key=True)
    failures = SmallInt(default=0)
    last_at = Timestamptz()
