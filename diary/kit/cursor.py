"""Where a row stands in a list ordered by instant and id, or by a number, as text that is opaque to clients."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from diary.kit.refusal import BadInput
from diary.kit.wording import _

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor_at(instant: datetime, row_id: UUID) -> str:
    """Return the cursor of a row."""
    microseconds = (instant - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(microseconds.to_bytes(8, "big") + row_id.bytes).decode()


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """Return the instant and id that a cursor stands for; raises BadInput for anything else."""
    try:
        raw = urlsafe_b64decode(cursor.encode())
        return _EPOCH + int.from_bytes(raw[:8], "big") * _MICROSECOND, UUID(bytes=raw[8:])
    except (ValueError, OverflowError):
        raise BadInput(field="after", reason=_("такого места в списке нет")) from None


def cursor_number(number: int) -> str:
    """Return the cursor of a row in a list that is ordered by a number."""
    return urlsafe_b64encode(number.to_bytes(8, "big")).decode()


def number_of(cursor: str) -> int:
    """Return the number that a cursor stands for; raises BadInput for anything else."""
    try:
        raw = urlsafe_b64decode(cursor.encode())
    except ValueError:
        raw = b""
    if len(raw) != 8 or raw[0] > 127:
        raise BadInput(field="after", reason=_("такого места в списке нет"))
    return int.from_bytes(raw, "big")
