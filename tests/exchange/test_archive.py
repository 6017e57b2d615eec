from __future__ import annotations

import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from diary.exchange import archive
from diary.exchange.archive import Limits
from diary.exchange.oneroster.reading import NO_TABLES, TWO_FILES, read_roster
from diary.exchange.problem import ImportStopped, ProblemKind
from tests.exchange.exports import Export


def only_error(path: Path, limits: Limits | None = None) -> ProblemKind:
    """The one reason for which nothing is read."""
    roster = read_roster(path, limits=limits)
    (problem,) = [problem for problem in roster.problems if problem.severity == "ERROR"]
    assert not roster.users
    assert problem.what
    assert problem.remedy
    return problem.kind


def zip_of(path: Path, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(f"{name}.csv", content)
    return path


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "bomb.zip", users=b"0" * 30_000_000)

    assert bomb.stat().st_size < 50_000
    assert only_error(bomb) is archive.TOO_DENSE


def test_a_zip_bomb_among_good_files_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    export = Export.sample()
    export.files["notes.bin"] = bytes(30_000_000)

    assert only_error(export.zip(tmp_path / "export.zip")) is archive.TOO_DENSE


def test_an_archive_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    path = Export.sample().zip(tmp_path / "export.zip")
    size = sum(map(len, Export.sample().files.values()))

    assert only_error(path, Limits(unpacked=size - 1)) is archive.TOO_LARGE
    assert not read_roster(path, limits=Limits(unpacked=size)).problems.has_errors


def test_a_file_that_unpacks_to_more_than_the_limit_is_stopped_on_the_way(tmp_path: Path) -> None:
    folder = Export.sample().folder(tmp_path / "export")
    with archive.open_archive(folder, Limits(unpacked=10_000)) as opened:
        member = next(member for member in opened.members if member.name == "users.csv")
        (folder / "users.csv").write_bytes(b"a" * 20_000)

        with pytest.raises(ImportStopped) as stopped, member.open() as stream:
            stream.read()

    assert stopped.value.problem.kind is archive.TOO_LARGE


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_zip_is_refused(tmp_path: Path, share: float) -> None:
    whole = Export.sample().zip(tmp_path / "export.zip").read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: int(len(whole) * share)])

    assert only_error(cut) is archive.BROKEN_ARCHIVE


def test_a_zip_with_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("users.csv", Export.sample().files["users.csv"])
    path.write_bytes(path.read_bytes().replace(b"pupil-belov,", b"pupil-BELOV,"))

    assert only_error(path) is archive.BROKEN_ARCHIVE


def test_a_password_protected_zip_is_refused(tmp_path: Path) -> None:
    path = Export.sample().zip(tmp_path / "export.zip")
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    while start != -1:
        flags = struct.unpack_from("<H", data, start + 8)[0]
        struct.pack_into("<H", data, start + 8, flags | 1)
        start = data.find(b"PK\x01\x02", start + 4)
    path.write_bytes(data)

    assert only_error(path) is archive.ENCRYPTED


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "export.zip", users=b"sourcedId\n")
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 97)
    path.write_bytes(data)

    assert only_error(path) is archive.UNKNOWN_COMPRESSION


@pytest.mark.parametrize("name", ["../users.csv", "a/../../users.csv", "/users.csv", "C:\\users.csv", "..\\users.csv"])
def test_a_path_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, "sourcedId\n")

    assert only_error(path) is archive.UNSAFE_PATH


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("users.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        file.writestr(entry, "/etc/passwd")

    assert only_error(tmp_path / "export.zip") is archive.SYMLINK


def test_a_symbolic_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    folder = Export.sample().without("users.csv").folder(tmp_path / "export")
    (folder / "users.csv").symlink_to("/etc/passwd")

    assert only_error(folder) is archive.SYMLINK


def test_one_name_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        file.writestr("users.csv", "sourcedId\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("users.csv", "sourcedId\n")

    assert only_error(tmp_path / "export.zip") is archive.TWICE


def test_one_table_in_two_files_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "export.zip", users=b"sourcedId\n", Users=b"sourcedId\n")

    assert only_error(path) is TWO_FILES


def test_more_than_a_hundred_files_are_refused(tmp_path: Path) -> None:
    hundred = {f"extra{number}": b"" for number in range(99)} | {"orgs": b"sourcedId,name\n"}

    assert not read_roster(zip_of(tmp_path / "hundred.zip", **hundred)).problems.has_errors
    assert only_error(zip_of(tmp_path / "more.zip", **hundred, users=b"")) is archive.TOO_MANY


def test_an_endless_list_of_contents_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        for number in range(20_000):
            file.writestr(f"{'x' * 40}{number}.csv", b"")

    assert only_error(tmp_path / "export.zip") is archive.TOO_MANY


@pytest.mark.parametrize("content", [b"", b"P", b"PK", b"PK\x03\x04", b"sourcedId,name\n", b"\x1f\x8b\x08" + bytes(99)])
def test_something_that_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)

    assert only_error(path) in {archive.NOT_AN_ARCHIVE, archive.BROKEN_ARCHIVE}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert only_error(tmp_path / "nowhere.zip") is archive.NOT_FOUND


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert only_error(tmp_path / "pipe") is archive.NOT_AN_ARCHIVE


def test_an_archive_without_oneroster_tables_is_refused(tmp_path: Path) -> None:
    assert only_error(zip_of(tmp_path / "export.zip", letters=b"a,b\n")) is NO_TABLES


def test_a_zip_and_a_folder_of_the_same_export_read_alike(tmp_path: Path) -> None:
    export = Export.sample()

    packed = read_roster(export.zip(tmp_path / "export.zip"))
    unpacked = read_roster(export.folder(tmp_path / "export"))

    assert packed.users == unpacked.users
    assert packed.enrollments == unpacked.enrollments
    assert len(packed.users) == 15


def test_files_within_one_top_folder_are_found_and_litter_is_passed_over(tmp_path: Path) -> None:
    export = Export.sample()
    packed = export.zip(tmp_path / "export.zip", folder="Выгрузка 2026/")
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("__MACOSX/Выгрузка 2026/._users.csv", b"\0\5")
        file.writestr("Выгрузка 2026/.DS_Store", b"\0\5")
    export.folder(tmp_path / "outer" / "inner")

    assert len(read_roster(packed).users) == 15
    assert len(read_roster(tmp_path / "outer").users) == 15
    assert not read_roster(packed).problems.has_errors
