"""Which subscriptions of this process an announcement wakes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diary.kit.announcement import Announcement, announcements


class Listeners:
    """Subscriptions by pupil and by account: one announcement costs only those whom it concerns."""

    def __init__(self) -> None:
        self._of_pupil: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._of_account: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._listening = False

    @contextmanager
    def wake(self, *, pupil: str, account: int) -> Iterator[asyncio.Event]:
        """Yield an event that is set when the pupil's feed, access or the account's sessions have changed."""
        if not self._listening:
            announcements.listen(self._hear)
            self._listening = True
        woken = asyncio.Event()
        self._of_pupil[pupil].add(woken)
        self._of_account[account].add(woken)
        try:
            yield woken
        finally:
            _forget(self._of_pupil, pupil, woken)
            _forget(self._of_account, account, woken)

    @property
    def count(self) -> int:
        """How many subscriptions are open in this process."""
        return sum(len(events) for events in self._of_pupil.values())

    def _hear(self, announcement: Announcement) -> None:
        for pupil in announcement.pupils:
            for woken in self._of_pupil.get(pupil, ()):
                woken.set()
        for account in announcement.accounts:
            for woken in self._of_account.get(account, ()):
                woken.set()


def _forget(register: dict[Any, set[asyncio.Event]], key: object, woken: asyncio.Event) -> None:
    register[key].discard(woken)
    if not register[key]:
        del register[key]


listeners = Listeners()
