"""What a school owes and what became of it, in plain Python from the requirements: no line of the service is shared.

It is told what happened, and of every duty it says by when it was due, whether it was met in time, breached, or gone
with the addressee's rights. The tests' zones never turn their clocks, so a zone is a number of hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

DAY, WEEK, HOURS_24 = timedelta(days=1), timedelta(days=7), timedelta(hours=24)
#: A first and a last day without lessons, and the only grade that it is for, if it is not for all.
Holidays = Sequence[tuple[date, date, int | None]]


@dataclass(frozen=True)
class Rights:
    """A guardian's rights about a pupil from a first to a last day, both counted (A11)."""

    guardian: str
    pupil: str
    first: date
    last: date | None

    def on(self, day: date) -> bool:
        """Whether they are in force on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Pupil:
    """A pupil: the grade, the first day in it, and the birth date."""

    grade: int
    since: date
    born: date

    def age(self, day: date) -> int:
        """Return the whole years lived on a day."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@dataclass
class Owed:
    """One duty towards one addressee, the pupil if there is no guardian."""

    kind: str
    guardian: str | None
    pupil: str
    about: str
    opened: datetime
    due: datetime
    met: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """What has to stand in the ledger about one duty in the end."""

    kind: str
    pupil: str
    guardian: str
    about: str
    due: datetime
    state: str
    met: datetime | None
    breached: datetime | None


