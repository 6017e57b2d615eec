"""Two schools in one installation: no file changes the other school, and every difference says whose it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from diary.exchange import command
from diary.exchange.command import ImportOutcome, import_oneroster
from diary.exchange.difference import ChangeKind
from diary.exchange.oneroster import reach
from diary.kit import database
from diary.kit.clock import SetClock
from diary.people.tables import Pupil
from tests.exchange.exports import Export

Import = Callable[..., Awaitable[ImportOutcome]]

ORGS = "sourcedId,status,dateLastModified,name,type\n"
USERS = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,givenName,familyName,agentSourcedIds,grades\n"
CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classType,schoolSourcedId,termSourcedIds,subjects\n"
)
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
)
A_ROW, B_ROW = "orgA,active,,Школа А,school\n", "orgB,active,,Школа Б,school\n"


def bulk(letter: str) -> Export:
    """One school of two pupils, one of them with a guardian; the class has the same id in both schools."""
    low = letter.lower()
    return Export.of(
        orgs=ORGS + (A_ROW if letter == "A" else B_ROW),
        classes=CLASSES + f"5,active,,5,5,,homeroom,org{letter},,\n",
        users=USERS
        + f"{low}-parent,active,,,org{letter},parent,Ольга,Первая,,\n"
        + f"{low}-child,active,,,org{letter},student,Иван,Первый,{low}-parent,5\n"
        + f"{low}-child2,active,,,org{letter},student,Пётр,Второй,,5\n",
        enrollments=ENROLLMENTS
        + f"e1,active,,5,org{letter},{low}-child,student,,,\n"
        + f"e2,active,,5,org{letter},{low}-child2,student,,,\n",
    )


def delta(**tables: str) -> Export:
    modes = "".join(f"file.{name},{'delta' if name in tables else 'absent'}\n" for name in TABLES)
    return Export.of(manifest="propertyName,value\noneroster.version,1.1\n" + modes, **tables)


TABLES = ("academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users")


@pytest.fixture
def take(tmp_path: Path, empty_database: object, clock: SetClock) -> Import:
    async def take(export: Export, *, apply: bool = True, school: str | None = None) -> ImportOutcome:
        return await import_oneroster(export.zip(tmp_path / "export.zip"), apply=apply, school=school)

    return take


@pytest.fixture
async def two_schools(take: Import) -> None:
    assert (await take(bulk("A"))).applied
    assert (await take(bulk("B"))).applied


async def state_of(school: str) -> list[tuple[object, ...]]:
    """Everything of a school that an import may write."""
    tables = (
        "school_year grading_period subject teacher pupil guardian guardianship school_class teaching_group "
        "membership teaching_assignment contact_point"
    )
    state: list[tuple[object, ...]] = []
    for table in tables.split():
        rows = await database.fetch(
            f"SELECT to_jsonb(t)::text FROM {table} t JOIN school s ON s.id = t.school "
            "WHERE s.external_id = $1 ORDER BY t.id",
            school,
        )
        state += [(table, row[0]) for row in rows]
    (school_row,) = await database.fetch("SELECT to_jsonb(s)::text FROM school s WHERE external_id = $1", school)
    assert any(table == "pupil" for table, _row in state)
    return [("school", school_row[0]), *state]


async def links() -> set[tuple[str, str]]:
    rows = await database.fetch(
        "SELECT g.external_id, p.external_id FROM guardianship l "
        "JOIN guardian g ON g.id = l.guardian JOIN pupil p ON p.id = l.pupil"
    )
    return {(row[0], row[1]) for row in rows}


PARENT_OF_ANOTHERS_CHILD = 'a-new,active,,,{orgs},parent,Злой,Умысел,"a-child2,b-child2",\n'


@pytest.mark.parametrize("orgs", ['"orgA,orgB"', "orgA"])
@pytest.mark.parametrize("school", [None, "orgA"])
@pytest.mark.parametrize("installed", ["A and B", "B"])
async def test_a_file_makes_nobody_a_guardian_of_another_schools_child(
    take: Import, orgs: str, school: str | None, installed: str
) -> None:
    if installed == "A and B":
        await take(bulk("A"))
    await take(bulk("B"))
    before = await state_of("orgB")
    children = bulk("A").files["users.csv"].decode().removeprefix(USERS)
    export = delta(orgs=ORGS + A_ROW, users=USERS + children + PARENT_OF_ANOTHERS_CHILD.format(orgs=orgs))

    outcome = await take(export, school=school)

    assert await state_of("orgB") == before
    if school is None and installed == "A and B":
        assert outcome.problems.of(command.CHOOSE_SCHOOL)
        return
    assert outcome.applied, list(outcome.lines())
    assert {pair for pair in await links() if pair[0] == "a-new"} == {("a-new", "a-child2")}
    told = outcome.problems.of(reach.LEFT_OUT)
    assert ("agentSourcedIds", 5) in {(problem.column, problem.row) for problem in told}
    assert all("orgB (Школа Б)" in problem.what for problem in told)


@pytest.mark.parametrize("row", ["b-child2,active,,,orgB,student,RENAMED,RENAMED,,5", "b-child2,active,,,orgB,,X,Y,,"])
@pytest.mark.parametrize("installed", ["A and B", "B"])
async def test_a_file_does_not_rename_another_schools_pupil(take: Import, row: str, installed: str) -> None:
    if installed == "A and B":
        await take(bulk("A"))
    await take(bulk("B"))
    before = await state_of("orgB")
    export = delta(orgs=ORGS + A_ROW, users=USERS + row + "\n")

    refused = await take(export)

    assert refused.exit_status == 1
    (problem,) = refused.problems.of(reach.FOREIGN_SCHOOL)
    assert (problem.file, problem.row, problem.column) == ("users.csv", 2, "orgSourcedIds")
    assert "orgB (Школа Б)" in problem.what
    assert "--school" in problem.remedy
    assert await state_of("orgB") == before

    chosen = await take(export, school="orgA")

    assert chosen.problems.of(reach.LEFT_OUT)
    assert await state_of("orgB") == before


async def test_both_at_once_are_refused(take: Import, two_schools: None) -> None:
    before = await state_of("orgA"), await state_of("orgB")
    export = delta(
        orgs=ORGS + A_ROW,
        users=USERS
        + PARENT_OF_ANOTHERS_CHILD.format(orgs='"orgA,orgB"')
        + "b-child2,active,,,orgB,student,RENAMED,RENAMED,,5\n",
    )

    outcome = await take(export)

    assert outcome.exit_status == 1
    assert (await state_of("orgA"), await state_of("orgB")) == before


async def test_a_file_enrols_nobody_into_another_schools_class(take: Import) -> None:
    await take(bulk("B").replace("classes.csv", "5,active", "b5,active").replace("enrollments.csv", ",,5,", ",,b5,"))
    before = await state_of("orgB")
    users = bulk("A").files["users.csv"].decode()
    export = delta(orgs=ORGS + A_ROW, users=users, enrollments=ENROLLMENTS + "e9,active,,b5,orgA,a-child,student,,,\n")

    outcome = await take(export)

    (problem,) = outcome.problems.of(reach.FOREIGN_SCHOOL)
    assert (problem.file, problem.row, problem.column) == ("enrollments.csv", 2, "classSourcedId")
    assert (await take(export, school="orgA")).applied
    assert await state_of("orgB") == before


async def test_a_file_adds_no_class_to_another_school(take: Import) -> None:
    await take(bulk("B"))
    before = await state_of("orgB")
    export = delta(orgs=ORGS + A_ROW, classes=CLASSES + "5,active,,RENAMED,5,,homeroom,orgB,,\n")

    outcome = await take(export)

    (problem,) = outcome.problems.of(reach.FOREIGN_SCHOOL)
    assert (problem.file, problem.column) == ("classes.csv", "schoolSourcedId")
    assert await state_of("orgB") == before


async def test_a_department_under_another_school_is_that_school(take: Import) -> None:
    await take(bulk("B"))
    before = await state_of("orgB")
    orgs = ORGS.replace("type\n", "type,parentSourcedId\n") + A_ROW.replace("\n", ",\n")
    export = delta(
        orgs=orgs + "dept,active,,Кафедра,department,orgB\n",
        users=USERS + "b-child2,active,,,dept,student,RENAMED,RENAMED,,5\n",
        classes=CLASSES + "9,active,,9,9,,homeroom,dept,,\n",
    )

    outcome = await take(export)

    assert {problem.file for problem in outcome.problems.of(reach.FOREIGN_SCHOOL)} == {"users.csv", "classes.csv"}
    assert await state_of("orgB") == before


@pytest.mark.parametrize("apply", [False, True])
async def test_a_full_file_that_names_another_school_needs_a_choice(
    take: Import, two_schools: None, *, apply: bool
) -> None:
    before = await state_of("orgB")
    export = bulk("A").append("orgs.csv", B_ROW.replace("Школа Б", "RENAMED").strip())
    export.replace("users.csv", "Иван,Первый", "Иван,Новый")

    outcome = await take(export, apply=apply)

    assert outcome.exit_status == 1
    (problem,) = outcome.problems.of(command.CHOOSE_SCHOOL)
    assert "orgA (Школа А), orgB (Школа Б)" in problem.what
    assert "--school" in problem.remedy
    assert not outcome.difference

    chosen = await take(export, school="orgA")

    assert chosen.applied
    assert chosen.difference.count(ChangeKind.CHANGED) == 1
    assert chosen.difference.count(ChangeKind.MISSING) == 0
    assert await state_of("orgB") == before


async def test_a_file_of_one_of_two_schools_needs_a_choice_and_a_new_third_school_does_not(
    take: Import, two_schools: None
) -> None:
    assert (await take(bulk("A"))).problems.of(command.CHOOSE_SCHOOL)
    third = {name: content.replace(b"orgB", b"orgC") for name, content in bulk("B").files.items()}

    assert (await take(Export(third))).applied
    assert (await take(bulk("A"), school="orgA")).exit_status == 0


async def test_the_demo_school_and_a_first_school_need_no_choice(take: Import) -> None:
    await database.execute("INSERT INTO school (id, name, demo) VALUES (gen_random_uuid(), 'Пример', true)")

    assert (await take(bulk("A"))).applied
    assert (await take(bulk("A"))).exit_status == 0


async def test_a_school_made_by_hand_counts_for_the_choice(take: Import) -> None:
    await database.execute("INSERT INTO school (id, name) VALUES (gen_random_uuid(), 'Своя')")
    await take(bulk("A"))

    assert (await take(bulk("A"))).problems.of(command.CHOOSE_SCHOOL)


async def test_changes_without_orgs_go_to_the_chosen_school_even_where_class_ids_repeat(
    take: Import, two_schools: None
) -> None:
    export = delta(
        users=USERS + "new,active,,,{org},student,Анна,Новая,,5\n",
        enrollments=ENROLLMENTS + "e9,active,,5,,new,student,,,\n",
    )
    for org, other in (("orgA", "orgB"), ("orgB", "orgA")):
        one = Export(dict(export.files)).replace("users.csv", "{org}", org)
        before = await state_of(other)

        assert (await take(one)).problems.of(reach.FOREIGN_SCHOOL)
        outcome = await take(one, school=org)

        assert outcome.applied, list(outcome.lines())
        assert outcome.difference.count(ChangeKind.NEW, Pupil) == 1
        assert await state_of(other) == before
        (where,) = await database.fetch(
            "SELECT s.external_id FROM membership m JOIN pupil p ON p.id = m.pupil JOIN school s ON s.id = m.school "
            "WHERE p.external_id = 'new' AND s.external_id = $1",
            org,
        )
        assert where[0] == org


async def test_the_only_school_may_go_unnamed_in_a_file_of_changes(take: Import) -> None:
    await take(bulk("A"))

    outcome = await take(delta(users=USERS + "a-child,active,,,orgA,student,Иван,Новый,,5\n"))

    assert outcome.applied
    assert outcome.difference.count(ChangeKind.CHANGED, Pupil) == 1


async def test_differences_say_whose_they_are_where_there_are_several_schools(take: Import) -> None:
    alone = list((await take(bulk("A"))).lines())
    assert not any("orgA" in line for line in alone)

    both = list((await take(bulk("B"))).lines())
    assert "Обучающиеся (orgB (Школа Б)): новых 2" in both
    assert any(line.startswith("  + Первый Иван (orgB (Школа Б); users.csv, строка 3)") for line in both)

    renamed = bulk("A").replace("users.csv", "Иван,Первый", "Иван,Новый").without_line("users.csv", "a-child2,")
    lines = list((await take(renamed.without_line("enrollments.csv", "e2,"), school="orgA", apply=False)).lines())
    assert any(line.startswith("  ~ Новый Иван: ") and "(orgA (Школа А); users.csv" in line for line in lines)
    assert any(line.startswith("  - Второй Пётр: ") and line.endswith("(orgA (Школа А))") for line in lines)


async def test_an_unforeseen_fault_is_one_line_and_changes_nothing(
    tmp_path: Path, empty_database: object, clock: SetClock
) -> None:
    def broken(stage: str, fraction: float) -> None:
        if stage == "Запись":
            raise KeyError("orgB")

    outcome = await import_oneroster(bulk("A").zip(tmp_path / "a.zip"), apply=True, report=broken)

    assert outcome.exit_status == 1
    assert not outcome.applied
    (problem,) = outcome.problems.of(command.UNFORESEEN)
    assert "KeyError" in problem.what
    assert "\n" not in str(problem)
    assert await database.fetch("SELECT FROM school") == []
