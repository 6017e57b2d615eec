"""Opening accounts for people that the school knows."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from diary.access import passwords
from diary.access.tables import Role
from diary.access.viewer import Nobody, Viewer
from diary.kit import database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotAllowed, NotFound, Refusal
from diary.kit.wording import _

LOGIN_FORM = re.compile(r"[\w.@+-]{3,100}")
_TABLE_OF = {Role.GUARDIAN: "guardian", Role.PUPIL: "pupil", Role.TEACHER: "teacher"}
_STAFF = {Role.OFFICE, Role.OPERATOR}


class LoginTaken(Refusal):
    """Somebody has this login already."""

    code = "LOGIN_TAKEN"
    wording = _("Логин «{login}» уже занят.")


class PasswordTooWeak(Refusal):
    """The password is too short or too long."""

    code = "PASSWORD_TOO_WEAK"
    wording = _("Пароль должен быть от {shortest} до {longest} символов.")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An opened account; the password is shown this once."""

    account_id: int
    login: str
    password: str


def check_password(password: str) -> None:
    """Raise PasswordTooWeak when the length is not in bounds."""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise PasswordTooWeak(shortest=passwords.SHORTEST, longest=passwords.LONGEST)


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
    password one is made up. Raises LoginTaken, PasswordTooWeak, NotFound, NotAllowed or BadInput.
    """
    if not LOGIN_FORM.fullmatch(login):
        raise BadInput(field="login", reason=_("от 3 до 100 букв, цифр и знаков . @ + - _"))
    password = password or secrets.token_urlsafe(12)
    check_password(password)
    school = await _school_of(role, school_id, person_id)
    if isinstance(actor, Viewer) and Role.OPERATOR not in {c.role for c in actor.capacities}:
        if role in _STAFF:
            raise NotAllowed
        if school not in actor.schools(Role.OFFICE):
            raise NotFound
    hashed = await passwords.hash_password(password)
    made = await database.fetch(
        """
        INSERT INTO account (username, password, active, admin, superuser) VALUES ($1, $2, true, $3, $4)
        ON CONFLICT (username) DO NOTHING RETURNING id
        """,
        login,
        hashed,
        role in _STAFF,
        role is Role.OPERATOR,
    )
    if not made:
        raise LoginTaken(login=login)
    account_id: int = made[0]["id"]
    await add_capacity(account_id, role=role, school=school, person=person_id)
    return NewAccount(account_id=account_id, login=login, password=password)


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
