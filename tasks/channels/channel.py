"""What all channels have in common: a parcel goes in, and one of four answers comes out (R1.1, D7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from diary.kit.wording import _

LONGEST_REASON = 300
#: The reason of an address that its channel cannot even write down.
BAD_ADDRESS = "BAD_ADDRESS"
#: How much of a school's name and of a subject stands at the head of a short text.
LONGEST_NAME = 40
LONGEST_SUBJECT = 80
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
#: What stands below a text that its channel cannot carry whole; the mailbox has all of it (R3.1).
CUT_OFF = _("… Полностью — в дневнике.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is told, and where it goes; `id` is the outbox row and the same at every attempt."""

    id: UUID
    school_name: str
    address: str
    subject: str
    body: str
    at: datetime
    push_keys: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider has taken the parcel; its id and its words are the evidence (D6)."""

    provider_id: str
    answer: str


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The parcel surely has not left; another time it may, not before so many seconds if the provider has said so."""

    seconds: float | None
    reason: str
    #: Whether it is the contact itself that keeps everybody waiting: after the last attempt it is used no more.
    by_contact: bool = False


@dataclass(frozen=True, slots=True)
class Permanent:
    """The parcel surely has not left and never will this way; a dead contact is not tried with others either."""

    reason: str
    contact_is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The parcel may have left or not, and nobody can know: a person decides, nothing is sent twice in silence."""

    reason: str


Outcome = Delivered | RetryAfter | Permanent | Uncertain


class Channel(Protocol):
    """A way to a family, open now."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Hand the parcel over and tell what is known of it; a cancelled one is Uncertain once it was written."""
        ...


class Provider(Protocol):
    """Who carries the parcels of a channel."""

    def opened(self) -> AbstractAsyncContextManager[Channel | RetryAfter]:
        """Lend the channel, connected as far as it can be: whether a parcel may leave is asked after that."""
        ...

    async def close(self) -> None:
        """Drop what is kept open."""
        ...


def in_one_line(text: str) -> str:
    """Return a provider's words as they are noted."""
    return _BLANKS.sub(" ", text).strip()[:LONGEST_REASON]


def as_message(parcel: Parcel, *, most: int) -> str:
    """Return the parcel as one plain text of at most so many UTF-16 units, which is how messengers count."""
    # Neither a long name nor a long subject may leave no room for what is told, such as a code.
    head = f"{in_one_line(parcel.school_name)[:LONGEST_NAME]}: {in_one_line(parcel.subject)[:LONGEST_SUBJECT]}"
    return cut(f"{head}\n\n{parcel.body.strip()}", most=most)


def cut(text: str, *, most: int) -> str:
    """Return the text, cut at a word where it is too long, with a word about where the rest is."""
    if _units(text) <= most:
        return text
    room = most - _units(CUT_OFF) - 1
    kept = text.encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore")
    return f"{kept.rsplit(maxsplit=1)[0] if ' ' in kept else kept} {CUT_OFF}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
