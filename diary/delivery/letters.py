"""Letters to guardians: written into the outbox in the transaction of what they tell about (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.verdict import ALLOWED, guardian_verdict
from diary.delivery import notices, ways
from diary.delivery.agreements import DAYS, current_sql
from diary.delivery.tables import MailingKind
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _
from diary.people.guardianships import in_force

LONGEST_SUBJECT = 150
LONGEST_BODY = 10_000


async def cancel_queued(*, pupil_id: UUID, guardian_id: UUID | None = None) -> None:
    """Cancel what waits to be sent about a child to whom the ledger no longer allows it: one guardian or all (R2.3).

    News about one's own decision still leave.
    """
    await database.execute(_CANCEL, pupil_id, guardian_id, clock.now())


_CANCEL = f"""
    UPDATE outbox o SET state = 'CANCELLED', finished_at = $3, outcome = 'CONSENT_ENDED'
    WHERE o.pupil = $1 AND ($2::uuid IS NULL OR o.guardian = $2) AND o.topic = 'CHILD' AND o.kind <> 'PRINT'
        AND o.state = 'QUEUED'
        AND {guardian_verdict(guardian="o.guardian", pupil="o.pupil", at="$3::timestamptz")} <> '{ALLOWED}'
"""  # noqa: S608 - constants only

# The guardianships in force of the pupils of a class, or of the whole school, with what was last agreed for each.
_FAMILIES = f"""
    FROM guardianship g
    JOIN school s ON s.id = g.school
    LEFT JOIN LATERAL ({current_sql("g.guardian", "g.pupil")}) AS a ON true
    JOIN membership m ON m.pupil = g.pupil
    JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
    CROSS JOIN LATERAL (SELECT ($3::timestamptz AT TIME ZONE s.time_zone)::date AS today) AS local
    %s
    WHERE g.school = $1 AND ($2::uuid IS NULL OR t.school_class = $2) AND {in_force("g", "local.today")}
        AND m.valid_from <= local.today AND (m.valid_to IS NULL OR m.valid_to >= local.today)
"""
_VERDICT = guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$3::timestamptz")
_WAYS = f"CROSS JOIN LATERAL ({ways.first_sql(guardian='g.guardian', channels='a.channels')}) AS way"

# One letter per guardian: about the first child of whom one leaves, those whose diary the guardian may read first.
_ADDRESSEES = f"""
    SELECT g.guardian, g.pupil, way.id AS contact, way.channel, {DAYS}
    {_FAMILIES % _WAYS} AND a.schedule <> 'SELF_SERVICE'
    ORDER BY g.guardian, {_VERDICT} = '{ALLOWED}' DESC, g.pupil
"""

# One message per guardian and child; whoever has agreed to nothing yet has the mailbox all the same.
_MESSAGES = f"""
    INSERT INTO mailbox_message (school, guardian, pupil, mailing, subject, body, sent_at)
    SELECT $1, f.guardian, f.pupil, $4, $5, $6, $3
    FROM (SELECT DISTINCT g.guardian, g.pupil {_FAMILIES % ""} AND (a.form IS NULL OR a.form = 'ELECTRONIC')) AS f
    WHERE {guardian_verdict(guardian="f.guardian", pupil="f.pupil", at="$3::timestamptz")} = '{ALLOWED}'
        AND NOT EXISTS (SELECT FROM mailbox_message k
            WHERE k.mailing = $4 AND k.guardian = f.guardian AND k.pupil = f.pupil)
    RETURNING id, guardian, pupil
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Written:
    """How many letters now wait, and how many messages now lie in mailboxes."""

    letters: int
    messages: int


@command
async def write_to_families(
    viewer: Viewer, *, school_id: UUID, class_id: UUID | None = None, subject: str, body: str, dedup_key: str
) -> Written:
    """Write the office's letter to the guardians of a class, or of the whole school.

    Each guardian gets one through the first agreed channel, on the agreed days if there are any, else now or after the
    quiet hours (R1.1, R1.2); consent is asked when it is sent. The mailbox of each who has not agreed to paper and may
    read the diary gets it at once (R3.1).
    The same `dedup_key` never mails twice. Raises NotFound for a foreign school or class, BadInput.
    """
    if school_id not in viewer.schools(Role.OFFICE):
        raise NotFound
    if class_id is not None and not await database.fetch(
        "SELECT FROM school_class WHERE id = $1 AND school = $2", class_id, school_id
    ):
        raise NotFound
    subject, body = subject.strip(), body.strip()
    if not subject or len(subject) > LONGEST_SUBJECT or "\n" in subject or "\r" in subject:
        raise BadInput(field="subject", reason=_("одна строка до 150 символов"))
    if not body or len(body) > LONGEST_BODY:
        raise BadInput(field="body", reason=_("от 1 до 10000 символов"))
    now, key = clock.now(), f"letter:{school_id}:{dedup_key}"
    mailing_id, _is_new = await notices.mailing(
        viewer, school_id=school_id, kind=MailingKind.OFFICE_LETTER, dedup_key=key, subject=subject, body=body
    )
    put = await database.fetch(_MESSAGES, school_id, class_id, now, mailing_id, subject, body)
    text = notices.Text(school_id=school_id, mailing_id=mailing_id, dedup_key=key, subject=subject, body=body)
    messages = {(row["guardian"], row["pupil"]): row["id"] for row in put}
    addressees = await database.fetch(_ADDRESSEES, school_id, class_id, now)
    queued = await notices.queue(viewer, text, addressees, messages)
    return Written(letters=len(queued), messages=len(put))
