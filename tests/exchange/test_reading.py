from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary.exchange import encoding, headers, table_file
from diary.exchange.oneroster import manifest, reading, references, values
from diary.exchange.oneroster.reading import read_roster
from diary.exchange.oneroster.records import Capacity, Mode, Roster
from diary.exchange.problem import Problem, ProblemKind
from tests.exchange.exports import Export

Read = Callable[[Export], Roster]


@pytest.fixture
def export() -> Export:
    return Export.sample()


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(export: Export) -> Roster:
        return read_roster(export.zip(tmp_path / "export.zip"))

    return read


def only(roster: Roster, kind: ProblemKind) -> Problem:
    (problem,) = roster.problems.of(kind)
    return problem


def errors(roster: Roster) -> list[ProblemKind]:
    return [problem.kind for problem in roster.problems if problem.severity == "ERROR"]


def test_a_version_1_1_export_is_read_whole(read: Read, export: Export) -> None:
    roster = read(export)

    assert roster.version == "1.1"
    assert errors(roster) == []
    assert [len(table) for table in (roster.orgs, roster.sessions, roster.courses, roster.classes)] == [2, 5, 3, 6]
    assert len(roster.enrollments) == 18
    pupil = roster.users["pupil-belov"]
    assert (pupil.family_name, pupil.given_name, pupil.middle_name) == ("Белов", "Михаил", "Андреевич")
    assert pupil.agent_ids == ("parent-belova",)
    assert pupil.capacities == {Capacity.STUDENT}
    assert roster.demographics["pupil-belova"].birth_date == date(2015, 4, 17)


def test_a_version_1_2_export_takes_roles_from_their_own_file(read: Read) -> None:
    roster = read(Export.sample("changes_1p2"))

    assert roster.version == "1.2"
    assert roster.roles["role-3"].capacity is Capacity.PARENT
    assert roster.modes["users"] is Mode.DELTA
    assert roster.modes["orgs"] is Mode.ABSENT


def test_the_version_is_found_without_a_manifest(read: Read, export: Export) -> None:
    assert read(export.without("manifest.csv")).version == "1.1"
    changes = read(Export.sample("changes_1p2").without("manifest.csv"))
    assert changes.version == "1.2"
    assert changes.problems.of(manifest.NO_MANIFEST)


@pytest.mark.parametrize(
    ("as_written", "kind"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", encoding.READ_AS_UTF16),
        ("cp1251", encoding.READ_AS_CP1251),
    ],
)
def test_russian_names_survive_every_usual_encoding(
    read: Read, export: Export, as_written: str, kind: ProblemKind | None
) -> None:
    text = export.files["users.csv"].decode("utf-8-sig")
    export.files["users.csv"] = text.encode(as_written)

    roster = read(export)

    assert roster.users["pupil-ershova"].family_name == "Ершова"
    assert errors(roster) == []
    found = {problem.kind for problem in roster.problems if problem.file == "users.csv"}
    assert found == ({kind} if kind else set())


def test_one_broken_letter_in_utf_8_is_damage_and_not_another_encoding(read: Read, export: Export) -> None:
    export.files["users.csv"] = export.files["users.csv"].replace("Гусев,".encode(), "Гусев".encode()[:-1] + b",", 1)

    problem = only(read(export), encoding.DAMAGED_TEXT)

    assert (problem.file, problem.row) == ("users.csv", 4)


def test_headers_are_matched_whatever_their_case_spaces_and_underscores(read: Read, export: Export) -> None:
    export.replace("users.csv", "sourcedId,status", "SOURCED_ID,Status").replace("users.csv", "givenName", "Given Name")

    roster = read(export)

    assert errors(roster) == []
    assert roster.users["pupil-belov"].given_name == "Михаил"


@pytest.mark.parametrize("spelt", ["famillyName", "famliyName", "familyNme", "lastName", "FAMILY-NAME"])
def test_a_misspelt_header_is_read_and_reported(read: Read, export: Export, spelt: str) -> None:
    roster = read(export.replace("users.csv", "familyName", spelt))

    assert roster.users["pupil-belov"].family_name == "Белов"
    assert spelt in {problem.facts["found"] for problem in roster.problems.of(headers.MISSPELT_COLUMN)}


