"""A sheet that could not be printed: the office reads why, and what the clock has ordered is tried again (R9.1)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.wording import _
from diary.paper.print_jobs import enqueue
from diary.paper.tables import SheetKind

#: After each failure the weekly batch rests so long and is tried anew; after the last one a person takes over. From
#: Thursday at six that is the same afternoon.
PAUSES = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))

WORKERS_DIED = _("Печать не удалась: обработчик каждый раз прерывался.")
NOT_YET = _("Пока не получается, пробуем снова: {reason}")
TRIED_AGAIN = _("{reason} Следующая попытка {at}.")
GIVEN_UP = _("{reason} Больше попыток не будет: устраните причину и напечатайте неделю формой «Напечатать неделю».")


async def fail(actor: Actor, job_id: UUID | None, reason: str) -> None:
    """Fail a job for good, or queue it again after a pause when the clock has ordered it; inside a command."""
    jobs = await database.fetch(
        """
        SELECT j.id, j.school, j.pupil, j.kind, j.retries, s.time_zone,
            j.requested_by IS NULL AND j.guardian IS NULL AND j.kind = 'WEEK' AS by_clock
        FROM print_job j JOIN school s ON s.id = j.school WHERE j.id = $1 AND j.state = 'QUEUED' FOR UPDATE OF j
        """,
        job_id,
    )
    if not jobs:
        return
    job = jobs[0]
    if not job["by_clock"] or job["retries"] >= len(PAUSES):
        problem = GIVEN_UP.format(reason=reason) if job["by_clock"] else reason
        await database.execute("UPDATE print_job SET state = 'FAILED', problem = $2 WHERE id = $1", job["id"], problem)
        return
    at = clock.now() + PAUSES[job["retries"]]
    await database.execute(
        "UPDATE print_job SET retries = retries + 1, problem = $2 WHERE id = $1",
        job["id"],
        TRIED_AGAIN.format(reason=reason, at=f"{at.astimezone(ZoneInfo(job['time_zone'])):%d.%m.%Y %H:%M}"),
    )
    await enqueue(
        actor,
        job["id"],
        school_id=job["school"],
        kind=SheetKind(job["kind"]),
        pupil_id=job["pupil"],
        due_at=at,
        turn=job["retries"] + 1,
    )


async def note_trouble(job_id: UUID | None, reason: str) -> None:
    """Let the office read why a job that is still tried has not come out yet; inside a command."""
    await database.execute(
        "UPDATE print_job SET problem = $2 WHERE id = $1 AND state = 'QUEUED'", job_id, NOT_YET.format(reason=reason)
    )


@command
async def fail_abandoned(actor: Actor) -> int:
    """Fail the jobs whose every attempt ended with a dead worker; return how many there were."""
    abandoned = await database.fetch(
        """
        SELECT j.id FROM outbox o JOIN print_job j ON j.id = o.print_job
        WHERE o.kind = 'PRINT' AND o.state = 'FAILED' AND j.state = 'QUEUED'
            AND NOT EXISTS (SELECT FROM outbox n WHERE n.print_job = j.id AND n.state IN ('QUEUED', 'STARTED'))
        GROUP BY j.id ORDER BY j.id
        """
    )
    for job in abandoned:
        await fail(actor, job["id"], WORKERS_DIED)
    return len(abandoned)
