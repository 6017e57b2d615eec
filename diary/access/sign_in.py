"""Signing in and out."""

from __future__ import annotations

from dataclasses import dataclass

from diary.access import session_tokens
from diary.access.tables import Account
from diary.access.viewer import Viewer, viewer_of_token
from diary.kit.announcement import Announcement, announcements
from diary.kit.refusal import Refusal
from diary.kit.wording import _


class SignInFailed(Refusal):
    """Login and password do not fit, or the login does not exist: nobody is told which."""

    code = "SIGN_IN_FAILED"
    wording = _("Неверный логин или пароль.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A started session: the token is shown this once."""

    token: str
    viewer: Viewer


async def sign_in(login: str, password: str, *, route: str, address: str) -> SignedIn:
    """Start a session for the login; the client's address tells whose failures are counted together.

    Raises SignInFailed, SignInDelayed after too many failures, or SignInBusy. It is not one transaction: a failure
    must be counted even though the sign-in is refused.
    """
    account_id = await Account.login(login, password, address=address)
    if account_id is None:
        raise SignInFailed
    token = await session_tokens.start(account_id)
    return SignedIn(token=token, viewer=await viewer_of_token(token, route=route))


async def sign_out(token: str) -> bool:
    """End the session of the token at once, its open sockets included; say whether there was one."""
    account_id = await session_tokens.revoke(token)
    if account_id is not None:
        await announcements.announce(Announcement(accounts=frozenset({account_id})))
    return account_id is not None
