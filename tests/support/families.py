"""A small school of its own for every story: two guardians, two pupils, and the oracle that is told everything."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from api.context import Context
from api.schema import execute
from diary.access import session_tokens
from diary.access.viewer import Nobody, Viewer, viewer_of
from diary.kit import clock as clocks
from diary.kit import database
from diary.kit.command import transaction
from tests.support.access_oracle import OUTSIDE, AccessOracle, Agreed, Contact, Decided, Guardianship
from tests.support.carriers import Carriers
from tests.support.service import codes
from tests.support.town import insert

GUARDIANS, PUPILS = ("mother", "father"), ("older", "younger")
PAIRS = tuple((guardian, pupil) for guardian in GUARDIANS for pupil in PUPILS)
#: Sessions of the story are renewed before the family's idle time is over.
RENEW_AFTER = timedelta(days=10)
MESSENGERS = ("TELEGRAM", "VK", "MAX")
#: No two addresses are the same, in whichever story.
_NUMBERS = itertools.count(1)
LONG_AGO = date(2020, 9, 1)
#: From the lesson on.
YEAR_LASTS = timedelta(days=200)

REGISTER = "mutation ($input: RegisterConsentInput!) { registerConsent(input: $input) { registeredAt validUntil } }"
WITHDRAW = "mutation ($input: WithdrawConsentInput!) { withdrawConsent(input: $input) { registeredAt } }"
AGREE = "mutation ($input: AgreeDeliveryInput!) { agreeDelivery(input: $input) { id } }"


@dataclass
class Families:
    """The school, its people, and what the oracle knows of them."""

    http: httpx.AsyncClient
    oracle: AccessOracle
    school: UUID = field(default_factory=uuid.uuid4)
    people: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    #: The newest address of a guardian in a channel.
    contacts: dict[tuple[str, str], UUID] = field(default_factory=dict)
    addresses: dict[UUID, Contact] = field(default_factory=dict)
    room: UUID = field(default_factory=uuid.uuid4)
    carriers: Carriers | None = None
    guardianships: dict[int, UUID] = field(default_factory=dict)
    lesson: UUID = field(default_factory=uuid.uuid4)
    lesson_on: date = LONG_AGO
    _tokens: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _viewers: dict[str, Viewer] = field(default_factory=dict)

    # Building.

    async def build(self, zone: str) -> None:
        """Enter the school as an import does, each guardian with rights about each pupil; nothing is decided yet."""
        async with transaction(Nobody(route="IMPORT")):
            await self._build(zone)

    async def _build(self, zone: str) -> None:
        self.school = await insert(
            "school", name="Школа", time_zone=zone, own_decision_age=self.oracle.own_decision_age,
            of_age=self.oracle.of_age, delivery_time=self.oracle.mails_at, quiet_from=self.oracle.quiet[0],
            quiet_to=self.oracle.quiet[1],
        )  # fmt: skip
        today = self.lesson_on = clocks.now().date()
        year = await insert(
            "school_year", school=self.school, name="Год", starts_on=today - timedelta(days=90),
            ends_on=today + YEAR_LASTS,
        )  # fmt: skip
        room = self.room = await insert("school_class", school=self.school, school_year=year, name="9А", grade_level=9)
        group = await insert(
            "teaching_group", school=self.school, school_year=year, kind="CLASS", name="9А", school_class=room
        )
        subject = await insert("subject", school=self.school, name="Алгебра")
        teacher = await insert("teacher", school=self.school, family_name="Белова", given_name="Вера", patronymic="")
        self.lesson = await insert(
            "lesson", school=self.school, teaching_group=group, subject=subject, teacher=teacher, date=today,
            ordinal=1, starts_at=clocks.now(), ends_at=clocks.now() + timedelta(minutes=45), room="1", topic="",
            lesson_type="NEW_MATERIAL", status="HELD",
        )  # fmt: skip
        for pupil in PUPILS:
            self.people[pupil] = await insert(
                "pupil", school=self.school, family_name="Орлов", given_name=pupil, patronymic="",
                birth_date=self.oracle.births[pupil],
            )  # fmt: skip
            await insert(
                "membership", school=self.school, pupil=self.people[pupil], teaching_group=group,
                valid_from=today - timedelta(days=80),
            )  # fmt: skip
            await self.mark(pupil)
            await self._account(pupil, role="PUPIL", pupil=self.people[pupil])
        for guardian in GUARDIANS:
            self.people[guardian] = await insert(
                "guardian", school=self.school, family_name="Орлов", given_name=guardian, patronymic=""
            )
            await self._account(guardian, role="GUARDIAN", guardian=self.people[guardian])
            for channel in OUTSIDE:
                await self.new_contact(guardian, channel)
        await self._account("office", role="OFFICE")
        for pair in PAIRS:
            await self._entrust(*pair, LONG_AGO, None)

    async def settle(
        self, person: str | None, pupil: str, purpose: str = "PERSONAL_DATA", *, through: tuple[str, ...] = ("EMAIL",)
    ) -> None:
        """Enter a consent of old, and a guardian's agreement on some channels, past every face."""
        now = clocks.now()
        await insert(
            "consent_decision", school=self.school, guardian=self.people[person] if person else None,
            pupil=self.people[pupil], purpose=purpose, decision="GIVEN", form="PAPER", signature_kind="HANDWRITTEN",
            document_reference="Папка 1", received_at=now, registered_at=now,
        )  # fmt: skip
        self._tell_decision(Decided(person, pupil, purpose, "GIVEN", now, None))
        if person is not None:
            await insert(
                "delivery_agreement", school=self.school, guardian=self.people[person], pupil=self.people[pupil],
                form="ELECTRONIC", channels=list(through), schedule="SCHOOL_DEFAULT", origin="OFFICE",
                document_reference="Папка 2", agreed_at=now, registered_at=now,
            )  # fmt: skip
            self.oracle.agreements.append(Agreed(guardian=person, pupil=pupil, channels=through))

    async def mark(self, pupil: str) -> None:
        """Give the pupil a mark, past every face."""
        await insert("mark", school=self.school, pupil=self.people[pupil], lesson=self.lesson, value="5")

    async def message(self, reader: str, pupil: str) -> UUID:
        """Put a message about the pupil into a mailbox, past every face."""
        to = "guardian" if reader in GUARDIANS else "reader_pupil"
        found: UUID = await insert(
            "mailbox_message", **{to: self.people[reader]}, school=self.school, pupil=self.people[pupil],
            own_matter=False, subject="Письмо", body="Текст", sent_at=clocks.now(),
        )  # fmt: skip
        return found

    async def letter(self, guardian: str, pupil: str, channel: str) -> UUID:
        """Queue a letter about the pupil to the guardian's newest address in a channel, past every face."""
        key = uuid.uuid4()
        found: UUID = await insert(
            "outbox", school=self.school, kind=channel, dedup_key=str(key), guardian=self.people[guardian],
            pupil=self.people[pupil], contact_point=self.contacts[guardian, channel], subject=f"Письмо {key}",
            body="Текст", due_at=clocks.now(), created_at=clocks.now(),
        )  # fmt: skip
        return found

    async def sheet(self, guardian: str, pupil: str) -> tuple[UUID, UUID]:
        """Queue the week of the lesson for a guardian who has asked for it, past every face; return job and row."""
        job = await insert(
            "print_job", school=self.school, kind="WEEK", pupil=self.people[pupil], guardian=self.people[guardian],
            week_of=self.lesson_on, requested_by=self.accounts[guardian], requested_at=clocks.now(),
        )  # fmt: skip
        row = await insert(
            "outbox", school=self.school, kind="PRINT", dedup_key=f"print:{job}", pupil=self.people[pupil],
            print_job=job, subject="Дневник", due_at=clocks.now(), created_at=clocks.now(),
        )  # fmt: skip
        return job, row

    # Asking.

    async def token(self, who: str) -> str:
        """Return a live session's token; the office's sessions are short."""
        since, token = self._tokens.get(who, (None, ""))
        keep = timedelta(minutes=5) if who == "office" else RENEW_AFTER
        if since is None or clocks.now() - since > keep:
            token = await session_tokens.start(self.accounts[who])
            self._tokens[who] = (clocks.now(), token)
        return token

    async def ask(self, who: str, document: str, **variables: Any) -> dict[str, Any]:
        """Send a document as one of the people."""
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {await self.token(who)}"},
        )
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, who: str, document: str, **variables: Any) -> list[str]:
        """Run a query inside this process, as printed sheets do, and return the codes of a refusal."""
        if who not in self._viewers:
            self._viewers[who] = await viewer_of(self.accounts[who], route="WORKER")
        result = await execute(document, Context.of(self._viewers[who]), variables)
        return [str((error.extensions or {}).get("code")) for error in result.errors or []]

    # What happens; every change is told to the oracle if the service took it.

    async def decide(
        self, person: str | None, pupil: str, purpose: str, decision: str, valid_until: datetime | None = None
    ) -> list[str]:
        """Have the office register a decision on paper, and return the codes of a refusal."""
        answer = await self.ask(
            "office",
            REGISTER,
            input={
                "pupilId": str(self.people[pupil]),
                "guardianId": str(self.people[person]) if person else None,
                "purpose": purpose,
                "decision": decision,
                "documentReference": "Папка 1",
                "validUntil": valid_until.isoformat() if valid_until else None,
            },
        )
        if refused := codes(answer):
            return refused
        registered = datetime.fromisoformat(answer["data"]["registerConsent"]["registeredAt"])
        self._tell_decision(Decided(person, pupil, purpose, decision, registered, valid_until))
        return []

    async def withdraw(self, who: str, pupil: str, purpose: str) -> list[str]:
        """Have a person withdraw in the cabinet, and return the codes of a refusal."""
        answer = await self.ask(who, WITHDRAW, input={"pupilId": str(self.people[pupil]), "purpose": purpose})
        if refused := codes(answer):
            return refused
        registered = datetime.fromisoformat(answer["data"]["withdrawConsent"]["registeredAt"])
        person = who if who in GUARDIANS else None
        self._tell_decision(Decided(person, pupil, purpose, "WITHDRAWN", registered, None))
        return []

    def _tell_decision(self, entry: Decided) -> None:
        self.oracle.decisions.append(entry)
        # Whose consent or electronic form ends is informed on paper from this moment on (R2.3).
        if entry.guardian is not None and entry.decision != "GIVEN":
            self.oracle.agreements.append(Agreed(guardian=entry.guardian, pupil=entry.pupil, channels=()))

    async def agree(self, agreed: Agreed) -> list[str]:
        """Have the office write down an agreement, on paper without channels; return the codes of a refusal."""
        days = "SELF_SERVICE" if agreed.looks_alone else "AGREED_DAYS" if agreed.has_days else "SCHOOL_DEFAULT"
        answer = await self.ask(
            "office",
            AGREE,
            input={
                "pupilId": str(self.people[agreed.pupil]),
                "guardianId": str(self.people[agreed.guardian]),
                "form": "ELECTRONIC" if agreed.channels else "PAPER",
                "reason": None if agreed.channels else "UNABLE",
                "channels": list(agreed.channels),
                "schedule": days,
                "weekdays": sorted(agreed.weekdays),
                "monthDays": sorted(agreed.month_days),
                "dates": [day.isoformat() for day in sorted(agreed.dates)],
                "quietFrom": agreed.quiet[0].isoformat() if agreed.quiet else None,
                "quietTo": agreed.quiet[1].isoformat() if agreed.quiet else None,
                "documentReference": "Папка 2",
            },
        )
        if refused := codes(answer):
            return refused
        self.oracle.agreements.append(agreed)
        return []

    async def entrust(
        self, guardian: str, pupil: str, first: date, last: date | None = None, *, restricted: bool = False
    ) -> None:
        """Enter a guardianship, maybe beside another one of the pair."""
        async with transaction(Nobody(route="ADMIN")):
            await self._entrust(guardian, pupil, first, last, restricted=restricted)

    async def _entrust(
        self, guardian: str, pupil: str, first: date, last: date | None, *, restricted: bool = False
    ) -> None:
        key = len(self.guardianships)
        self.guardianships[key] = uuid.uuid4()
        await database.execute(
            "INSERT INTO guardianship (id, school, guardian, pupil, valid_from, valid_to, restricted) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            self.guardianships[key], self.school, self.people[guardian], self.people[pupil], first, last, restricted,
        )  # fmt: skip
        self.oracle.guardianships.append(
            Guardianship(key, guardian, pupil, first, last, restricted, known_since=clocks.now())
        )

    async def change_guardianship(self, key: int, *, restricted: bool, last: date | None) -> None:
        """Restrict, end or prolong a guardianship as the office's panel does."""
        was = next(version for version in reversed(self.oracle.guardianships) if version.key == key)
        async with transaction(Nobody(route="ADMIN")):
            await database.execute(
                "UPDATE guardianship SET restricted = $2, valid_to = $3 WHERE id = $1",
                self.guardianships[key], restricted, last,
            )  # fmt: skip
        self.oracle.guardianships.append(
            Guardianship(key, was.guardian, was.pupil, was.first, last, restricted, known_since=clocks.now())
        )

    async def new_contact(self, guardian: str, channel: str, *, confirmed: bool = True) -> None:
        """Enter an address of the guardian by a document."""
        address, more = self._new_address(channel)
        since = clocks.now() if confirmed else None
        self.contacts[guardian, channel] = await insert(
            "contact_point", school=self.school, guardian=self.people[guardian], channel=channel, value=address,
            provenance="PAPER", document_reference="Папка 3", confirmed_at=since, **more,
        )  # fmt: skip
        contact = Contact(guardian=guardian, channel=channel, address=address, confirmed_at=since)
        self.addresses[self.contacts[guardian, channel]] = contact
        self.oracle.contacts.append(contact)

    def _new_address(self, channel: str) -> tuple[str, dict[str, Any]]:
        number = next(_NUMBERS)
        match channel:
            case "EMAIL":
                return f"family-{number}@families.example", {}
            case "SMS":
                return f"+7916{number:07}", {}
            case "MESSENGER":
                return f"55{number:07}", {"messenger": MESSENGERS[number % len(MESSENGERS)]}
            case _:
                base = self.carriers.gateway.url if self.carriers else "https://push.example"
                keys = self.carriers.browser.keys if self.carriers else {"p256dh": "-", "auth": "-"}
                return f"{base}/push/{number}", {"push_keys": keys}

    async def lose_contact(self, guardian: str, channel: str, how: str) -> None:
        """Take the newest address of a channel out of use: it was `retired`, or it has `failed`."""
        lost = self.contacts[guardian, channel]
        await database.execute(f"UPDATE contact_point SET {how}_at = $2 WHERE id = $1", lost, clocks.now())
        setattr(self.addresses[lost], how, True)

    async def _account(self, who: str, **capacity: Any) -> None:
        self.accounts[who] = await insert(
            "account", username=str(uuid.uuid4()), password="", active=True, admin=who == "office", superuser=False
        )
        await insert("capacity", account=self.accounts[who], school=self.school, **capacity)


def new_families(
    http: httpx.AsyncClient,
    *,
    zone: str,
    ages: tuple[int, int],
    births: dict[str, date | None],
    carriers: Carriers | None = None,
) -> Families:
    """Return the families of a school that is yet to be built."""
    oracle = AccessOracle(zone=ZoneInfo(zone), own_decision_age=ages[0], of_age=ages[1], births=births)
    return Families(http, oracle, carriers=carriers)
