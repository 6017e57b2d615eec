from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary.delivery.tables import Channel
from diary.exchange.intake import Intake
from diary.exchange.oneroster import contacts, enrollments, groups, kinship, people, placement, schools, years
from diary.exchange.oneroster.interpretation import interpret
from diary.exchange.oneroster.known import Known, KnownClass, KnownUser
from diary.exchange.oneroster.people import grade_of
from diary.exchange.oneroster.reading import read_roster
from diary.exchange.oneroster.records import Capacity
from diary.exchange.oneroster.years import presumed_year
from diary.exchange.problem import Problem, ProblemKind
from diary.groups.tables import GroupKind
from diary.people.tables import Relation
from diary.schools.tables import PeriodKind
from tests.exchange.exports import Export

TODAY = date(2026, 11, 24)
#: What the sample school leaves in the diary, as far as the sample of changes refers to it.
KNOWN = Known(
    schools={"org-school-12": "Школа № 12"},
    classes={"class-5b": KnownClass(school_id="org-school-12", is_homeroom=True, grade_level=5, subject="")},
    users={
        "parent-belova": KnownUser(
            capacities=frozenset({Capacity.GUARDIAN}),
            school_ids=frozenset({"org-school-12"}),
            is_in_a_homeroom=False,
        )
    },
)
SCHOOL = "org-school-12"


Take = Callable[..., Intake]


@pytest.fixture
def export() -> Export:
    return Export.sample()


@pytest.fixture
def take(tmp_path: Path) -> Take:
    def take(export: Export, today: date = TODAY) -> Intake:
        roster = read_roster(export.zip(tmp_path / "export.zip"))
        assert not roster.problems.has_errors, list(roster.problems.lines())
        return interpret(roster, today=today)

    return take


def only(intake: Intake, kind: ProblemKind) -> Problem:
    (problem,) = intake.problems.of(kind)
    return problem


def links(intake: Intake) -> set[tuple[str, str]]:
    return {(fact.guardian, fact.pupil) for fact in intake.guardianships}


def test_the_sample_school_is_taken_whole(take: Take, export: Export) -> None:
    intake = take(export)

    assert [fact.school for fact in intake.schools] == [SCHOOL]
    assert {fact.key for fact in intake.teachers} == {"teacher-orlova", "teacher-sokolov"}
    assert len(intake.pupils) == 6
    assert len(intake.guardians) == 5
    belov = next(fact for fact in intake.pupils if fact.key == "pupil-belov")
    assert (belov.full_name, belov.birth_date, belov.grade_level) == ("Белов Михаил Андреевич", date(2015, 4, 17), 5)


def test_a_guardian_is_found_whether_named_at_the_child_or_naming_the_child(take: Take, export: Export) -> None:
    intake = take(export)

    assert ("parent-belova", "pupil-belov") in links(intake)
    assert ("parent-belova", "pupil-belova") in links(intake)
    told = only(intake, kinship.WRITTEN_AT_THE_PARENT)
    assert (told.row, told.column) == (8, "agentSourcedIds")


