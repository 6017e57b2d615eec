"""A guardian's addresses out of a roster: kept as unconfirmed contact points, and garbage is told, not refused (R8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diary.delivery.tables import Channel
from diary.exchange.oneroster.people import People
from diary.exchange.oneroster.records import User
from diary.exchange.problem import notice
from diary.kit.wording import _

BAD_EMAIL = notice(_("«{value}» не похоже на адрес электронной почты: пропущено."), _("Исправьте или очистите ячейку."))
BAD_PHONE = notice(_("«{value}» не похоже на номер телефона: пропущено."), _("Исправьте или очистите ячейку."))

LONGEST_EMAIL = 254
SHORTEST_NUMBER, LONGEST_NUMBER = 10, 15
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()]+")


def contacts_of(user: User, people: People) -> Iterator[tuple[Channel, str]]:
    """Yield the e-mail address and the number for text messages; a phone counts when no sms number is given."""
    if user.email:
        if len(user.email) <= LONGEST_EMAIL and _EMAIL.fullmatch(user.email):
            yield Channel.EMAIL, user.email
        else:
            people.complain(user, BAD_EMAIL, "email", value=user.email)
    for column, value in (("sms", user.sms), ("phone", user.phone)):
        if not value:
            continue
        number = number_of(value)
        if number:
            yield Channel.SMS, number
            return
        people.complain(user, BAD_PHONE, column, value=value)


def number_of(value: str) -> str | None:
    """Return a phone number as +79120000001: Russian ones begin with 8 or with nothing at home; None for garbage."""
    if not re.fullmatch(r"\+?[\d\s().-]+", value, re.ASCII):
        return None
    digits = re.sub(r"\D", "", value)
    if not SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER:
        return None
    if value.startswith("+"):
        return f"+{digits}"
    if len(digits) == SHORTEST_NUMBER + 1 and digits[0] in "78":
        return f"+7{digits[1:]}"
    if len(digits) == SHORTEST_NUMBER and digits[0] == "9":
        return f"+7{digits}"
    return digits