def test_misspellings_of_real_exports_are_reported_by_name(read: Read) -> None:
    roster = read(Export.sample("changes_1p2"))

    found = [(problem.file, problem.facts["found"]) for problem in roster.problems.of(headers.MISSPELT_COLUMN)]
    assert ("users.csv", "prefferedGivenName") in found
    assert "userprofiles.csv" in {problem.file for problem in roster.problems.of(reading.NOT_TAKEN)}


@pytest.mark.parametrize("foreign", ["email2", "sms2", "кабинет", "metadata.familyNames", "roleNames"])
def test_a_foreign_column_is_never_taken_for_a_known_one(read: Read, export: Export, foreign: str) -> None:
    users = export.files["users.csv"].decode().splitlines()
    export.files["users.csv"] = "\n".join([users[0] + "," + foreign, *(line + ",зря" for line in users[1:])]).encode()

    roster = read(export)

    problem = next(each for each in roster.problems.of(headers.VENDOR_COLUMNS) if each.file == "users.csv")
    assert foreign in problem.what
    assert errors(roster) == []
    assert roster.users["pupil-belov"].email == ""


def test_a_missing_required_column_is_named(read: Read, export: Export) -> None:
    problem = only(read(export.replace("users.csv", "familyName", "x")), headers.MISSING_COLUMN)

    assert (problem.file, problem.row, problem.column) == ("users.csv", 1, "familyName")
    assert "familyName" in problem.remedy


def test_a_missing_column_does_not_blame_the_rows_that_refer_to_the_file(read: Read, export: Export) -> None:
    assert errors(read(export.replace("users.csv", "familyName", "x"))) == [headers.MISSING_COLUMN]


def test_a_column_that_stands_twice_is_an_error(read: Read, export: Export) -> None:
    assert errors(read(export.replace("users.csv", "identifier", "email"))) == [headers.REPEATED_COLUMN]


def test_file_names_are_matched_whatever_their_case_and_spelling(read: Read, export: Export) -> None:
    export.files["ENROLMENTS.CSV"] = export.files.pop("enrollments.csv")
    export.files["academic_sessions.csv"] = export.files.pop("academicSessions.csv")

    roster = read(export)

    assert errors(roster) == []
    assert len(roster.enrollments) == 18
    assert len(roster.sessions) == 5


@pytest.mark.parametrize("file", ["courses.csv", "demographics.csv", "academicSessions.csv", "manifest.csv"])
def test_an_optional_file_may_be_missing(read: Read, export: Export, file: str) -> None:
    assert errors(read(export.without(file))) == []


@pytest.mark.parametrize("file", ["users.csv", "classes.csv", "orgs.csv", "enrollments.csv"])
def test_a_promised_essential_file_that_is_missing_is_an_error(read: Read, export: Export, file: str) -> None:
    problem = only(read(export.without(file)), manifest.PROMISED)

    assert file in problem.what


@pytest.mark.parametrize("file", ["courses.csv", "demographics.csv", "academicSessions.csv", "enrollments.csv"])
def test_a_file_with_a_header_only_is_fine_and_closes_nothing(read: Read, export: Export, file: str) -> None:
    roster = read(export.header_only(file))

    assert errors(roster) == []
    assert only(roster, manifest.NOTHING_IN_FILE).file == file
    assert not roster.is_complete(file.removesuffix(".csv"))


def test_titles_that_are_empty_at_the_end_of_the_header_cost_nothing(read: Read, export: Export) -> None:
    lines = export.files["orgs.csv"].decode().splitlines()
    export.files["orgs.csv"] = "\n".join([lines[0] + ",,", lines[1], lines[2] + ","]).encode()

    roster = read(export)

    assert len(roster.orgs) == 2
    assert not roster.problems.of(table_file.TOO_FEW_CELLS)
    assert errors(roster) == []


def test_roles_in_a_file_called_userprofiles_are_found(read: Read) -> None:
    export = Export.sample("changes_1p2")
    export.files["userprofiles.csv"] = export.files.pop("roles.csv").replace(b"dateLast", b"dataLast")

    roster = read(export)

    assert len(roster.roles) == 3
    assert "userprofiles.csv" in {problem.file for problem in roster.problems.of(reading.MISSPELT_FILE)}


