"""A guardian's addresses out of a roster: kept as unconfirmed contact points, and garbage is told, not refused (R8)."""

from __future__ import annotations

from collections.abc import Iterator

from diary.delivery.addresses import normalised
from diary.delivery.tables import Channel
from diary.exchange.oneroster.people import People
from diary.exchange.oneroster.records import User
from diary.exchange.problem import notice
from diary.kit.refusal import BadInput
from diary.kit.wording import _

BAD_EMAIL = notice(_("«{value}» не похоже на адрес электронной почты: пропущено."), _("Исправьте или очистите ячейку."))
BAD_PHONE = notice(_("«{value}» не похоже на номер телефона: пропущено."), _("Исправьте или очистите ячейку."))


def contacts_of(user: User, people: People) -> Iterator[tuple[Channel, str]]:
    """Yield the e-mail address and the number for text messages; a phone counts when no sms number is given."""
    if user.email and (address := _sound(Channel.EMAIL, user.email)):
        yield Channel.EMAIL, address
    elif user.email:
        people.complain(user, BAD_EMAIL, "email", value=user.email)
    for column, value in (("sms", user.sms), ("phone", user.phone)):
        if not value:
            continue
        if number := _sound(Channel.SMS, value):
            yield Channel.SMS, number
            return
        people.complain(user, BAD_PHONE, column, value=value)


def _sound(channel: Channel, value: str) -> str | None:
    try:
        return normalised(channel, value)
    except BadInput:
        return None
