"""Identifiers as clients see them: opaque, and a senseless one is answered like an unknown one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _


def identifier(text: str) -> UUID:
    """Return the record's key; raises NotFound for what cannot be one, so that nobody learns how keys look."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def optional_identifier(text: str | None) -> UUID | None:
    """Return the record's key, if one was given."""
    return None if text is None else identifier(text)


def instant(value: datetime | None, *, field: str) -> datetime | None:
    """Return an instant that says its time zone; raises BadInput for one that leaves it open."""
    if value is not None and value.utcoffset() is None:
        raise BadInput(field=field, reason=_("укажите часовой пояс, например 2026-09-01T10:00:00+03:00"))
    return value
