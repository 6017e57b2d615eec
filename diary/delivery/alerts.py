"""Telling a person what was done in their name: into the mailbox and to every other contact in use (63-FZ art. 9).

Whoever has stolen a password, or was given one, cannot sign or take an address over in silence.
"""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.viewer import Viewer
from diary.consent.tables import Decision, Purpose
from diary.delivery import codes, mailbox
from diary.delivery.tables import Channel, OutboxTopic
from diary.delivery.ways import USABLE
from diary.kit import clock, database
from diary.kit.wording import _

# Sent in Russian, like every letter. The child is not named: the other addresses were not agreed for its affairs.
_SIGNED = _("Документ подписан кодом")
_SIGNED_BODY = _(
    "Здравствуйте!\n\n{at} с учётной записи «{login}» кодом, отправленным на {to}, подписан документ: {decision} "
    "({about}).\n\nЕсли это были не вы, сразу сообщите в школу."
)
_CONFIRMED = _("Подтверждён новый адрес")
_CONFIRMED_BODY = _(
    "Здравствуйте!\n\n{at} с учётной записи «{login}» подтверждён новый адрес: {to}. На него могут приходить сведения "
    "и коды для подписи.\n\nЕсли это были не вы, сразу сообщите в школу."
)
_DECIDED = {
    Decision.GIVEN: _("согласие"),
    Decision.REFUSED: _("отказ"),
    Decision.WITHDRAWN: _("отзыв согласия"),
}
_ABOUT = {
    Purpose.PERSONAL_DATA: _("обработка персональных данных в электронном дневнике"),
    Purpose.ELECTRONIC_FORM: _("сведения об успеваемости в электронной форме"),
    Purpose.GUARDIAN_ACCESS: _("информирование родителей и других представителей"),
}
_CALLED = {Channel.MESSENGER: _("мессенджер"), Channel.WEB_PUSH: _("уведомления браузера")}

_QUEUE = f"""
    INSERT INTO outbox (id, school, kind, topic, dedup_key, guardian, pupil, contact_point, subject, body, due_at,
        created_at, created_by)
    SELECT uuidv7(), c.school, c.channel, '{OutboxTopic.OWN_MATTER}', $3 || ':' || c.id, c.guardian, c.pupil, c.id, $4,
        $5, $6, $6, $7
    FROM contact_point c
    WHERE coalesce(c.guardian, c.pupil) = $1 AND c.id <> $2 AND {USABLE.format(c="c")} AND c.channel = ANY ($8)
"""  # noqa: S608 - constants only


async def signed(viewer: Viewer, *, contact_id: UUID, signature_id: UUID, decision: Decision, purpose: Purpose) -> None:
    """Tell the person that a document was signed with a code sent to a contact, inside the command that signs."""
    await _tell(
        viewer,
        contact_id,
        key=f"signed:{signature_id}",
        subject=_SIGNED,
        body=_SIGNED_BODY,
        decision=_DECIDED[decision],
        about=_ABOUT[purpose],
    )


async def confirmed(viewer: Viewer, *, contact_id: UUID) -> None:
    """Tell the person that a new contact was confirmed, inside the command that confirms it."""
    await _tell(viewer, contact_id, key=f"confirmed:{contact_id}", subject=_CONFIRMED, body=_CONFIRMED_BODY)


async def _tell(viewer: Viewer, contact_id: UUID, *, key: str, subject: str, body: str, **facts: str) -> None:
    now = clock.now()
    contact = (
        await database.fetch(
            "SELECT c.guardian, c.pupil, c.channel, c.value, s.time_zone FROM contact_point c "
            "JOIN school s ON s.id = c.school WHERE c.id = $1",
            contact_id,
        )
    )[0]
    body = body.format(
        at=f"{now.astimezone(ZoneInfo(contact['time_zone'])):%d.%m.%Y %H:%M}",
        login=viewer.login,
        to=masked(Channel(contact["channel"]), contact["value"]),
        **facts,
    )
    await mailbox.put(
        viewer,
        guardian_id=contact["guardian"],
        reader_pupil_id=contact["pupil"],
        pupil_id=contact["pupil"],
        subject=subject,
        body=body,
        own_matter=True,
    )
    await database.execute(
        _QUEUE,
        contact["guardian"] or contact["pupil"],
        contact_id,
        key,
        subject,
        body,
        now,
        viewer.account_id,
        [channel.value for channel in codes.CARRIERS],
    )


def masked(channel: Channel, value: str) -> str:
    """Return an address as its owner knows it again and nobody else learns it."""
    if channel is Channel.EMAIL:
        name, _at, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    return f"{value[:2]}***{value[-2:]}" if channel is Channel.SMS else _CALLED[channel]
