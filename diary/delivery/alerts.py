"""Telling a person what was done in their name: into the mailbox and to every other contact in use (63-FZ art. 9).

Whoever has stolen a password, or was given one, cannot sign or take an address over in silence. Each alert goes to the
addresses as they stand at that moment: one that is retired right after is told all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.viewer import Viewer
from diary.consent.tables import Decision, Purpose
from diary.delivery import codes, mailbox
from diary.delivery.permission import ALERT
from diary.delivery.tables import Channel, OutboxTopic
from diary.delivery.ways import USABLE
from diary.kit import clock, database
from diary.kit.command import Actor
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
_ENTERED = _("Школа записала новый адрес")
_ENTERED_BODY = _(
    "Здравствуйте!\n\n{at} школа записала по документу ваш новый адрес: {to}. На него могут приходить сведения.\n\n"
    "Если вы его не сообщали, сразу скажите об этом в школе."
)
_RETIRED = _("Адрес больше не действует")
_RETIRED_BODY = _(
    "Здравствуйте!\n\n{at} с учётной записи «{login}» отменён ваш адрес: {to}. На него больше ничего не придёт.\n\n"
    "Если это были не вы, сразу сообщите в школу."
)
_RETIRED_BY_OFFICE_BODY = _(
    "Здравствуйте!\n\n{at} школа отменила ваш адрес: {to}. На него больше ничего не придёт.\n\n"
    "Если вы об этом не просили, сразу скажите об этом в школе."
)
_PASSWORD = _("Школа выдала новый пароль")
_PASSWORD_BODY = _(
    "Здравствуйте!\n\n{at} школа выдала новый пароль к учётной записи «{login}», прежний больше не подходит.\n\n"
    "Если вы об этом не просили, сразу скажите об этом в школе."
)
_OPENED = _("Открыта учётная запись")
_OPENED_BODY = _(
    "Здравствуйте!\n\n{at} школа открыла для вас учётную запись «{login}».\n\n"
    "Если вы об этом не просили, сразу скажите об этом в школе."
)
_REJECTED = _("Документ отклонён")
_REJECTED_BODY = _(
    "Здравствуйте!\n\nШкола отклонила документ от {at}: {decision} ({about}).\n\nПричина: {reason}\n\n"
    "Решение по нему не зарегистрировано."
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
_CALLED = {
    Channel.MESSENGER: _("мессенджер"),
    Channel.WEB_PUSH: _("уведомления браузера"),
    Channel.POSTAL: _("почтовый адрес"),
}

# Whom $1 is, apart from the contact $2, if any: the address is what it is now, whatever becomes of the contact.
_QUEUE = f"""
    INSERT INTO outbox (id, school, kind, topic, dedup_key, guardian, pupil, contact_point, subject, body, due_at,
        created_at, created_by)
    SELECT uuidv7(), c.school, c.channel, '{OutboxTopic.OWN_MATTER}', '{ALERT}' || $3 || ':' || c.id, c.guardian,
        c.pupil, c.id, $4, $5, $6, $6, $7
    FROM contact_point c
    WHERE coalesce(c.guardian, c.pupil) = $1 AND c.id IS DISTINCT FROM $2 AND {USABLE.format(c="c")}
        AND c.channel = ANY ($8)
"""  # noqa: S608 - constants only
_PEOPLE = """
    SELECT c.guardian, c.pupil, s.time_zone FROM capacity c JOIN school s ON s.id = c.school
    WHERE c.account = $1 AND coalesce(c.guardian, c.pupil) IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """Who is told, and by which clock."""

    guardian_id: UUID | None
    pupil_id: UUID | None
    zone: ZoneInfo


async def signed(viewer: Viewer, *, contact_id: UUID, signature_id: UUID, decision: Decision, purpose: Purpose) -> None:
    """Tell the person that a document was signed with a code sent to a contact, inside the command that signs."""
    await _tell_of_contact(
        viewer,
        contact_id,
        key=f"signed:{signature_id}",
        subject=_SIGNED,
        body=_SIGNED_BODY,
        apart_from=contact_id,
        login=viewer.login,
        decision=_DECIDED[decision],
        about=_ABOUT[purpose],
    )


async def confirmed(viewer: Viewer, *, contact_id: UUID) -> None:
    """Tell the person that a new contact was confirmed, before the one that it replaces is retired."""
    await _tell_of_contact(
        viewer,
        contact_id,
        key=f"confirmed:{contact_id}",
        subject=_CONFIRMED,
        body=_CONFIRMED_BODY,
        apart_from=contact_id,
        login=viewer.login,
    )


