"""Imports into a real database, through the function that the `diary import oneroster` command calls."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from diary.access.accounts import create_account
from diary.access.tables import Role
from diary.access.viewer import Nobody
from diary.exchange import archive, command, frame_comparison, people_comparison
from diary.exchange.command import ImportOutcome, import_oneroster
from diary.exchange.difference import ChangeKind
from diary.exchange.oneroster import manifest, reading, references
from diary.groups.tables import Membership, SchoolClass, TeachingGroup
from diary.kit import database
from diary.kit.clock import SetClock
from diary.people.tables import Guardianship, Pupil, Teacher
from diary.schools.tables import School
from tests.api.documents import REGISTER, VIEWER, WEEK
from tests.exchange.exports import Export
from tests.support.service import Service, codes
from tests.support.town import PASSWORD

TODAY = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 23)

Import = Callable[..., Awaitable[ImportOutcome]]


@pytest.fixture
def diary(empty_database: object, clock: SetClock) -> SetClock:
    """An installation without a school, at noon of a known day; yields its clock."""
    return clock


@pytest.fixture
def take(tmp_path: Path, diary: SetClock) -> Import:
    async def take(export: Export | None = None, *, apply: bool = True, **more: Any) -> ImportOutcome:
        path = (export or Export.sample()).zip(tmp_path / "export.zip")
        return await import_oneroster(path, apply=apply, **more)

    return take


def shared(name: str) -> Path:
    """Return a real export of the folder that DIARY_SAMPLES names."""
    samples = os.environ.get("DIARY_SAMPLES")
    if not samples:
        pytest.skip("DIARY_SAMPLES names no folder with exports")
    return Path(samples) / "oneroster" / name


async def one(sql: str, *args: object) -> Any:
    (row,) = await database.fetch(sql, *args)
    return row[0] if len(row) == 1 else row


async def changes_so_far() -> int:
    """How many changes of any record the audit trail knows."""
    count: int = await one("SELECT count(*) FROM audit_entry")
    return count


async def places_of(pupil: str) -> dict[str, tuple[date, date | None]]:
    rows = await database.fetch(
        "SELECT t.external_id, m.valid_from, m.valid_to FROM membership m "
        "JOIN teaching_group t ON t.id = m.teaching_group JOIN pupil p ON p.id = m.pupil WHERE p.external_id = $1",
        pupil,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def link(guardian: str, pupil: str) -> list[tuple[date, date | None]]:
    rows = await database.fetch(
        "SELECT valid_from, valid_to FROM guardianship "
        "WHERE guardian = (SELECT id FROM guardian WHERE external_id = $1) "
        "AND pupil = (SELECT id FROM pupil WHERE external_id = $2) ORDER BY valid_from",
        guardian,
        pupil,
    )
    return [tuple(row) for row in rows]


async def test_a_dry_run_shows_everything_and_writes_nothing(take: Import) -> None:
    outcome = await take(apply=False)

    assert outcome.exit_status == 0
    assert not outcome.applied
    assert outcome.difference.count(ChangeKind.NEW, Pupil) == 6
    assert outcome.difference.count(ChangeKind.NEW, Guardianship) == 6
    assert "--apply" in list(outcome.lines())[-1]
    assert await changes_so_far() == 0


async def test_applying_writes_what_the_dry_run_showed(take: Import) -> None:
    shown = await take(apply=False)
    written = await take()

    assert written.applied
    assert written.difference.summary() == shown.difference.summary()
    assert await changes_so_far() == shown.difference.count(ChangeKind.NEW)
    assert await one("SELECT DISTINCT route FROM audit_entry") == "IMPORT"
    assert await one("SELECT name FROM school") == "МБОУ «Школа № 12»"
    assert tuple(
        await one("SELECT family_name, given_name, patronymic FROM pupil WHERE external_id = 'pupil-gusev'")
    ) == (
        "Гусев",
        "Пётр",
        "Ильич",
    )
    assert await places_of("pupil-belov") == {
        "class-5a": (date(2026, 9, 1), None),
        "class-5a-maths": (date(2026, 9, 1), None),
        "class-5a-english-1": (date(2026, 9, 1), None),
    }


@pytest.mark.parametrize("packed", ["zip", "folder"])
@pytest.mark.usefixtures("diary")
async def test_a_second_apply_has_nothing_to_do(tmp_path: Path, packed: str) -> None:
    path = getattr(Export.sample(), packed)(tmp_path / "export")
    await import_oneroster(path, apply=True)
    before = await changes_so_far()

    outcome = await import_oneroster(path, apply=True)

    assert not outcome.difference
    assert "менять нечего" in list(outcome.lines())[-1]
    assert await changes_so_far() == before


async def test_a_changed_name_is_shown_field_by_field_and_updated(take: Import) -> None:
    await take()
    renamed = Export.sample().replace("users.csv", "Елизавета,Белова,Андреевна", "Елизавета,Воронцова,Андреевна")

    outcome = await take(renamed)

    (change,) = outcome.difference.changes(Pupil, ChangeKind.CHANGED)
    assert [str(each) for each in change.fields] == ["Фамилия: «Белова» → «Воронцова»"]
    assert (change.table, change.row) == ("users", 3)
    assert outcome.difference.count(ChangeKind.NEW) == outcome.difference.count(ChangeKind.MISSING) == 0
    assert await one("SELECT family_name FROM pupil WHERE external_id = 'pupil-belova'") == "Воронцова"


async def test_an_empty_cell_erases_nothing(take: Import) -> None:
    await take()
    poorer = Export.sample().replace("users.csv", "Михаил,Белов,Андреевич", "Михаил,Белов,")

    outcome = await take(poorer.header_only("demographics.csv"))

    assert not outcome.difference
    assert await one("SELECT patronymic FROM pupil WHERE external_id = 'pupil-belov'") == "Андреевич"


async def test_a_pupil_whom_a_full_file_lacks_is_closed_and_not_deleted(take: Import) -> None:
    await take()
    without = Export.sample().without_line("users.csv", "pupil-gusev,").without_line("demographics.csv", "pupil-gusev,")
    for enrollment in ("enr-03,", "enr-10,"):
        without.without_line("enrollments.csv", enrollment)

    outcome = await take(without)

    assert outcome.difference.count(ChangeKind.MISSING, Pupil) == 1
    assert outcome.difference.count(ChangeKind.MISSING, Membership) == 2
    assert await one("SELECT left_on FROM pupil WHERE external_id = 'pupil-gusev'") == TODAY
    assert await places_of("pupil-gusev") == {
        "class-5a": (date(2026, 9, 1), YESTERDAY),
        "class-5a-maths": (date(2026, 9, 1), YESTERDAY),
    }
    assert not (await take(without)).difference


async def test_a_pupil_who_comes_back_is_open_again(take: Import) -> None:
    await take()
    gone = Export.sample().replace("users.csv", "pupil-gusev,active", "pupil-gusev,tobedeleted")
    await take(gone)

    outcome = await take()

    assert outcome.difference.count(ChangeKind.CHANGED, Pupil) == 1
    assert await one("SELECT left_on FROM pupil WHERE external_id = 'pupil-gusev'") is None
    assert (await places_of("pupil-gusev"))["class-5a"] == (date(2026, 9, 1), None)
    assert await one("SELECT count(*) FROM pupil") == 6


async def test_a_file_of_changes_touches_nobody_else(take: Import) -> None:
    await take()

    outcome = await take(Export.sample("changes_1p2"))

    assert outcome.exit_status == 0
    assert outcome.difference.count(ChangeKind.NEW, Pupil) == 1
    assert outcome.difference.count(ChangeKind.CHANGED, Pupil) == 1
    assert outcome.difference.count(ChangeKind.MISSING, Pupil) == 1
    assert [await one("SELECT count(*) FROM pupil WHERE left_on IS NULL"), await one("SELECT count(*) FROM pupil")] == [
        6,
        7,
    ]
    assert (await places_of("pupil-yashin")) == {"class-5b": (date(2026, 11, 16), None)}
    assert (await places_of("pupil-belov"))["class-5a-english-1"] == (date(2026, 9, 1), YESTERDAY)
    assert (await places_of("pupil-belov"))["class-5a"] == (date(2026, 9, 1), None)
    assert not (await take(Export.sample("changes_1p2"))).difference


async def test_a_file_of_changes_without_what_it_refers_to_is_refused(take: Import) -> None:
    outcome = await take(Export.sample("changes_1p2"))

    assert outcome.exit_status == 1
    assert {problem.kind for problem in outcome.problems if problem.severity == "ERROR"} == {
        references.UNKNOWN_SCHOOL,
        references.UNKNOWN_CLASS,
        references.UNKNOWN_GUARDIAN,
    }


async def test_a_file_without_rows_closes_nobody(take: Import) -> None:
    await take()

    outcome = await take(
        Export.sample().header_only("users.csv").header_only("enrollments.csv").header_only("demographics.csv")
    )

    assert outcome.exit_status == 0
    assert outcome.difference.count(ChangeKind.MISSING) == 0
    assert outcome.problems.of(manifest.NOTHING_IN_FILE)


async def test_a_half_empty_file_is_warned_of(take: Import) -> None:
    pupils = [f"pupil-{n},active,,TRUE,org-school-12,student,,,Имя,Фамилия,,,,,,,05," for n in range(4)]
    await take(Export.sample().append("users.csv", *pupils))

    outcome = await take(apply=False)
    assert not outcome.problems.of(people_comparison.MOST_ARE_MISSING)

    export = Export.sample().header_only("enrollments.csv").header_only("demographics.csv")
    for pupil in ("pupil-belov,", "pupil-ilyin,"):
        export.without_line("users.csv", pupil)
    outcome = await take(export, apply=False)
    (warning,) = outcome.problems.of(people_comparison.MOST_ARE_MISSING)
    assert "6 из 10" in warning.what


class TestNothingChanges:
    """Whatever is wrong with a file, the diary stays as it is."""

    async def refused(self, path: Path) -> ImportOutcome:
        before = await changes_so_far()
        assert before > 0
        outcome = await import_oneroster(path, apply=True)
        assert outcome.exit_status == 1
        assert not outcome.applied
        assert "Ничего не изменено" in list(outcome.lines())[-1]
        assert await changes_so_far() == before
        return outcome

    @pytest.fixture(autouse=True)
    async def school(self, take: Import) -> None:
        await take()

    async def test_after_a_zip_bomb(self, tmp_path: Path) -> None:
        export = Export.sample()
        export.files["users.csv"] += bytes(30_000_000)

        outcome = await self.refused(export.zip(tmp_path / "bomb.zip"))

        assert outcome.problems.of(archive.TOO_DENSE)

    async def test_after_a_truncated_zip(self, tmp_path: Path) -> None:
        path = Export.sample().zip(tmp_path / "cut.zip")
        path.write_bytes(path.read_bytes()[:-300])

        outcome = await self.refused(path)

        assert outcome.problems.of(archive.BROKEN_ARCHIVE)

    async def test_after_an_unknown_guardian(self, tmp_path: Path) -> None:
        export = Export.sample().replace("users.csv", ",parent-orlov,05", ",parent-nobody,05")
        export.replace("users.csv", "Пётр,Гусев", "Павел,Гусев")

        outcome = await self.refused(export.zip(tmp_path / "export.zip"))

        (problem,) = outcome.problems.of(references.UNKNOWN_GUARDIAN)
        assert str(problem).startswith("Ошибка. users.csv, строка 7, столбец agentSourcedIds: ")

    async def test_after_two_users_with_one_id(self, tmp_path: Path) -> None:
        export = Export.sample().append("users.csv", "pupil-belov,active,,,org-school-12,student,,,Иван,Белов,,,,,,,,")

        outcome = await self.refused(export.zip(tmp_path / "export.zip"))

        assert outcome.problems.of(reading.DUPLICATE_USER)

    async def test_after_a_conflict_that_only_the_database_sees(self, tmp_path: Path) -> None:
        export = Export.sample().replace("users.csv", "Пётр,Гусев", "Павел,Гусев")
        export.replace(
            "academicSessions.csv", "quarter-1,active,2026-08-20,I четверть", "quarter-1,active,,II четверть"
        )
        export.replace(
            "academicSessions.csv", "quarter-2,active,2026-08-20,II четверть", "quarter-2,active,,I четверть"
        )

        outcome = await self.refused(export.zip(tmp_path / "export.zip"))

        (problem,) = outcome.problems.of(command.CONFLICT)
        assert "\n" not in str(problem)
        assert await one("SELECT given_name FROM pupil WHERE external_id = 'pupil-gusev'") == "Пётр"


async def test_a_missing_link_ends_the_guardianship_at_once(take: Import) -> None:
    await take()
    assert await link("parent-orlov", "pupil-ilyin") == [(TODAY, None)]

    outcome = await take(Export.sample().replace("users.csv", ",parent-orlov,05", ",,05"))

    assert outcome.difference.count(ChangeKind.MISSING, Guardianship) == 1
    assert await link("parent-orlov", "pupil-ilyin") == [(YESTERDAY, YESTERDAY)]


async def test_a_link_that_a_file_ended_a_file_may_open_again(take: Import, diary: SetClock) -> None:
    await take()
    await take(Export.sample().replace("users.csv", ",parent-orlov,05", ",,05"))
    diary.move(timedelta(days=3))

    outcome = await take()

    assert not outcome.problems.of(people_comparison.LINK_CLOSED_BY_SCHOOL)
    assert await link("parent-orlov", "pupil-ilyin") == [(YESTERDAY, YESTERDAY), (date(2026, 11, 27), None)]


@pytest.mark.parametrize("how", ["valid_to = valid_from", "restricted = true"])
async def test_a_link_that_the_school_closed_no_file_opens_again(take: Import, diary: SetClock, how: str) -> None:
    await take()
    await database.execute(
        f"UPDATE guardianship SET {how} WHERE guardian = (SELECT id FROM guardian WHERE external_id = 'parent-orlov')"
    )
    diary.move(timedelta(days=3))

    outcome = await take()

    (told,) = outcome.problems.of(people_comparison.LINK_CLOSED_BY_SCHOOL)
    assert (told.file, told.row) == ("users.csv", 7)
    assert len(await link("parent-orlov", "pupil-ilyin")) == 1
    assert not outcome.difference


async def test_a_link_that_the_school_confirmed_by_a_document_stays(take: Import) -> None:
    await take()
    await database.execute("UPDATE guardianship SET legal_basis = 'PARENT', relation = 'FATHER'")

    outcome = await take(Export.sample().replace("users.csv", ",parent-orlov,05", ",,05"))

    assert not outcome.difference
    assert await link("parent-orlov", "pupil-ilyin") == [(TODAY, None)]


async def test_contacts_come_unconfirmed_and_are_never_doubled(take: Import) -> None:
    await take()
    rows = await database.fetch("SELECT value, confirmed_at, provenance FROM contact_point ORDER BY value")

    assert [row["value"] for row in rows] == [
        "+79120000001",
        "+79120000002",
        "anna.belova@example.org",
        "i.gusev@example.org",
    ]
    assert {(row["confirmed_at"], row["provenance"]) for row in rows} == {(None, "IMPORTED")}

    await database.execute("UPDATE contact_point SET retired_at = now() WHERE value = 'anna.belova@example.org'")
    await take(Export.sample().replace("users.csv", "anna.belova@", "Anna.Belova@"))
    assert await one("SELECT count(*) FROM contact_point") == 4


async def test_an_enrolment_under_a_new_id_is_the_same_place(take: Import) -> None:
    await take()

    outcome = await take(Export.sample().replace("enrollments.csv", "enr-01,", "enr-new,"))

    assert outcome.difference.count(ChangeKind.NEW) == outcome.difference.count(ChangeKind.MISSING) == 0
    assert (await places_of("pupil-belov"))["class-5a"] == (date(2026, 9, 1), None)
    assert not (await take(Export.sample().replace("enrollments.csv", "enr-01,", "enr-new,"))).difference


async def test_a_class_that_the_office_made_by_hand_is_taken_over(take: Import) -> None:
    await take(Export.sample().without_line("classes.csv", "class-5b,").without("enrollments.csv", "manifest.csv"))
    school, year = await one("SELECT school, id FROM school_year")
    made = await one(
        "INSERT INTO school_class (id, school, school_year, name, grade_level) "
        "VALUES (gen_random_uuid(), $1, $2, '5Б', 5) RETURNING id",
        school,
        year,
    )
    group = await one(
        "INSERT INTO teaching_group (id, school, school_year, kind, name, school_class) "
        "VALUES (gen_random_uuid(), $1, $2, 'CLASS', '5Б', $3) RETURNING id",
        school,
        year,
        made,
    )

    await take()

    assert await one("SELECT external_id FROM school_class WHERE id = $1", made) == "class-5b"
    assert await one("SELECT external_id FROM teaching_group WHERE id = $1", group) == "class-5b"
    assert await one("SELECT count(*) FROM school_class WHERE name = '5Б'") == 1


async def test_a_pupil_moves_from_the_grade_into_a_real_class_when_a_file_names_it(take: Import) -> None:
    await take()
    assert await places_of("pupil-zueva") == {"grade:2026/27:7": (date(2026, 9, 1), None)}
    better = Export.sample()
    better.append("classes.csv", "class-7v,active,,7В,07,,,homeroom,,org-school-12,year-2026,,,,")
    better.append("enrollments.csv", "enr-70,active,,class-7v,,pupil-zueva,student,,,")

    await take(better)

    assert await places_of("pupil-zueva") == {
        "grade:2026/27:7": (date(2026, 9, 1), YESTERDAY),
        "class-7v": (date(2026, 9, 1), None),
    }
    assert not (await take(better)).difference


async def test_the_next_school_year_opens_new_classes_and_keeps_the_old(take: Import, diary: SetClock) -> None:
    await take()
    diary.move(timedelta(days=300))
    following = Export.sample()
    for file in following.files:
        text = following.files[file].decode("utf-8-sig")
        for old, new in (("2027", "2028"), ("2026", "2027"), ("class-5", "class-6"), ("5А", "6А"), ("5Б", "6Б")):
            text = text.replace(old, new)
        for quarter in "1234":
            text = text.replace(f"quarter-{quarter}", f"q-2027-{quarter}")
        following.files[file] = text.replace(",05,", ",06,").replace(",07,", ",08,").replace("enr-", "next-").encode()

    outcome = await take(following)

    assert outcome.exit_status == 0
    names = await database.fetch("SELECT name FROM school_class ORDER BY name")
    assert [row["name"] for row in names] == ["5А", "5Б", "6А", "6Б", "7", "8"]
    assert (await places_of("pupil-belov"))["class-6a"] == (date(2027, 9, 1), None)
    assert (await places_of("pupil-belov"))["class-5a"][1] == date(2027, 9, 19)
    assert await one("SELECT count(*) FROM school_year") == 2
    assert await one("SELECT count(*) FROM pupil") == 6
    assert not (await take(following)).difference


async def test_a_system_that_reuses_last_years_ids_does_not_rewrite_last_years_classes(
    take: Import, diary: SetClock
) -> None:
    await take()
    diary.move(timedelta(days=300))
    following = Export.sample()
    for file in following.files:
        text = following.files[file].decode("utf-8-sig").replace("2027", "2028").replace("2026", "2027")
        text = text.replace("year-2027", "year-2026").replace("5А", "6А").replace("5Б", "6Б")
        following.files[file] = text.replace(",05,", ",06,").encode()

    outcome = await take(following)

    assert outcome.exit_status == 0
    rows = await database.fetch(
        "SELECT y.name, k.name, m.valid_from, m.valid_to "
        "FROM membership m JOIN teaching_group t ON t.id = m.teaching_group "
        "JOIN school_class k ON k.id = t.school_class AND t.kind = 'CLASS' JOIN school_year y ON y.id = k.school_year "
        "WHERE m.pupil = (SELECT id FROM pupil WHERE external_id = 'pupil-belov') ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("2026/27", "5А", date(2026, 9, 1), date(2027, 9, 19)),
        ("2027/28", "6А", date(2027, 9, 1), None),
    ]
    periods = await database.fetch(
        "SELECT y.name, count(*) FROM grading_period p JOIN school_year y ON y.id = p.school_year GROUP BY 1"
    )
    assert {tuple(row) for row in periods} == {("2026/27", 4), ("2027/28", 4)}
    assert not (await take(following)).difference


async def test_two_imports_at_once_leave_one_school(tmp_path: Path, take: Import) -> None:
    path = Export.sample().zip(tmp_path / "same.zip")

    outcomes = await asyncio.gather(*(import_oneroster(path, apply=True) for _ in range(3)))

    # One that begins when another has ended finds everything there, and changes nothing.
    assert [bool(outcome.applied and outcome.difference) for outcome in outcomes].count(True) == 1
    refused = [outcome for outcome in outcomes if not outcome.applied]
    assert all(outcome.problems.of(command.CHANGED_MEANWHILE) for outcome in refused)
    assert await one("SELECT count(*) FROM pupil") == 6
    assert not (await take()).difference


async def test_two_schools_do_not_disturb_each_other(take: Import) -> None:
    await take()
    other = Export.of(
        orgs="sourcedId,name,type\norg-13,Школа № 13,school\n",
        users="sourcedId,orgSourcedIds,role,givenName,familyName,grades\n"
        "other-1,org-13,student,Анна,Белова,5\npupil-belov,org-13,student,Михаил,Белов,5\n",
    )

    outcome = await take(other)

    assert outcome.difference.count(ChangeKind.MISSING) == 0
    assert await one("SELECT count(*) FROM pupil WHERE external_id = 'pupil-belov'") == 2
    assert await one("SELECT count(*) FROM pupil WHERE left_on IS NOT NULL") == 0


async def test_one_school_of_a_district_may_be_taken_alone(take: Import) -> None:
    district = Export.sample().append("orgs.csv", "org-13,active,,Школа № 13,school,,")
    district.append("users.csv", "pupil-13,active,,,org-13,student,,,Юлия,Якова,,,,,,,05,")

    outcome = await take(district, school="org-13")

    assert outcome.difference.count(ChangeKind.NEW, School) == 1
    assert await one("SELECT external_id FROM pupil") == "pupil-13"
    (unknown,) = (await take(district, school="org-99")).problems.of(command.NO_SUCH_SCHOOL)
    assert "org-99" in unknown.what


async def test_namesakes_made_by_hand_are_told_and_not_touched(take: Import) -> None:
    await take(Export.sample().without_line("users.csv", "pupil-zueva,"))
    school = await one("SELECT id FROM school")
    await database.execute(
        "INSERT INTO pupil (id, school, family_name, given_name, patronymic) "
        "VALUES (gen_random_uuid(), $1, 'Зуева', 'Вера', 'Олеговна')",
        school,
    )

    outcome = await take()

    assert outcome.problems.of(people_comparison.NAMESAKE)[0].row == 6
    assert await one("SELECT count(*) FROM pupil WHERE family_name = 'Зуева'") == 2


async def test_a_school_of_the_same_name_made_by_hand_is_told(take: Import) -> None:
    await database.execute("INSERT INTO school (id, name) VALUES (gen_random_uuid(), 'МБОУ «Школа № 12»')")

    outcome = await take(apply=False)

    assert outcome.problems.of(frame_comparison.NAMESAKE_SCHOOL)[0].row == 3


async def test_a_teacher_whom_the_file_lacks_leaves_and_teaches_no_more(take: Import) -> None:
    await take()
    without = Export.sample().replace("users.csv", "teacher-sokolov,active", "teacher-sokolov,tobedeleted")

    outcome = await take(without)

    assert outcome.difference.count(ChangeKind.MISSING, Teacher) == 1
    ends = await database.fetch(
        "SELECT valid_to FROM teaching_assignment WHERE teacher = (SELECT id FROM teacher WHERE external_id = $1)",
        "teacher-sokolov",
    )
    assert {row["valid_to"] for row in ends} == {YESTERDAY}
    assert len(ends) == 2


async def test_progress_is_told_by_stages(take: Import) -> None:
    told: list[tuple[str, float]] = []

    await take(report=lambda stage, fraction: told.append((stage, fraction)))

    assert list(dict.fromkeys(stage for stage, _fraction in told)) == [
        "Чтение файлов",
        "Сравнение с дневником",
        "Запись",
    ]
    assert all(0 <= fraction <= 1 for _stage, fraction in told)
    assert told[-1] == ("Запись", 1.0)


#: As one real export has it: the parent names the child, the child has a grade but no enrolment, the organisation
#: calls itself a department, and the only term is over for years.
ODD_EXPORT = {
    "orgs": "sourcedId,status,name,type,parentSourcedId\norg-1,active,Кафедра истории,department,org-0\n",
    "academicSessions": "sourcedId,title,type,startDate,endDate\nterm-1,Term,term,2022-09-01,2022-12-24\n",
    "users": "sourcedId,orgSourcedIds,role,givenName,familyName,agentSourcedIds,grades\n"
    "usr-222-66778899,org-1,student,Mary,Jones,,12\n"
    "usr-222-1234561,org-1,parent,Thomas,Jones,usr-222-66778899,\n",
}


@pytest.mark.parametrize("where", ["sample", "shared"])
async def test_a_guardian_of_an_imported_file_signs_in_and_sees_the_childs_class(
    service: Service, take: Import, where: str
) -> None:
    if where == "sample":
        outcome = await take(Export.of(**ODD_EXPORT))
    else:
        outcome = await import_oneroster(shared("full_1p1.zip"), apply=True)
    assert outcome.applied
    guardian = await one("SELECT id FROM guardian WHERE external_id = 'usr-222-1234561'")
    school = await one("SELECT id FROM school")
    office = Nobody(route="COMMAND_LINE")
    await create_account(office, login="office", role=Role.OFFICE, school_id=school, password=PASSWORD)
    await create_account(office, login="thomas.joness", role=Role.GUARDIAN, person_id=guardian, password=PASSWORD)

    token = await service.sign_in("thomas.joness")
    (child,) = (await service.post(VIEWER, token=token))["data"]["viewer"]["pupils"]
    week = {"pupilId": child["id"], "weekOf": "2026-11-24"}
    assert child["fullName"].startswith("Jones Mary")
    assert child["schoolClass"] is None
    assert codes(await service.post(WEEK, week, token=token)) == ["CONSENT_NOT_REGISTERED"]

    given = {"pupilId": child["id"], "guardianId": str(guardian), "documentReference": "Папка 3, лист 1"}
    assert codes(await service.post(REGISTER, {"input": given}, token=await service.sign_in("office"))) == []
    assert codes(await service.post(WEEK, week, token=token)) == []
    (child,) = (await service.post(VIEWER, token=token))["data"]["viewer"]["pupils"]
    assert child["schoolClass"] == {"name": "12"}


@pytest.mark.usefixtures("diary")
@pytest.mark.parametrize("name", ["full_1p1.zip", "minimal_1p2.zip"])
async def test_a_real_export_goes_in_and_a_second_time_has_nothing_to_do(name: str) -> None:
    assert (await import_oneroster(shared(name), apply=True)).applied

    again = await import_oneroster(shared(name), apply=True)

    assert again.exit_status == 0
    assert not again.difference


async def test_the_class_follows_its_export_and_not_its_name(take: Import) -> None:
    await take()

    outcome = await take(
        Export.sample().replace("classes.csv", "class-5a,active,2026-08-20,5А", "class-5a,active,,5 «А»")
    )

    assert outcome.difference.count(ChangeKind.CHANGED, SchoolClass) == 1
    assert outcome.difference.count(ChangeKind.CHANGED, TeachingGroup) == 1
    assert outcome.difference.count(ChangeKind.NEW) == 0


async def test_people_of_several_hundred_rows_are_written_in_batches(
    take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diary.exchange.writing.BATCH", 7)
    lines = [f"p-{n},active,,,org-school-12,student,,,Имя{n},Фамилия,,,,,,,05," for n in range(50)]
    export = Export.sample().append("users.csv", *lines)

    assert (await take(export)).difference.count(ChangeKind.NEW, Pupil) == 56
    renamed = export.replace("users.csv", ",Фамилия,", ",Иначе,")
    assert (await take(renamed)).difference.count(ChangeKind.CHANGED, Pupil) == 50
    assert await one("SELECT count(*) FROM pupil WHERE family_name = 'Иначе'") == 50
    assert await one("SELECT count(*) FROM guardian WHERE family_name = 'Иначе'") == 0
    assert await one("SELECT count(*) FROM guardian") == 5


class Term:
    """A school's exports over a term, each a little different from the one before."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self.tables = {
            name: list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
            for name, content in Export.sample().files.items()
        }
        for name, gone in (("users.csv", "pupil-gone"), ("enrollments.csv", "enr-18")):
            # Rows that hold an id only cannot come back to life.
            self.tables[name] = [row for row in self.tables[name] if row[0] != gone]

    def days(self) -> int:
        """How long until the next export."""
        return self._dice.randint(0, 9)

    def live(self) -> Export:
        """Let a few things happen in the school and export it."""
        for _ in range(self._dice.randint(1, 4)):
            self._happen()
        written = {}
        for name, table in self.tables.items():
            out = io.StringIO()
            csv.writer(out).writerows(table)
            written[name] = out.getvalue().encode()
        return Export(written)

    def _happen(self) -> None:
        name = self._dice.choice(
            ["users.csv", "enrollments.csv", "enrollments.csv", "classes.csv", "academicSessions.csv"]
        )
        header, *rows = self.tables[name]
        row = self._dice.choice(rows)
        match self._dice.randrange(7):
            case 0 | 1:
                row[1] = self._dice.choice(["active", "active", "tobedeleted", "inactive"])
            case 2 if name == "users.csv":
                row[header.index("familyName")] = self._dice.choice(["Белов", "Гусева", "Ким"])
            case 3 if name == "users.csv":
                row[header.index("grades")] = self._dice.choice(["05", "07", "08", ""])
            case 4 if name == "enrollments.csv":
                row[3] = self._dice.choice(["class-5a", "class-5b", "class-chess", "class-5a-maths"])
            case 5 if name == "enrollments.csv":
                row[8], row[9] = self._dice.choice(
                    [("", ""), ("2026-09-01", ""), ("2026-10-01", "2026-12-27"), ("", "2026-11-30")]
                )
            case 6 if len(rows) > 2:
                self._dice.shuffle(rows)
                self.tables[name] = [header, *(rows[1:] if name == "enrollments.csv" else rows)]
            case _ if name == "classes.csv":
                row[7] = self._dice.choice(["homeroom", "scheduled"])


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_a_school_exports_over_a_term_a_second_apply_has_nothing_to_do(
    take: Import, diary: SetClock, seed: int
) -> None:
    term, people = Term(seed), 0
    for _ in range(12):
        export = term.live()

        outcome, again = await take(export), await take(export)

        assert outcome.applied, list(outcome.lines())
        assert not list(again.difference.lines())
        there = await one("SELECT count(*) FROM pupil")
        assert there >= people
        people = there
        in_two_classes = await database.fetch(
            "SELECT m.pupil FROM membership m JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS' "
            "WHERE daterange(m.valid_from, m.valid_to, '[]') @> $1::date GROUP BY m.pupil HAVING count(*) > 1",
            diary.now().date(),
        )
        assert not in_two_classes
        diary.move(timedelta(days=term.days()))