def test_a_list_in_brackets_is_a_list(read: Read, export: Export) -> None:
    export.replace("users.csv", '"parent-gusev,parent-guseva",05', '"[""parent-gusev"", ""parent-guseva""]","[""05""]"')

    user = read(export).users["pupil-gusev"]

    assert user.agent_ids == ("parent-gusev", "parent-guseva")
    assert user.grades == ("05",)


def test_a_manifest_may_leave_a_file_unsaid(read: Read, export: Export) -> None:
    roster = read(export.replace("manifest.csv", "file.demographics,bulk", "file.demographics,"))

    assert not roster.problems.of(manifest.UNKNOWN_MODE)
    assert roster.is_complete("demographics")


def test_an_empty_file_is_fine(read: Read, export: Export) -> None:
    export.files["demographics.csv"] = b""

    roster = read(export)

    assert errors(roster) == []
    assert only(roster, table_file.EMPTY_FILE).file == "demographics.csv"


def test_a_file_that_the_manifest_calls_absent_is_read_but_closes_nothing(read: Read, export: Export) -> None:
    roster = read(export.replace("manifest.csv", "file.users,bulk", "file.users,absent"))

    assert len(roster.users) == 15
    assert not roster.is_complete("users")
    assert only(roster, manifest.SAID_ABSENT).file == "users.csv"


def test_semicolons_and_crlf_from_a_spreadsheet_are_read(read: Read, export: Export) -> None:
    export.files["orgs.csv"] = export.files["orgs.csv"].replace(b",", b";").replace(b"\n", b"\r\n")

    roster = read(export)

    assert errors(roster) == []
    assert roster.orgs["org-school-12"].name == "МБОУ «Школа № 12»"
    assert only(roster, table_file.OTHER_DELIMITER).file == "orgs.csv"


def test_rows_are_numbered_as_a_spreadsheet_shows_them(read: Read, export: Export) -> None:
    export.append("orgs.csv", "", 'org-2,active,,"Школа', 'в два ряда",school,,', "org-3,нет,,Школа,school,,")

    problem = only(read(export), values.BAD_STATUS)

    assert (problem.row, problem.column) == (6, "status")


def test_a_value_with_an_unquoted_comma_is_an_error(read: Read, export: Export) -> None:
    export.append("orgs.csv", "org-2,active,,Школа, что у реки,school,,")

    problem = only(read(export), table_file.TOO_MANY_CELLS)

    assert (problem.file, problem.row) == ("orgs.csv", 4)


def test_a_comma_at_the_end_of_every_row_is_harmless_and_of_one_row_is_not(read: Read, export: Export) -> None:
    lines = export.files["orgs.csv"].decode().splitlines()
    export.files["orgs.csv"] = "\n".join([lines[0], lines[1] + ",", lines[2] + ","]).encode()
    assert errors(read(export)) == []

    export.files["orgs.csv"] = "\n".join([lines[0], lines[1] + ",", lines[2]]).encode()
    assert only(read(export), table_file.TOO_MANY_CELLS).row == 2

    export.files["orgs.csv"] = "\n".join([lines[0], lines[1], lines[2] + ","]).encode()
    assert only(read(export), table_file.TOO_MANY_CELLS).row == 3


def test_a_short_row_is_read_with_a_notice(read: Read, export: Export) -> None:
    roster = read(export.append("orgs.csv", "org-2,active,,Школа"))

    assert errors(roster) == []
    assert only(roster, table_file.TOO_FEW_CELLS).row == 4
    assert roster.orgs["org-2"].name == "Школа"


def test_an_unclosed_quote_is_found_where_it_opens(read: Read, export: Export) -> None:
    export.replace("users.csv", "student,a.ershova", 'student,"a.ershova')

    roster = read(export)

    problem = only(roster, table_file.UNCLOSED_QUOTE)
    assert (problem.file, problem.row) == ("users.csv", 5)
    assert errors(roster) == [table_file.UNCLOSED_QUOTE]


def test_stray_quotes_are_an_error_of_their_row_only(read: Read, export: Export) -> None:
    export.append("orgs.csv", 'org-2,active,,"Школа" №2,school,,', "org-3,active,,Школа №3,school,,")

    roster = read(export)

    assert only(roster, table_file.BAD_QUOTES).row == 4
    assert "org-3" in roster.orgs


