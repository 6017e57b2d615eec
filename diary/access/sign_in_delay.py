"""The delay that failed sign-ins earn, known login or not, so that it tells nothing (trust.md 1.2).

Three counts are kept: of a login from one network, which grows a long delay there and nowhere else, so that nobody can
lock an owner out from afar; of a login from everywhere and of a network over all logins, which only slow down.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diary.access.logins import counted_as
from diary.kit import clock, database
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: So many failures of one login from one network are free; after them each one doubles the wait.
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=15)
#: After this time without an attempt the count of a login from a network starts anew.
FORGET_AFTER = timedelta(minutes=15)
#: So many failures an hour are free for a login over all networks, and for a network over all logins.
FREE_FAILURES_WIDE = 50
#: Beyond them nobody waits longer than this: distributed guessing stays slow, the owner is never out for long.
LONGEST_DELAY_WIDE = timedelta(seconds=30)
#: The two wide counts start anew with each hour.
WIDE_WINDOW = timedelta(hours=1)
#: What of an address is its network: one household or one provider's customer has many addresses of it.
NETWORK_BITS = {4: 24, 6: 48}


class SignInDelayed(Refusal):
    """Too many sign-ins failed for this login or from this network; wait `seconds` before the next."""

    code = "SIGN_IN_DELAYED"
    wording = _("Слишком много неудачных попыток входа. Повторите через {seconds} с.")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are free and how long the wait grows after them."""

    free: int
    longest: timedelta
    forget_after: timedelta

    def delay_after(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures."""
        if failures < self.free:
            return timedelta(0)
        doublings: int = min(failures - self.free, 20)
        return min(FIRST_DELAY * (1 << doublings), self.longest)


HERE = Limit(FREE_FAILURES, LONGEST_DELAY, FORGET_AFTER)
WIDE = Limit(FREE_FAILURES_WIDE, LONGEST_DELAY_WIDE, WIDE_WINDOW)


def network_of(address: str) -> str:
    """Return the network of a client's address, the address itself when it is none (a unix socket)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network(f"{parsed}/{NETWORK_BITS[parsed.version]}", strict=False))


@dataclass(frozen=True, slots=True)
class _Counted:
    key: str
    at: datetime
    was_at: datetime | None

    async def take_back(self) -> None:
        await database.execute(
            """
            UPDATE sign_in_failure SET
                failures = greatest(failures - 1, 0),
                last_at = CASE WHEN last_at = $2 THEN coalesce($3::timestamptz, last_at) ELSE last_at END
            WHERE login_digest = $1
            """,
            self.key,
            self.at,
            self.was_at,
        )


@dataclass(slots=True)
class Attempt:
    """One sign-in, counted as a failure until it is known better."""

    here: str
    counted: list[_Counted] = field(default_factory=list)

    async def take_back(self) -> None:
        """Count it no longer: it was not judged."""
        for one in self.counted:
            await one.take_back()

    async def succeeded(self) -> None:
        """Count it no longer, and start the login's count from this network anew."""
        await self.take_back()
        await database.execute("DELETE FROM sign_in_failure WHERE login_digest = $1", self.here)


def _digest(kind: str, *parts: str) -> str:
    # The length of each part keeps "a|b" + "c" apart from "a" + "b|c".
    return hashlib.sha256("|".join([kind, *(f"{len(part)}:{part}" for part in parts)]).encode()).hexdigest()


async def count_attempt(login: str, address: str) -> Attempt:
    """Count an attempt before it is judged, so that parallel guesses cannot slip through.

    Raises SignInDelayed while the login or the network has to wait; a refused attempt does not lengthen the wait.
    """
    now = clock.now()
    name, network = counted_as(login), network_of(address)
    hour = str(int(now.timestamp() // WIDE_WINDOW.total_seconds()))
    attempt = Attempt(here=_digest("here", name, network))
    # The network first: once it has to wait, no further login of its guessing fills the table.
    for key, limit in (
        (_digest("network", network, hour), WIDE),
        (_digest("login", name, hour), WIDE),
        (attempt.here, HERE),
    ):
        try:
            attempt.counted.append(await _count(key, limit, now))
        except SignInDelayed:
            await attempt.take_back()
            raise
    return attempt


async def _count(key: str, limit: Limit, now: datetime) -> _Counted:
    counted = await database.fetch(
        """
        WITH before AS (SELECT last_at FROM sign_in_failure WHERE login_digest = $1)
        INSERT INTO sign_in_failure AS known (login_digest, failures, last_at) VALUES ($1, 1, $2)
        ON CONFLICT (login_digest) DO UPDATE SET
            failures = CASE WHEN known.last_at < $2 - $3::interval THEN 1 ELSE least(known.failures + 1, 1000) END,
            last_at = $2
        WHERE known.last_at < $2 - $3::interval
           OR known.failures < $4
           OR known.last_at + least($5::interval * power(2, least(known.failures - $4, 20)), $6::interval) <= $2
        RETURNING (SELECT last_at FROM before) AS was_at
        """,
        key,
        now,
        limit.forget_after,
        limit.free,
        FIRST_DELAY,
        limit.longest,
    )
    if counted:
        return _Counted(key=key, at=now, was_at=counted[0]["was_at"])
    rows = await database.fetch("SELECT failures, last_at FROM sign_in_failure WHERE login_digest = $1", key)
    # A success beside us may have deleted the count meanwhile.
    left = rows[0]["last_at"] + limit.delay_after(rows[0]["failures"]) - now if rows else FIRST_DELAY
    raise SignInDelayed(seconds=max(1, math.ceil(left.total_seconds())))


async def forget_old() -> int:
    """Drop the counts that no longer delay anybody, and return how many there were."""
    longest = max(FORGET_AFTER + LONGEST_DELAY, WIDE_WINDOW)
    gone = await database.fetch(
        "DELETE FROM sign_in_failure WHERE last_at <= $1 RETURNING failures", clock.now() - longest
    )
    return len(gone)
