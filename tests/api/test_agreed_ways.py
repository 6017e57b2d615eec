"""What an agreement opens: the channels it names, on its days or on the school's own (R1.1, R1.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from diary.access.viewer import Nobody, viewer_of
from diary.delivery import letters, notices, outbox
from diary.delivery.tables import MailingKind, OutboxKind
from diary.kit import database
from diary.kit.clock import SetClock
from diary.kit.command import transaction
from tests.support.town import Town

WORKER = Nobody(route="WORKER")


async def leaves_at(town: Town) -> list[datetime]:
    """Tell Anna about Misha on a day of mailing, and return when the letters leave."""
    async with transaction(Nobody(route="CLOCK")):
        await notices.tell(
            Nobody(route="CLOCK"), kind=MailingKind.OFFICE_LETTER, guardian_id=town.first.guardians["anna"],
            pupil_id=town.first.pupils["misha"], subject="Прогноз", body="Готов", dedup_key="test", scheduled=True,
        )  # fmt: skip
    return [row["due_at"] for row in await database.fetch("SELECT due_at FROM outbox ORDER BY due_at")]


def moscow(day: int, hour: int) -> datetime:
    """Return an hour of a November day in Moscow; the tests stand on Tuesday, the 24th, at noon."""
    return datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=3)


@pytest.mark.parametrize(
    ("school", "agreed", "leaves"),
    [
        ({}, {}, [moscow(24, 18)]),
        ({"delivery_weekdays": [5]}, {}, [moscow(27, 18)]),
        ({"delivery_time": time(11)}, {}, [moscow(25, 11)]),
        ({"delivery_weekdays": [5], "delivery_time": time(8)}, {}, [moscow(27, 8)]),
        ({"delivery_weekdays": [5]}, {"schedule": "AGREED_DAYS", "weekdays": [4]}, [moscow(26, 18)]),
        ({"delivery_time": time(9)}, {"schedule": "AGREED_DAYS", "dates": [date(2026, 11, 29)]}, [moscow(29, 9)]),
        ({}, {"schedule": "SELF_SERVICE"}, []),
        ({"quiet_from": time(17), "quiet_to": time(19)}, {}, [moscow(24, 19)]),
        ({"quiet_from": time(17)}, {"quiet_from": time(22), "quiet_to": time(6)}, [moscow(24, 18)]),
    ],
)
async def test_what_a_family_has_not_agreed_is_as_the_school_has_set_it(
    town: Town, school: dict[str, Any], agreed: dict[str, Any], leaves: list[datetime]
) -> None:
    await town.first.add_contact("anna", "anna@families.example")
    await town.first.agree("anna", "misha", "EMAIL", **agreed)
    for setting, value in school.items():
        await database.execute(f"UPDATE school SET {setting} = $1 WHERE id = $2", value, town.first.id)

    assert await leaves_at(town) == leaves


async def test_without_an_agreement_no_letter_is_written(town: Town) -> None:
    await town.first.add_contact("anna", "anna@families.example")
    assert await leaves_at(town) == []
    assert len(await database.fetch("SELECT FROM mailbox_message")) == 1


async def test_a_channel_that_is_agreed_no_more_is_refused_at_the_last_moment(town: Town, clock: SetClock) -> None:
    """Anna has agreed to e-mail; while the office's letter waits, she agrees to the cabinet alone."""
    await town.first.add_contact("anna", "anna@families.example")
    await town.first.agree("anna", "misha", "EMAIL")
    await town.first.agree("anna", "liza", "EMAIL")
    clock.move(timedelta(days=1))
    daria = await viewer_of(town.accounts["daria"], route="ADMIN")
    await letters.write_to_families(
        daria, school_id=town.first.id, class_id=town.first.classes["5А"], subject="Тема", body="Текст", dedup_key="1"
    )
    (waiting,) = await outbox.due(OutboxKind.EMAIL, limit=10)
    await town.first.agree("anna", "misha", "CABINET")

    claimed = await outbox.claim(WORKER, waiting, OutboxKind.EMAIL)
    assert claimed is not None
    asked = await outbox.ask_again(claimed)

    assert asked is not None
    assert (asked.verdict, asked.address, asked.is_given) == ("CHANNEL_NOT_AGREED", "", False)
