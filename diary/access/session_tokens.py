"""Session tokens: made at sign-in, kept only as SHA-256, checked on every request and every live event (D11)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from diary.kit import clock, database
from diary.kit.command import sessions_ended

#: Families stay signed in on their own phones; staff screens stand in shared rooms (trust.md 1.2).
FAMILY_IDLE = timedelta(days=30)
FAMILY_LIFE = timedelta(days=90)
STAFF_IDLE = timedelta(minutes=30)
STAFF_LIFE = timedelta(hours=12)
OPERATOR_IDLE = timedelta(minutes=15)
OPERATOR_LIFE = timedelta(hours=8)

_LIVE = "revoked_at IS NULL AND expiry_date > $2 AND max_expiry_date > $2"


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that is valid at this instant."""

    session_id: int
    account_id: int


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def lifetime(roles: frozenset[str]) -> tuple[timedelta, timedelta]:
    """Return how long a session may idle and live: the strictest of the account's roles decides."""
    if "OPERATOR" in roles:
        return OPERATOR_IDLE, OPERATOR_LIFE
    if roles & {"OFFICE", "TEACHER"}:
        return STAFF_IDLE, STAFF_LIFE
    return FAMILY_IDLE, FAMILY_LIFE


async def start(account_id: int) -> str:
    """Start a session and return its token, which nobody can read again."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    rows = await database.fetch("SELECT DISTINCT role FROM capacity WHERE account = $1", account_id)
    idle, life = lifetime(frozenset(row["role"] for row in rows))
    await database.execute(
        """
        INSERT INTO session (token, user_id, started_at, expiry_date, max_expiry_date, idle_seconds)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        digest(token),
        account_id,
        now,
        now + idle,
        now + life,
        int(idle.total_seconds()),
    )
    await database.execute("UPDATE account SET last_login = $2 WHERE id = $1", account_id, now)
    return token


async def read(token: str) -> LiveSession | None:
    """Return the live session of an open account's token, prolonging it when a part of its idle time is gone."""
    now = clock.now()
    rows = await database.fetch(
        f"""
        SELECT session.id, user_id, expiry_date, idle_seconds FROM session JOIN account ON account.id = user_id
        WHERE token = $1 AND {_LIVE} AND account.active
        """,  # noqa: S608 - a constant
        digest(token),
        now,
    )
    if not rows:
        return None
    row = rows[0]
    idle = timedelta(seconds=row["idle_seconds"])
    if row["expiry_date"] - now < idle * 0.9:
        await database.execute(
            f"UPDATE session SET expiry_date = least($2 + $3::interval, max_expiry_date) WHERE id = $1 AND {_LIVE}",  # noqa: S608
            row["id"],
            now,
            idle,
        )
    return LiveSession(session_id=row["id"], account_id=row["user_id"])


async def revoke(token: str) -> int | None:
    """End the session of a token at once; return its account if there was one."""
    rows = await database.fetch(
        "UPDATE session SET revoked_at = $2 WHERE token = $1 AND revoked_at IS NULL RETURNING user_id",
        digest(token),
        clock.now(),
    )
    return rows[0]["user_id"] if rows else None


async def revoke_all(account_id: int) -> None:
    """End every session of the account at once, its open sockets included; inside a command."""
    await database.execute(
        "UPDATE session SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL", account_id, clock.now()
    )
    sessions_ended(account_id)


def cookie_name(*, https: bool) -> str:
    """Return the session cookie's name: the __Host- prefix binds it to this host where https allows it."""
    return "__Host-sid" if https else "sid"
