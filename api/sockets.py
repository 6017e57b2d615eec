"""How many sockets each account holds open in this process."""

from __future__ import annotations

from collections import Counter

#: One person's phone, tablet and a few tabs; more is a fault or an attack (trust.md 1.2).
MOST_PER_ACCOUNT = 5


class Sockets:
    """The admitted sockets by account."""

    def __init__(self) -> None:
        self._of: Counter[int] = Counter()

    def admit(self, account_id: int) -> bool:
        """Count one more socket of the account, unless it holds as many as it may."""
        if self._of[account_id] >= MOST_PER_ACCOUNT:
            return False
        self._of[account_id] += 1
        return True

    def leave(self, account_id: int) -> None:
        """Count one socket less."""
        self._of[account_id] -= 1
        if not self._of[account_id]:
            del self._of[account_id]

    @property
    def count(self) -> int:
        """How many sockets are admitted in all."""
        return self._of.total()
