"""The demo's letters as the mail catcher left them: files of one directory, read without trusting what is in them."""

from __future__ import annotations

import heapq
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TypeVar

Part = TypeVar("Part")

#: How the mail catcher names a letter; nothing else in the directory is looked at.
_NAME = re.compile(r"(\d{8}T\d{12}Z)-\d{6,12}-[0-9a-f]{8}\.eml", re.ASCII)
LETTERS_AT_MOST = 100
#: What is read of one letter: enough for its headers in a list, and for a long text on its own page.
HEADER_BYTES = 64 * 2**10
LETTER_BYTES = 10 * 2**20
TEXT_AT_MOST = 100_000
LINE_AT_MOST = 500

#: Controls and direction signs: they would hide or turn what a reader sees.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """A letter as it stands in the list."""

    name: str
    received_at: datetime
    sender: str
    recipients: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtLetter:
    """A letter opened: its text as plain text, None when it has none."""

    line: LetterLine
    text: str | None
    is_cut: bool


def list_letters(directory: Path, *, limit: int = LETTERS_AT_MOST) -> list[LetterLine]:
    """Return the newest letters, newest first; a directory that is not there yet holds none."""
    try:
        with os.scandir(directory) as entries:
            names = heapq.nlargest(limit, (entry.name for entry in entries if _NAME.fullmatch(entry.name)))
    except FileNotFoundError:
        return []
    contents = ((name, _read(directory, name, HEADER_BYTES)) for name in names)
    return [_line(name, _parsed(content)) for name, content in contents if content is not None]


def read_letter(directory: Path, name: str) -> CaughtLetter | None:
    """Return one letter of the directory, or None when there is none of that name."""
    content = _read(directory, name, LETTER_BYTES)
    if content is None:
        return None
    message = _parsed(content)
    text = _text(message)
    return CaughtLetter(
        line=_line(name, message),
        text=None if text is None else text[:TEXT_AT_MOST],
        is_cut=text is not None and len(text) > TEXT_AT_MOST,
    )


def _line(name: str, message: EmailMessage) -> LetterLine:
    return LetterLine(
        name=name,
        received_at=_received_at(name) or datetime.min.replace(tzinfo=UTC),
        sender=_header(message, "From"),
        recipients=_header(message, "To"),
        subject=_header(message, "Subject"),
    )


def _read(directory: Path, name: str, most: int) -> bytes | None:
    # The pattern leaves no way out of the directory; a link or a pipe in it is not followed either.
    if _received_at(name) is None:
        return None
    try:
        handle = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return os.read(handle, most) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(handle)


def _received_at(name: str) -> datetime | None:
    """Return when the letter of that name was kept, None for a name that is no letter's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def _header(message: EmailMessage, name: str) -> str:
    def decoded() -> str:
        return str(message.get(name, ""))

    return " ".join(_seen(_whatever_it_is(decoded) or "").split())[:LINE_AT_MOST]


def _text(message: EmailMessage) -> str | None:
    body = _whatever_it_is(lambda: message.get_body(preferencelist=("plain",)))
    if body is None:
        return None
    text = _whatever_it_is(lambda: str(body.get_content()))
    if text is None:  # an unknown character set, or bytes that are not in it
        payload = body.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return _seen(text.replace("\r\n", "\n"))


def _seen(text: str) -> str:
    return _UNSEEN.sub("", text).encode("utf-8", "replace").decode()


def _whatever_it_is(part: Callable[[], Part]) -> Part | None:
    """Return the part, or None: a letter is anybody's bytes, and the parser raises many things over bad ones."""
    try:
        return part()
    except Exception:  # noqa: BLE001
        return None
