"""Duties as GraphQL types, with a Relay connection."""

from __future__ import annotations

import datetime as dt

import orjson
import strawberry
from strawberry import relay

from api.enums import describe
from api.limits import SIZE
from api.pages import page_info
from diary.delivery import obligation_pages
from diary.delivery.tables import MetBy, ObligationKind, ObligationState
from diary.kit.pages import Page

describe(
    ObligationKind,
    "What a family is owed (D6).",
    FORECAST="The forecast of the final marks, at least once in each grading period (R5.1).",
    RESULT="A final or exam result, within 24 hours of its receipt (R7.1).",
    WEEKLY_DIARY="The printed diary of a teaching week, for a family on paper (R9.1).",
    PRINTOUT="What was asked for on paper, by the end of the next school day (R9.2).",
    CONSENT_EFFECT="Being told what one's own decision has changed, within a day.",
)
describe(
    ObligationState,
    "Where a duty stands.",
    OPEN="Waiting; its time may be over for a few minutes before that is noted.",
    MET="Met in time, with evidence; what is met at the very due instant is in time.",
    BREACHED="Not met in time; for ever, even when it was met later.",
    CANCELLED="Its basis is gone; the reason stands beside it.",
)
describe(
    MetBy,
    "What proves that a duty was met.",
    PUBLICATION="It became readable to the addressee.",
    DELIVERY="A message was delivered.",
    HAND_OVER="Paper was handed over.",
)


@strawberry.type(description="One thing that is recorded as proof, such as who received the paper.")
class Evidence:
    """A line of the evidence."""

    name: str = strawberry.field(description="What it tells, for example `to`, `by`, `note`, `job`, `sha256`.")
    value: str = strawberry.field(description="What is recorded.")


@strawberry.type(description="One duty towards one addressee, with its deadline and what became of it (D6).")
class Obligation:
    """A duty."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    kind: ObligationKind = strawberry.field(description="What is owed.")
    clause: str = strawberry.field(description="The clause of the regulation that it comes from.")
    pupil_id: strawberry.ID = strawberry.field(description="About whom.")
    guardian_id: strawberry.ID | None = strawberry.field(description="To whom; null means the pupil.")
    about: str = strawberry.field(description="About what exactly, for example week:2026-11-23.")
    state: ObligationState = strawberry.field(description="Where it stands.")
    opened_at: dt.datetime = strawberry.field(description="When it arose.")
    due_at: dt.datetime = strawberry.field(description="Its deadline.")
    met_at: dt.datetime | None = strawberry.field(description="When it was met.")
    met_by: MetBy | None = strawberry.field(description="What proves that.")
    breached_at: dt.datetime | None = strawberry.field(description="The deadline that was missed.")
    cancelled_at: dt.datetime | None = strawberry.field(description="When it was cancelled.")
    cancel_reason: str = strawberry.field(description="Why it was cancelled; empty when it was not.")
    warning_level: int = strawberry.field(
        description="How many warning thresholds it has passed; 3 means that the school was told of the breach."
    )
    evidence: list[Evidence] | None = strawberry.field(
        description="What proves that it was met, for the office; null for families: it may name others.",
        metadata={SIZE: 8},
    )


@strawberry.type(description="One duty and its place in the list.")
class ObligationEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, for `after`.")
    node: Obligation = strawberry.field(description="The duty.")


@strawberry.type(description="A page of duties in the order of their deadlines.")
class ObligationConnection:
    """A connection."""

    edges: list[ObligationEdge] = strawberry.field(description="The page.", metadata={SIZE: 50})
    page_info: relay.PageInfo = strawberry.field(description="Whether and where it goes on.")


def obligation_of(found: obligation_pages.Obligation) -> Obligation:
    """Return a duty as clients see it."""
    return Obligation(
        id=strawberry.ID(str(found.id)),
        kind=found.kind,
        clause=found.clause,
        pupil_id=strawberry.ID(str(found.pupil_id)),
        guardian_id=None if found.guardian_id is None else strawberry.ID(str(found.guardian_id)),
        about=found.about,
        state=found.state,
        opened_at=found.opened_at,
        due_at=found.due_at,
        met_at=found.met_at,
        met_by=found.met_by,
        breached_at=found.breached_at,
        cancelled_at=found.cancelled_at,
        cancel_reason=found.cancel_reason,
        warning_level=found.warning_level,
        evidence=None
        if found.evidence is None
        else [
            Evidence(name=name, value=value if isinstance(value, str) else orjson.dumps(value).decode())
            for name, value in found.evidence.items()
        ],
    )


def connection_of(page: Page[obligation_pages.Obligation], *, after: str | None) -> ObligationConnection:
    """Return a page as clients see it."""
    edges = [
        ObligationEdge(cursor=obligation_pages.cursor_of(found), node=obligation_of(found)) for found in page.found
    ]
    return ObligationConnection(edges=edges, page_info=page_info(edges, has_more=page.has_more, after=after))
