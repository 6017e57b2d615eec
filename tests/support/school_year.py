"""A school and its year, by the day in its own zone: people, what they do through the real commands, and the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.access.viewer import Nobody, Viewer, viewer_of
from diary.consent.tables import Decision
from diary.delivery import agreements, consents, duties, escalation, obligation_office, obligations, outbox
from diary.delivery.tables import AgreedChannel, DeliveryForm, MetBy, ObligationKind, OutboxKind, PaperReceiver
from diary.kit import clock as clocks
from diary.kit import database
from diary.paper import extracts, hand_over, print_jobs
from tasks.actors.sheets import Sheets
from tests.support.duty_oracle import DutyOracle, Outcome, Owed, Pupil, Rights
from tests.support.town import insert

CLOCK, WORKER = Nobody(route="CLOCK"), Nobody(route="WORKER")
SECOND, DAY, WEEK = timedelta(seconds=1), timedelta(days=1), timedelta(days=7)
FIRST, LAST = date(2026, 9, 1), date(2027, 5, 31)
#: The holidays of all, and those of the first grade.
HOLIDAYS = (
    (date(2026, 10, 26), date(2026, 11, 1), None),
    (date(2026, 12, 28), date(2027, 1, 10), None),
    (date(2027, 3, 22), date(2027, 3, 28), None),
    (date(2027, 2, 8), date(2027, 2, 14), 1),
)
QUARTERS = {
    "I": (date(2026, 9, 1), date(2026, 10, 25)),
    "II": (date(2026, 11, 2), date(2026, 12, 27)),
    "III": (date(2027, 1, 11), date(2027, 3, 21)),
    "IV": (date(2027, 3, 29), date(2027, 5, 31)),
}
#: No clock runs in these ten days; the school itself goes on.
OUTAGE = (datetime(2027, 4, 8, 12, tzinfo=UTC), datetime(2027, 4, 18, 12, tzinfo=UTC))

Act = Callable[[], Awaitable[Any]]


@dataclass
class School:
    """One school, what happens in it, and the oracle that is told of everything."""

    id: UUID
    oracle: DutyOracle
    sheets: Sheets
    groups: dict[int, UUID] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    events: list[tuple[datetime, Act]] = field(default_factory=list)
    #: What was asked for and not handed over yet: guardian, pupil, the week's Monday.
    on_its_way: dict[tuple[str, str, date], Owed] = field(default_factory=dict)

    def at(self, day: date, hour: int = 0, *, off: timedelta = timedelta()) -> datetime:
        """Return an instant of the school's own time."""
        return self.oracle.midnight(day) + timedelta(hours=hour) + off

    def later(self, at: datetime, act: Act) -> None:
        """Let something happen at an instant."""
        self.events.append((at, act))

    # Entering people, past every face, as an import does.

    async def pupil(
        self, key: str, *, grade: int = 5, since: date = FIRST, born: date = date(2015, 3, 1), signs_in: bool = False
    ) -> None:
        """Enrol a pupil."""
        self.people[key] = await insert(
            "pupil", school=self.id, family_name=key, given_name="П", patronymic="", birth_date=born
        )
        self.names[self.people[key]] = key
        await insert(
            "membership", school=self.id, pupil=self.people[key], teaching_group=self.groups[grade], valid_from=since
        )
        self.oracle.pupils[key] = Pupil(grade, since, born)
        if signs_in:
            await self._account(key, role="PUPIL", pupil=self.people[key])

    async def guardian(
        self,
        key: str,
        pupil: str,
        *,
        since: date = date(2020, 1, 1),
        until: date | None = None,
        signs_in: bool = True,
    ) -> None:
        """Enter a guardian of a pupil; the electronic form is open to whom it can reach, who can sign in."""
        self.people[key] = await insert("guardian", school=self.id, family_name=key, given_name="Р", patronymic="")
        self.names[self.people[key]] = key
        if signs_in:
            await self.open_account(key)
        await insert(
            "guardianship", school=self.id, guardian=self.people[key], pupil=self.people[pupil], relation="PARENT",
            legal_basis="PARENT", restricted=False, valid_from=since, valid_to=until,
        )  # fmt: skip
        self.oracle.rights.append(Rights(key, pupil, since, until))

    async def mailable(self, guardian: str) -> None:
        """Enter an e-mail address that a paper of the guardian confirms."""
        await insert(
            "contact_point", school=self.id, guardian=self.people[guardian], channel="EMAIL",
            value=f"{guardian}@example.org", provenance="PAPER", document_reference="Папка 1",
            confirmed_at=clocks.now(), failure="",
        )  # fmt: skip

    async def office(self) -> None:
        """Open the office's account."""
        await self._account("office", role="OFFICE")

    async def open_account(self, guardian: str) -> None:
        """Let a guardian sign in from now on."""
        await self._account(guardian, role="GUARDIAN", guardian=self.people[guardian])

    async def _account(self, key: str, **capacity: Any) -> None:
        self.accounts[key] = await insert("account", username=f"{key}-{self.id}", password="", active=True)
        await insert("capacity", account=self.accounts[key], school=self.id, **capacity)
        self.oracle.signs_in.add(key)

    async def viewer(self, key: str) -> Viewer:
        """Return a person as the service sees it."""
        return await viewer_of(self.accounts[key], route="GRAPHQL")

    # What people do.

    async def decide(self, guardian: str | None, pupil: str, said: str) -> Owed:
        """Register a decision on paper in the office."""
        decided = await consents.register_consent(
            await self.viewer("office"),
            guardian_id=self.people[guardian] if guardian else None,
            pupil_id=self.people[pupil],
            decision=Decision(said),
            document_reference="Папка 1",
        )
        return self.oracle.decided(guardian, pupil, said, str(decided.id), decided.registered_at)

    async def withdraw(self, guardian: str, pupil: str) -> None:
        """Withdraw in the cabinet."""
        decided = await consents.withdraw_consent(await self.viewer(guardian), pupil_id=self.people[pupil])
        self.oracle.decided(guardian, pupil, "WITHDRAWN", str(decided.id), decided.registered_at)

    async def agree_on_electronic(self, guardian: str, pupil: str) -> None:
        """Agree in the cabinet to read there."""
        await agreements.agree(
            await self.viewer(guardian),
            guardian_id=self.people[guardian],
            pupil_id=self.people[pupil],
            form=DeliveryForm.ELECTRONIC,
            channels=[AgreedChannel.CABINET],
        )
        self.oracle.agreed_on_electronic(guardian, pupil, clocks.now())

    async def tell(self, told: Owed) -> None:
        """Tell a person in the office what the own decision has changed."""
        (row,) = await database.fetch("SELECT id FROM obligation WHERE about = $1", told.about)
        await obligation_office.meet_in_person(await self.viewer("office"), row["id"], note="Лично, под подпись")
        told.met = clocks.now()

    async def deliver(self, told: Owed) -> None:
        """Let a worker carry out the letter that tells of a decision, after the quiet hours."""
        (row,) = await database.fetch(
            "SELECT l.id, l.due_at FROM outbox l JOIN obligation o ON o.id = l.obligation WHERE o.about = $1",
            told.about,
        )
        if row["due_at"] > clocks.now():
            self.later(row["due_at"], lambda: self.deliver(told))
            return
        letter = await outbox.claim(WORKER, row["id"], OutboxKind.EMAIL)
        assert letter is not None
        permission = await outbox.ask_again(letter)
        assert permission is not None
        if permission.retry_at is not None:
            assert await outbox.settle_postponed(WORKER, letter, at=permission.retry_at)
            self.later(permission.retry_at, lambda: self.deliver(told))
            return
        assert permission.is_given
        assert await outbox.settle_done(WORKER, letter.id, letter.attempt, evidence={"provider_id": "1"})
        told.met = clocks.now()

    async def ask(self, guardian: str, pupil: str, week: date) -> Owed | None:
        """Ask for an extract, which a worker renders at once; None for one that is on its way, owed as it was."""
        asked = await extracts.request_extract(
            await self.viewer(guardian), pupil_id=self.people[pupil], week_of=week + 3 * DAY
        )
        before = self.on_its_way.get((guardian, pupil, week))
        if before is not None:
            assert (f"print_job:{asked.job_id}", asked.due_at) == (before.about, before.due)
            return None
        await self._render(asked.job_id)
        printout = self.oracle.asked(guardian, pupil, str(asked.job_id), clocks.now())
        self.on_its_way[guardian, pupil, week] = printout
        return printout

    async def hand_over(self, printout: Owed, week: date) -> None:
        """Hand over in the office what was asked for."""
        assert printout.guardian is not None
        await self._give(UUID(printout.about.removeprefix("print_job:")), printout.guardian)
        del self.on_its_way[printout.guardian, printout.pupil, week]
        self.oracle.handed_over(printout, week, clocks.now())

    async def hand_over_week(self, guardian: str, pupil: str, week: date) -> None:
        """Print a week for a family on paper and hand it over."""
        job = await print_jobs.request_week(await self.viewer("office"), week_of=week, pupil_id=self.people[pupil])
        await self._render(job)
        await self._give(job, guardian)
        self.oracle.sheets.append((guardian, pupil, week, clocks.now()))

    async def _give(self, job: UUID, guardian: str) -> None:
        await hand_over.hand_over(
            await self.viewer("office"),
            job_id=job,
            to=f"{guardian}, под подпись",
            received_by=PaperReceiver.GUARDIAN,
            guardian_id=self.people[guardian],
        )

    async def _render(self, job: UUID) -> None:
        (row,) = await database.fetch("SELECT id FROM outbox WHERE print_job = $1", job)
        await self.sheets.print(str(row["id"]))

    async def receive(self, pupil: str, about: str) -> list[Owed]:
        """Record that a result has come, which the school then owes to everybody with rights, twice by mistake."""
        owed = self.oracle.received(pupil, about, clocks.now())
        for _time in range(2):
            for one in owed:
                await obligations.open_result(
                    CLOCK, pupil_id=self.people[pupil], guardian_id=self._id(one.guardian), about=about,
                    received_at=one.opened,
                )  # fmt: skip
        return owed

    async def publish(self, owed: list[Owed]) -> None:
        """Publish a result to those who may still look."""
        for one in owed:
            if one.guardian is None or one.guardian in self.oracle.informed(one.pupil, self.oracle.day(clocks.now())):
                assert await obligations.meet_about(
                    CLOCK, kind=ObligationKind.RESULT, pupil_id=self.people[one.pupil],
                    guardian_id=self._id(one.guardian), about=one.about, at=clocks.now(), by=MetBy.PUBLICATION,
                    evidence={"result": one.about},
                )  # fmt: skip
                one.met = clocks.now()

    def _id(self, guardian: str | None) -> UUID | None:
        return None if guardian is None else self.people[guardian]

    # What stands in the ledger.

    async def duties(self, kind: ObligationKind, guardian: str | None, pupil: str) -> list[Any]:
        """Return the duties towards an addressee, by their due instant."""
        return await database.fetch(
            "SELECT * FROM obligation WHERE kind = $1 AND guardian IS NOT DISTINCT FROM $2 AND pupil = $3 "
            "ORDER BY due_at, about",
            kind.value,
            self._id(guardian),
            self.people[pupil],
        )

    async def outcomes(self) -> list[Outcome]:
        """Return the ledger as the oracle puts it: weeks and forecasts that were taken back by rule are left out."""
        rows = await database.fetch(
            "SELECT * FROM obligation WHERE school = $1 "
            "AND (state <> 'CANCELLED' OR kind NOT IN ('WEEKLY_DIARY', 'FORECAST'))",
            self.id,
        )
        return [
            Outcome(
                row["kind"],
                self.names[row["pupil"]],
                self.names[row["guardian"]] if row["guardian"] else "",
                "" if row["kind"] == "FORECAST" else row["about"].partition("/")[0],
                row["due_at"],
                row["state"],
                row["met_at"],
                row["breached_at"],
            )
            for row in rows
        ]


