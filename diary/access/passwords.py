"""Password hashing with argon2id, in threads and never more at once than the machine bears (trust.md 1.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from diary.kit.refusal import Refusal
from diary.kit.wording import _

SHORTEST = 8
LONGEST = 128
#: One hash takes 46 MiB and about 60 ms; two at once leave the event loop and the memory alone.
HASHERS = 2
#: So many sign-ins wait for their hash, about half a second; whoever comes then is sent away at once, not kept.
MOST_WAITING = 20
#: What a client that was sent away is told to wait, seconds.
RETRY_AFTER = 5

_hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=HASHERS, thread_name_prefix="argon2")


class SignInBusy(Refusal):
    """So many sign-ins wait already that one more would only make everybody wait longer; come back in seconds."""

    code = "SIGN_IN_BUSY"
    wording = _("Слишком много входов сразу. Повторите через несколько секунд.")


class Line:
    """Those whose password is being compared in this process, and those who wait for it."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._length = 0

    def require_room(self) -> None:
        """Raise SignInBusy when nobody else may join."""
        if self._length >= self._longest:
            raise SignInBusy

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Stand in line while the block runs; raises SignInBusy."""
        self.require_room()
        self._length += 1
        try:
            yield
        finally:
            self._length -= 1


line = Line(HASHERS + MOST_WAITING)


def is_hashed(value: str) -> bool:
    """Whether the text is already an argon2id hash."""
    return value.startswith("$argon2id$")


def hash_now(password: str) -> str:
    """Hash in this thread: for the command line and the demo school only."""
    return _hasher.hash(password)


async def hash_password(password: str) -> str:
    """Hash without holding up anybody else's request."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _matches(stored: str | None, password: str) -> bool:
    try:
        _hasher.verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def matches(stored: str | None, password: str) -> bool:
    """Compare a password with a stored hash; with no stored hash it takes as long and says no.

    Raises SignInBusy when too many wait already.
    """
    with line.joined():
        return await asyncio.get_running_loop().run_in_executor(_threads, _matches, stored, password)
