"""The clock's weekly batch, extracts and forms of consent, from the duty to the page (R9, R2.2, D5)."""

from __future__ import annotations

import asyncio
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from api.context import Context
from api.schema import execute
from diary.access.viewer import Nobody, printer, viewer_of
from diary.consent.tables import Purpose
from diary.delivery import duties, outbox
from diary.delivery.tables import OutboxKind, PaperReceiver
from diary.kit import clock as clocks
from diary.kit import database
from diary.paper.consent_forms import order_consent_forms
from diary.paper.extracts import request_extract
from diary.paper.hand_over import hand_over
from diary.paper.weekly import queue_weekly
from printing.render import sheet_document
from tasks import paper
from tasks.actors.sheets import Sheets
from tasks.clock import ENTRIES
from tasks.sweep import sweep
from tests.support.town import MONDAY, TUESDAY, School, Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = Nobody(route="CLOCK")
#: Thursday, 6:00 in Moscow.
BATCH = datetime(2026, 11, 26, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def sheets(tmp_path: Path) -> Sheets:
    """The actor of print jobs in this process."""
    return Sheets(tmp_path / "print")


async def tick(clock: clocks.SetClock, at: datetime, *, since: datetime | None = None) -> int:
    """Let the clock keep the duties and queue the paper at an instant; return how many jobs it has queued."""
    clock.instant = at
    await duties.keep(CLOCK, now=at, since=since)
    return await queue_weekly(CLOCK, now=at)


async def jobs() -> list[Any]:
    """Return the print jobs in the order in which they came."""
    return await database.fetch("SELECT * FROM print_job ORDER BY requested_at, id")


async def render(sheets: Sheets) -> None:
    """Render what waits."""
    for row in await database.fetch("SELECT id FROM outbox WHERE kind = 'PRINT' AND state = 'QUEUED' ORDER BY id"):
        await sheets.print(str(row["id"]))


async def pages(job: UUID, folder: Path) -> list[str]:
    """Return the texts of a job's pages."""
    recorded = (await database.fetch("SELECT * FROM print_job WHERE id = $1", job))[0]
    assert recorded["state"] == "RENDERED", recorded["problem"]
    found = PdfReader(io.BytesIO((folder / "print" / recorded["file"]).read_bytes())).pages
    assert len(found) == recorded["pages"]
    return [" ".join(page.extract_text().split()) for page in found]


async def enrol(school: School, key: str, family: str, group: str = "5А") -> None:
    """Enrol a pupil whose guardian has decided nothing, so that the family is informed on paper."""
    await school.add_pupil(key, family, "Пётр", group, born=date(2015, 3, 3))
    await school.add_guardian(f"of_{key}", family, "Ирина", key)


async def test_the_batch_comes_on_thursday_at_six_and_not_a_second_earlier(town: Town, clock: clocks.SetClock) -> None:
    assert await tick(clock, BATCH - SECOND) == 0
    assert await tick(clock, BATCH) == 1
    [job] = await jobs()
    assert (job["school_class"], job["pupil"], job["requested_by"], job["week_of"]) == (
        town.first.classes["5А"], None, None, MONDAY,
    )  # fmt: skip


async def test_the_clock_process_has_the_batch_among_its_entries(town: Town, clock: clocks.SetClock) -> None:
    [entry] = [entry for entry in ENTRIES if entry.name == paper.NAME]
    clock.instant = BATCH
    await duties.keep(CLOCK, now=BATCH)
    assert await entry.act() == "weekly sheets queued: 1"
    assert await entry.act() == ""
    assert entry.next_after(BATCH) <= BATCH + timedelta(minutes=5)


async def test_each_class_gets_one_job_with_exactly_the_pupils_owed_on_paper(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    school = town.first
    await enrol(school, "petya", "Волков")
    await enrol(school, "oleg", "Зимин", "5Б")

    assert await tick(clock, BATCH) == 2
    await render(sheets)

    by_class = {job["school_class"]: job["id"] for job in await jobs()}
    first, second = await pages(by_class[school.classes["5А"]], tmp_path)
    assert "Волков Пётр, 5А класс" in first
    assert "Галкина Нина, 5А класс" in second
    assert "Алгебра" in second
    [third] = await pages(by_class[school.classes["5Б"]], tmp_path)
    assert "Зимин Пётр, 5Б класс" in third


async def test_restarts_and_two_clocks_queue_nothing_twice(town: Town, clock: clocks.SetClock, sheets: Sheets) -> None:
    await tick(clock, BATCH - SECOND)
    clock.instant = BATCH
    queued = await asyncio.gather(*(queue_weekly(CLOCK, now=BATCH) for _ in range(4)))
    assert sorted(queued) == [0, 0, 0, 1]
    await render(sheets)
    for later in (HOUR, 2 * HOUR, timedelta(days=2)):
        assert await tick(clock, BATCH + later) == 0


async def test_who_enrols_late_is_taken_in_or_gets_a_further_job(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    await tick(clock, BATCH)
    await enrol(town.first, "petya", "Волков")
    assert await tick(clock, BATCH + HOUR) == 0, "the job still waits and takes him in"
    await render(sheets)
    await enrol(town.first, "oleg", "Зимин")
    assert await tick(clock, BATCH + 2 * HOUR) == 1
    await render(sheets)
    assert await tick(clock, BATCH + 3 * HOUR) == 0

    first, second = [await pages(job["id"], tmp_path) for job in await jobs()]
    assert ["Волков" in first[0], "Галкина" in first[1], len(first)] == [True, True, 2]
    assert ["Зимин" in second[0], len(second)] == [True, 1]


async def test_a_hand_over_meets_what_was_on_the_pages_and_nothing_that_came_later(
    town: Town, clock: clocks.SetClock, sheets: Sheets
) -> None:
    await tick(clock, BATCH)
    await render(sheets)
    await enrol(town.first, "petya", "Волков")
    await tick(clock, BATCH + HOUR)
    office = await viewer_of(town.accounts["daria"], route="ADMIN")

    first, second = await jobs()
    for guardian, pupil in (("galina", "nina"), ("of_petya", "petya")):
        await town.first.agree(guardian, pupil, handed_to="PUPIL")
    given = await hand_over(office, job_id=first["id"], to="Классу", received_by=PaperReceiver.PUPIL)
    assert given.duties_met == 1
    waiting = await database.fetch("SELECT pupil FROM obligation WHERE kind = 'WEEKLY_DIARY' AND state = 'OPEN'")
    assert [row["pupil"] for row in waiting] == [town.first.pupils["petya"]]
    await render(sheets)
    given = await hand_over(office, job_id=second["id"], to="Пете", received_by=PaperReceiver.PUPIL)
    assert given.duties_met == 1


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE guardianship SET restricted = true",
        "UPDATE guardianship SET valid_to = '2026-11-25'",
        "UPDATE pupil SET birth_date = '2008-01-01'",
    ],
)
async def test_rights_that_end_before_the_rendering_print_nothing(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path, ending: str
) -> None:
    await tick(clock, BATCH)
    await database.execute(ending)

    await render(sheets)

    [job] = await jobs()
    assert job["state"] == "CANCELLED"
    assert "некому" in job["problem"]
    assert not (tmp_path / "print").exists()
    assert await queue_weekly(CLOCK, now=BATCH) == 0, "no job is queued anew for nobody"


async def test_consent_that_comes_before_the_rendering_takes_the_page_out(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    await enrol(town.first, "petya", "Волков")
    await tick(clock, BATCH)
    await town.first.decide("galina", "nina")
    await duties.keep(CLOCK, now=BATCH)
    await render(sheets)
    [job] = await jobs()
    [page] = await pages(job["id"], tmp_path)
    assert "Волков" in page


async def test_after_an_outage_the_sheets_of_the_missed_week_are_printed_late(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    before = clock.instant
    await tick(clock, before)

    assert await tick(clock, BATCH + timedelta(days=5), since=before) == 1
    await render(sheets)

    [job] = await jobs()
    assert job["week_of"] == MONDAY
    assert "23–28 ноября 2026" in (await pages(job["id"], tmp_path))[0]
    office = await viewer_of(town.accounts["daria"], route="ADMIN")
    given = await hand_over(
        office, job_id=job["id"], to="Галине", received_by=PaperReceiver.GUARDIAN,
        guardian_id=town.first.guardians["galina"],
    )  # fmt: skip
    assert given.duties_met == 1
    [duty] = await database.fetch("SELECT state, met_at FROM obligation WHERE about = 'week:2026-11-23'")
    assert (duty["state"], duty["met_at"]) == ("BREACHED", clock.instant)


async def spoil(job: UUID) -> None:
    """Make the job impossible to print until it is mended."""
    await database.execute("UPDATE print_job SET week_of = '9999-12-31' WHERE id = $1", job)


async def test_a_batch_that_fails_is_tried_three_times_more_and_then_left_to_the_office(
    town: Town, clock: clocks.SetClock, sheets: Sheets
) -> None:
    await tick(clock, BATCH)
    [job] = await jobs()
    await spoil(job["id"])
    await render(sheets)
    for number, (pause, told) in enumerate(
        ((timedelta(minutes=30), "06:30"), (2 * HOUR, "08:30"), (6 * HOUR, "14:30")), start=1
    ):
        [waiting] = await jobs()
        assert (waiting["state"], waiting["retries"]) == ("QUEUED", number)
        assert "дата вне разумных пределов" in waiting["problem"]
        assert f"Следующая попытка 26.11.2026 {told}." in waiting["problem"]
        clock.move(pause - timedelta(minutes=1))
        await render(sheets)
        assert [row["retries"] for row in await jobs()] == [number], "not before its time"
        clock.move(timedelta(minutes=1))
        await render(sheets)

    [given_up] = await jobs()
    assert (given_up["state"], given_up["retries"]) == ("FAILED", 3)
    assert "дата вне разумных пределов" in given_up["problem"]
    assert "Больше попыток не будет" in given_up["problem"]
    await database.execute("UPDATE print_job SET week_of = $1", MONDAY)
    assert await tick(clock, clock.instant + HOUR) == 0
    assert await sweep() == ""
    assert await database.fetch("SELECT FROM outbox WHERE kind = 'PRINT' AND state = 'QUEUED'") == []


async def test_a_retry_prints_what_can_be_printed_by_then_and_its_hand_over_counts(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    await tick(clock, BATCH)
    [job] = await jobs()
    await spoil(job["id"])
    await render(sheets)
    await database.execute("UPDATE print_job SET week_of = $1", MONDAY)
    clock.move(timedelta(minutes=30))
    await render(sheets)

    [page] = await pages(job["id"], tmp_path)
    assert "Галкина Нина" in page
    [printed] = await jobs()
    assert (printed["problem"], printed["retries"]) == ("", 1)
    office = await viewer_of(town.accounts["daria"], route="ADMIN")
    given = await hand_over(
        office, job_id=job["id"], to="Галине", received_by=PaperReceiver.GUARDIAN,
        guardian_id=town.first.guardians["galina"],
    )  # fmt: skip
    assert given.duties_met == 1


async def test_a_batch_whose_workers_die_is_tried_again_once_per_pause(town: Town, clock: clocks.SetClock) -> None:
    await tick(clock, BATCH)
    [row] = await database.fetch("SELECT id FROM outbox WHERE kind = 'PRINT'")
    for _death in range(5):
        assert await outbox.claim(CLOCK, row["id"], OutboxKind.PRINT) is not None
        clock.move(outbox.SHEET_LEASE)
        told = await sweep()
    assert told == "sheets failed: 1"
    for _sweep in range(2):
        [job] = await jobs()
        assert (job["state"], job["retries"], "прерывался" in job["problem"]) == ("QUEUED", 1, True)
        assert await sweep() == ""


async def test_while_the_data_are_out_of_reach_the_office_reads_why_nothing_comes(
    town: Town, clock: clocks.SetClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await tick(clock, BATCH)
    (tmp_path / "print").write_text("a file where the folder should be")
    await render(Sheets(tmp_path / "print"))
    [job] = await jobs()
    assert (job["state"], job["retries"]) == ("QUEUED", 0)
    assert "Пока не получается" in job["problem"]
    assert "были недоступны" in job["problem"]
    assert not re.search("[A-Za-z]", job["problem"]), job["problem"]
    assert "FileExistsError" in caplog.text, "the driver's own words are in the log"


async def test_a_week_of_holidays_has_no_batch_and_a_short_week_has_it_earlier(
    town: Town, clock: clocks.SetClock
) -> None:
    school = town.first.id
    await insert("holiday", school=school, name="Каникулы", starts_on=date(2026, 11, 26), ends_on=date(2026, 12, 6))
    assert await tick(clock, BATCH - timedelta(days=1) - SECOND) == 0
    assert await tick(clock, BATCH - timedelta(days=1)) == 1, "Wednesday is the last school day"
    assert await tick(clock, BATCH + timedelta(days=7)) == 0
    assert len(await jobs()) == 1


async def test_each_school_has_its_own_thursday_morning(town: Town, clock: clocks.SetClock) -> None:
    await database.execute("UPDATE school SET time_zone = 'Asia/Kamchatka' WHERE id = $1", town.second.id)
    await enrol(town.second, "petya", "Волков")
    assert await tick(clock, BATCH - 9 * HOUR - SECOND) == 0
    assert await tick(clock, BATCH - 9 * HOUR) == 1
    assert await tick(clock, BATCH) == 1
    assert [job["school"] for job in await jobs()] == [town.second.id, town.first.id]


async def test_a_family_without_a_class_gets_a_job_of_its_own(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    school = town.first
    school.groups["Кружок"] = await insert(
        "teaching_group", school=school.id, school_year=school.year, kind="GROUP", name="Кружок"
    )
    await enrol(school, "petya", "Волков", "Кружок")
    assert await tick(clock, BATCH) == 2
    await render(sheets)
    [job] = [job for job in await jobs() if job["school_class"] is None]
    assert job["pupil"] == school.pupils["petya"]
    assert len(await pages(job["id"], tmp_path)) == 1


async def test_the_service_reads_the_pupils_of_its_sheet_and_no_others(town: Town, clock: clocks.SetClock) -> None:
    context = Context.of(printer([town.first.pupils["nina"]], route="WORKER"))
    codes = {}
    for key in ("nina", "misha"):
        answer = await execute(
            sheet_document("week"), context, {"pupilId": str(town.first.pupils[key]), "weekOf": TUESDAY.isoformat()}
        )
        codes[key] = [(error.extensions or {})["code"] for error in answer.errors or []]
    assert codes["nina"] == []
    assert codes["misha"]
    assert set(codes["misha"]) == {"NOT_FOUND"}
    nobody = await execute("{ viewer { role pupils { id } } mailbox { edges { node { id } } } }", context)
    assert "id" not in json.dumps(nobody.data)


@pytest.mark.parametrize("decision", [None, "REFUSED", "WITHDRAWN"])
async def test_an_extract_is_rendered_for_the_own_child_whatever_was_decided(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path, decision: str | None
) -> None:
    if decision:
        await town.first.decide("galina", "nina", decision)
    galina = await viewer_of(town.accounts["galina"], route="GRAPHQL")
    asked = await request_extract(galina, pupil_id=town.first.pupils["nina"], week_of=TUESDAY)
    await render(sheets)
    [page] = await pages(asked.job_id, tmp_path)
    assert "Галкина Нина" in page


async def test_what_a_pupil_asked_for_is_rendered_without_any_consent_and_after_the_account_was_closed(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    await database.execute("UPDATE pupil SET birth_date = '2010-01-01' WHERE given_name = 'Михаил'")
    await town.first.decide("anna", "misha", "WITHDRAWN")
    misha = await viewer_of(town.accounts["misha"], route="GRAPHQL")
    asked = await request_extract(misha, pupil_id=town.first.pupils["misha"], week_of=TUESDAY)
    await database.execute("UPDATE account SET active = false WHERE username = 'misha'")
    await render(sheets)
    [page] = await pages(asked.job_id, tmp_path)
    assert "Орлов Михаил" in page


async def test_an_extract_for_whose_rights_have_ended_is_taken_back_with_its_duty(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    galina = await viewer_of(town.accounts["galina"], route="GRAPHQL")
    await request_extract(galina, pupil_id=town.first.pupils["nina"], week_of=TUESDAY)
    await database.execute("UPDATE guardianship SET restricted = true")
    await render(sheets)
    [job] = await jobs()
    assert job["state"] == "CANCELLED"
    [duty] = await database.fetch("SELECT state, cancel_reason FROM obligation WHERE kind = 'PRINTOUT'")
    assert (duty["state"], "Права представителя" in duty["cancel_reason"]) == ("CANCELLED", True)
    assert not (tmp_path / "print").exists()


async def order(
    town: Town,
    purpose: Purpose = Purpose.PERSONAL_DATA,
    *,
    pupil_id: UUID | None = None,
    guardian_id: UUID | None = None,
    class_id: UUID | None = None,
) -> UUID:
    """Order forms of consent as the office of the first school."""
    office = await viewer_of(town.accounts["daria"], route="ADMIN")
    return await order_consent_forms(
        office, school_id=town.first.id, purpose=purpose, pupil_id=pupil_id, guardian_id=guardian_id, class_id=class_id
    )


async def test_forms_of_a_class_are_one_file_in_the_order_of_the_register(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    school = town.first
    await school.add_pupil("yolka", "Ёлкина", "Яна", "5А", born=date(2012, 11, 24))
    await school.add_guardian("yura", "Ёлкин", "Юрий", "yolka")
    job = await order(town, class_id=school.classes["5А"])
    await render(sheets)
    printed = await pages(job, tmp_path)
    names = ("Галкина Галина", "Ёлкина Яна", "Ёлкин Юрий", "Орлова Анна", "Орлов Борис")
    assert [next(name for name in names if f"Кто даёт согласие: {name}" in page) for page in printed] == [
        "Галкина Галина", "Ёлкина Яна", "Ёлкин Юрий", "Орлова Анна",
    ]  # fmt: skip


async def test_a_blank_form_names_the_school_alone(
    town: Town, clock: clocks.SetClock, sheets: Sheets, tmp_path: Path
) -> None:
    job = await order(town)
    await render(sheets)
    [page] = await pages(job, tmp_path)
    assert "Школа № 1" in page
    assert "Орлов" not in page
    assert "Кто даёт согласие: адрес:" in page


async def test_a_form_for_whose_rights_have_ended_is_not_printed(
    town: Town, clock: clocks.SetClock, sheets: Sheets
) -> None:
    job = await order(town, pupil_id=town.first.pupils["nina"], guardian_id=town.first.guardians["galina"])
    own = await order(town, pupil_id=town.first.pupils["nina"])
    await database.execute("UPDATE guardianship SET restricted = true")
    await render(sheets)
    assert {row["id"]: row["state"] for row in await jobs()} == {job: "CANCELLED", own: "RENDERED"}


async def test_a_class_without_anybody_of_age_has_no_leaves_of_access(
    town: Town, clock: clocks.SetClock, sheets: Sheets
) -> None:
    await order(town, Purpose.GUARDIAN_ACCESS, class_id=town.first.classes["5А"])
    await render(sheets)
    [job] = await jobs()
    assert (job["state"], "некому подписывать" in job["problem"]) == ("FAILED", True)
