"""Changing one's own password."""

from __future__ import annotations

from diary.access.accounts import check_password
from diary.access.sign_in import SignInFailed
from diary.access.tables import Account
from diary.access.viewer import Viewer
from diary.kit import clock, database
from diary.kit.command import command, sessions_ended


async def change_password(viewer: Viewer, *, current: str, new: str) -> None:
    """Replace the password and end every session of the account.

    Raises SignInFailed for a wrong current password, SignInDelayed after too many, PasswordTooWeak. The current
    one is checked before the transaction: a failure must be counted although nothing changes.
    """
    check_password(new)
    if await Account.login(viewer.login, current) != viewer.account_id:
        raise SignInFailed
    await _replace(viewer, new)


@command
async def _replace(viewer: Viewer, new: str) -> None:
    await Account.update_password(viewer.account_id, new)
    await database.execute(
        "UPDATE session SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL", viewer.account_id, clock.now()
    )
    sessions_ended(viewer.account_id)
