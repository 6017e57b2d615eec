"""Passwords that the school gives, told to the family at the addresses that it has had before (63-FZ art. 9)."""

from __future__ import annotations

from uuid import UUID

from diary.access import accounts
from diary.access.accounts import NewAccount
from diary.access.tables import Role
from diary.access.viewer import Nobody, Viewer
from diary.delivery import alerts
from diary.kit.command import command


@command
async def give_new_password(actor: Viewer | Nobody, login: str) -> NewAccount:
    """Replace a lost or betrayed password, end the account's sessions and tell its people at every contact in use.

    Raises what `accounts.give_new_password` raises.
    """
    made = await accounts.give_new_password.joined(actor, login)
    await alerts.password_given(actor, account_id=made.account_id, login=made.login)
    return made


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
    """Open an account and tell the person at every contact in use: a second key to the same signature is no secret.

    Raises what `accounts.create_account` raises.
    """
    made = await accounts.create_account.joined(
        actor, login=login, role=role, school_id=school_id, person_id=person_id, password=password
    )
    await alerts.account_opened(actor, account_id=made.account_id, login=made.login)
    return made
