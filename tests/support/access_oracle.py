"""Who may be told about whom, in plain Python from the requirements: it shares no line with the service it judges."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ALLOWED = "ALLOWED"
#: Neither sent nor refused: the letter waits for the end of the quiet hours, or for an agreed day.
QUIET = "QUIET"
REFUSED = "REFUSED"
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
#: A pupil of age lets the guardians go on being informed (A12).
LEAVE = (None, "GUARDIAN_ACCESS")
SECOND = timedelta(seconds=1)
#: What leaves the system; the mailbox and the cabinet are inside it.
OUTSIDE = ("EMAIL", "SMS", "MESSENGER", "WEB_PUSH")


@dataclass(frozen=True)
class Decided:
    """An entry of the ledger: a guardian's decision about a pupil, or (no guardian) the pupil's own (R2.1)."""

    guardian: str | None
    pupil: str
    purpose: str
    decision: str
    registered_at: datetime
    valid_until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether its term is not over; its last instant is already outside."""
        return self.valid_until is None or at < self.valid_until


@dataclass(frozen=True)
class Guardianship:
    """What the school knew of a guardianship since an instant (A11)."""

    key: int
    guardian: str
    pupil: str
    first: date
    last: date | None
    restricted: bool
    known_since: datetime


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What a guardian and the school agreed about a pupil: through what, when, and when not (R1.1, R1.2)."""

    guardian: str
    pupil: str
    #: In the order of trying; none stand for paper.
    channels: tuple[str, ...]
    quiet: tuple[time, time] | None = None
    looks_alone: bool = False
    weekdays: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    @property
    def has_days(self) -> bool:
        """Whether the family is written to on certain days only."""
        return bool(self.weekdays or self.month_days or self.dates)

    def includes(self, day: date) -> bool:
        """Whether a day was agreed; a month that has no 31st ends with the day that stands for it."""
        is_last = day.day == monthrange(day.year, day.month)[1]
        numbers = {day.day, *(range(day.day, 32) if is_last else ())}
        return day.isoweekday() in self.weekdays or day in self.dates or bool(numbers & self.month_days)


@dataclass(kw_only=True)
class Contact:
    """A guardian's address in a channel (R8)."""

    guardian: str
    channel: str
    address: str
    confirmed_at: datetime | None
    retired: bool = False
    failed: bool = False

    @property
    def is_usable(self) -> bool:
        """Only a confirmed address that works and was not taken back is used (R8.1)."""
        return self.confirmed_at is not None and not self.retired and not self.failed


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Something about a pupil that waits to leave for an address."""

    guardian: str
    pupil: str
    channel: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """What becomes of news told now: whether the mailbox has it, which addresses may get it, and when."""

    in_mailbox: bool
    addresses: frozenset[str] = frozenset()
    leaves: datetime | None = None
    day: date | None = None


@dataclass
class AccessOracle:
    """Everything that was registered in one school, and what follows from it."""

    zone: ZoneInfo
    own_decision_age: int
    of_age: int
    births: dict[str, date | None]
    decisions: list[Decided] = field(default_factory=list)
    guardianships: list[Guardianship] = field(default_factory=list)
    agreements: list[Agreed] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    quiet: tuple[time, time] = (time(21), time(7))
    mails_at: time = time(18)

    # What was registered, as it stands or as it was known at an instant (R2.4).

    def latest(self, guardian: str | None, pupil: str, purpose: str, known: datetime | None) -> Decided | None:
        """Return the decision that counts: the last one, of those registered by then."""
        for entry in reversed(self.decisions):
            same = (entry.guardian, entry.pupil, entry.purpose) == (guardian, pupil, purpose)
            if same and (known is None or entry.registered_at <= known):
                return entry
        return None

    def guardians_of(self, pupil: str, at: datetime, known: datetime | None) -> set[str]:
        """Return whose rights about the pupil are in force on the school's own day (A11).

        What a court has restricted no other record of the same guardian gives back.
        """
        today = at.astimezone(self.zone).date()
        newest: dict[int, Guardianship] = {}
        for version in self.guardianships:
            if known is None or version.known_since <= known:
                newest[version.key] = version
        of_today = [
            g for g in newest.values() if g.pupil == pupil and g.first <= today and (g.last is None or today <= g.last)
        ]
        return {g.guardian for g in of_today} - {g.guardian for g in of_today if g.restricted}

    def age(self, pupil: str, at: datetime) -> int:
        """Return the full years on the school's own day; an unknown birth date counts as a child's."""
        born = self.births[pupil]
        if born is None:
            return 0
        today = at.astimezone(self.zone).date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    # The rules.

    def _own(self, person: str | None, pupil: str, at: datetime, known: datetime | None) -> str:
        """Judge one person's own decisions: the data (R1.3, R2.3), then the form (A2)."""
        data = self.latest(person, pupil, "PERSONAL_DATA", known)
        if data is None:
            return "CONSENT_NOT_REGISTERED"
        if data.decision != "GIVEN":
            return f"CONSENT_{data.decision}"
        if not data.holds(at):
            return "CONSENT_EXPIRED"
        form = self.latest(person, pupil, "ELECTRONIC_FORM", known)
        if form is not None and form.decision != "GIVEN" and form.holds(at):
            return "ELECTRONIC_FORM_REFUSED"
        return ALLOWED

    def represents(self, pupil: str, at: datetime, known: datetime | None = None) -> bool:
        """Whether guardians still act for the pupil: under age, or by the pupil's own leave (A12)."""
        leave = self.latest(None, pupil, "GUARDIAN_ACCESS", known)
        return self.age(pupil, at) < self.of_age or (
            leave is not None and leave.decision == "GIVEN" and leave.holds(at)
        )

    def guardian_may(self, guardian: str, pupil: str, at: datetime, known: datetime | None = None) -> str:
        """Return ALLOWED or the reason why a guardian may not be told electronically (R1.3, R2.3, A11, A12)."""
        if guardian not in self.guardians_of(pupil, at, known):
            return "NOT_FOUND"
        return self._own(guardian, pupil, at, known) if self.represents(pupil, at, known) else "PUPIL_OF_AGE"

    def pupil_may(self, pupil: str, at: datetime, known: datetime | None = None) -> bool:
        """Whether the pupil may read: a guardian decides, later both, of age the pupil alone (A12)."""
        age = self.age(pupil, at)
        own = self._own(None, pupil, at, known) == ALLOWED
        if age >= self.of_age:
            return own
        lets = any(self._own(g, pupil, at, known) == ALLOWED for g in self.guardians_of(pupil, at, known))
        return lets and (own or age < self.own_decision_age)

    def paper_may(self, guardian: str, pupil: str, at: datetime) -> bool:
        """Whether a guardian gets sheets: that rests on the law on education, not on consent (D5, A2)."""
        return guardian in self.guardians_of(pupil, at, None) and self.represents(pupil, at)

    def on_paper(self, at: datetime) -> set[tuple[str | None, str]]:
        """Return to whom the printed diary of the week is owed: a guardian, or (nobody) the pupil of age (R9.1, A2)."""
        owed: set[tuple[str | None, str]] = set()
        for pupil in self.births:
            for guardian in self.guardians_of(pupil, at, None):
                agreed = self.agreed(guardian, pupil)
                on_paper = agreed is not None and not agreed.channels
                if self.paper_may(guardian, pupil, at) and (
                    on_paper or self.guardian_may(guardian, pupil, at) != ALLOWED
                ):
                    owed.add((guardian, pupil))
            if self.age(pupil, at) >= self.of_age and not self.pupil_may(pupil, at):
                owed.add((None, pupil))
        return owed

    def letter_may(self, letter: Letter, at: datetime) -> set[str]:
        """Return ALLOWED, QUIET or REFUSED for a letter about the pupil at this instant (R1, R1.3, R8.1).

        What waits is judged by the day on which it will leave. Right before it does two answers are right: clocks of
        two machines differ by up to a second.
        """
        agreed = self.agreed(letter.guardian, letter.pupil)
        contact = next(c for c in self.contacts if c.address == letter.address)
        leaves = self._leaves(agreed, at) if agreed is not None else None
        if (
            agreed is None
            or leaves is None
            or letter.channel not in agreed.channels
            or not contact.is_usable
            or (contact.guardian, contact.channel) != (letter.guardian, letter.channel)
            or self.guardian_may(letter.guardian, letter.pupil, at) != ALLOWED
            or not self._decided_before(leaves.astimezone(self.zone).date(), letter.guardian, letter.pupil, at)
        ):
            return {REFUSED}
        return {QUIET if leaves > instant else ALLOWED for instant in (at, at + SECOND)}

    def _leaves(self, agreed: Agreed, at: datetime) -> datetime | None:
        """Return when what waits already may leave: on an agreed day from its hour on, outside the quiet hours."""
        if agreed.looks_alone:
            return None
        if not agreed.has_days:
            return self._end_of_quiet(agreed, at)
        today = at.astimezone(self.zone).date()
        for ahead in range(400):
            day = today + ahead * DAY
            leaves = self._end_of_quiet(agreed, max(at, self._hour(day)))
            if agreed.includes(day) and leaves.astimezone(self.zone).date() == day:
                return leaves
        return None

    def _hour(self, day: date) -> datetime:
        return datetime.combine(day, self.mails_at, tzinfo=self.zone).astimezone(UTC)

    def told(self, guardian: str, pupil: str, at: datetime) -> Told:
        """Return what becomes of news that are not urgent (R1.1, R1.2, R3.1)."""
        agreed = self.agreed(guardian, pupil)
        in_mailbox = self.guardian_may(guardian, pupil, at) == ALLOWED and (agreed is None or bool(agreed.channels))
        addresses = self.addresses(guardian, pupil)
        if agreed is None or agreed.looks_alone or not addresses:
            return Told(in_mailbox=in_mailbox)
        if not agreed.has_days:
            return Told(in_mailbox=in_mailbox, addresses=addresses, leaves=self._end_of_quiet(agreed, at))
        today = at.astimezone(self.zone).date()
        for ahead in range(400):
            day = today + ahead * DAY
            if agreed.includes(day) and self._hour(day) >= at:
                return Told(in_mailbox=in_mailbox, addresses=addresses, leaves=self._hour(day), day=day)
        return Told(in_mailbox=in_mailbox)

    def addresses(self, guardian: str, pupil: str) -> frozenset[str]:
        """Return where news go: the first agreed channel with a usable contact, there the one confirmed last (R1.1)."""
        agreed = self.agreed(guardian, pupil)
        for channel in agreed.channels if agreed is not None else ():
            here = [c for c in self.contacts if (c.guardian, c.channel) == (guardian, channel) and c.is_usable]
            last = max((c.confirmed_at for c in here if c.confirmed_at is not None), default=None)
            if last is not None:
                return frozenset(c.address for c in here if c.confirmed_at == last)
        return frozenset()

    def agreed(self, guardian: str, pupil: str) -> Agreed | None:
        """Return what was agreed last."""
        found = (a for a in reversed(self.agreements) if (a.guardian, a.pupil) == (guardian, pupil))
        return next(found, None)

    def _decided_before(self, day: date, guardian: str, pupil: str, at: datetime) -> bool:
        """Whether what was registered strictly before a day began at the school allows it by itself (R1.3).

        A consent that is renewed on the day interrupts nothing; one that ended on the day and was given anew does.
        """
        began, of_age = self.midnight(day), self.age(pupil, at) >= self.of_age
        ended = any(
            entry.registered_at >= began
            and entry.decision != "GIVEN"
            and entry.pupil == pupil
            and (entry.guardian == guardian or (of_age and (entry.guardian, entry.purpose) == LEAVE))
            for entry in self.decisions
        )
        eve = began - TICK
        return not ended and self.represents(pupil, at, eve) and self._own(guardian, pupil, at, eve) == ALLOWED

    def _is_quiet(self, agreed: Agreed, local: time) -> bool:
        begins, ends = agreed.quiet or self.quiet
        return begins <= local < ends if begins <= ends else (local >= begins or local < ends)

    def _end_of_quiet(self, agreed: Agreed, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        if not self._is_quiet(agreed, local.time()):
            return at
        ends = (agreed.quiet or self.quiet)[1]
        day = local.date() if local.time() < ends else local.date() + DAY
        return datetime.combine(day, ends, tzinfo=self.zone).astimezone(UTC)

    # Where answers change.

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a day begins at the school."""
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def boundaries(self, now: datetime) -> list[datetime]:
        """Return the instants to come at which something begins or ends, the next one first."""
        return sorted({instant for instant in self._instants(now) if instant > now})

    def _instants(self, now: datetime) -> Iterator[datetime]:
        today = now.astimezone(self.zone).date()
        yield self.midnight(today + DAY)
        yield datetime.combine(today, self.quiet[0], tzinfo=self.zone).astimezone(UTC)
        yield datetime.combine(today + DAY, self.quiet[1], tzinfo=self.zone).astimezone(UTC)
        for entry in self.decisions:
            if entry.valid_until is not None:
                yield entry.valid_until
        for guardianship in self.guardianships:
            yield self.midnight(guardianship.first)
            if guardianship.last is not None:
                yield self.midnight(guardianship.last + DAY)
        for born in self.births.values():
            if born is not None:
                for age in (self.own_decision_age, self.of_age):
                    # Who was born on 29 February is a year older on 1 March of a shorter year.
                    leap = (born.month, born.day) == (2, 29)
                    day = date(born.year + age, 3, 1) if leap else born.replace(year=born.year + age)
                    yield self.midnight(day)
