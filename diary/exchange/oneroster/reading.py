"""Reading a whole export into a roster: which file is which table, and each row into its record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from diary.exchange.archive import Archive, Limits, Member, open_archive
from diary.exchange.headers import Shape, nearest, squeezed
from diary.exchange.oneroster import parsing, shapes
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.manifest import read_manifest, settle_modes, version_by_tables
from diary.exchange.oneroster.records import Record, Roster, User
from diary.exchange.oneroster.references import check_references
from diary.exchange.problem import ImportStopped, Problems, error, notice
from diary.exchange.table_file import Row, TableFile
from diary.kit.wording import _, translate

NO_TABLES = error(
    _("В выгрузке нет ни одной таблицы OneRoster (orgs.csv, users.csv, classes.csv, …)."),
    _("Проверьте, что передан архив OneRoster CSV."),
)
OTHER_FILE = notice(_("Файл не относится к OneRoster и пропущен."), _("Ничего делать не нужно."))
NOT_TAKEN = notice(
    _("Таблица не переносится: оценки ведутся в журнале, учётные записи заводит школа."), _("Ничего делать не нужно.")
)
MISSPELT_FILE = notice(_("Файл прочитан как {expected}.csv."), _("Если это другой файл, переименуйте его."))
TWO_FILES = error(_("Таблица {table} встречается дважды: {first} и {second}."), _("Оставьте один файл."))
DUPLICATE_ID = error(
    _("Идентификатор «{value}» уже занят в строке {first}."), _("У каждой записи должен быть свой sourcedId.")
)
DUPLICATE_USER = error(
    _("Два пользователя с одним sourcedId «{value}»: первый в строке {first}."),
    _("Дайте каждому свой sourcedId или уберите повтор."),
)
PASSWORDS = notice(
    _("В файле есть пароли; они не прочитаны и никуда не записаны."), _("Не выгружайте пароли и удалите этот файл.")
)

#: How progress is told: the stage in Russian and how much of it is done, from 0 to 1.
Report = Callable[[str, float], None]
SomeRecord = TypeVar("SomeRecord", bound=Record)
READING = _("Чтение файлов")


def read_roster(
    path: Path, *, known: Known | None = None, report: Report | None = None, limits: Limits | None = None
) -> Roster:
    """Read a zip or folder; never raises for what is wrong in it, every fault is one of the roster's problems."""
    roster = Roster(name=path.name, problems=Problems())
    try:
        with open_archive(path, limits) as archive:
            _Reader(archive, roster, report).read()
    except ImportStopped as stop:
        roster.problems.note(stop.problem)
        return roster
    check_references(roster, known or Known())
    return roster


