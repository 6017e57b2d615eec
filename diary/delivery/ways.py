"""The ways to a guardian: the agreed external channels in order, each with a contact that can be used (R1.1, R8.1)."""

from __future__ import annotations

from uuid import UUID

from diary.delivery.agreements import current_sql
from diary.delivery.tables import OutboxTopic
from diary.kit import clock, database

#: A contact may be used: confirmed, not retired, and still delivering.
USABLE = "{c}.confirmed_at IS NOT NULL AND {c}.retired_at IS NULL AND {c}.failed_at IS NULL"


def channels_sql(channels: str, topic: str) -> str:
    """Return the SQL of the channels in the order of trying.

    About one's own decision a confirmed e-mail address is enough, whatever was agreed about the child.
    """
    return (
        f"CASE WHEN {topic} = '{OutboxTopic.OWN_MATTER}' THEN array_append({channels}, 'EMAIL') "
        f"ELSE coalesce({channels}, '{{}}') END"
    )


def first_sql(*, guardian: str, channels: str, apart_from: str = "true") -> str:
    """Return the SELECT of the first usable contact along the channels: id and channel, at most one row.

    Of several contacts of one channel the one confirmed last comes first. `apart_from` is a condition on the contact c.
    """
    return f"""
        SELECT c.id, c.channel FROM unnest({channels}) WITH ORDINALITY AS w (channel, place)
        JOIN contact_point c ON c.guardian = {guardian} AND c.channel = w.channel AND {USABLE.format(c="c")}
        WHERE {apart_from} ORDER BY w.place, c.confirmed_at DESC, c.id LIMIT 1
    """  # noqa: S608 - built from column names only


# The first row has the key of what is told, those of the fallback add their contact: one row for each contact.
_FALL_BACK = f"""
    INSERT INTO outbox (school, kind, topic, dedup_key, guardian, pupil, contact_point, timing, agreed_day, mailing,
        obligation, message, subject, body, due_at, created_at, created_by)
    SELECT o.school, way.channel, o.topic, told.key || ':' || way.id, o.guardian, o.pupil, way.id, o.timing,
        o.agreed_day, o.mailing, o.obligation, o.message, o.subject, o.body, $2, $2, o.created_by
    FROM outbox o
    CROSS JOIN LATERAL (SELECT regexp_replace(o.dedup_key, ':' || o.contact_point || '$', '') AS key) AS told
    LEFT JOIN LATERAL ({current_sql("o.guardian", "o.pupil")}) AS a ON true
    CROSS JOIN LATERAL ({
    first_sql(
        guardian="o.guardian",
        channels=channels_sql("a.channels", "o.topic"),
        apart_from="NOT EXISTS (SELECT FROM outbox t "
        "WHERE t.dedup_key IN (o.dedup_key, told.key, told.key || ':' || c.id) AND t.contact_point = c.id)",
    )
}) AS way
    WHERE o.id = $1 AND o.topic IN ('{OutboxTopic.CHILD}', '{OutboxTopic.OWN_MATTER}')
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING id
"""  # noqa: S608


async def fall_back(outbox_id: UUID) -> UUID | None:
    """Queue what could not be delivered for the next agreed contact not tried yet; None when none is left.

    The row names the one that has taken its place, so that nobody has to look after it.
    """
    rows = await database.fetch(_FALL_BACK, outbox_id, clock.now())
    if not rows:
        return None
    queued: UUID = rows[0]["id"]
    await database.execute("UPDATE outbox SET evidence = $2 WHERE id = $1", outbox_id, {"fallback": str(queued)})
    return queued


async def mark_dead(outbox_id: UUID, *, reason: str) -> None:
    """Note that a row's contact delivers no more: nothing else is sent there until it is confirmed anew (R8.1)."""
    await database.execute(
        """
        UPDATE contact_point c SET failed_at = $2, failure = $3
        FROM outbox o WHERE o.id = $1 AND c.id = o.contact_point AND c.failed_at IS NULL
        """,
        outbox_id,
        clock.now(),
        reason,
    )
