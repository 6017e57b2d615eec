"""The operating system's account that the servers run under: never root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from embedded.error import ServerError

#: Whom root starts the servers as, the best first.
UNPRIVILEGED = ("diary", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def is_invoker(self) -> bool:
        """Whether this process already runs as that user, so that nothing has to be dropped."""
        return self.uid == os.geteuid()


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def invoker() -> Account:
    """Return the user who runs this process.

    Raises ServerError for a number without a name, whom PostgreSQL would refuse too.
    """
    try:
        return _account(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise ServerError(
            f"user number {os.geteuid()} has no name on this machine (/etc/passwd), and PostgreSQL needs one"
        ) from None


def server_account(owner: int | None) -> Account:
    """Return who runs the servers: the invoker, or for root the owner of the existing data or an unprivileged user."""
    if os.geteuid() != 0:
        return invoker()
    if owner:
        try:
            return _account(pwd.getpwuid(owner))
        except KeyError:
            raise ServerError(f"the servers' data belong to user number {owner}, who does not exist here") from None
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ServerError(f"root cannot run PostgreSQL, and none of the users {', '.join(UNPRIVILEGED)} exists")