def test_a_link_written_at_both_ends_is_one_link(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", ",pupil-belova,,", ',"pupil-belova,pupil-belov",,'))

    assert len(intake.guardianships) == len(links(intake)) == 6


def test_a_teacher_is_not_a_guardian_for_being_named_as_agent(take: Take, export: Export) -> None:
    intake = take(export)

    assert not any(pupil == "pupil-zueva" for _guardian, pupil in links(intake))
    assert only(intake, kinship.NOT_A_GUARDIAN).row == 6


def test_a_pupil_is_nobodys_guardian(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", ",teacher-orlova,07,", ",pupil-belov,07,"))

    assert not any("pupil" in guardian for guardian, _pupil in links(intake))


def test_a_teacher_who_is_a_parent_too_is_both(take: Take) -> None:
    export = Export.sample().replace(
        "users.csv", "org-school-12,teacher,v.orlova", 'org-school-12,"teacher,parent",v.orlova'
    )

    intake = take(export)

    assert ("teacher-orlova", "pupil-zueva") in links(intake)
    assert "teacher-orlova" in {fact.key for fact in intake.teachers}


def test_relations_follow_the_roles(take: Take, export: Export) -> None:
    intake = take(export)

    relations = {fact.guardian: fact.relation for fact in intake.guardianships}
    assert relations["parent-gusev"] is Relation.PARENT
    assert relations["parent-guseva"] is Relation.GUARDIAN
    assert relations["granny-ershova"] is Relation.OTHER
    assert only(intake, kinship.RELATIVE).row == 11


def test_a_guardian_who_is_marked_gone_gets_no_link(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", "parent-orlov,active", "parent-orlov,inactive"))

    assert "parent-orlov" not in {fact.key for fact in intake.guardians}
    assert ("parent-orlov", "pupil-ilyin") not in links(intake)
    assert only(intake, kinship.GONE).row == 7


def test_contacts_are_taken_from_guardians_only_and_garbage_is_told(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", "Вера,Орлова,Николаевна,,,", "Вера,Орлова,Николаевна,,v@example.org,"))

    found = {(fact.guardian, fact.channel, fact.value) for fact in intake.contacts}
    assert found == {
        ("parent-belova", Channel.EMAIL, "anna.belova@example.org"),
        ("parent-belova", Channel.SMS, "+79120000001"),
        ("parent-gusev", Channel.EMAIL, "i.gusev@example.org"),
        ("parent-gusev", Channel.SMS, "+79120000002"),
    }
    assert only(intake, contacts.BAD_EMAIL).row == 10
    assert only(intake, contacts.BAD_PHONE).row == 10


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+7 912 000-00-01", "+79120000001"),
        ("8 (912) 000-00-01", "+79120000001"),
        ("9120000001", "+79120000001"),
        ("(495) 123-45-67", "+74951234567"),
        ("+49 30 901820", "+4930901820"),
        ("6039876543", None),
        ("912000000", None),
        ("1234567890123456", None),
        ("звонить маме", None),
        ("+7912000000a", None),
    ],
)
def test_phone_numbers_are_written_as_the_diary_keeps_them(
    take: Take, export: Export, written: str, number: str | None
) -> None:
    intake = take(export.replace("users.csv", "8 (912) 000-00-02", written))

    kept = {fact.value for fact in intake.contacts if (fact.guardian, fact.channel) == ("parent-gusev", Channel.SMS)}
    assert kept == ({number} if number else set())


def test_homerooms_are_classes_with_their_class_teacher(take: Take, export: Export) -> None:
    intake = take(export)

    by_key = {fact.key: fact for fact in intake.classes}
    assert by_key["class-5a"].names[0] == "5А"
    assert (by_key["class-5a"].grade_level, by_key["class-5a"].class_teacher) == (5, "teacher-orlova")
    assert not any(fact.group == "class-5a" for fact in intake.assignments)


def test_a_group_within_one_class_is_a_group_and_across_classes_a_stream(take: Take, export: Export) -> None:
    by_key = {fact.key: fact for fact in take(export).groups}

    assert (by_key["class-5a"].kind, by_key["class-5a"].school_class) == (GroupKind.CLASS, "class-5a")
    assert (by_key["class-5a-maths"].kind, by_key["class-5a-maths"].school_class) == (GroupKind.GROUP, "class-5a")
    assert (by_key["class-chess"].kind, by_key["class-chess"].school_class) == (GroupKind.STREAM, None)


def test_groups_of_one_title_are_told_apart_by_their_code(take: Take, export: Export) -> None:
    names = {fact.key: fact.names for fact in take(export).groups}

    assert names["class-5a-maths"][0] == "Математика (5А)"
    assert names["class-5b-maths"][0] == "Математика (5Б)"
    assert names["class-chess"][0] == "Шахматы"


def test_the_subject_comes_from_the_class_then_the_course_then_the_title(take: Take, export: Export) -> None:
    export.replace("courses.csv", "course-chess,active,2026-08-20,year-2026,Шахматы,", "course-chess,active,,,Логика,")
    subjects = {fact.group: fact.subject for fact in take(export).assignments}
    assert subjects == {
        "class-5a-maths": "Математика",
        "class-5b-maths": "Математика",
        "class-5a-english-1": "Английский язык",
        "class-chess": "Логика",
    }

    intake = take(Export.sample().without("courses.csv"))
    subjects = {fact.group: fact.subject for fact in intake.assignments}
    assert subjects["class-chess"] == "Шахматы"
    assert {problem.row for problem in intake.problems.of(groups.SUBJECT_PRESUMED)} == {6, 7}


def test_a_pupil_of_a_grade_without_homerooms_is_put_into_the_class_of_the_grade(take: Take, export: Export) -> None:
    intake = take(export)

    (made,) = [fact for fact in intake.classes if fact.table == "users"]
    assert (made.names, made.grade_level, made.year) == (("7",), 7, "2026/27")
    (place,) = [fact for fact in intake.memberships if fact.group == made.key]
    assert place.pupil == "pupil-zueva"
    assert only(intake, placement.PLACED_BY_GRADE).row == 6


def test_a_pupil_of_a_grade_with_homerooms_is_left_to_the_office(take: Take, export: Export) -> None:
    intake = take(export)

    assert not any(fact.pupil == "pupil-ilyin" for fact in intake.memberships)
    assert only(intake, placement.WITHOUT_A_CLASS).row == 7


def test_a_pupil_without_any_grade_is_left_to_the_office(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", "teacher-orlova,07,", "teacher-orlova,неизвестно,"))

    assert not any(fact.pupil == "pupil-zueva" for fact in intake.memberships)
    assert only(intake, people.UNKNOWN_GRADE).row == 6


@pytest.mark.parametrize(
    ("written", "grade"),
    [("05", 5), ("11", 11), ("13", 13), ("14", None), ("KG", 0), ("5А", 5), ("", None), ("105", None), ("UG", None)],
)
def test_grades_are_read_as_years_of_study(written: str, grade: int | None) -> None:
    assert grade_of(written) == grade


def test_the_grade_of_a_class_may_come_from_its_name_or_its_pupils(take: Take, export: Export) -> None:
    export.replace("classes.csv", "5А,05,,,homeroom", "5А,,,,homeroom").replace(
        "classes.csv", "5Б,05,,,homeroom", "Ромашка,,,,homeroom"
    )

    intake = take(export)

    assert {fact.key: fact.grade_level for fact in intake.classes if fact.table == "classes"} == {
        "class-5a": 5,
        "class-5b": 5,
    }


def test_a_teacher_enrolled_as_a_pupil_is_left_out(take: Take, export: Export) -> None:
    export.append("enrollments.csv", "enr-99,active,,class-5a,,teacher-sokolov,student,,,")

    intake = take(export)

    assert "enr-99" not in {fact.key for fact in intake.memberships}
    assert only(intake, enrollments.NOT_A_PUPIL).row == 20


def test_an_administrator_who_teaches_is_a_teacher(take: Take, export: Export) -> None:
    export.append("enrollments.csv", "enr-99,active,,class-chess,,office-titova,teacher,,,")

    intake = take(export)

    assert "office-titova" in {fact.key for fact in intake.teachers}
    assert "enr-99" in {fact.key for fact in intake.assignments}


def test_enrolments_into_a_deleted_class_are_left_out(take: Take, export: Export) -> None:
    intake = take(export.replace("classes.csv", "class-chess,active", "class-chess,tobedeleted"))

    assert "class-chess" in intake.gone_groups
    assert not any(fact.group == "class-chess" for fact in intake.memberships)
    assert len(intake.problems.of(enrollments.CLASS_GONE)) == 3


def test_a_pupil_in_two_homerooms_at_once_stays_in_one(take: Take, export: Export) -> None:
    export.append("enrollments.csv", "enr-99,active,,class-5b,,pupil-belov,student,true,2026-09-01,")

    intake = take(export)

    assert [fact.group for fact in intake.memberships if fact.pupil == "pupil-belov"][-1] == "class-5b"
    assert "enr-01" not in {fact.key for fact in intake.memberships}
    assert only(intake, enrollments.TWO_HOMEROOMS).row == 2


def test_a_transfer_between_classes_with_dates_keeps_both(take: Take, export: Export) -> None:
    export.replace(
        "enrollments.csv", "pupil-belov,student,,2026-09-01,", "pupil-belov,student,,2026-09-01,2026-10-31", count=1
    )
    export.append("enrollments.csv", "enr-99,active,,class-5b,,pupil-belov,student,,2026-11-01,")

    intake = take(export)

    assert not intake.problems.of(enrollments.TWO_HOMEROOMS)
    assert {"enr-01", "enr-99"} <= {fact.key for fact in intake.memberships}
    kind = next(fact for fact in intake.groups if fact.key == "class-5a-maths").kind
    assert kind is GroupKind.STREAM


def test_the_same_place_twice_is_taken_once(take: Take, export: Export) -> None:
    export.append("enrollments.csv", "enr-99,active,,class-5a,,pupil-belov,student,,2026-10-01,")

    assert only(take(export), enrollments.TWICE).row == 20


def test_a_department_belongs_to_the_school_above_it(take: Take, export: Export) -> None:
    export.append("orgs.csv", "org-primary,active,,Начальная школа,department,,org-school-12")
    export.replace("classes.csv", "org-school-12,year-2026,,,,21", "org-primary,year-2026,,,,21")

    intake = take(export)

    assert [fact.school for fact in intake.schools] == [SCHOOL]
    assert not intake.problems.of(schools.TAKEN_FOR_A_SCHOOL)


def test_a_department_without_a_school_is_taken_for_one(take: Take, export: Export) -> None:
    intake = take(export.replace("orgs.csv", "№ 12»,school,12,org-district", "№ 12»,department,12,org-nowhere"))

    assert [fact.school for fact in intake.schools] == [SCHOOL]
    assert only(intake, schools.TAKEN_FOR_A_SCHOOL).row == 3


def test_who_names_no_school_belongs_to_the_only_one(take: Take, export: Export) -> None:
    intake = take(export.replace("users.csv", "TRUE,org-school-12,student,k.ilyin", "TRUE,,student,k.ilyin"))

    assert next(fact for fact in intake.pupils if fact.key == "pupil-ilyin").school == SCHOOL
    assert only(intake, people.PRESUMED_SCHOOL).row == 7


def test_a_teacher_without_school_and_classes_is_left_out(take: Take) -> None:
    export = Export.sample().append("orgs.csv", "org-13,active,,Школа № 13,school,,")
    export.append("users.csv", "teacher-x,active,,,org-district,teacher,,,Ян,Ким,,,,,,,,")

    intake = take(export)

    assert "teacher-x" not in {fact.key for fact in intake.teachers}
    assert only(intake, people.NO_SCHOOL_OF_A_TEACHER).row == 17


def test_who_names_no_school_of_several_is_an_error(take: Take, export: Export) -> None:
    export.append("orgs.csv", "org-13,active,,Школа № 13,school,,")

    intake = take(export.replace("users.csv", "TRUE,org-school-12,student,k.ilyin", "TRUE,,student,k.ilyin"))

    assert only(intake, people.NO_SCHOOL).row == 7
    assert intake.problems.has_errors


def test_a_role_that_is_missing_is_inferred_from_enrolments_and_links(take: Take, export: Export) -> None:
    export.replace("users.csv", "org-school-12,student,m.belov", "org-school-12,,m.belov")
    export.replace("users.csv", "org-school-12,parent,o.orlov", "org-school-12,,o.orlov")
    export.replace("users.csv", "org-school-12,administrator,d.titova", "org-school-12,,d.titova")

    intake = take(export)

    assert "pupil-belov" in {fact.key for fact in intake.pupils}
    assert ("parent-orlov", "pupil-ilyin") in links(intake)
    assert {problem.row for problem in intake.problems.of(people.PRESUMED_ROLE)} == {2, 12}
    assert only(intake, people.NO_ROLE).row == 15


@pytest.mark.parametrize(("ends_on", "counts"), [("2026-11-23", False), ("2026-11-24", True), ("", True)])
def test_a_role_counts_until_its_last_day(tmp_path: Path, ends_on: str, counts: bool) -> None:
    export = Export.sample("changes_1p2")
    export.append("roles.csv", f"role-9,active,,parent-yashina,secondary,teacher,2025-09-01,{ends_on},org-school-12,")

    roster = read_roster(export.zip(tmp_path / "export.zip"), known=KNOWN)
    intake = interpret(roster, today=TODAY, known=KNOWN)

    assert ("parent-yashina" in {fact.key for fact in intake.teachers}) is counts


def test_a_person_in_force_whose_roles_have_all_ended_keeps_them_with_a_notice(tmp_path: Path) -> None:
    export = Export.sample("changes_1p2").replace(
        "roles.csv", "parent-yashina,primary,parent,,", "parent-yashina,,parent,,2025-05-31"
    )

    roster = read_roster(export.zip(tmp_path / "export.zip"), known=KNOWN)
    intake = interpret(roster, today=TODAY, known=KNOWN)

    assert ("parent-yashina", "pupil-yashin") in links(intake)
    assert only(intake, people.ROLES_ENDED).row == 4


def test_a_file_of_changes_may_refer_to_what_earlier_files_brought(tmp_path: Path) -> None:
    roster = read_roster(Export.sample("changes_1p2").zip(tmp_path / "export.zip"), known=KNOWN)

    intake = interpret(roster, today=TODAY, known=KNOWN)

    assert not roster.problems.has_errors
    assert ("parent-belova", "pupil-belova") in links(intake)
    assert intake.gone_people == {"pupil-gusev"}
    assert intake.gone_places == {"enr-14"}
    assert not intake.people_are_complete
    (place,) = intake.memberships
    assert (place.pupil, place.group) == ("pupil-yashin", "class-5b")


def test_quarters_become_grading_periods_of_their_year(take: Take, export: Export) -> None:
    intake = take(export)

    assert [(fact.name, fact.kind, fact.year) for fact in intake.periods] == [
        ("I четверть", PeriodKind.QUARTER, "2026/27"),
        ("II четверть", PeriodKind.QUARTER, "2026/27"),
        ("III четверть", PeriodKind.QUARTER, "2026/27"),
        ("IV четверть", PeriodKind.QUARTER, "2026/27"),
    ]
    (year,) = intake.years
    assert (year.key, year.starts_on, year.ends_on) == ("year-2026", date(2026, 9, 1), date(2027, 5, 31))


def test_periods_that_overlap_are_left_to_the_school(take: Take, export: Export) -> None:
    intake = take(export.replace("academicSessions.csv", "2026-10-25", "2026-11-02"))

    assert intake.periods == []
    assert only(intake, years.OVERLAPPING).row == 4
    assert len(take(Export.sample().replace("academicSessions.csv", "2026-10-25", "2026-11-01")).periods) == 4


def test_a_school_year_of_a_few_weeks_is_not_believed(take: Take, export: Export) -> None:
    intake = take(export.replace("academicSessions.csv", "2026-09-01,2027-05-31,,2027", "2026-10-02,2026-12-24,,2027"))

    assert only(intake, years.SHORT_YEAR).row == 2
    (year,) = intake.years
    assert (year.key, year.name, year.starts_on) == (None, "2026/27", date(2026, 9, 1))


def test_without_sessions_the_current_year_is_presumed(take: Take, export: Export) -> None:
    (year,) = take(export.without("academicSessions.csv")).years

    assert (year.name, year.starts_on, year.ends_on) == ("2026/27", date(2026, 9, 1), date(2027, 8, 31))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 7, 31), "2025/26"),
        (date(2026, 8, 1), "2026/27"),
        (date(2026, 12, 31), "2026/27"),
        (date(2027, 1, 1), "2026/27"),
        (date(1999, 9, 1), "1999/00"),
    ],
)
def test_the_presumed_year_changes_with_august(day: date, name: str) -> None:
    assert presumed_year(day).name == name


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_single_cell_makes_the_interpretation_fall_over(tmp_path: Path, data: st.DataObject) -> None:
    export = Export.sample(data.draw(st.sampled_from(["school_1p1", "changes_1p2"])))
    name = data.draw(st.sampled_from(sorted(export.files)))
    table = list(csv.reader(io.StringIO(export.files[name].decode("utf-8-sig"))))
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(1, len(table) - 1)) if len(table) > 1 else 0
        column = data.draw(st.integers(0, len(table[row]) - 1))
        seen = st.sampled_from([cell for line in table for cell in line])
        words = st.sampled_from(
            ["", "tobedeleted", "inactive", "student", "parent", "homeroom", "2026-09-01", "9999", "KG"]
        )
        table[row][column] = data.draw(st.one_of(seen, words, st.text(max_size=20)))
    written = io.StringIO()
    csv.writer(written).writerows(table)
    export.files[name] = written.getvalue().encode("utf-8", "replace")

    roster = read_roster(export.zip(tmp_path / "export.zip"), known=KNOWN)

    if not roster.problems.has_errors:
        intake = interpret(roster, today=TODAY, known=KNOWN)
        assert {fact.pupil for fact in intake.memberships} <= {fact.key for fact in intake.pupils}
        assert {fact.group for fact in intake.memberships} <= {fact.key for fact in intake.groups} | set(KNOWN.classes)