def test_a_nul_byte_is_an_error_with_its_row(read: Read, export: Export) -> None:
    export.files["orgs.csv"] += "org-2,active,,Шк\0ола,school,,\n".encode()

    assert only(read(export), table_file.NUL_SIGN).row == 4


def test_a_file_without_line_breaks_is_no_table(read: Read, export: Export) -> None:
    export.files["demographics.csv"] = b"sourcedId," * 200_000

    assert errors(read(export))


def test_two_users_with_one_id_are_an_error_that_names_both_rows(read: Read, export: Export) -> None:
    export.append("users.csv", "pupil-belov,active,,TRUE,org-school-12,student,,,Иван,Белов,,,,,,,05,")

    problem = only(read(export), reading.DUPLICATE_USER)

    assert (problem.file, problem.row, problem.column) == ("users.csv", 17, "sourcedId")
    assert "строке 2" in problem.what


@pytest.mark.parametrize("file", ["orgs.csv", "classes.csv", "enrollments.csv", "courses.csv", "academicSessions.csv"])
def test_any_id_that_stands_twice_is_an_error(read: Read, export: Export, file: str) -> None:
    export.append(file, export.files[file].decode().splitlines()[1])

    assert only(read(export), reading.DUPLICATE_ID).file == file


def test_an_unknown_guardian_is_an_error(read: Read, export: Export) -> None:
    problem = only(read(export.replace("users.csv", ",parent-orlov,", ",parent-nobody,")), references.UNKNOWN_GUARDIAN)

    assert (problem.file, problem.row, problem.column) == ("users.csv", 7, "agentSourcedIds")
    assert "parent-nobody" in problem.what


@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("classes.csv", "org-school-12,year-2026,,,,21", "org-x,year-2026,,,,21", references.UNKNOWN_SCHOOL),
        ("classes.csv", "course-chess", "course-x", references.UNKNOWN_COURSE),
        ("classes.csv", "org-school-12,year-2026,,,,21", "org-school-12,year-x,,,,21", references.UNKNOWN_SESSION),
        ("enrollments.csv", "class-5a,org-school-12,pupil-belov,", "class-x,,pupil-belov,", references.UNKNOWN_CLASS),
        ("enrollments.csv", "class-5a,org-school-12,pupil-belov,", "class-5a,,pupil-x,", references.UNKNOWN_USER),
        ("users.csv", "TRUE,org-school-12,student,m.belov", "TRUE,org-x,student,m.belov", references.UNKNOWN_SCHOOL),
    ],
)
def test_a_reference_to_nothing_is_an_error(read: Read, file: str, old: str, new: str, kind: ProblemKind) -> None:
    roster = read(Export.sample().replace(file, old, new))

    assert errors(roster) == [kind]
    assert roster.problems.of(kind)[0].file == file


@pytest.mark.parametrize("value", ["2026-13-01", "2026-02-30", "31/12/2026", "вчера", "0026-09-01", "20260901"])
def test_a_bad_date_is_an_error_with_its_cell(read: Read, export: Export, value: str) -> None:
    export.replace("enrollments.csv", "pupil-belov,student,,2026-09-01", f"pupil-belov,student,,{value}", count=1)

    problem = only(read(export), values.BAD_DATE)

    assert (problem.file, problem.row, problem.column) == ("enrollments.csv", 2, "beginDate")
    assert value in problem.what


def test_a_date_with_a_time_of_day_is_read(read: Read, export: Export) -> None:
    export.replace("demographics.csv", "2015-09-30", "2015-09-30T00:00:00.000Z")

    assert read(export).demographics["pupil-gusev"].birth_date == date(2015, 9, 30)


def test_an_end_before_the_start_is_an_error(read: Read, export: Export) -> None:
    assert errors(read(export.replace("academicSessions.csv", "2026-10-25", "2026-08-31"))) == [
        values.ENDS_BEFORE_START
    ]
    same_day = read(Export.sample().replace("academicSessions.csv", "2026-10-25", "2026-09-01"))
    assert errors(same_day) == []


