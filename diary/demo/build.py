"""Putting the demo school into an empty installation, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from diary.access.viewer import Nobody
from diary.demo import school
from diary.demo.accounts import LOGINS, DemoLogin
from diary.demo.records import Batch, Records
from diary.demo.world import invent
from diary.kit import clock, database
from diary.kit.command import transaction
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: Marks go in by so many, so that the progress moves; any other table at once, or a pupil's feed would tell it twice.
MARKS_AT_ONCE = 10_000
#: Two builders on one database take turns; the second finds the school there.
LOCK_KEY = 0x6465_6D6F
#: What part of the time has passed when the school is invented and the rows begin to go in.
INVENTED = 0.12
#: How long a row takes beside others: homework writes an event for each pupil of its group.
EFFORTS = {"homework": 3}

Report = Callable[[str, float], None]


class RealSchoolPresent(Refusal):
    """The database holds a real school: the demo school is never put beside it."""

    code = "REAL_SCHOOL_PRESENT"
    wording = _("В базе данных есть настоящая школа («{school}»): учебный пример рядом с ней не создаётся.")


class DemoLoginsTaken(Refusal):
    """Somebody has opened accounts with the demo school's logins, so this is no empty installation."""

    code = "DEMO_LOGINS_TAKEN"
    wording = _("Логины учебного примера уже заняты ({logins}): учебный пример создаётся в пустой базе данных.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSchool:
    """The demo school in the database and the logins that show it."""

    school_id: UUID
    name: str
    logins: tuple[DemoLogin, ...]
    is_new: bool


async def demo_exists() -> bool:
    """Whether the demo school is in the database; being written in one transaction, it is there whole."""
    return bool(await database.fetch("SELECT FROM school WHERE demo"))


async def build(report: Report) -> DemoSchool:
    """Put the demo school into the database as of now; when it is there already, change nothing.

    Reports each stage in Russian with the share done. Runs inside `database.pool(statement_timeout_ms=0)`.
    Raises RealSchoolPresent or DemoLoginsTaken.
    """
    found = await _find()
    if found is None:
        report("Придумываем школу: классы, семьи, расписание", 0.0)
        world = await asyncio.to_thread(invent, clock.now())
        records = Records(world)
        async with transaction(Nobody(route="DEMO")):
            await database.execute("SET LOCAL lock_timeout = 0")
            await database.fetch("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
            found = await _find()
            if found is None:
                await _load(records, report)
                report("Готово", 1.0)
                return DemoSchool(school_id=records.school_id, name=school.NAME, logins=LOGINS, is_new=True)
    return DemoSchool(school_id=found, name=school.NAME, logins=LOGINS, is_new=False)


async def _find() -> UUID | None:
    """Return the demo school's id; raises RealSchoolPresent when there are only others."""
    schools = await database.fetch("SELECT id, name, demo FROM school ORDER BY demo DESC, created_at LIMIT 1")
    if schools and not schools[0]["demo"]:
        raise RealSchoolPresent(school=schools[0]["name"])
    found: UUID | None = schools[0]["id"] if schools else None
    return found


async def _load(records: Records, report: Report) -> None:
    accounts = records.accounts()
    logins = [row[0] for row in accounts.rows]
    taken = await database.fetch("SELECT username FROM account WHERE username = ANY ($1) ORDER BY 1", logins)
    if taken:
        raise DemoLoginsTaken(logins=", ".join(row["username"] for row in taken[:5]))
    await _copy(accounts)
    rows = await database.fetch("SELECT username, id FROM account WHERE username = ANY ($1)", logins)
    account_ids: dict[str, int] = {row["username"]: row["id"] for row in rows}
    stages: tuple[tuple[str, list[Batch]], ...] = (
        ("Школа, ученики и их семьи", list(records.before_lessons(account_ids))),
        ("Уроки, замены и переносы", [records.lessons(), records.changes(account_ids)]),
        ("Домашние задания", [records.homework(account_ids)]),
        ("Посещаемость", [records.attendance()]),
        ("Отметки", [records.marks(account_ids), records.corrections(account_ids)]),
    )
    whole = sum(_effort(batch.table, len(batch.rows)) for _stage, batches in stages for batch in batches)
    done = 0.0
    for stage, batches in stages:
        for batch in batches:
            for piece in _pieces(batch):
                report(stage, INVENTED + (1.0 - INVENTED) * done / whole)
                await _copy(piece)
                done += _effort(piece.table, len(piece.rows))
    # Right after the commit the first pages are asked for; without statistics they would be planned blindly.
    tables = dict.fromkeys(batch.table for _stage, batches in stages for batch in batches)
    await database.execute(f"ANALYZE account, {', '.join(tables)}, audit_entry, feed, feed_event")


def _effort(table: str, rows: int) -> int:
    return rows * EFFORTS.get(table, 1)


def _pieces(batch: Batch) -> Iterator[Batch]:
    size = MARKS_AT_ONCE if batch.table == "mark" else max(1, len(batch.rows))
    for start in range(0, len(batch.rows), size):
        yield Batch(batch.table, batch.columns, batch.rows[start : start + size])


async def _copy(batch: Batch) -> None:
    async with database.connection() as connection:
        await connection.copy_records_to_table(batch.table, records=batch.rows, columns=batch.columns)
