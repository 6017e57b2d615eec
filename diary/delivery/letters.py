"""Letters to guardians: written into the outbox in the transaction of what they tell about (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.verdict import ALLOWED, guardian_verdict
from diary.delivery import mailbox
from diary.delivery.agreements import current_sql
from diary.delivery.tables import MailingKind, OutboxTopic
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _
from diary.people.guardianships import in_force

LONGEST_SUBJECT = 150
LONGEST_BODY = 10_000

# Sent in Russian: which language a guardian reads is not recorded, and the one who registers may read another.
_CONSENT_SUBJECT = _("Согласие зарегистрировано, дневник открыт")
_CONSENT_BODY = _(
    "Здравствуйте!\n\n"
    "Школа зарегистрировала ваше согласие: дневник открыт для просмотра ({pupil}).\n\n"
    "Согласие можно отозвать в любой момент в самом дневнике или заявлением в школу. "
    "Отзыв действует сразу; дальше школа информирует вас на бумаге."
)

_CONFIRMED_EMAILS = """
    SELECT id FROM contact_point
    WHERE guardian = $1 AND channel = 'EMAIL' AND confirmed_at IS NOT NULL AND retired_at IS NULL
"""


async def tell_of_consent(
    actor: Actor, *, guardian_id: UUID, pupil_id: UUID, decision_id: UUID, obligation_id: UUID | None
) -> None:
    """Tell a guardian that the registered consent has opened the cabinet; inside the registering command.

    It is about the own decision, so a confirmed address is enough; delivered, it meets the obligation. The mailbox
    keeps it too, whatever becomes of the consent (R3.1).
    """
    names = (await database.fetch("SELECT given_name, family_name FROM pupil WHERE id = $1", pupil_id))[0]
    body = _CONSENT_BODY.format(pupil=f"{names['given_name']} {names['family_name']}")
    await mailbox.put(
        actor,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        subject=_CONSENT_SUBJECT,
        body=body,
        own_matter=True,
        obligation_id=obligation_id,
    )
    for contact in await database.fetch(_CONFIRMED_EMAILS, guardian_id):
        await _queue(
            actor,
            dedup_key=f"consent:{decision_id}:{contact['id']}",
            guardian_id=guardian_id,
            pupil_id=pupil_id,
            contact_id=contact["id"],
            subject=_CONSENT_SUBJECT,
            topic=OutboxTopic.OWN_MATTER,
            obligation_id=obligation_id,
            body=body,
        )


async def cancel_queued(*, guardian_id: UUID, pupil_id: UUID) -> None:
    """Cancel what waits to be sent to a guardian about a child whose consent has just ended (R2.3)."""
    await database.execute(
        """
        UPDATE outbox SET state = 'CANCELLED', finished_at = $3, outcome = 'CONSENT_ENDED'
        WHERE guardian = $1 AND pupil = $2 AND kind <> 'PRINT' AND state = 'QUEUED'
        """,
        guardian_id,
        pupil_id,
        clock.now(),
    )


# The guardianships in force of the pupils of a class, or of the whole school, with what was last agreed for each.
_FAMILIES = f"""
    FROM guardianship g
    JOIN school s ON s.id = g.school
    LEFT JOIN LATERAL ({current_sql("g.guardian", "g.pupil")}) AS a ON true
    JOIN membership m ON m.pupil = g.pupil
    JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
    CROSS JOIN LATERAL (SELECT ($6::timestamptz AT TIME ZONE s.time_zone)::date AS today) AS local
    %s
    WHERE g.school = $1 AND ($2::uuid IS NULL OR t.school_class = $2) AND {in_force("g", "local.today")}
        AND m.valid_from <= local.today AND (m.valid_to IS NULL OR m.valid_to >= local.today)
"""
_VERDICT = guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$6::timestamptz")
_ADDRESSES = """
    JOIN contact_point c ON c.guardian = g.guardian AND c.channel = 'EMAIL' AND c.confirmed_at IS NOT NULL
        AND c.retired_at IS NULL
