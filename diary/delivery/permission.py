"""What may leave right now, and to which address: asked again before every sending (R1.1, R1.3, R8.1, D5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from diary.consent.verdict import ALLOWED
from diary.delivery.agreements import DAYS, current_sql, days_of
from diary.delivery.informing import InformingChannel, may_send
from diary.delivery.rules import DeliveryDays, Departure, about_oneself, decided_by, departure_of_waiting, is_quiet
from diary.delivery.tables import DeliverySchedule, Messenger, OutboxTiming, OutboxTopic
from diary.kit import clock, database

#: Outcomes of a refused letter beside the codes of the consent's refusals.
NO_PUPIL = "NO_PUPIL"
CONTACT_NOT_CONFIRMED = "CONTACT_NOT_CONFIRMED"
CONTACT_RETIRED = "CONTACT_RETIRED"
CONTACT_FAILED = "CONTACT_FAILED"
CHANNEL_NOT_AGREED = "CHANNEL_NOT_AGREED"
#: The family has agreed to look by itself, or on no day that is still to come: nobody did wrong, nothing is sent.
SELF_SERVICE = "SELF_SERVICE"
NO_AGREED_DAY = "NO_AGREED_DAY"
NOT_WANTED = frozenset({SELF_SERVICE, NO_AGREED_DAY})
CODE_EXPIRED = "CODE_EXPIRED"
#: With these the way is shut, not the matter: the next agreed one is tried.
SHUT_WAYS = frozenset({CONTACT_NOT_CONFIRMED, CONTACT_RETIRED, CONTACT_FAILED, CHANNEL_NOT_AGREED})
#: How the keys of alerts begin: what was done in a person's name is told at every hour, and at the addresses as they
#: stood then, for so long: an address that is retired right after is the one that has to hear of it (63-FZ art. 9).
ALERT = "alert:"
ALERTS_THE_RETIRED_WITHIN = timedelta(hours=72)
#: Why a row that may be sent waits.
QUIET_HOURS = "QUIET_HOURS"
NOT_AGREED_NOW = "NOT_AGREED_NOW"


@dataclass(frozen=True, slots=True)
class Permission:
    """What is known right before sending: ALLOWED with the address of this moment, or a reason not to send."""

    verdict: str
    address: str = ""
    #: Which messenger the address belongs to, and what a browser's notices are encrypted with.
    messenger: Messenger | None = None
    push_keys: Mapping[str, str] | None = None
    #: In quiet hours and on other days nothing is refused: the row waits until then, which is no attempt (R1.2).
    retry_at: datetime | None = None
    #: The agreed day that it waits for.
    agreed_day: date | None = None

    @property
    def is_given(self) -> bool:
        """Whether the letter may leave."""
        return self.verdict == ALLOWED


_ASKED = f"""
    SELECT o.topic, o.kind, o.guardian, o.pupil, o.timing, o.address, c.value, c.messenger, c.push_keys,
        c.confirmed_at <= $3 AS confirmed, c.retired_at <= $3 AS retired, c.failed_at <= $3 AS failed,
        starts_with(o.dedup_key, '{ALERT}') AS is_alert, o.created_at, o.kind = ANY (a.channels) AS agreed,
        CASE WHEN o.topic = 'CODE' THEN
            (SELECT t.expires_at <= $3 FROM one_time_code t WHERE t.id = substr(o.dedup_key, length('code:') + 1)::uuid)
        END AS expired,
        (SELECT b.due_at FROM obligation b WHERE b.id = o.obligation AND b.kind = 'RESULT') AS deadline, {DAYS}
    FROM outbox o
    JOIN school s ON s.id = o.school
    LEFT JOIN LATERAL ({current_sql("o.guardian", "o.pupil")}) AS a ON true
    LEFT JOIN contact_point c ON c.id = o.contact_point AND c.channel = o.kind
        AND c.guardian IS NOT DISTINCT FROM o.guardian
    WHERE o.id = $1 AND o.attempt = $2 AND o.state = 'STARTED' AND o.lease_until > $3
