"""Changing one's own password."""

from __future__ import annotations

from diary.access import session_tokens
from diary.access.accounts import check_password
from diary.access.sign_in import SignInFailed
from diary.access.tables import Account
from diary.access.viewer import Viewer
from diary.kit import database
from diary.kit.command import command
from diary.kit.refusal import BadInput
from diary.kit.wording import _


async def change_password(viewer: Viewer, *, current: str, new: str, address: str) -> None:
    """Replace the password by the owner's own and end every session of the account.

    Raises SignInFailed for a wrong current password, SignInDelayed after too many, SignInBusy, PasswordTooWeak,
    PasswordTooCommon or BadInput for the same one again. The current one is checked before the transaction: a failure
    must be counted although nothing changes.
    """
    check_password(new, viewer.login)
    if await Account.login(viewer.login, current, address=address) != viewer.account_id:
        raise SignInFailed
    if new == current:
        raise BadInput(field="newPassword", reason=_("новый пароль тот же, что прежний"))
    await _replace(viewer, new)


@command
async def _replace(viewer: Viewer, new: str) -> None:
    await Account.update_password(viewer.account_id, new)
    await database.execute("UPDATE account SET password_given = false WHERE id = $1", viewer.account_id)
    await session_tokens.revoke_all(viewer.account_id)