async def open_school(zone: str, hours_ahead: int, sheets: Sheets) -> School:
    """Open a school before its year, with its calendar, two classes and its office."""
    oracle = DutyOracle(hours_ahead, (FIRST, LAST), HOLIDAYS, tuple(QUARTERS.values()))
    school = School(await insert("school", name=f"Школа {zone}", time_zone=zone), oracle, sheets)
    year = await insert("school_year", school=school.id, name="2026/27", starts_on=FIRST, ends_on=LAST)
    for name, (starts, ends) in QUARTERS.items():
        await insert(
            "grading_period", school=school.id, school_year=year, kind="QUARTER", name=name, starts_on=starts,
            ends_on=ends,
        )  # fmt: skip
    for starts, ends, grade in HOLIDAYS:
        await insert(
            "holiday", school=school.id, name="Каникулы", starts_on=starts, ends_on=ends, grade_from=grade,
            grade_to=grade,
        )  # fmt: skip
    for grade in (1, 5):
        room = await insert("school_class", school=school.id, school_year=year, name=f"{grade}А", grade_level=grade)
        school.groups[grade] = await insert(
            "teaching_group", school=school.id, school_year=year, kind="CLASS", name=f"{grade}А", school_class=room
        )
    await school.office()
    return school


async def live(schools: list[School], clock: clocks.SetClock) -> None:
    """Let the year pass: what happens, and a run of the clock every 18 hours, but for the days it is down."""
    last_run: datetime | None = None

    async def run() -> None:
        nonlocal last_run
        kept = await duties.keep(CLOCK, now=clocks.now(), since=last_run)
        assert kept.failed == {}
        await escalation.warn(CLOCK, now=clocks.now())
        last_run = clocks.now()

    runs: list[tuple[datetime, Act]] = []
    instant = datetime(2026, 8, 31, 21, 30, tzinfo=UTC)
    while instant < datetime(2027, 6, 10, tzinfo=UTC):
        if not OUTAGE[0] < instant < OUTAGE[1]:
            runs.append((instant, run))
        instant += timedelta(hours=18)
    # What happens may let more happen, so each time the next of all is looked for; of a tie the people come first.
    while runs or any(school.events for school in schools):
        waiting = [(event[0], number, school) for number, school in enumerate(schools) for event in school.events]
        soonest = min(waiting, default=None, key=lambda one: one[:2])
        if soonest is not None and (not runs or soonest[0] <= runs[0][0]):
            events = soonest[2].events
            when, act = events.pop(min(range(len(events)), key=lambda place: events[place][0]))
        else:
            when, act = runs.pop(0)
        clock.instant = max(when, clocks.now())
        await act()
