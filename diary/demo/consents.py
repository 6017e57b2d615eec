"""The demo school's decisions and addresses: most families agree, some refuse, some withdraw, some are silent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum
from random import Random
from uuid import UUID

from diary.consent.tables import Decision, Purpose
from diary.delivery.tables import (
    AgreedChannel,
    AgreementOrigin,
    Channel,
    DeliveryForm,
    PaperReason,
    PaperReceiver,
    Provenance,
    StatementState,
)
from diary.demo import school
from diary.demo.names import latin
from diary.demo.people import Families, Guardian, Guardianship, Pupil
from diary.demo.seed import Identifiers, dice
from diary.demo.year import DAY, SCHOOL_WEEK, WEEK, Year, monday_of

TEXT = (
    "Я даю согласие на обработку персональных данных моих и моего ребёнка в электронном дневнике в целях получения "
    "сведений об успеваемости. Согласие можно отозвать в любое время письменным заявлением."
)
TEXT_VERSION = "1"
TEXT_HASH = hashlib.sha256(TEXT.encode()).hexdigest()
#: The demo school keeps the usual age (A12).
OWN_DECISION_FROM = 14
OWN_DECISION = 0.85
SIGNED_CONTACT = 0.2
#: Most families have agreed with the school that their codes count as a signature (63-FZ art. 9).
SIGNS_BY_CODE = 0.8
#: Families without a decision whose statement already lies in the office as a draft.
DRAFTS = 6


class Stance(Enum):
    """How a guardian has decided about one child, and out of a hundred how many do so."""

    AGREES = 82
    REFUSES_ELECTRONIC_FORM = 5
    REFUSES = 3
    WITHDREW = 4
    SILENT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger to be: on paper, because an electronic one rests on a signature that somebody made."""

    id: UUID
    guardian: Guardian | None
    pupil: Pupil
    purpose: Purpose
    decision: Decision
    document: str
    received_at: datetime
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An incoming document: a draft, or one that stands in the ledger."""

    id: UUID
    state: StatementState
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An address of a guardian."""

    id: UUID
    guardian: Guardian
    channel: Channel
    value: str
    provenance: Provenance
    document: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAgreement:
    """What a guardian has signed at school so that codes count as a signature."""

    id: UUID
    guardian: Guardian
    document: str
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a family has agreed about the form of delivery."""

    id: UUID
    guardian: Guardian
    pupil: Pupil
    form: DeliveryForm
    reason: PaperReason | None
    handed_to: PaperReceiver
    channels: tuple[AgreedChannel, ...]
    origin: AgreementOrigin
    document: str
    registered_at: datetime


class Consents:
    """The ledger in the order of registration, the statements and the contacts."""

    def __init__(self, families: Families, year: Year, now: datetime) -> None:
        self.entries: list[Entry] = []
        self.statements: list[Statement] = []
        self.contacts: list[Contact] = []
        self.agreements: list[Agreement] = []
        self.signing_agreements: list[SigningAgreement] = []
        self.stances: dict[Guardianship, Stance] = {}
        self._year = year
        self._now = now
        self._dice = dice("consents")
        self._signing_dice = dice("signing")
        self._documents = 0
        self._ids = {
            kind: Identifiers(kind, year.today) for kind in ("entry", "statement", "contact", "agreement", "signing")
        }
        self._classes = {pupil: found.name for found in families.classes for pupil in found.pupils}
        cast = families.cast
        known = {cast.anna: Stance.AGREES, cast.boris: Stance.REFUSES_ELECTRONIC_FORM, cast.galina: Stance.SILENT}
        for link in families.guardianships:
            stance = known.get(link.guardian) or _stance(self._dice)
            self.stances[link] = stance
            self._decide(link, stance)
        for pupil in families.pupils:
            if pupil.age_on(year.today) >= OWN_DECISION_FROM and self._dice.random() < OWN_DECISION:
                self._enter(None, pupil, Purpose.PERSONAL_DATA, Decision.GIVEN, self._september())
        self.entries.sort(key=lambda entry: entry.registered_at)
        self.agreements.sort(key=lambda agreement: agreement.registered_at)
        self._draft_some(cast.galina)
        for guardian in families.guardians:
            self._reach(guardian, sure=guardian in known)
            if guardian in known or self._signing_dice.random() < SIGNS_BY_CODE:
                self._agree_to_codes(guardian)

    def _decide(self, link: Guardianship, stance: Stance) -> None:
        guardian, pupil, received_at = link.guardian, link.pupil, self._september()
        if stance is Stance.REFUSES:
            refused = self._enter(guardian, pupil, Purpose.PERSONAL_DATA, Decision.REFUSED, received_at)
            self._agree(refused, AgreementOrigin.CONSENT_ENDED, PaperReason.UNWILLING)
        elif stance is not Stance.SILENT:
            refuses = stance is Stance.REFUSES_ELECTRONIC_FORM
            form = Decision.REFUSED if refuses else Decision.GIVEN
            given = self._enter(guardian, pupil, Purpose.PERSONAL_DATA, Decision.GIVEN, received_at)
            asked = self._enter(guardian, pupil, Purpose.ELECTRONIC_FORM, form, received_at)
            latest = max(given, asked, key=lambda entry: entry.registered_at)
            self._agree(latest, AgreementOrigin.OFFICE, PaperReason.UNWILLING if refuses else None)
        if stance is Stance.WITHDREW:
            later = self._year.this_monday - 2 * WEEK + self._dice.randrange(10) * DAY
            received_at = school.instant(later, time(9, self._dice.randrange(60)))
            ended = self._enter(guardian, pupil, Purpose.PERSONAL_DATA, Decision.WITHDRAWN, received_at)
            self._agree(ended, AgreementOrigin.CONSENT_ENDED, PaperReason.UNWILLING)

    def _agree(self, entry: Entry, origin: AgreementOrigin, reason: PaperReason | None) -> None:
        """Agree together with a decision: on paper for a reason, otherwise on the cabinet, the mailbox and e-mail."""
        if entry.guardian is None:
            return
        electronic = (AgreedChannel.EMAIL, AgreedChannel.MAILBOX, AgreedChannel.CABINET)
        self.agreements.append(
            Agreement(
                id=self._ids["agreement"].next(),
                guardian=entry.guardian,
                pupil=entry.pupil,
                form=DeliveryForm.PAPER if reason else DeliveryForm.ELECTRONIC,
                reason=reason,
                handed_to=PaperReceiver.PUPIL
                if reason and origin is AgreementOrigin.OFFICE
                else PaperReceiver.GUARDIAN,
                channels=() if reason else electronic,
                origin=origin,
                document=entry.document if origin is AgreementOrigin.OFFICE else "",
                registered_at=entry.registered_at,
            )
        )

    def _agree_to_codes(self, guardian: Guardian) -> None:
        day = self._year.first + self._signing_dice.randrange(12) * DAY
        day = monday_of(day) + min(day.weekday(), SCHOOL_WEEK - 1) * DAY
        registered_at = min(school.instant(day, time(8 + self._signing_dice.randrange(8), 30)), self._now)
        number = len(self.signing_agreements) + 1
        self.signing_agreements.append(
            SigningAgreement(
                id=self._ids["signing"].next(),
                guardian=guardian,
                document=f"Соглашение о простой подписи № П-{number} от {school.today(registered_at):%d.%m.%Y}",
                registered_at=registered_at,
            )
        )

    def _enter(
        self,
        guardian: Guardian | None,
        pupil: Pupil,
        purpose: Purpose,
        decision: Decision,
        received_at: datetime,
    ) -> Entry:
        """Add a line; what is refused or withdrawn came as a statement, the rest was registered at once."""
        entry = self._entry(guardian, pupil, purpose, decision, received_at)
        self.entries.append(entry)
        if decision is not Decision.GIVEN:
            self._state(entry, StatementState.REGISTERED)
        return entry

    def _entry(
        self,
        guardian: Guardian | None,
        pupil: Pupil,
        purpose: Purpose,
        decision: Decision,
        received_at: datetime,
    ) -> Entry:
        day = school.today(received_at)
        self._documents += 1
        return Entry(
            id=self._ids["entry"].next(),
            guardian=guardian,
            pupil=pupil,
            purpose=purpose,
            decision=decision,
            document=f"Заявление № {self._documents} от {day:%d.%m.%Y}, папка «{self._classes[pupil]}»",
            received_at=received_at,
            registered_at=min(received_at + timedelta(minutes=self._dice.randrange(5, 300)), self._now),
        )

    def _state(self, entry: Entry, state: StatementState) -> None:
        self.statements.append(Statement(id=self._ids["statement"].next(), state=state, entry=entry))

    def _september(self) -> datetime:
        """Return an instant on a school day of the year's first weeks, when the papers are collected."""
        day = self._year.first + self._dice.randrange(12) * DAY
        day = monday_of(day) + min(day.weekday(), SCHOOL_WEEK - 1) * DAY
        return school.instant(day, time(self._dice.randrange(8, 17), self._dice.randrange(60)))

    def _draft_some(self, galina: Guardian) -> None:
        """Leave a few statements of silent families in the office, to be registered by whoever tries it."""
        silent = [
            link for link, stance in self.stances.items()
            if stance is Stance.SILENT and link.guardian is not galina and link.last is None
        ]  # fmt: skip
        for link in silent[:DRAFTS]:
            received_at = school.instant(self._year.this_monday - 3 * DAY, time(10, self._dice.randrange(60)))
            entry = self._entry(link.guardian, link.pupil, Purpose.PERSONAL_DATA, Decision.GIVEN, received_at)
            self._state(entry, StatementState.DRAFT)

    def _reach(self, guardian: Guardian, *, sure: bool) -> None:
        chance = 0.0 if sure else self._dice.random()
        if chance > 0.94:
            return
        number = len(self.contacts) + 1
        family = "" if sure else f"{latin(guardian.name.family)}{number}"
        received_at = self._september()
        document = f"Заявление о контактных данных № К-{number} от {school.today(received_at):%d.%m.%Y}"
        email = Contact(
            id=self._ids["contact"].next(),
            guardian=guardian,
            channel=Channel.EMAIL,
            value=f"{family or latin(guardian.name.given)}@example.org",
            provenance=Provenance.PAPER if self._dice.random() > SIGNED_CONTACT else Provenance.SIGNED_DOCUMENT,
            document=document,
            confirmed_at=received_at + timedelta(hours=1),
        )
        if chance > 0.86:
            email = replace(email, provenance=Provenance.SELF_ENTERED, document="", confirmed_at=None)
        self.contacts.append(email)


def _stance(chance: Random) -> Stance:
    return chance.choices(list(Stance), weights=[stance.value for stance in Stance])[0]