"""  # noqa: S608 - constants only


async def ask(outbox_id: UUID, attempt: int, *, at: datetime) -> Permission | None:
    """Ask right before sending whether the row may leave and to which address (R1.1, R1.3, R8.1, D5).

    About a child the ledger, the agreement in force, the day, the hour and the contact must all allow it; about one's
    own decision the hour and the contact decide, for a code or an alert the contact alone. None when the row is no
    longer this worker's: then nothing is done.
    """
    rows = await database.fetch(_ASKED, outbox_id, attempt, at)
    if not rows:
        return None
    asked = rows[0]
    topic = OutboxTopic(asked["topic"])
    if topic is OutboxTopic.STAFF_WARNING:
        return Permission(ALLOWED, asked["address"])
    if (unusable := _why_unusable(asked, topic, at)) is not None:
        return Permission(unusable)
    given = Permission(
        ALLOWED,
        asked["value"],
        messenger=Messenger(asked["messenger"]) if asked["messenger"] else None,
        push_keys=None if asked["push_keys"] is None else orjson.loads(asked["push_keys"]),
    )
    if topic is OutboxTopic.CHILD:
        return await _about_a_child(asked, given, at)
    if topic is OutboxTopic.OWN_MATTER and not asked["is_alert"]:
        days, now = about_oneself(days_of(asked)), clock.now()
        return _in_time(given, days, _departure(asked, days, now), now, at)
    return given


async def _about_a_child(asked: Mapping[str, Any], given: Permission, at: datetime) -> Permission:
    if asked["guardian"] is None or asked["pupil"] is None:
        return Permission(NO_PUPIL)
    # The ledger, the day and the hour count as they stand, so they need no allowance for two clocks.
    days, now = days_of(asked), clock.now()
    leaves = _departure(asked, days, now)
    day = (leaves.at if leaves else now).astimezone(days.zone).date()
    verdict = await may_send(
        guardian_id=asked["guardian"],
        pupil_id=asked["pupil"],
        channel=InformingChannel(asked["kind"]),
        at=now,
        decided_by=decided_by(day, days.zone),
    )
    if verdict != ALLOWED:
        return Permission(verdict)
    return _in_time(given, days, leaves, now, at) if asked["agreed"] else Permission(CHANNEL_NOT_AGREED)


def _departure(asked: Mapping[str, Any], days: DeliveryDays, now: datetime) -> Departure | None:
    """Return when the row leaves by what is agreed at this moment; a result's legal term waits for no day (A4)."""
    timing = OutboxTiming.URGENT if asked["deadline"] is not None else OutboxTiming(asked["timing"])
    return departure_of_waiting(now, days, timing=timing, deadline=asked["deadline"])


def _in_time(
    given: Permission, days: DeliveryDays, leaves: Departure | None, now: datetime, at: datetime
) -> Permission:
    """Return the permission for now, or until when the row waits; a row that is due has come a little early by `at`."""
    if leaves is None:
        return Permission(SELF_SERVICE if days.schedule is DeliverySchedule.SELF_SERVICE else NO_AGREED_DAY)
    if leaves.at <= at:
        return given
    local = now.astimezone(days.zone)
    is_the_day = leaves.agreed_day is None or leaves.agreed_day == local.date()
    reason = QUIET_HOURS if is_the_day and is_quiet(local.time(), days) else NOT_AGREED_NOW
    return Permission(reason, retry_at=leaves.at, agreed_day=leaves.agreed_day)


def _why_unusable(asked: Mapping[str, Any], topic: OutboxTopic, at: datetime) -> str | None:
    """Return why nothing may go to the contact of a row, None when it may."""
    is_code = topic is OutboxTopic.CODE
    # A code is what confirms a contact, so it is the one thing that goes to an unconfirmed one.
    if asked["value"] is None or not (asked["confirmed"] or is_code):
        return CONTACT_NOT_CONFIRMED
    is_told_still = asked["is_alert"] and at <= asked["created_at"] + ALERTS_THE_RETIRED_WITHIN
    if asked["retired"] and not is_told_still:
        return CONTACT_RETIRED
    if asked["failed"] and not is_code:
        return CONTACT_FAILED
    return CODE_EXPIRED if is_code and asked["expired"] is not False else None