def test_unknown_roles_statuses_and_session_types_are_errors(read: Read, export: Export) -> None:
    export.replace("users.csv", "teacher,v.orlova", "wizard,v.orlova")
    export.replace("orgs.csv", "org-district,active", "org-district,sleeping")
    export.replace("academicSessions.csv", "I четверть,gradingPeriod", "I четверть,eon", count=1)

    assert set(errors(read(export))) == {values.BAD_ROLE, values.BAD_STATUS, values.BAD_SESSION_TYPE}


@pytest.mark.parametrize("blank", ["", "  ", "\u200b"])
def test_a_person_without_a_name_is_an_error(read: Read, export: Export, blank: str) -> None:
    problem = only(read(export.replace("users.csv", "Михаил,Белов", f"{blank},Белов")), values.EMPTY_VALUE)

    assert (problem.row, problem.column) == (2, "givenName")


def test_a_name_that_does_not_fit_is_an_error_one_letter_above_the_limit(read: Read, export: Export) -> None:
    assert errors(read(export.replace("users.csv", ",Зуева,", f",{'ы' * 80},"))) == []
    assert errors(read(Export.sample().replace("users.csv", ",Зуева,", f",{'ы' * 81},"))) == [values.TOO_LONG]


def test_names_are_freed_of_invisible_signs_and_composed(read: Read, export: Export) -> None:
    export.replace("users.csv", "Кирилл,Ильин,Сергеевич", "  Кирилл\u00a0 Лев,Ильи\u200bн,Сергеи\u0306ч")

    user = read(export).users["pupil-ilyin"]

    assert (user.given_name, user.family_name, user.middle_name) == ("Кирилл Лев", "Ильин", "Сергейч")


def test_a_deleted_row_needs_nothing_but_its_id(read: Read, export: Export) -> None:
    roster = read(export.append("users.csv", "x-1,tobedeleted").append("enrollments.csv", "x-2,inactive"))

    assert errors(roster) == []
    assert not roster.users["x-1"].in_force
    assert not roster.enrollments["x-2"].in_force


def test_passwords_are_neither_read_nor_shown(read: Read, export: Export) -> None:
    roster = read(export.replace("users.csv", "parent-orlov,05,", "parent-orlov,05,Тайна-1"))

    assert roster.problems.of(reading.PASSWORDS)
    assert "Тайна-1" not in "\n".join(roster.problems.lines())
    assert "Тайна-1" not in repr(roster.users)


def test_hundreds_of_equal_problems_are_counted_and_not_listed(read: Read, export: Export) -> None:
    export.append("enrollments.csv", *(f"e-{n},active,,class-5a,,nobody-{n},student,,," for n in range(310)))

    lines = [line for line in read(export).problems.lines() if "nobody" in line or "ещё" in line]

    assert len(lines) == 11
    assert "ещё 300" in lines[-1]
    assert "userSourcedId" in lines[-1]


def test_a_value_from_the_file_cannot_drive_the_terminal(read: Read, export: Export) -> None:
    export.replace("users.csv", "teacher,v.orlova", "\x1b[2J\x07wizard" + "!" * 500 + ",v.orlova")

    text = "\n".join(read(export).problems.lines())

    assert "\x1b" not in text
    assert "!" * 100 not in text


def test_reading_tells_how_far_it_is(export: Export, tmp_path: Path) -> None:
    told: list[float] = []

    read_roster(export.zip(tmp_path / "export.zip"), report=lambda stage, fraction: told.append(fraction))

    assert told == sorted(told)
    assert told[-1] == 1


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=400),
        st.text(alphabet='aA,;"\n\r\t\0 é\u200bЖ1-', max_size=300).map(str.encode),
        st.binary(max_size=200).map(lambda tail: Export.sample().files["users.csv"][:400] + tail),
    ),
    file=st.sampled_from(["users", "orgs", "classes", "enrollments", "manifest", "academicSessions", "demographics"]),
)
def test_no_bytes_whatsoever_make_the_reader_fall_over(tmp_path: Path, content: bytes, file: str) -> None:
    export = Export.sample()
    export.files[f"{file}.csv"] = content

    roster = read_roster(export.zip(tmp_path / "export.zip"))

    assert "\n" not in "".join(roster.problems.lines())