"""

# One letter per address, about a child whose diary the guardian may read, if there is one.
_LETTERS = f"""
    INSERT INTO outbox (school, kind, dedup_key, guardian, pupil, contact_point, subject, body, due_at, created_at,
        created_by, mailing)
    SELECT DISTINCT ON (c.id)
        $1, 'EMAIL', 'mailing:' || $3 || ':' || c.id, g.guardian, g.pupil, c.id, $4, $5, $6, $6, $7, $8
    {_FAMILIES % _ADDRESSES} AND 'EMAIL' = ANY (a.channels)
    ORDER BY c.id, {_VERDICT} = '{ALLOWED}' DESC, g.pupil
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING id
"""

# One message per guardian and child; whoever has agreed to nothing yet has the mailbox all the same.
_MESSAGES = f"""
    INSERT INTO mailbox_message (school, guardian, pupil, mailing, subject, body, sent_at)
    SELECT $1, f.guardian, f.pupil, $3, $4, $5, $6
    FROM (SELECT DISTINCT g.guardian, g.pupil {_FAMILIES % ""} AND (a.form IS NULL OR a.form = 'ELECTRONIC')) AS f
    WHERE {guardian_verdict(guardian="f.guardian", pupil="f.pupil", at="$6::timestamptz")} = '{ALLOWED}'
        AND NOT EXISTS (SELECT FROM mailbox_message k
            WHERE k.mailing = $3 AND k.guardian = f.guardian AND k.pupil = f.pupil)
    RETURNING id
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Written:
    """How many e-mails now wait, and how many messages now lie in mailboxes."""

    letters: int
    messages: int


@command
async def write_to_families(
    viewer: Viewer, *, school_id: UUID, class_id: UUID | None = None, subject: str, body: str, dedup_key: str
) -> Written:
    """Write the office's letter to the guardians of a class, or of the whole school.

    Each guardian who has agreed to e-mail gets one letter per confirmed address (R1.1); consent is asked when it is
    sent. The mailbox of each who has not agreed to paper and may read the diary gets it at once (R3.1).
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
    now = clock.now()
    mailing_id = await _mailing(
        viewer, school_id=school_id, dedup_key=f"letter:{school_id}:{dedup_key}", subject=subject, body=body
    )
    queued = await database.fetch(
        _LETTERS,
        school_id,
        class_id,
        dedup_key,
        subject,
        body,
        now,
        viewer.account_id,
        mailing_id,
    )
    put = await database.fetch(_MESSAGES, school_id, class_id, mailing_id, subject, body, now)
    return Written(letters=len(queued), messages=len(put))


async def _mailing(actor: Actor, *, school_id: UUID, dedup_key: str, subject: str, body: str) -> UUID:
    """Return the mailing of this key, new or already there; whoever sends it at the same time waits."""
    await database.execute(
        """
        INSERT INTO mailing (school, kind, dedup_key, subject, body, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dedup_key) DO NOTHING
        """,
        school_id,
        MailingKind.OFFICE_LETTER.value,
        dedup_key,
        subject,
        body,
        clock.now(),
        actor.account_id,
    )
    found: UUID = (await database.fetch("SELECT id FROM mailing WHERE dedup_key = $1 FOR UPDATE", dedup_key))[0]["id"]
    return found


async def _queue(
    actor: Actor,
    *,
    dedup_key: str,
    guardian_id: UUID,
    pupil_id: UUID,
    contact_id: UUID,
    topic: OutboxTopic,
    obligation_id: UUID | None,
    subject: str,
    body: str,
) -> None:
    now = clock.now()
    await database.execute(
        """
        INSERT INTO outbox (school, kind, dedup_key, guardian, pupil, contact_point, subject, body, due_at, created_at,
            created_by, topic, obligation)
        SELECT school, 'EMAIL', $1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10 FROM pupil WHERE id = $3
        ON CONFLICT (dedup_key) DO NOTHING
        """,
        dedup_key,
        guardian_id,
        pupil_id,
        contact_id,
        subject,
        body,
        now,
        actor.account_id,
        topic.value,
        obligation_id,
    )
