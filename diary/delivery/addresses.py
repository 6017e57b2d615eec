"""Addresses as they are kept: checked and in one spelling, so that one address is one contact (R8.1)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import phonenumbers
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from email_validator import EmailNotValidError, validate_email

from diary.delivery.tables import Channel, Messenger
from diary.kit.refusal import BadInput
from diary.kit.wording import _

#: Numbers written without a country belong here.
HOME_REGION = "RU"
LONGEST_EMAIL = 254
LONGEST_POSTAL = 400
LONGEST_ENDPOINT = 1000
#: Telegram counts chats, VK and MAX count people; a bot writes to a number, not to a name.
_MESSENGER_ID = re.compile(r"[1-9][0-9]{0,18}")
#: The largest number that a messenger can have given to a person.
_LARGEST_ID = {Messenger.TELEGRAM: 2**40 - 1, Messenger.VK: 2**63 - 1, Messenger.MAX: 2**63 - 1}
#: A browser's public key is a point written in full, bytes (RFC 8291).
POINT_BYTES = 65
#: The secret beside it, bytes.
AUTH_BYTES = 16
#: Phone numbers that can take a text message; in some countries mobile ones look like all others.
_TAKES_SMS = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
#: The name of a push service: letters and digits, at least two parts, the last one no number.
_PUBLIC_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
#: Names that end so mean something inside a machine or a network only (RFC 6761 and the like).
_PRIVATE_NAMES = frozenset({"localhost", "local", "internal", "invalid", "test", "onion", "alt", "arpa", "lan", "home"})


def browser_keys(keys: Mapping[str, str] | None) -> dict[str, str]:
    """Return what a browser's notices are encrypted with, checked and in one spelling (RFC 8291); raises BadInput."""
    try:
        point, secret = (_raw(keys[name]) for name in ("p256dh", "auth")) if keys else (b"", b"")
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        sound = len(point) == POINT_BYTES and len(secret) == AUTH_BYTES
    except (KeyError, ValueError, binascii.Error):
        sound = False
    if not sound:
        raise BadInput(field="pushKeys", reason=_("это не ключи браузера"))
    return {"p256dh": _url64(point), "auth": _url64(secret)}


def normalised(channel: Channel, value: str, *, messenger: Messenger | None = None) -> str:
    """Return the address in the one spelling that is kept; raises BadInput with what is wrong with it."""
    value = value.strip()
    if not value or not value.isprintable():
        raise BadInput(field="value", reason=_("укажите адрес или номер"))
    if (channel is Channel.MESSENGER) != (messenger is not None):
        raise BadInput(field="messenger", reason=_("мессенджер указывают только для этого канала"))
    if channel is Channel.EMAIL:
        return _email(value)
    if channel is Channel.SMS:
        return _phone(value)
    if channel is Channel.MESSENGER:
        return _messenger_id(value)
    if channel is Channel.WEB_PUSH:
        return _endpoint(value)
    if len(value) > LONGEST_POSTAL or not value.isprintable():
        raise BadInput(field="value", reason=_("почтовый адрес одной строкой, до 400 знаков"))
    return " ".join(value.split())


def reachable(channel: Channel, value: str, *, messenger: Messenger | None = None) -> str:
    """Return the address as normalised() does, if anything can ever arrive there; raises BadInput with what is wrong.

    What a family is to be told would otherwise be lost at the first letter, or be waited for in vain (R8.1).
    """
    address = normalised(channel, value, messenger=messenger)
    if channel is Channel.SMS and phonenumbers.number_type(phonenumbers.parse(address)) not in _TAKES_SMS:
        raise BadInput(field="value", reason=_("на этот номер не приходят СМС: укажите мобильный"))
    if messenger is not None and int(address) > _LARGEST_ID[messenger]:
        raise BadInput(field="value", reason=_("такого номера в мессенджере не бывает"))
    if channel is Channel.WEB_PUSH:
        name = (urlsplit(address).hostname or "").lower()
        if not _PUBLIC_NAME.fullmatch(name) or name.rpartition(".")[2] in _PRIVATE_NAMES:
            raise BadInput(field="value", reason=_("это не служба уведомлений в Интернете"))
    return address


def _email(value: str) -> str:
    try:
        # Whether the domain takes letters shows when the code is sent; a school without a resolver still works.
        checked = validate_email(value, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as problem:
        raise BadInput(field="value", reason=_("это не адрес электронной почты")) from problem
    address: str = checked.ascii_email or checked.normalized
    local, _at, domain = address.rpartition("@")
    address = f"{local}@{domain.lower()}"
    if len(address) > LONGEST_EMAIL:
        raise BadInput(field="value", reason=_("это не адрес электронной почты"))
    return address


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException as problem:
        raise BadInput(field="value", reason=_("это не номер телефона")) from problem
    if number.extension or not phonenumbers.is_valid_number(number):
        raise BadInput(field="value", reason=_("такого номера телефона не бывает"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _messenger_id(value: str) -> str:
    if not _MESSENGER_ID.fullmatch(value):
        raise BadInput(field="value", reason=_("номер получателя в мессенджере состоит из цифр"))
    return value


def _endpoint(value: str) -> str:
    try:
        parts = urlsplit(value)
        has_login = "@" in parts.netloc
        sound = parts.scheme == "https" and bool(parts.hostname) and not has_login and parts.port in (None, 443)
    except ValueError:
        sound = False
    if not sound or len(value) > LONGEST_ENDPOINT or not value.isascii() or any(sign in value for sign in " #\\"):
        raise BadInput(field="value", reason=_("это не адрес для уведомлений браузера"))
    return value


def _raw(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
