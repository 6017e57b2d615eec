"""The manifest of an export: its version, and for each file whether it holds everything, changes only, or is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diary.exchange.headers import squeezed
from diary.exchange.oneroster.records import Mode
from diary.exchange.oneroster.shapes import CLASSES, ENROLLMENTS, ORGS, READ, USERS
from diary.exchange.problem import Problems, error, notice
from diary.exchange.table_file import Row, TableFile
from diary.kit.wording import _

NO_MANIFEST = notice(
    _("Нет manifest.csv: версия определена по столбцам, файлы сочтены полными."),
    _("Если в выгрузке только изменения, добавьте manifest.csv со значением delta."),
)
OTHER_VERSION = notice(
    _("Версия OneRoster «{value}» не проверялась: известны 1.1 и 1.2."),
    _("Просмотрите, что показывает пробный прогон."),
)
UNKNOWN_MODE = notice(
    _("Полнота файла {table} указана как «{value}»: сочтён полным."), _("Допустимы bulk, delta и absent.")
)
PROMISED = error(
    _("Манифест обещает {table}.csv, но в выгрузке его нет."),
    _("Добавьте файл или поставьте в manifest.csv для file.{table} значение absent."),
)
PROMISED_OPTIONAL = notice(
    _("Манифест обещает {table}.csv, но в выгрузке его нет: прочитано без него."), _("Ничего делать не нужно.")
)
SAID_ABSENT = notice(
    _("По манифесту этого файла нет, но он есть: прочитан, отсутствующие в нём записи не закрываются."),
    _("Исправьте manifest.csv."),
)
NOTHING_IN_FILE = notice(
    _("В файле нет ни одной строки: записи, которые уже есть в дневнике, не закрываются."),
    _("Если в школе и правда никого не осталось, закройте записи в панели."),
)

VERSIONS = frozenset({"1.1", "1.2"})
#: Without these an export that promises them is only a part of itself.
ESSENTIAL = frozenset({ORGS.name, CLASSES.name, USERS.name, ENROLLMENTS.name})


@dataclass(slots=True)
class Manifest:
    """What the manifest says; nothing when there is none."""

    place: str = "manifest.csv"
    exists: bool = False
    version: str = ""
    modes: dict[str, Mode] = field(default_factory=dict)


def read_manifest(table: TableFile | None, problems: Problems) -> Manifest:
    """Read the manifest, if there is one."""
    if table is None:
        problems.add(NO_MANIFEST)
        return Manifest()
    manifest = Manifest(table.place, exists=True)
    tables = {squeezed(shape.name): shape.name for shape in READ}
    for row in table.rows():
        name, value = row["propertyName"].casefold(), row["value"].casefold()
        if squeezed(name) == "onerosterversion":
            manifest.version = _version(row, value)
        elif value and name.startswith("file.") and (known := tables.get(squeezed(name[5:]))):
            manifest.modes[known] = _mode(row, known, value)
    return manifest


def _version(row: Row, value: str) -> str:
    version = ".".join(value.removeprefix("v").split(".")[:2])
    if version not in VERSIONS:
        row.complain(OTHER_VERSION, "value", value=value)
    return version


def _mode(row: Row, table: str, value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        row.complain(UNKNOWN_MODE, "value", table=table, value=value)
        return Mode.BULK


def settle_modes(
    manifest: Manifest, row_counts: Mapping[str, int], places: Mapping[str, str], problems: Problems
) -> dict[str, Mode]:
    """Compare what the manifest says with what is there; only a file with rows may close what it lacks."""
    modes: dict[str, Mode] = {}
    for shape in READ:
        said = manifest.modes.get(shape.name)
        if shape.name not in row_counts:
            modes[shape.name] = Mode.ABSENT
            if said in {Mode.BULK, Mode.DELTA}:
                kind = PROMISED if shape.name in ESSENTIAL else PROMISED_OPTIONAL
                problems.add(kind, file=manifest.place, table=shape.name)
            continue
        modes[shape.name] = said or Mode.BULK
        if said is Mode.ABSENT:
            problems.add(SAID_ABSENT, file=places[shape.name])
            modes[shape.name] = Mode.DELTA
        elif row_counts[shape.name] == 0 and modes[shape.name] is Mode.BULK:
            problems.add(NOTHING_IN_FILE, file=places[shape.name])
            modes[shape.name] = Mode.DELTA
    return modes


def version_by_tables(tables: Iterable[str], user_columns: Iterable[str]) -> str:
    """Return the version that the tables and the columns of users.csv speak for."""
    newer = {"userMasterIdentifier", "primaryOrgSourcedId", "preferredGivenName"} & set(user_columns)
    return "1.2" if "roles" in set(tables) or newer else "1.1"
