"""Delivery agreements as GraphQL types."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.enums import describe
from api.limits import SIZE
from diary.delivery.tables import (
    AgreedChannel,
    AgreementOrigin,
    DeliveryForm,
    DeliverySchedule,
    PaperReason,
    PaperReceiver,
)

describe(
    DeliveryForm,
    "In which form a family is informed (R1.1).",
    ELECTRONIC="Through the agreed channels.",
    PAPER="By the printed diary every week (R9.1).",
)
describe(
    PaperReason,
    "Why a family is informed on paper (R9.3).",
    UNABLE="No device or no connection.",
    UNWILLING="The family does not want the electronic form.",
)
describe(
    PaperReceiver,
    "To whom a printed sheet is given (R9.1, A18).",
    GUARDIAN="The guardian in person, or who fetches it for them; their signature proves it.",
    PUPIL="The pupil, who carries it home.",
)
describe(
    AgreedChannel,
    "Through what the electronic form comes; a channel that was not agreed is never used (R1.1).",
    CABINET="The personal cabinet.",
    MAILBOX="The mailbox inside the system (R3.1).",
    EMAIL="E-mail.",
    SMS="Text messages.",
    MESSENGER="A messenger.",
    WEB_PUSH="Notices of the browser.",
)
describe(
    DeliverySchedule,
    "When scheduled mailings come (R1.2).",
    SCHOOL_DEFAULT="On the school's usual days.",
    AGREED_DAYS="On the agreed weekdays, days of the month and dates.",
    SELF_SERVICE="Never: the family looks by itself.",
)
describe(
    AgreementOrigin,
    "How the agreement came to be.",
    OFFICE="The school's office wrote it down by a document.",
    GUARDIAN="The guardian agreed in the service.",
    CONSENT_ENDED="A refusal or a withdrawal put the family on paper (R2.3).",
)


@strawberry.type(description="What one guardian has agreed about one child; a change is a new agreement (R1).")
class DeliveryAgreement:
    """An agreement."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    guardian_id: strawberry.ID = strawberry.field(description="Who agreed.")
    pupil_id: strawberry.ID = strawberry.field(description="About whom.")
    form: DeliveryForm = strawberry.field(description="In which form.")
    reason: PaperReason | None = strawberry.field(description="Why on paper; null for the electronic form.")
    handed_to: PaperReceiver = strawberry.field(description="To whom the printed diary is given.")
    channels: list[AgreedChannel] = strawberry.field(
        description="Through what, in the order in which it is tried.", metadata={SIZE: 3}
    )
    schedule: DeliverySchedule = strawberry.field(description="When scheduled mailings come.")
    weekdays: list[int] = strawberry.field(description="Agreed weekdays, 1 is Monday.", metadata={SIZE: 5})
    month_days: list[int] = strawberry.field(
        description="Agreed days of the month; 31 is the last day of a month.", metadata={SIZE: 2}
    )
    dates: list[dt.date] = strawberry.field(description="Agreed dates.", metadata={SIZE: 5})
    quiet_from: dt.time | None = strawberry.field(
        description="Not to be disturbed from, school's time; null as usual there."
    )
    quiet_to: dt.time | None = strawberry.field(description="Not to be disturbed until.")
    origin: AgreementOrigin = strawberry.field(description="How it came to be.")
    document_reference: str = strawberry.field(description="The document that the office wrote it down by.")
    agreed_at: dt.datetime = strawberry.field(description="When it was agreed.")
    registered_at: dt.datetime = strawberry.field(description="When it was written down; it holds from then on.")