class _Reader:
    """One reading of one archive."""

    def __init__(self, archive: Archive, roster: Roster, report: Report | None) -> None:
        self._roster = roster
        self._problems = roster.problems
        self._tables = self._find_tables(archive)
        self._counts: dict[str, int] = {}
        self._has_passwords = False
        if report is not None:
            self._follow(archive, report)

    def read(self) -> None:
        """Read the manifest and then every table, each after those that it refers to."""
        roster = self._roster
        manifest = read_manifest(self._tables.pop(shapes.MANIFEST.name, None), self._problems)
        if not self._tables:
            raise ImportStopped(NO_TABLES, file=roster.name)
        roster.places = {name: table.place for name, table in self._tables.items()}
        self._load(shapes.ORGS, parsing.org_of, roster.orgs)
        self._load(shapes.ACADEMIC_SESSIONS, parsing.session_of, roster.sessions)
        self._load(shapes.COURSES, parsing.course_of, roster.courses)
        self._load(shapes.CLASSES, parsing.class_of, roster.classes)
        self._load(shapes.USERS, self._user, roster.users)
        self._load(shapes.ROLES, parsing.role_of, roster.roles)
        self._load(shapes.DEMOGRAPHICS, parsing.demographics_of, roster.demographics)
        self._load(shapes.ENROLLMENTS, parsing.enrollment_of, roster.enrollments)
        if self._has_passwords:
            self._problems.add(PASSWORDS, file=roster.place("users"), column="password")
        users = self._tables.get(shapes.USERS.name)
        columns = users.header.positions if users and users.header else {}
        roster.version = manifest.version or version_by_tables(self._tables, columns)
        roster.modes = settle_modes(manifest, self._counts, roster.places, self._problems)

    def _find_tables(self, archive: Archive) -> dict[str, TableFile]:
        """Match files with tables by name, leniently; two files for one table are an error."""
        wanted = {squeezed(shape.name): shape for shape in (shapes.MANIFEST, *shapes.READ)}
        wanted |= {squeezed(spelling): shape for shape in shapes.READ for spelling in shape.spellings}
        found: dict[str, TableFile] = {}
        for member in archive.members:
            shape = self._shape_of(member, wanted)
            if shape is None:
                continue
            if shape.name in found:
                first = found[shape.name].place
                raise ImportStopped(TWO_FILES, file=archive.name, table=shape.name, first=first, second=member.place)
            found[shape.name] = TableFile(member, shape, self._problems)
        if shapes.ROLES.name not in found:
            found |= self._roles_under_another_name(archive)
        return found

    def _roles_under_another_name(self, archive: Archive) -> dict[str, TableFile]:
        """Find the roles of an export that keeps them in userprofiles.csv, as one real system does."""
        for member in archive.members:
            if squeezed(member.name.rpartition(".")[0]) == "userprofiles":
                with member.open() as stream:
                    titles = stream.readline(4096).decode("utf-8", "replace").split(",")
                if {"usersourcedid", "role", "roletype"} <= set(map(squeezed, titles)):
                    self._problems.add(MISSPELT_FILE, file=member.place, expected=shapes.ROLES.name)
                    return {shapes.ROLES.name: TableFile(member, shapes.ROLES, self._problems)}
        return {}

    def _shape_of(self, member: Member, wanted: dict[str, Shape]) -> Shape | None:
        stem, dot, ending = member.name.rpartition(".")
        if not dot or ending.casefold() != "csv":
            self._problems.add(OTHER_FILE, file=member.place)
            return None
        shape = wanted.get(squeezed(stem))
        if shape is None:
            if squeezed(stem) in {squeezed(name) for name in shapes.NOT_TAKEN}:
                self._problems.add(NOT_TAKEN, file=member.place)
                return None
            guess = nearest(stem, [each.name for each in shapes.READ])
            shape = next((each for each in shapes.READ if each.name == guess), None)
        if shape is None:
            self._problems.add(OTHER_FILE, file=member.place)
        elif member.name != f"{shape.name}.csv":
            self._problems.add(MISSPELT_FILE, file=member.place, expected=shape.name)
        return shape

    def _load(self, shape: Shape, parse: Callable[[Row], SomeRecord | None], into: dict[str, SomeRecord]) -> None:
        table = self._tables.get(shape.name)
        if table is None:
            return
        duplicate = DUPLICATE_USER if shape is shapes.USERS else DUPLICATE_ID
        count = 0
        for row in table.rows():
            count += 1
            record = parse(row)
            if record is None or not record.id:
                self._roster.rejected.setdefault(shape.name, set()).add(row["sourcedId"])
                continue
            first = into.setdefault(record.id, record)
            if first is not record:
                row.complain(duplicate, "sourcedId", value=record.id, first=first.row)
        self._counts[shape.name] = count
        if table.is_broken:
            self._roster.broken.add(shape.name)

    def _follow(self, archive: Archive, report: Report) -> None:
        """Tell how far the reading is; every file is passed over twice, once for its encoding."""
        total = max(2 * sum(table.member.size for table in self._tables.values()), 1)
        done, told = 0, -1
        stage = translate(READING)

        def advance(count: int) -> None:
            nonlocal done, told
            done += count
            percent = min(100 * done // total, 100)
            if percent > told:
                told = percent
                report(stage, percent / 100)

        archive.advance = advance

    def _user(self, row: Row) -> User | None:
        if row["password"]:
            self._has_passwords = True
        return parsing.user_of(row)
