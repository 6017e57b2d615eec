"""Asking for paper, and confirming that it was handed over (R9)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.context import Info
from api.identifiers import identifier
from api.paper import types
from diary.consent.tables import Purpose
from diary.delivery.tables import PaperReceiver
from diary.paper import consent_forms, extracts, hand_over


@strawberry.type
class PaperMutations:
    """Mutations of sheets on paper."""

    @strawberry.mutation(
        description="Ask for a week of the own child on paper (R9.2). For a guardian whose rights are in force, and "
        "for the pupil from the age of an own decision on, with or without a consent; the school owes the sheet by the "
        "end of the next school day. Asking again while it is on its way answers with the same sheet. Refused with "
        "TOO_MANY_SHEETS after ten sheets in a day, with PUPIL_OF_AGE when the pupil decides alone, with "
        "OWN_REQUEST_TOO_EARLY for a younger pupil, with BAD_INPUT for a week outside the school's years; somebody "
        "else's child is answered NOT_FOUND."
    )
    async def request_extract(
        self,
        info: Info,
        *,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="Whose week.")],
        week_of: Annotated[dt.date, strawberry.argument(description="Any day of the week wanted.")],
    ) -> types.SheetRequest:
        """Queue the sheet."""
        viewer = await info.context.viewer()
        return types.request_of(await extracts.request_extract(viewer, pupil_id=identifier(pupil_id), week_of=week_of))

    @strawberry.mutation(
        description="Ask for a form of consent on paper, filled in, to be signed by hand (R2.2). For a guardian whose "
        "rights are in force and for the pupil; it needs no consent. Asking again while the form is on its way answers "
        "with the same one, or with a new one where what it says has changed since."
    )
    async def request_consent_form(
        self,
        info: Info,
        *,
        pupil_id: Annotated[strawberry.ID, strawberry.argument(description="About whose data.")],
        purpose: Annotated[Purpose, strawberry.argument(description="What is decided about.")] = Purpose.PERSONAL_DATA,
    ) -> types.SheetRequest:
        """Queue the form."""
        viewer = await info.context.viewer()
        return types.request_of(
            await consent_forms.request_consent_form(viewer, pupil_id=identifier(pupil_id), purpose=purpose)
        )

    @strawberry.mutation(
        description="Confirm that a sheet was handed over; it meets what is owed to its receiver on paper, with "
        "evidence (R9, D6): a guardian's receipt that guardian's duties, what the pupil carries home the pupil's and "
        "those of the guardians who agreed to it (agreeDelivery, handedTo). Another addressee may receive the same "
        "sheet later; SHEET_HANDED_OVER or NOTHING_OWED when nothing more would be met. The school's office and the "
        "class teacher only; another school's sheet is answered NOT_FOUND."
    )
    async def confirm_hand_over(
        self,
        info: Info,
        *,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="Which sheet.")],
        to: Annotated[
            str, strawberry.argument(description="To whom and how that is confirmed, 255 characters at most.")
        ],
        received_by: Annotated[PaperReceiver, strawberry.argument(description="Who received it.")],
        guardian_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Which guardian received it; needed unless that guardian asked for it."),
        ] = None,
    ) -> types.HandOver:
        """Record the hand-over."""
        recorded = await hand_over.hand_over(
            await info.context.viewer(),
            job_id=identifier(job_id),
            to=to,
            received_by=received_by,
            guardian_id=identifier(guardian_id) if guardian_id else None,
        )
        return types.hand_over_of(recorded)