async def entered(viewer: Viewer, *, contact_id: UUID) -> None:
    """Tell the person that the office has entered a contact, before the one that it replaces is retired."""
    await _tell_of_contact(
        viewer,
        contact_id,
        key=f"entered:{contact_id}",
        subject=_ENTERED,
        body=_ENTERED_BODY,
        apart_from=contact_id,
    )


async def retired(viewer: Viewer, *, contact_id: UUID, by_office: bool) -> None:
    """Tell the person, at this contact too, that it is given up, before it is."""
    await _tell_of_contact(
        viewer,
        contact_id,
        key=f"retired:{contact_id}",
        subject=_RETIRED,
        body=_RETIRED_BY_OFFICE_BODY if by_office else _RETIRED_BODY,
        apart_from=None,
        login=viewer.login,
    )


async def password_given(actor: Actor, *, account_id: int, login: str) -> None:
    """Tell the guardians and pupils that an account is that the school has replaced its password."""
    await _tell_account(actor, account_id, key="password", subject=_PASSWORD, body=_PASSWORD_BODY, login=login)


async def account_opened(actor: Actor, *, account_id: int, login: str) -> None:
    """Tell the guardian or pupil that the school has opened an account for them."""
    await _tell_account(actor, account_id, key="account", subject=_OPENED, body=_OPENED_BODY, login=login)


async def rejected(
    viewer: Viewer,
    *,
    guardian_id: UUID | None,
    pupil_id: UUID,
    decision: Decision,
    purpose: Purpose,
    received_at: datetime,
    reason: str,
) -> None:
    """Tell the signer in the mailbox why a document came to nothing, inside the command that rejects it."""
    (place,) = await database.fetch(
        "SELECT s.time_zone FROM pupil p JOIN school s ON s.id = p.school WHERE p.id = $1", pupil_id
    )
    await mailbox.put(
        viewer,
        guardian_id=guardian_id,
        reader_pupil_id=None if guardian_id else pupil_id,
        pupil_id=pupil_id,
        subject=_REJECTED,
        body=_REJECTED_BODY.format(
            at=f"{received_at.astimezone(ZoneInfo(place['time_zone'])):%d.%m.%Y %H:%M}",
            decision=_DECIDED[decision],
            about=_ABOUT[purpose],
            reason=reason,
        ),
        own_matter=True,
    )


async def _tell_account(actor: Actor, account_id: int, *, key: str, subject: str, body: str, login: str) -> None:
    at = clock.now().timestamp()
    for row in await database.fetch(_PEOPLE, account_id):
        await _tell(
            actor,
            _person(row),
            key=f"{key}:{account_id}:{at}",
            subject=subject,
            body=body,
            apart_from=None,
            login=login,
        )


async def _tell_of_contact(
    actor: Actor, contact_id: UUID, *, key: str, subject: str, body: str, apart_from: UUID | None, **facts: str
) -> None:
    (contact,) = await database.fetch(
        "SELECT c.guardian, c.pupil, c.channel, c.value, s.time_zone FROM contact_point c "
        "JOIN school s ON s.id = c.school WHERE c.id = $1",
        contact_id,
    )
    to = masked(Channel(contact["channel"]), contact["value"])
    await _tell(actor, _person(contact), key=key, subject=subject, body=body, apart_from=apart_from, to=to, **facts)


async def _tell(
    actor: Actor, person: _Person, *, key: str, subject: str, body: str, apart_from: UUID | None, **facts: str
) -> None:
    now = clock.now()
    body = body.format(at=f"{now.astimezone(person.zone):%d.%m.%Y %H:%M}", **facts)
    await mailbox.put(
        actor,
        guardian_id=person.guardian_id,
        reader_pupil_id=person.pupil_id,
        pupil_id=person.pupil_id,
        subject=subject,
        body=body,
        own_matter=True,
    )
    await database.execute(
        _QUEUE,
        person.guardian_id or person.pupil_id,
        apart_from,
        key,
        subject,
        body,
        now,
        actor.account_id,
        [channel.value for channel in codes.CARRIERS],
    )


def _person(row: Mapping[str, Any]) -> _Person:
    return _Person(guardian_id=row["guardian"], pupil_id=row["pupil"], zone=ZoneInfo(row["time_zone"]))


def masked(channel: Channel, value: str) -> str:
    """Return an address as its owner knows it again and nobody else learns it."""
    if channel is Channel.EMAIL:
        name, _at, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    if channel in _CALLED:
        return _CALLED[channel]
    return f"{value[:2]}***{value[-2:]}"
