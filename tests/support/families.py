"""A small school of its own for every story: two guardians, two pupils, and the oracle that is told everything."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
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
from tests.support.access_oracle import AccessOracle, Agreed, Contact, Decided, Guardianship
from tests.support.service import codes
from tests.support.town import insert

GUARDIANS, PUPILS = ("mother", "father"), ("older", "younger")
PAIRS = tuple((guardian, pupil) for guardian in GUARDIANS for pupil in PUPILS)
#: Sessions of the story are renewed before the family's idle time is over.
RENEW_AFTER = timedelta(days=10)
LONG_AGO = date(2020, 9, 1)

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
    contacts: dict[str, UUID] = field(default_factory=dict)
    guardianships: dict[int, UUID] = field(default_factory=dict)
    lesson: UUID = field(default_factory=uuid.uuid4)
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
            of_age=self.oracle.of_age,
        )  # fmt: skip
        today = clocks.now().date()
        year = await insert(
            "school_year", school=self.school, name="Год", starts_on=today - timedelta(days=90),
            ends_on=today + timedelta(days=200),
        )  # fmt: skip
        room = await insert("school_class", school=self.school, school_year=year, name="9А", grade_level=9)
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
            await self.new_contact(guardian)
        await self._account("office", role="OFFICE")
        for pair in PAIRS:
            await self._entrust(*pair, LONG_AGO, None)

    async def settle(self, person: str | None, pupil: str, purpose: str = "PERSONAL_DATA") -> None:
        """Enter a consent of old, and a guardian's agreement on e-mail, past every face."""
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
                form="ELECTRONIC", channels=["EMAIL", "MAILBOX"], schedule="SCHOOL_DEFAULT", origin="OFFICE",
                document_reference="Папка 2", agreed_at=now, registered_at=now,
            )  # fmt: skip
            self.oracle.agreements.append(Agreed(person, pupil, frozenset({"EMAIL", "MAILBOX"})))

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

    async def letter(self, guardian: str, pupil: str, *, days: int = 0) -> UUID:
        """Queue a letter about the pupil to the guardian's newest address, past every face."""
        found: UUID = await insert(
            "outbox", school=self.school, kind="EMAIL", dedup_key=str(uuid.uuid4()), guardian=self.people[guardian],
            pupil=self.people[pupil], contact_point=self.contacts[guardian], subject="Письмо", body="Текст",
            due_at=clocks.now() + timedelta(days=days), created_at=clocks.now(),
        )  # fmt: skip
        return found

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
            self.oracle.agreements.append(Agreed(entry.guardian, entry.pupil, frozenset()))

    async def agree(
        self, guardian: str, pupil: str, *channels: str, quiet: tuple[time, time] | None = None
    ) -> list[str]:
        """Have the office write down an agreement, on paper without channels; return the codes of a refusal."""
        answer = await self.ask(
            "office",
            AGREE,
            input={
                "pupilId": str(self.people[pupil]),
                "guardianId": str(self.people[guardian]),
                "form": "ELECTRONIC" if channels else "PAPER",
                "reason": None if channels else "UNABLE",
                "channels": list(channels),
                "quietFrom": quiet[0].isoformat() if quiet else None,
                "quietTo": quiet[1].isoformat() if quiet else None,
                "documentReference": "Папка 2",
            },
        )
        if refused := codes(answer):
            return refused
        self.oracle.agreements.append(Agreed(guardian, pupil, frozenset(channels), quiet))
        return []

    async def entrust(self, guardian: str, pupil: str, first: date, last: date | None = None) -> None:
        """Enter a guardianship."""
        async with transaction(Nobody(route="ADMIN")):
            await self._entrust(guardian, pupil, first, last)

    async def _entrust(self, guardian: str, pupil: str, first: date, last: date | None) -> None:
        key = len(self.guardianships)
        self.guardianships[key] = uuid.uuid4()
        await database.execute(
            "INSERT INTO guardianship (id, school, guardian, pupil, valid_from, valid_to) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            self.guardianships[key], self.school, self.people[guardian], self.people[pupil], first, last,
        )  # fmt: skip
        self.oracle.guardianships.append(
            Guardianship(key, guardian, pupil, first, last, restricted=False, known_since=clocks.now())
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

    async def new_contact(self, guardian: str, *, confirmed: bool = True) -> None:
        """Enter an address of the guardian by a document; letters go to the newest one."""
        self.contacts[guardian] = await insert(
            "contact_point", school=self.school, guardian=self.people[guardian], channel="EMAIL",
            value=f"{uuid.uuid4()}@families.example", provenance="PAPER", document_reference="Папка 3",
            confirmed_at=clocks.now() if confirmed else None,
        )  # fmt: skip
        self.oracle.contacts[guardian] = Contact(confirmed=confirmed)

    async def lose_contact(self, guardian: str, how: str) -> None:
        """Take the newest address out of use: it was `retired`, or it has `failed`."""
        await database.execute(
            f"UPDATE contact_point SET {how}_at = $2 WHERE id = $1", self.contacts[guardian], clocks.now()
        )
        setattr(self.oracle.contacts[guardian], how, True)

    async def _account(self, who: str, **capacity: Any) -> None:
        self.accounts[who] = await insert(
            "account", username=str(uuid.uuid4()), password="", active=True, admin=who == "office", superuser=False
        )
        await insert("capacity", account=self.accounts[who], school=self.school, **capacity)


def new_families(
    http: httpx.AsyncClient, *, zone: str, ages: tuple[int, int], births: dict[str, date | None]
) -> Families:
    """Return the families of a school that is yet to be built."""
    return Families(http, AccessOracle(zone=ZoneInfo(zone), own_decision_age=ages[0], of_age=ages[1], births=births))
