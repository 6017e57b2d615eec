"""The read-only list of duties, what still waits first, by deadline (D6)."""

from __future__ import annotations

from admin.tables.listing import listing
from diary.delivery.tables import Obligation

GROUP = "Обязанности"

LISTINGS = (
    listing(
        GROUP,
        (
            Obligation.due_at,
            Obligation.kind,
            Obligation.state,
            Obligation.pupil,
            Obligation.guardian,
            Obligation.warning_level,
            Obligation.met_at,
            Obligation.cancel_reason,
            Obligation.school,
        ),
        link=Obligation.due_at,
        order=Obligation.due_at,
        waiting_first=Obligation.state,
    ),
)
