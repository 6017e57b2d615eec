"""Print jobs become PDF files: one page for each pupil, whoever refused the electronic form included (R3.10, R9)."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import io
import stat
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader

from diary.delivery import outbox
from diary.delivery.outbox import SHEET_LEASE
from diary.delivery.tables import OutboxKind
from diary.kit import clock
from diary.kit.clock import SetClock
from tasks.actors.sheets import WORKER, Sheets
from tasks.sweep import sweep
from tests.tasks.processes import Processes, until
from tests.tasks.world import TODAY, World

A4 = (595, 842)


@pytest.fixture
def sheets(world: World, tmp_path: Path) -> Sheets:
    """The actor of print jobs in this process."""
    return Sheets(tmp_path / "print")


@pytest.fixture
def now(world: World) -> SetClock:
    standing = SetClock(dt.datetime.now(dt.UTC))
    clock.use(standing)
    return standing


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, and check that it is A4."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert all((round(page.mediabox.width), round(page.mediabox.height)) == A4 for page in pages)
    return [" ".join(page.extract_text().split()) for page in pages]


async def add_lesson(world: World) -> None:
    start = dt.datetime.combine(TODAY, dt.time(6), dt.UTC)
    await world.connection.execute(
        "INSERT INTO lesson (id, school, teaching_group, subject, teacher, date, ordinal, starts_at, ends_at, topic) "
        "VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, 'Дроби')",
        uuid4(),
        world.school,
        world.group,
        world.subject,
        world.teacher,
        TODAY,
        start,
        start + dt.timedelta(minutes=45),
    )


async def test_a_pupils_week_becomes_a_page(sheets: Sheets, world: World, tmp_path: Path) -> None:
    pupil = await world.pupil("Ёлкин", "Михаил")
    await add_lesson(world)
    job, row = await world.print_job(pupil=pupil)

    await sheets.print(str(row))

    file = tmp_path / "print" / f"{job}.pdf"
    [page] = pages_of(file.read_bytes())
    assert "Ёлкин Михаил" in page
    assert "Алгебра" in page
    assert "Школа № 12" in page
    recorded = await world.job(job)
    assert (recorded["state"], recorded["pages"], recorded["file"]) == ("RENDERED", 1, file.name)
    assert recorded["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert recorded["rendered_at"] is not None
    assert (await world.row(row))["state"] == "DONE"


async def test_the_file_is_the_services_alone_and_nothing_else_is_left(
    sheets: Sheets, world: World, tmp_path: Path
) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))

    await sheets.print(str(row))

    folder = tmp_path / "print"
    assert [file.name for file in folder.iterdir()] == [f"{job}.pdf"]
    assert stat.S_IMODE((folder / f"{job}.pdf").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_class_is_one_document_in_the_order_of_the_register(
    sheets: Sheets, world: World, tmp_path: Path
) -> None:
    for family_name in ("Жуков", "Ёлкин", "Егоров", "Абрамов"):
        await world.pupil(family_name, "Иван")
    job, row = await world.print_job()

    await sheets.print(str(row))

    pages = pages_of((tmp_path / "print" / f"{job}.pdf").read_bytes())
    assert [name for page in pages for name in ("Абрамов", "Егоров", "Ёлкин", "Жуков") if name in page] == [
        "Абрамов",
        "Егоров",
        "Ёлкин",
        "Жуков",
    ]
    assert (await world.job(job))["pages"] == 4


@pytest.mark.parametrize("decision", ["REFUSED", "WITHDRAWN"])
async def test_a_refusal_does_not_keep_the_family_from_its_paper(sheets: Sheets, world: World, decision: str) -> None:
    family = await world.family()
    await world.decide(family, decision)
    job, row = await world.print_job(pupil=family.pupil)

    await sheets.print(str(row))

    assert (await world.job(job))["state"] == "RENDERED"


async def test_a_pupil_who_left_the_class_is_not_printed_with_it(sheets: Sheets, world: World) -> None:
    await world.pupil("Абрамов", "Иван")
    left = await world.pupil("Ёлкин", "Михаил")
    await world.connection.execute(
        "UPDATE membership SET valid_to = $2 WHERE pupil = $1", left, TODAY - dt.timedelta(days=14)
    )
    job, row = await world.print_job()

    await sheets.print(str(row))

    assert (await world.job(job))["pages"] == 1


async def failed(world: World, job: UUID, row: UUID) -> str:
    recorded, owed = await world.job(job), await world.row(row)
    assert (recorded["state"], owed["state"]) == ("FAILED", "FAILED")
    assert recorded["problem"] == owed["outcome"]
    problem: str = recorded["problem"]
    return problem


async def test_an_empty_class_cannot_be_printed(sheets: Sheets, world: World) -> None:
    job, row = await world.print_job()

    await sheets.print(str(row))

    assert "нет обучающихся" in await failed(world, job, row)


@pytest.mark.parametrize("week_of", [dt.date(9999, 12, 31), dt.date(1, 1, 1)])
async def test_a_week_that_no_diary_has_cannot_be_printed(sheets: Sheets, world: World, week_of: dt.date) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))
    await world.connection.execute("UPDATE print_job SET week_of = $2 WHERE id = $1", job, week_of)

    await sheets.print(str(row))

    assert "дата вне разумных пределов" in await failed(world, job, row)


async def test_who_no_longer_works_in_the_office_gets_nothing_printed(
    sheets: Sheets, world: World, tmp_path: Path
) -> None:
    pupil = await world.pupil("Ёлкин", "Михаил")
    stranger = await world.account("stranger")
    job, row = await world.print_job(pupil=pupil, requested_by=stranger)
    closed, closed_row = await world.print_job(pupil=pupil)
    await world.connection.execute("UPDATE account SET active = false WHERE id = $1", world.office)

    await sheets.print(str(row))
    await sheets.print(str(closed_row))

    assert "больше не работает" in await failed(world, job, row)
    assert "больше не работает" in await failed(world, closed, closed_row)
    assert not (tmp_path / "print").exists()


async def test_a_job_is_rendered_once_however_often_it_is_announced(
    sheets: Sheets, world: World, tmp_path: Path
) -> None:
    _job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))

    await asyncio.gather(*(sheets.print(str(row)) for _ in range(4)))

    assert (await world.row(row))["attempt"] == 1


async def test_a_job_of_a_dead_worker_is_rendered_by_another(
    sheets: Sheets, world: World, now: SetClock, tmp_path: Path
) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))
    assert await outbox.claim(WORKER, row, OutboxKind.PRINT) is not None
    now.move(SHEET_LEASE)

    assert await sweep() == "sheets queued again: 1"
    await sheets.print(str(row))

    assert (await world.job(job))["state"] == "RENDERED"
    assert (await world.row(row))["attempt"] == 2


async def test_a_worker_that_was_given_up_does_not_replace_the_others_file(
    world: World, now: SetClock, tmp_path: Path
) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))
    late = Sheets(tmp_path / "print")
    taken_up = await outbox.claim(WORKER, row, OutboxKind.PRINT)
    assert taken_up is not None
    now.move(SHEET_LEASE)
    await sweep()
    await Sheets(tmp_path / "print").print(str(row))
    file = tmp_path / "print" / f"{job}.pdf"
    kept = file.read_bytes()

    now.move(dt.timedelta(minutes=1))
    await late._render(taken_up, job)

    assert file.read_bytes() == kept
    assert (await world.job(job))["sha256"] == hashlib.sha256(kept).hexdigest()
    assert len(list(file.parent.iterdir())) == 1


async def test_a_job_that_kills_every_worker_fails_in_the_end(sheets: Sheets, world: World, now: SetClock) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))

    for _death in range(5):
        assert await outbox.claim(WORKER, row, OutboxKind.PRINT) is not None
        now.move(SHEET_LEASE)
        told = await sweep()

    assert told == "sheets failed: 1"
    assert (await world.row(row))["state"] == "FAILED"
    assert (await world.job(job))["state"] == "FAILED"
    assert await outbox.claim(WORKER, row, OutboxKind.PRINT) is None


async def test_a_folder_that_cannot_be_written_is_tried_again_later(world: World, tmp_path: Path) -> None:
    job, row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))
    (tmp_path / "print").write_text("a file where the folder should be")

    await Sheets(tmp_path / "print").print(str(row))

    assert (await world.row(row))["state"] == "QUEUED"
    assert (await world.job(job))["state"] == "QUEUED"


async def test_a_worker_process_prints(processes: Processes, world: World, tmp_path: Path) -> None:
    job, _row = await world.print_job(pupil=await world.pupil("Ёлкин", "Михаил"))
    processes.start("clock")
    processes.start("worker")

    async def printed() -> bool:
        return bool((await world.job(job))["state"] == "RENDERED")

    await until(printed, seconds=20)
    assert "Ёлкин Михаил" in pages_of((tmp_path / "print" / f"{job}.pdf").read_bytes())[0]
