"""Agreeing about the form of delivery (R1, R9.3)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.agreements import types
from api.context import Info
from api.identifiers import identifier
from diary.delivery import agreements
from diary.delivery.tables import AgreedChannel, DeliveryForm, DeliverySchedule, PaperReason, PaperReceiver


@strawberry.input(description="What is agreed about one guardian and one child.")
class AgreeDeliveryInput:
    """What agreeDelivery needs."""

    pupil_id: strawberry.ID = strawberry.field(description="About whom.")
    guardian_id: strawberry.ID = strawberry.field(description="Who agrees.")
    form: DeliveryForm = strawberry.field(description="In which form.")
    reason: PaperReason | None = strawberry.field(default=None, description="Why on paper; needed for paper only.")
    handed_to: PaperReceiver = strawberry.field(
        default=PaperReceiver.GUARDIAN, description="To whom the printed diary is given; PUPIL for paper only."
    )
    channels: list[AgreedChannel] = strawberry.field(
        default_factory=list, description="Through what, in the order in which it is tried."
    )
    schedule: DeliverySchedule = strawberry.field(
        default=DeliverySchedule.SCHOOL_DEFAULT, description="When scheduled mailings come."
    )
    weekdays: list[int] = strawberry.field(default_factory=list, description="Weekdays, 1 is Monday.")
    month_days: list[int] = strawberry.field(default_factory=list, description="Days of the month, 1 to 31.")
    dates: list[dt.date] = strawberry.field(default_factory=list, description="Dates.")
    quiet_from: dt.time | None = strawberry.field(default=None, description="Not to be disturbed from, school's time.")
    quiet_to: dt.time | None = strawberry.field(default=None, description="Not to be disturbed until.")
    document_reference: str = strawberry.field(default="", description="The document; the office needs one.")


@strawberry.type
class AgreementMutations:
    """Mutations of agreements."""

    @strawberry.mutation(
        description="Agree in which form, through what and when a guardian is informed about a child (R1.1, R1.2). "
        "The guardian, or the office by a document; paper is always possible, the electronic form by a consent only.",
        graphql_type=types.DeliveryAgreement,
    )
    async def agree_delivery(
        self,
        info: Info,
        given: Annotated[AgreeDeliveryInput, strawberry.argument(name="input", description="The agreement.")],
    ) -> agreements.Agreement:
        """Agree."""
        return await agreements.agree(
            await info.context.viewer(),
            guardian_id=identifier(given.guardian_id),
            pupil_id=identifier(given.pupil_id),
            form=given.form,
            reason=given.reason,
            handed_to=given.handed_to,
            channels=given.channels,
            schedule=given.schedule,
            weekdays=given.weekdays,
            month_days=given.month_days,
            dates=given.dates,
            quiet_from=given.quiet_from,
            quiet_to=given.quiet_to,
            document_reference=given.document_reference,
        )
