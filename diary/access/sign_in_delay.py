"""The delay that failed sign-ins earn: per login, known or not, so that it tells nothing (trust.md 1.2)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from diary.kit import clock, database
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: So many failures are free; after them each one doubles the wait.
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=15)
#: After this time without an attempt the count starts anew.
FORGET_AFTER = timedelta(minutes=15)


class SignInDelayed(Refusal):
    """Too many sign-ins failed for this login; it has to wait `seconds` before the next."""

    code = "SIGN_IN_DELAYED"
    wording = _("Слишком много неудачных попыток входа. Повторите через {seconds} с.")


def delay_after(failures: int) -> timedelta:
    """Return how long a login waits after so many failures in a row."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings: int = min(failures - FREE_FAILURES, 20)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def waits_until(failures: int, last_at: datetime) -> datetime:
    """Return the instant from which the login may try again."""
    return last_at + delay_after(failures)


def _digest(login: str) -> str:
    return hashlib.sha256(login.casefold().encode()).hexdigest()


async def count_attempt(login: str) -> None:
    """Count an attempt before it is judged, so that parallel guesses cannot slip through.

    Raises SignInDelayed while the login has to wait; a refused attempt does not lengthen the wait.
    """
    now, key = clock.now(), _digest(login)
    counted = await database.fetch(
        """
        INSERT INTO sign_in_failure AS known (login_digest, failures, last_at) VALUES ($1, 1, $2)
        ON CONFLICT (login_digest) DO UPDATE SET
            failures = CASE WHEN known.last_at < $2 - $3::interval THEN 1 ELSE least(known.failures + 1, 1000) END,
            last_at = $2
        WHERE known.last_at < $2 - $3::interval
           OR known.failures < $4
           OR known.last_at + least($5::interval * power(2, least(known.failures - $4, 20)), $6::interval) <= $2
        RETURNING failures
        """,
        key,
        now,
        FORGET_AFTER,
        FREE_FAILURES,
        FIRST_DELAY,
        LONGEST_DELAY,
    )
    if not counted:
        row = (await database.fetch("SELECT failures, last_at FROM sign_in_failure WHERE login_digest = $1", key))[0]
        left = waits_until(row["failures"], row["last_at"]) - now
        raise SignInDelayed(seconds=max(1, round(left.total_seconds())))


async def forget(login: str) -> None:
    """Start the count anew after a successful sign-in."""
    await database.execute("DELETE FROM sign_in_failure WHERE login_digest = $1", _digest(login))


async def forget_old() -> int:
    """Drop the counts that no longer delay anybody, and return how many there were."""
    gone = await database.fetch(
        "DELETE FROM sign_in_failure WHERE last_at < $1 RETURNING failures", clock.now() - FORGET_AFTER - LONGEST_DELAY
    )
    return len(gone)