@dataclass
class DutyOracle:
    """One school's calendar and people, and what happened to them."""

    hours_ahead: int
    year: tuple[date, date]
    holidays: Holidays
    quarters: Sequence[tuple[date, date]]
    pupils: dict[str, Pupil] = field(default_factory=dict)
    rights: list[Rights] = field(default_factory=list)
    signs_in: set[str] = field(default_factory=set)
    owed: list[Owed] = field(default_factory=list)
    #: Whether a guardian's consent about a pupil stands, and whether paper was agreed, each from an instant on.
    consents: list[tuple[str, str, datetime, bool]] = field(default_factory=list)
    forms: list[tuple[str, str, datetime, bool]] = field(default_factory=list)
    #: The hand-overs of a week's sheet to a guardian: guardian, pupil, the week's Monday, when.
    sheets: list[tuple[str, str, date, datetime]] = field(default_factory=list)

    # The calendar.

    def day(self, at: datetime) -> date:
        """Return the school's date of an instant."""
        return (at + timedelta(hours=self.hours_ahead)).date()

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a day of the school begins."""
        return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=self.hours_ahead)

    def has_lessons(self, day: date, grade: int) -> bool:
        """Whether a grade has lessons on a day of the five-day week."""
        free = any(first <= day <= last and only in (None, grade) for first, last, only in self.holidays)
        return day.weekday() < 5 and self.year[0] <= day <= self.year[1] and not free

    def last_lesson_day(self, monday: date, grade: int) -> date | None:
        """Return the week's last day with lessons."""
        return max((d for n in range(7) if self.has_lessons(d := monday + n * DAY, grade)), default=None)

    def end_of_next_school_day(self, at: datetime, grade: int) -> datetime:
        """Return the 24:00 of the next day with lessons; after the year it is the next weekday (R9.2)."""
        day = self.day(at) + DAY
        while day <= self.year[1] and not self.has_lessons(day, grade):
            day += DAY
        while day.weekday() >= 5:
            day += DAY
        return self.midnight(day + DAY)

    # What happens.

    def asked(self, guardian: str, pupil: str, job: str, at: datetime) -> Owed:
        """A guardian has asked for an extract (R9.2)."""
        due = self.end_of_next_school_day(at, self.pupils[pupil].grade)
        return self._opened(Owed("PRINTOUT", guardian, pupil, f"print_job:{job}", at, due))

    def received(self, pupil: str, about: str, at: datetime) -> list[Owed]:
        """A result has come: everybody with rights is owed it within 24 hours, the pupil from 14 on (R7.1, A12)."""
        day = self.day(at)
        to: list[str | None] = list(self.informed(pupil, day))
        if self.pupils[pupil].age(day) >= 14:
            to.append(None)
        return [self._opened(Owed("RESULT", guardian, pupil, about, at, at + HOURS_24)) for guardian in to]

    def decided(self, guardian: str | None, pupil: str, said: str, decision: str, at: datetime) -> Owed:
        """A decision was registered: whom it is of is told what it changes, in the cabinet at once (R2.3)."""
        told = self._opened(Owed("CONSENT_EFFECT", guardian, pupil, f"decision:{decision}", at, at + HOURS_24))
        if (guardian or pupil) in self.signs_in:
            told.met = at
        if guardian is not None:
            self.consents.append((guardian, pupil, at, said == "GIVEN"))
            if said != "GIVEN":
                self.forms.append((guardian, pupil, at, True))
        return told

    def agreed_on_electronic(self, guardian: str, pupil: str, at: datetime) -> None:
        """A guardian has agreed on the electronic form."""
        self.forms.append((guardian, pupil, at, False))

    def handed_over(self, printout: Owed, monday: date, at: datetime) -> None:
        """A guardian has got the sheet of a past week that was asked for."""
        assert printout.guardian is not None
        printout.met = at
        self.sheets.append((printout.guardian, printout.pupil, monday, at))

    def _opened(self, duty: Owed) -> Owed:
        self.owed.append(duty)
        return duty

    # What follows from it.

    def informed(self, pupil: str, day: date) -> Iterator[str]:
        """Yield the guardians with rights about a pupil on a day; of a pupil of age there is none (A12)."""
        if self.pupils[pupil].age(day) < 18:
            yield from (r.guardian for r in self.rights if r.pupil == pupil and r.on(day))

    def rights_end(self, guardian: str, pupil: str) -> datetime:
        """Return when a guardian has no rights about a pupil any more."""
        born = self.pupils[pupil].born
        ends = [self.midnight(born.replace(year=born.year + 18))]
        lasts = [r.last for r in self.rights if (r.guardian, r.pupil) == (guardian, pupil)]
        if lasts and None not in lasts:
            ends.append(self.midnight(max(last for last in lasts if last is not None) + DAY))
        return min(ends)

    def is_on_paper(self, guardian: str, pupil: str, at: datetime) -> bool:
        """Whether a family is informed on paper: no consent, paper agreed, or nothing electronic can reach it."""
        consent = [given for g, p, when, given in self.consents if (g, p) == (guardian, pupil) and when <= at]
        paper = [form for g, p, when, form in self.forms if (g, p) == (guardian, pupil) and when <= at]
        return not (consent and consent[-1]) or bool(paper and paper[-1]) or guardian not in self.signs_in

    def outcomes(self) -> list[Outcome]:
        """Return what stands in the ledger when the time of every duty is over, what was taken back by rule apart."""
        found = [self._end_of(duty) for duty in self.owed]
        return [*found, *self._weeks(), *self._forecasts()]

    def _end_of(self, duty: Owed) -> Outcome:
        state = "BREACHED" if duty.met is None or duty.met > duty.due else "MET"
        ended = None if duty.guardian is None else self.rights_end(duty.guardian, duty.pupil)
        # Of the own decision a person is told in any case.
        if duty.kind != "CONSENT_EFFECT" and duty.met is None and ended is not None and ended < duty.due:
            state = "CANCELLED"
        return Outcome(
            duty.kind, duty.pupil, duty.guardian or "", duty.about, duty.due, state, duty.met,
            duty.due if state == "BREACHED" else None,
        )  # fmt: skip

    def _weeks(self) -> Iterator[Outcome]:
        """Each week with lessons is owed once to each addressee on paper at its end (R9.1, A8)."""
        for name, pupil in self.pupils.items():
            monday = self.year[0] - self.year[0].weekday() * DAY
            while monday <= self.year[1]:
                last = self.last_lesson_day(monday, pupil.grade)
                if last is not None and last >= pupil.since:
                    due = self.midnight(last + DAY)
                    for guardian in self.informed(name, last):
                        if self.is_on_paper(guardian, name, due):
                            yield self._week(guardian, name, monday, due)
                    if pupil.age(last) >= 18:
                        yield self._week(None, name, monday, due)
                monday += WEEK

    def _week(self, guardian: str | None, pupil: str, monday: date, due: datetime) -> Outcome:
        got = min((at for g, p, week, at in self.sheets if (g, p, week) == (guardian, pupil, monday)), default=None)
        state = "BREACHED" if got is None or got > due else "MET"
        return Outcome(
            "WEEKLY_DIARY", pupil, guardian or "", f"week:{monday}", due, state, got, due if state != "MET" else None
        )

    def _forecasts(self) -> Iterator[Outcome]:
        """Each quarter is owed once to everybody who is informed on its last day; nobody has forecast yet (R5.1)."""
        for _first, last in self.quarters:
            due = self.midnight(last + DAY)
            for name, pupil in self.pupils.items():
                to: list[str | None] = [*self.informed(name, last)]
                if pupil.age(last) >= 14:
                    to.append(None)
                if last >= pupil.since:
                    for guardian in to:
                        yield Outcome("FORECAST", name, guardian or "", "", due, "BREACHED", None, due)
