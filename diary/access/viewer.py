"""The Viewer: who is asking, in which capacities, through which face (D5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from diary.access import session_tokens
from diary.access.tables import Role
from diary.kit import database
from diary.kit.refusal import NotAllowed, Refusal
from diary.kit.wording import _

#: The role that a person with several is greeted with: the one with the most work comes first.
RANK = (Role.OPERATOR, Role.OFFICE, Role.TEACHER, Role.GUARDIAN, Role.PUPIL)

#: The number of no account: the database counts them from one.
NO_ACCOUNT = 0


class SignInRequired(Refusal):
    """The request carries no session, or one that has ended."""

    code = "SIGN_IN_REQUIRED"
    wording = _("Войдите в систему: сеанс не начат или уже закончился.")


@dataclass(frozen=True, slots=True)
class CapacityOf:
    """One capacity: a role in a school, as a certain person."""

    role: Role
    school: UUID | None
    person: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A signed-in person; every query and command takes one, and the SQL narrows to what it may see."""

    account_id: int
    session_id: int | None
    route: str
    login: str
    capacities: tuple[CapacityOf, ...] = field(default=())
    #: Whose sheets the service is printing: paper is read without an account, and of these pupils alone (D5).
    sheets_of: frozenset[UUID] = field(default=frozenset())

    @property
    def role(self) -> Role | None:
        """The role the person is greeted with."""
        held = {capacity.role for capacity in self.capacities}
        return next((role for role in RANK if role in held), None)

    def schools(self, *roles: Role) -> frozenset[UUID]:
        """Return the schools where the person holds one of the roles."""
        return frozenset(c.school for c in self.capacities if c.role in roles and c.school is not None)

    def people(self, role: Role) -> frozenset[UUID]:
        """Return the guardians, pupils or teachers that the person is."""
        return frozenset(c.person for c in self.capacities if c.role is role and c.person is not None)

    def require(self, *roles: Role) -> None:
        """Refuse whoever holds none of the roles; raises NotAllowed."""
        if not any(c.role in roles for c in self.capacities):
            raise NotAllowed


def printer(pupil_ids: Iterable[UUID], *, route: str) -> Viewer:
    """Return the service itself as it reads the weeks of these pupils for paper, and nothing else (D5)."""
    return Viewer(account_id=NO_ACCOUNT, session_id=None, route=route, login="", sheets_of=frozenset(pupil_ids))


async def viewer_of(account_id: int, *, route: str, session_id: int | None = None) -> Viewer:
    """Return the Viewer of an account with its capacities of this moment.

    Raises SignInRequired when the account is closed or unknown.
    """
    rows = await database.fetch(
        """
        SELECT account.username, role, school, coalesce(guardian, pupil, teacher) AS person
        FROM account LEFT JOIN capacity ON capacity.account = account.id
        WHERE account.id = $1 AND account.active
        """,
        account_id,
    )
    if not rows:
        raise SignInRequired
    return Viewer(
        account_id=account_id,
        session_id=session_id,
        route=route,
        login=rows[0]["username"],
        capacities=tuple(
            CapacityOf(role=Role(row["role"]), school=row["school"], person=row["person"])
            for row in rows
            if row["role"]
        ),
    )


async def viewer_of_token(token: str, *, route: str) -> Viewer:
    """Return the Viewer of a session token; raises SignInRequired when the session is over."""
    live = await session_tokens.read(token)
    if live is None:
        raise SignInRequired
    return await viewer_of(live.account_id, route=route, session_id=live.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """The service itself, acting without an account: imports, the clock, the worker, the command line."""

    route: str
    account_id: None = None
