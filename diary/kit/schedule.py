"""The clock's memory: which due instants have been taken, so that each runs once whoever ticks (D8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from diary.kit import database

#: The outcome of the row that starts the count of a new entry.
FIRST_SEEN = "FIRST_SEEN"
#: An outcome that begins so tells of a run whose act broke off.
FAILED = "FAILED"
#: A run that a dying clock left unfinished is begun again so often in all.
ATTEMPTS_AT_MOST = 3
#: Finished runs are remembered this long; the newest of each entry, and the newest that succeeded, stay for ever.
REMEMBERED_FOR = timedelta(days=7)


async def last_due(name: str, *, now: datetime) -> datetime:
    """Return the entry's newest due instant that was taken; a new entry is counted from now on."""
    await database.execute(
        """
        INSERT INTO schedule_run (name, due_at, started_at, finished_at, outcome, attempts)
        SELECT $1::varchar, $2, $2, $2, $3, 1 WHERE NOT EXISTS (SELECT FROM schedule_run WHERE name = $1::varchar)
        ON CONFLICT DO NOTHING
        """,
        name,
        now,
        FIRST_SEEN,
    )
    rows = await database.fetch("SELECT max(due_at) AS newest FROM schedule_run WHERE name = $1", name)
    newest: datetime = rows[0]["newest"]
    return newest


async def last_success(name: str) -> datetime | None:
    """Return when the entry's newest run that succeeded began; None before the first."""
    rows = await database.fetch(
        """
        SELECT started_at FROM schedule_run
        WHERE name = $1 AND finished_at IS NOT NULL AND outcome <> $2 AND NOT starts_with(outcome, $3)
        ORDER BY started_at DESC LIMIT 1
        """,
        name,
        FIRST_SEEN,
        FAILED,
    )
    return rows[0]["started_at"] if rows else None


async def begin(name: str, due_at: datetime, *, now: datetime) -> int | None:
    """Take a due instant and return its run, or None when it has been taken already."""
    rows = await database.fetch(
        """
        INSERT INTO schedule_run (name, due_at, started_at, outcome, attempts) VALUES ($1, $2, $3, '', 1)
        ON CONFLICT (name, due_at) DO NOTHING RETURNING id
        """,
        name,
        due_at,
        now,
    )
    return rows[0]["id"] if rows else None


async def finish(run_id: int, outcome: str, *, now: datetime) -> None:
    """Record what became of a run."""
    await database.execute(
        "UPDATE schedule_run SET finished_at = greatest($2, started_at), outcome = $3 WHERE id = $1",
        run_id,
        now,
        outcome,
    )


async def take_over(name: str, *, now: datetime) -> list[int]:
    """Begin again what a dead clock left unfinished, oldest first; for the only clock that leads."""
    rows = await database.fetch(
        """
        UPDATE schedule_run SET attempts = attempts + 1, started_at = $2
        WHERE name = $1 AND finished_at IS NULL AND attempts < $3
        RETURNING id, due_at
        """,
        name,
        now,
        ATTEMPTS_AT_MOST,
    )
    return [row["id"] for row in sorted(rows, key=lambda row: row["due_at"])]


async def forget_old(*, now: datetime) -> None:
    """Drop finished runs of long ago."""
    await database.execute(
        """
        DELETE FROM schedule_run r WHERE finished_at < $1 AND due_at < $1
            AND due_at < (SELECT max(due_at) FROM schedule_run newer WHERE newer.name = r.name)
            AND due_at < (SELECT max(due_at) FROM schedule_run newer
                WHERE newer.name = r.name AND newer.finished_at IS NOT NULL AND NOT starts_with(newer.outcome, $2))
        """,
        now - REMEMBERED_FOR,
        FAILED,
    )
