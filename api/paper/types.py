"""Sheets on paper as GraphQL types (R9)."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.enums import describe
from diary.delivery.tables import PaperReceiver
from diary.paper import hand_over, print_jobs
from diary.paper.tables import PrintState

describe(
    PrintState,
    "How far a sheet has come.",
    QUEUED="Waiting to be rendered.",
    RENDERED="The file is ready.",
    PRINTED="It has come out of the printer.",
    HANDED_OVER="It was handed over; for ever.",
    FAILED="It could not be rendered.",
    CANCELLED="It is not wanted any more.",
)


@strawberry.type(description="A sheet on its way to whoever asked for it (R9.2).")
class SheetRequest:
    """A request for paper."""

    job_id: strawberry.ID = strawberry.field(description="Which sheet.")
    state: PrintState = strawberry.field(description="How far the sheet has come.")
    requested_at: dt.datetime = strawberry.field(description="When it was asked for.")
    due_at: dt.datetime | None = strawberry.field(
        description="By when it is owed: the end of the next school day; null for a form of consent."
    )


def request_of(requested: print_jobs.Requested) -> SheetRequest:
    """Return a request as clients see it."""
    return SheetRequest(
        job_id=strawberry.ID(str(requested.job_id)),
        state=requested.state,
        requested_at=requested.requested_at,
        due_at=requested.due_at,
    )


@strawberry.type(description="What was recorded about the hand-over of a sheet (R9, D6).")
class HandOver:
    """A hand-over."""

    job_id: strawberry.ID = strawberry.field(description="Which sheet.")
    state: PrintState = strawberry.field(description="How far the sheet has come.")
    handed_over_at: dt.datetime = strawberry.field(description="When it was handed over.")
    handed_over_to: str = strawberry.field(description="To whom, and how that is confirmed.")
    received_by: PaperReceiver = strawberry.field(description="Who received it.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Which guardian, if one did.")
    duties_met: int = strawberry.field(
        description="How many duties it met; one that was due before is met, and stays breached."
    )
    duties_waiting: int = strawberry.field(
        description="How many addressees of the same week on this sheet still wait for their own receipt."
    )


def hand_over_of(recorded: hand_over.HandedOver) -> HandOver:
    """Return a hand-over as clients see it."""
    return HandOver(
        job_id=strawberry.ID(str(recorded.job_id)),
        state=recorded.state,
        handed_over_at=recorded.at,
        handed_over_to=recorded.to,
        received_by=recorded.receipt.by,
        guardian_id=strawberry.ID(str(recorded.receipt.guardian_id)) if recorded.receipt.guardian_id else None,
        duties_met=recorded.duties_met,
        duties_waiting=len(recorded.still_waiting),
    )
