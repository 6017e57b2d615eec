"""The mailbox inside the system: what was sent, when it reached its reader and when it was read (R3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.verdict import ALLOWED, guardian_verdict, pupil_verdict
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.cursor import cursor_at, place_of
from diary.kit.pages import Page, require_size
from diary.kit.refusal import NotFound
from diary.people.guardianships import in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as its reader sees it."""

    id: UUID
    pupil_id: UUID | None
    own_matter: bool
    subject: str
    body: str
    sent_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None


# What the reader may see now: $1 guardians and $2 pupils that the reader is, $3 the instant. A message about a child
# is kept out of sight, not deleted, while the ledger keeps the diary itself closed; each pair is judged once (D5).
_SHOWN = f"""
    WITH wards AS MATERIALIZED (
        SELECT g.guardian, g.pupil FROM guardianship g JOIN school s ON s.id = g.school
        WHERE g.guardian = ANY ($1::uuid[]) AND {in_force("g", "($3::timestamptz AT TIME ZONE s.time_zone)::date")}
            AND {guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$3::timestamptz")} = '{ALLOWED}'
    ), selves AS MATERIALIZED (
        SELECT p.id AS pupil FROM pupil p
        WHERE p.id = ANY ($2::uuid[]) AND {pupil_verdict(pupil="p.id", at="$3::timestamptz")} = '{ALLOWED}'
    ), shown AS (
        SELECT m.* FROM mailbox_message m
        WHERE (m.guardian = ANY ($1::uuid[]) OR m.reader_pupil = ANY ($2::uuid[])) AND (
            m.own_matter
            OR EXISTS (SELECT FROM wards WHERE wards.guardian = m.guardian AND wards.pupil = m.pupil)
            OR (m.reader_pupil = m.pupil AND EXISTS (SELECT FROM selves WHERE selves.pupil = m.pupil)))
    )
"""  # noqa: S608 - constants only
_PAGE = f"""
    {_SHOWN}
    SELECT id, pupil, own_matter, subject, body, sent_at, delivered_at, read_at FROM shown
    WHERE (NOT $4::boolean OR read_at IS NULL)
        AND ($5::timestamptz IS NULL OR (sent_at, id) < ($5::timestamptz, $6::uuid))
    ORDER BY sent_at DESC, id DESC LIMIT $7
"""  # noqa: S608
_ONE = f"""
    {_SHOWN}
    SELECT id, pupil, own_matter, subject, body, sent_at, delivered_at, read_at FROM shown WHERE id = $4
"""  # noqa: S608
_UNREAD = f"{_SHOWN} SELECT count(*) AS unread FROM shown WHERE read_at IS NULL"  # noqa: S608


def cursor_of(message: Message) -> str:
    """Return where a message stands in the order, opaque to clients."""
    return cursor_at(message.sent_at, message.id)


async def put(
    actor: Actor,  # noqa: ARG001 - whoever puts is in a command of that actor, whom the trail names
    *,
    guardian_id: UUID | None = None,
    reader_pupil_id: UUID | None = None,
    pupil_id: UUID | None,
    subject: str,
    body: str,
    own_matter: bool,
    mailing_id: UUID | None = None,
    obligation_id: UUID | None = None,
) -> UUID:
    """Put a message into the mailbox of a guardian or of a pupil, inside the command that has something to tell."""
    if (guardian_id is None) == (reader_pupil_id is None):
        raise ValueError("a message is to a guardian or to a pupil")
    rows = await database.fetch(
        """
        INSERT INTO mailbox_message (school, guardian, reader_pupil, pupil, own_matter, mailing, obligation, subject,
            body, sent_at)
        SELECT school, $1, $2, $3, $4, $5, $6, $7, $8, $9
        FROM (SELECT school FROM guardian WHERE id = $1 UNION ALL SELECT school FROM pupil WHERE id = $2) AS reader
        RETURNING id
        """,
        guardian_id,
        reader_pupil_id,
        pupil_id,
        own_matter,
        mailing_id,
        obligation_id,
        subject,
        body,
        clock.now(),
    )
    put_id: UUID = rows[0]["id"]
    return put_id


async def page(viewer: Viewer, *, first: int, after: str | None = None, unread_only: bool = False) -> Page[Message]:
    """Return the viewer's own messages, the newest first; being listed for the first time delivers them (R3.1).

    Whoever is neither a guardian nor a pupil has an empty mailbox. Raises BadInput for a senseless page.
    """
    require_size(first)
    place = (None, None) if after is None else place_of(after)
    rows = await database.fetch(_PAGE, *_reader(viewer), unread_only, *place, first + 1)
    found = [_message(row) for row in rows[:first]]
    undelivered = [message.id for message in found if message.delivered_at is None]
    if undelivered:
        times = await _deliver(viewer, undelivered)
        found = [replace(m, delivered_at=times[m.id]) if m.id in times else m for m in found]
    return Page(found, len(rows) > first)


async def unread_count(viewer: Viewer) -> int:
    """Return how many of the viewer's own messages are shown and not yet read."""
    count: int = (await database.fetch(_UNREAD, *_reader(viewer)))[0]["unread"]
    return count


@command
async def mark_read(viewer: Viewer, message_id: UUID) -> Message:
    """Note that the viewer has read an own message; the first reading counts (R3.1).

    Raises NotFound for a message that is not shown to the viewer.
    """
    await _one(viewer, message_id)
    await database.execute(
        """
        UPDATE mailbox_message SET delivered_at = coalesce(delivered_at, $2), read_at = greatest(delivered_at, $2)
        WHERE id = $1 AND read_at IS NULL
        """,
        message_id,
        clock.now(),
    )
    return await _one(viewer, message_id)


@command
async def _deliver(viewer: Viewer, message_ids: Sequence[UUID]) -> dict[UUID, datetime]:  # noqa: ARG001 - see put()
    rows = await database.fetch(
        """
        UPDATE mailbox_message SET delivered_at = coalesce(delivered_at, $2) WHERE id = ANY ($1)
        RETURNING id, delivered_at
        """,
        list(message_ids),
        clock.now(),
    )
    return {row["id"]: row["delivered_at"] for row in rows}


async def _one(viewer: Viewer, message_id: UUID) -> Message:
    rows = await database.fetch(_ONE, *_reader(viewer), message_id)
    if not rows:
        raise NotFound
    return _message(rows[0])


def _reader(viewer: Viewer) -> tuple[list[UUID], list[UUID], datetime]:
    return list(viewer.people(Role.GUARDIAN)), list(viewer.people(Role.PUPIL)), clock.now()


def _message(row: Mapping[str, Any]) -> Message:
    return Message(
        id=row["id"],
        pupil_id=row["pupil"],
        own_matter=row["own_matter"],
        subject=row["subject"],
        body=row["body"],
        sent_at=row["sent_at"],
        delivered_at=row["delivered_at"],
        read_at=row["read_at"],
    )
