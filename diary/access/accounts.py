"""Opening accounts for people that the school knows, closing them, and giving new passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from diary.access import passwords, session_tokens
from diary.access.logins import LOGIN_FORM, is_possible, is_text, stored_as
from diary.access.tables import Account, Role
from diary.access.viewer import Nobody, Viewer
from diary.access.weak_passwords import is_weak
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotAllowed, NotFound, Refusal
from diary.kit.wording import _

_TABLE_OF = {Role.GUARDIAN: "guardian", Role.PUPIL: "pupil", Role.TEACHER: "teacher"}
_STAFF = {Role.OFFICE, Role.OPERATOR}


class LoginTaken(Refusal):
    """Somebody has this login already."""

    code = "LOGIN_TAKEN"
    wording = _("Логин «{login}» уже занят.")


class AccountExists(Refusal):
    """The person has an open account in this capacity already; a second one would be a second key to lose."""

    code = "ACCOUNT_EXISTS"
    wording = _("У этого человека уже есть действующая учётная запись: «{login}».")


class AccountClosed(Refusal):
    """The account is closed already."""

    code = "ACCOUNT_CLOSED"
    wording = _("Учётная запись «{login}» уже закрыта.")


class PasswordTooCommon(Refusal):
    """The password is one of those that are guessed first."""

    code = "PASSWORD_TOO_COMMON"
    wording = _("Такой пароль легко угадать. Возьмите несколько слов, которые не стоят рядом.")


class PasswordTooWeak(Refusal):
    """The password is too short or too long."""

    code = "PASSWORD_TOO_WEAK"
    wording = _("Пароль должен быть от {shortest} до {longest} символов.")


class PasswordNotOwn(Refusal):
    """Whoever has given a password may know it still: nothing is signed until its owner has changed it (63-FZ)."""

    code = "PASSWORD_NOT_OWN"
    wording = _("Пароль вам выдала школа. Смените его на свой, войдите заново и тогда подписывайте.")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An opened account; the password is shown this once."""

    account_id: int
    login: str
    password: str


def check_password(password: str, login: str) -> None:
    """Raise PasswordTooWeak when the length is not in bounds, PasswordTooCommon when it is easily guessed."""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise PasswordTooWeak(shortest=passwords.SHORTEST, longest=passwords.LONGEST)
    if not is_text(password):
        raise BadInput(field="password", reason=_("недопустимые символы"))
    if is_weak(password, login):
        raise PasswordTooCommon


async def require_own_password(account_id: int) -> None:
    """Refuse an account whose password its owner has not chosen; raises PasswordNotOwn."""
    if not await database.fetch("SELECT FROM account WHERE id = $1 AND NOT password_given", account_id):
        raise PasswordNotOwn


@command
async def create_account(
    actor: Viewer | Nobody,
    *,
    login: str,
    role: Role,
    school_id: UUID | None = None,
    person_id: UUID | None = None,
    password: str | None = None,
) -> NewAccount:
    """Open an account that acts as the given person (guardian, pupil, teacher) or as staff of a school.

    Staff of a school's office opens accounts of that school's people only, and never staff accounts. Without a
    password one is made up. Raises LoginTaken, AccountExists, PasswordTooWeak, PasswordTooCommon, NotFound,
    NotAllowed or BadInput.
    """
    login = stored_as(login)
    if not LOGIN_FORM.fullmatch(login):
        raise BadInput(field="login", reason=_("от 3 до 100 латинских букв, цифр и знаков . @ + - _"))
    password = password or secrets.token_urlsafe(12)
    check_password(password, login)
    school = await _school_of(role, school_id, person_id)
    if isinstance(actor, Viewer) and Role.OPERATOR not in {c.role for c in actor.capacities}:
        if role in _STAFF:
            raise NotAllowed
        if school not in actor.schools(Role.OFFICE):
            raise NotFound
    await _require_none(role, person_id)
    if await database.fetch("SELECT FROM account WHERE lower(username) = lower($1)", login):
        raise LoginTaken(login=login)
    hashed = await passwords.hash_password(password)
    made = await database.fetch(
        """
        INSERT INTO account (username, password, password_given, password_given_at, active, admin, superuser)
        VALUES ($1, $2, true, $5, true, $3, $4)
        ON CONFLICT (username) DO NOTHING RETURNING id
        """,
        login,
        hashed,
        role in _STAFF,
        role is Role.OPERATOR,
        clock.now(),
    )
    if not made:
        raise LoginTaken(login=login)
    account_id: int = made[0]["id"]
    await add_capacity(account_id, role=role, school=school, person=person_id)
    return NewAccount(account_id=account_id, login=login, password=password)


