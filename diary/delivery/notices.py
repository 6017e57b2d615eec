"""Telling a family: into the mailbox, and through the first agreed channel with a usable contact (R1, R3.1).

What is queued here may still be refused when it is sent, and what cannot be delivered falls back along the agreement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.consent.verdict import ALLOWED, guardian_verdict
from diary.delivery import mailbox, ways
from diary.delivery.agreements import DAYS, current_sql, days_of
from diary.delivery.rules import Departure, about_oneself, departure
from diary.delivery.tables import DeliveryForm, MailingKind, OutboxTiming, OutboxTopic
from diary.kit import clock, database
from diary.kit.command import Actor
from diary.kit.refusal import NotFound
from diary.people.guardianships import in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one telling has put into the mailbox and queued; both are None when it was told before."""

    message_id: UUID | None = None
    outbox_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a mailing tells, and how pressing it is."""

    school_id: UUID
    mailing_id: UUID
    dedup_key: str
    subject: str
    body: str
    topic: OutboxTopic = OutboxTopic.CHILD
    obligation_id: UUID | None = None
    timing: OutboxTiming = OutboxTiming.NOTICE
    deadline: datetime | None = None


_PAIR = f"""
    SELECT s.id AS school, a.form, $1::uuid AS guardian, $2::uuid AS pupil, way.id AS contact, way.channel, {DAYS},
        EXISTS (SELECT FROM guardianship g WHERE g.guardian = $1 AND g.pupil = $2
            AND {in_force("g", "($3::timestamptz AT TIME ZONE s.time_zone)::date")}
            AND {guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$3::timestamptz")} = '{ALLOWED}') AS reads
    FROM pupil p JOIN school s ON s.id = p.school
    JOIN guardian r ON r.id = $1 AND r.school = s.id
    LEFT JOIN LATERAL ({current_sql("$1", "$2")}) AS a ON true
    LEFT JOIN LATERAL ({
    ways.first_sql(guardian="$1", channels=ways.channels_sql("a.channels", "$4::varchar"))
}) AS way ON true
    WHERE p.id = $2
"""  # noqa: S608 - constants only

# The first row of a guardian has the key of what is told; those of the fallback add their contact to it.
_QUEUE = """
    INSERT INTO outbox (school, kind, topic, dedup_key, guardian, pupil, contact_point, timing, agreed_day, mailing,
        obligation, message, subject, body, due_at, created_at, created_by)
    SELECT $1, t.kind, $2, $3 || ':' || t.guardian, t.guardian, t.pupil, t.contact, $17, t.agreed_day, $4, $5, t.message,
        $6, $7, t.due_at, $8, $9
    FROM unnest($10::varchar[], $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::date[], $16::timestamptz[])
        AS t (kind, guardian, pupil, contact, message, agreed_day, due_at)
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING id
"""


async def tell(
    actor: Actor,
    *,
    kind: MailingKind,
    guardian_id: UUID,
    pupil_id: UUID,
    subject: str,
    body: str,
    dedup_key: str,
    own_matter: bool = False,
    obligation_id: UUID | None = None,
    urgent: bool = False,
    scheduled: bool = False,
    deadline: datetime | None = None,
) -> Told:
    """Tell a guardian something about a child, inside the command that has it to tell; the same key tells once.

    The mailbox of whoever reads electronically gets it at once. Outside the system it leaves on the agreed days when it
    is scheduled, or when days were agreed and it is not urgent; else as soon as the quiet hours allow (R1.2, A4).
    Raises NotFound for people who are not of one school.
    """
    topic = OutboxTopic.OWN_MATTER if own_matter else OutboxTopic.CHILD
    rows = await database.fetch(_PAIR, guardian_id, pupil_id, clock.now(), topic.value)
    if not rows:
        raise NotFound
    pair = rows[0]
    mailing_id, is_new = await mailing(
        actor, school_id=pair["school"], kind=kind, dedup_key=dedup_key, subject=subject, body=body
    )
    if not is_new:
        return Told()
    message_id = None
    if own_matter or (pair["reads"] and pair["form"] != DeliveryForm.PAPER):
        message_id = await mailbox.put(
            actor,
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            subject=subject,
            body=body,
            own_matter=own_matter,
            mailing_id=mailing_id,
            obligation_id=obligation_id,
        )
    text = Text(
        school_id=pair["school"],
        mailing_id=mailing_id,
        dedup_key=dedup_key,
        subject=subject,
        body=body,
        topic=topic,
        obligation_id=obligation_id,
        timing=_timing(urgent=urgent, scheduled=scheduled),
        deadline=deadline,
    )
    addressees = [pair] if pair["contact"] is not None else []
    messages = {(guardian_id, pupil_id): message_id} if message_id else {}
    queued = await queue(actor, text, addressees, messages)
    return Told(message_id=message_id, outbox_id=queued[0] if queued else None)


async def mailing(
    actor: Actor, *, school_id: UUID, kind: MailingKind, dedup_key: str, subject: str, body: str
) -> tuple[UUID, bool]:
    """Return the mailing of this key and whether it is new; whoever sends it at the same time waits."""
    added = await database.fetch(
        """
        INSERT INTO mailing (school, kind, dedup_key, subject, body, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dedup_key) DO NOTHING RETURNING id
        """,
        school_id,
        kind.value,
        dedup_key,
        subject,
        body,
        clock.now(),
        actor.account_id,
    )
    if added:
        return added[0]["id"], True
    found = await database.fetch("SELECT id FROM mailing WHERE dedup_key = $1 FOR UPDATE", dedup_key)
    return found[0]["id"], False


async def queue(
    actor: Actor,
    text: Text,
    addressees: Sequence[Mapping[str, Any]],
    messages: Mapping[tuple[UUID, UUID], UUID],
) -> list[UUID]:
    """Queue a text for addressees, each with contact, channel and days; many of them go in one statement.

    Whoever looks by himself, or has no agreed day left, is not written to about the child.
    """
    now = clock.now()
    leaving = [(to, leaves) for to in addressees if (leaves := _leaves(text, to, now)) is not None]
    rows = await database.fetch(
        _QUEUE,
        text.school_id,
        text.topic.value,
        text.dedup_key,
        text.mailing_id,
        text.obligation_id,
        text.subject,
        text.body,
        now,
        actor.account_id,
        [to["channel"] for to, _leaves in leaving],
        [to["guardian"] for to, _leaves in leaving],
        [to["pupil"] for to, _leaves in leaving],
        [to["contact"] for to, _leaves in leaving],
        [messages.get((to["guardian"], to["pupil"])) for to, _leaves in leaving],
        [leaves.agreed_day for _to, leaves in leaving],
        [leaves.at for _to, leaves in leaving],
        text.timing.value,
    )
    return [row["id"] for row in rows]


def _timing(*, urgent: bool, scheduled: bool) -> OutboxTiming:
    if urgent:
        return OutboxTiming.URGENT
    return OutboxTiming.MAILING if scheduled else OutboxTiming.NOTICE


def _leaves(text: Text, to: Mapping[str, Any], now: datetime) -> Departure | None:
    days = days_of(to)
    if text.topic is OutboxTopic.OWN_MATTER:
        days = about_oneself(days)
    return departure(now, days, timing=text.timing, deadline=text.deadline)
