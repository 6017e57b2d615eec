"""Anna and Misha in the town, and what the school tells her about him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from diary.access.viewer import Nobody
from diary.delivery import notices, outbox
from diary.delivery.notices import Told
from diary.delivery.outbox import Claimed, Permission
from diary.delivery.tables import MailingKind, OutboxKind
from diary.kit import database
from diary.kit.clock import SetClock
from diary.kit.command import transaction
from tests.support.town import Town, insert

WORKER = Nobody(route="WORKER")
#: The day after the town's decisions were registered, 12:00 in Moscow; a Wednesday.
WEDNESDAY = datetime(2026, 11, 25, 9, tzinfo=UTC)
ANNA = "anna@families.example"


def moscow(text: str) -> datetime:
    """Return an instant by the school's wall clock."""
    return datetime.fromisoformat(f"{text}+03:00").astimezone(UTC)


@dataclass
class Family:
    """Anna and Misha, and what is told to her about him."""

    town: Town
    clock: SetClock

    @property
    def pair(self) -> dict[str, UUID]:
        """The columns that name both."""
        first = self.town.first
        return {"school": first.id, "guardian": first.guardians["anna"], "pupil": first.pupils["misha"]}

    async def contact(self, value: str = ANNA, *, channel: str = "EMAIL", **more: Any) -> UUID:
        """Hand a contact over on paper."""
        pair = self.pair
        added: UUID = await insert(
            "contact_point",
            **{
                "school": pair["school"], "guardian": pair["guardian"], "channel": channel, "value": value,
                "provenance": "PAPER", "document_reference": "Папка 1", "confirmed_at": self.clock.now(),
            }
            | more,
        )  # fmt: skip
        return added

    async def agree(self, *channels: str, **more: Any) -> None:
        """Agree on channels, or on paper when none is named."""
        await insert(
            "delivery_agreement",
            **self.pair
            | {
                "form": "ELECTRONIC" if channels else "PAPER", "reason": None if channels else "UNABLE",
                "channels": list(channels), "schedule": "SCHOOL_DEFAULT", "weekdays": [], "month_days": [], "dates": [],
                "origin": "OFFICE", "document_reference": "Папка 1", "agreed_at": self.clock.now(),
                "registered_at": self.clock.now(),
            }
            | more,
        )  # fmt: skip

    async def tell(self, key: str = "новость", **more: Any) -> Told:
        """Tell Anna something about Misha."""
        pair = self.pair
        async with transaction(WORKER):
            return await notices.tell(
                WORKER, kind=MailingKind.OFFICE_LETTER, guardian_id=pair["guardian"], pupil_id=pair["pupil"],
                subject="Новость", body="О Мише.", dedup_key=key, **more,
            )  # fmt: skip

    async def rows(self) -> list[tuple[str, str, str]]:
        """Return what is queued or was: kind, state and outcome in the order of queueing."""
        rows = await database.fetch("SELECT kind, state, outcome FROM outbox ORDER BY created_at, id")
        return [(row["kind"], row["state"], row["outcome"]) for row in rows]

    async def leaves(self) -> list[tuple[datetime, date | None]]:
        """Return when each row leaves, and for which agreed day."""
        rows = await database.fetch("SELECT due_at, agreed_day FROM outbox ORDER BY created_at, id")
        return [(row["due_at"], row["agreed_day"]) for row in rows]

    async def claimed(self, told: Told, kind: OutboxKind = OutboxKind.EMAIL) -> Claimed:
        """Take what was queued to send it."""
        assert told.outbox_id is not None
        claimed = await outbox.claim(WORKER, told.outbox_id, kind)
        assert claimed is not None
        return claimed

    async def asked(self, told: Told, kind: OutboxKind = OutboxKind.EMAIL) -> Permission:
        """Ask whether it may leave now."""
        permission = await outbox.ask_again(await self.claimed(told, kind))
        assert permission is not None
        return permission