@command
async def close_account(actor: Viewer | Nobody, login: str) -> None:
    """Let nobody sign in with the account any more, and end its sessions at once.

    An operator closes any account; a school's office those whose every capacity is in that school and that are no
    staff's. Raises NotFound or AccountClosed.
    """
    account_id, _name = await _governed(actor, login)
    await database.execute("UPDATE account SET active = false WHERE id = $1", account_id)
    await session_tokens.revoke_all(account_id)


@command
async def give_new_password(actor: Viewer | Nobody, login: str) -> NewAccount:
    """Replace a lost or betrayed password by one that is made up, and end the account's sessions at once.

    Who may is the same as for closing it. Raises NotFound or AccountClosed.
    """
    account_id, name = await _governed(actor, login)
    password = secrets.token_urlsafe(12)
    await Account.update_password(account_id, password)
    await database.execute(
        "UPDATE account SET password_given = true, password_given_at = $2 WHERE id = $1", account_id, clock.now()
    )
    await session_tokens.revoke_all(account_id)
    return NewAccount(account_id=account_id, login=name, password=password)


async def _governed(actor: Viewer | Nobody, login: str) -> tuple[int, str]:
    """Return the account with its login, locked, when the actor may close it or replace its password."""
    login = stored_as(login)
    found = (
        await database.fetch(
            "SELECT id, username, active FROM account WHERE lower(username) = $1 FOR NO KEY UPDATE",
            login,
        )
        if is_possible(login)
        else []
    )
    if not found:
        raise NotFound
    account_id: int = found[0]["id"]
    if isinstance(actor, Viewer) and Role.OPERATOR not in {c.role for c in actor.capacities}:
        held = await database.fetch("SELECT role, school FROM capacity WHERE account = $1", account_id)
        own = actor.schools(Role.OFFICE)
        if not held or any(Role(row["role"]) in _STAFF or row["school"] not in own for row in held):
            raise NotFound
    if not found[0]["active"]:
        raise AccountClosed(login=found[0]["username"])
    return account_id, found[0]["username"]


async def _require_none(role: Role, person_id: UUID | None) -> None:
    """Refuse a second open account of a person in one capacity; a school's clerks may be several."""
    if role not in _TABLE_OF:
        return
    table = _TABLE_OF[role]
    # Two clerks at once: the second waits here and then finds the first one's account.
    await database.fetch(f"SELECT FROM {table} WHERE id = $1 FOR NO KEY UPDATE", person_id)
    there = await database.fetch(
        f"""
        SELECT username FROM capacity JOIN account ON account.id = capacity.account
        WHERE capacity.{table} = $1 AND account.active ORDER BY account.id LIMIT 1
        """,  # noqa: S608 - a constant
        person_id,
    )
    if there:
        raise AccountExists(login=there[0]["username"])


async def add_capacity(account_id: int, *, role: Role, school: UUID | None, person: UUID | None) -> None:
    """Let the account act in one more capacity; inside a command."""
    columns = {name: (person if role is of else None) for of, name in _TABLE_OF.items()}
    await database.execute(
        "INSERT INTO capacity (account, school, role, guardian, pupil, teacher) VALUES ($1, $2, $3, $4, $5, $6)",
        account_id,
        school,
        role.value,
        columns["guardian"],
        columns["pupil"],
        columns["teacher"],
    )


async def _school_of(role: Role, school_id: UUID | None, person_id: UUID | None) -> UUID | None:
    if role is Role.OPERATOR:
        return None
    if role is Role.OFFICE:
        if school_id is None or not await database.fetch("SELECT FROM school WHERE id = $1", school_id):
            raise NotFound
        return school_id
    found = await database.fetch(f"SELECT school FROM {_TABLE_OF[role]} WHERE id = $1", person_id)  # noqa: S608 - a constant
    if not found or (school_id is not None and found[0]["school"] != school_id):
        raise NotFound
    school: UUID = found[0]["school"]
    return school
