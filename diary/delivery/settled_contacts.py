"""Contacts that codes to sign with may go to: not in the first day after whoever signs could have been exchanged.

Who has taken a password over, or had the office give a new one, could confirm an address of their own and sign within
minutes. For a day the person's other addresses, which are told of it at once, are the only ones that could object; a
family with one address has nobody else to ask, and must be able to begin (63-FZ art. 9, ADR 0013).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from diary.delivery import codes
from diary.kit import clock, database
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: So long after a contact is confirmed, or the school has given a password, the person may object.
SETTLES_WITHIN = timedelta(hours=24)

_UNSETTLED = """
    SELECT FROM contact_point c LEFT JOIN one_time_code t ON t.id = c.confirmed_by_code
    WHERE c.id = $1 AND (greatest(c.confirmed_at, t.used_at) > $3
            OR EXISTS (SELECT FROM account a WHERE a.id = $2 AND a.password_given_at > $3))
        AND EXISTS (SELECT FROM contact_point other
            WHERE coalesce(other.guardian, other.pupil) = coalesce(c.guardian, c.pupil) AND other.id <> c.id
                AND other.confirmed_at IS NOT NULL AND other.channel = ANY ($4))
"""


class ContactTooNew(Refusal):
    """A day has to pass after a contact is confirmed, or a password is given, while other contacts may object."""

    code = "CONTACT_TOO_NEW"
    wording = _(
        "Коды для подписи придут на этот адрес через сутки после его подтверждения и после выдачи пароля школой: "
        "другие ваши адреса об этом предупреждены."
    )


async def require_settled(contact_id: UUID, *, account_id: int) -> None:
    """Refuse a contact that was confirmed, or whose owner was given a password, less than a day ago.

    One that has never had another beside it is let through. An old address that was retired meanwhile counts as
    another: otherwise retiring it would shorten the day. Raises ContactTooNew.
    """
    unsettled = await database.fetch(
        _UNSETTLED,
        contact_id,
        account_id,
        clock.now() - SETTLES_WITHIN,
        [channel.value for channel in codes.CARRIERS],
    )
    if unsettled:
        raise ContactTooNew
