"""What an import would change: new, changed and missing records, counted all and shown first of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from piccolo.table import Table

from diary.delivery.tables import ContactPoint
from diary.exchange.intake import Fact
from diary.exchange.problem import shown
from diary.groups.tables import Membership, SchoolClass, TeachingAssignment, TeachingGroup
from diary.kit.wording import _, translate
from diary.people.tables import Guardian, Guardianship, Pupil, Teacher
from diary.schools.tables import GradingPeriod, School, SchoolYear, Subject

#: How many records of a table are shown one by one for each kind of change.
SHOWN_OF_A_CHANGE = 10
LONGEST_LABEL = 160


class ChangeKind(StrEnum):
    """What happens to a record; a missing one is closed from today, never deleted."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    MISSING = "MISSING"


_SIGNS = {ChangeKind.NEW: "+", ChangeKind.CHANGED: "~", ChangeKind.MISSING: "-"}
_COUNTS = {
    ChangeKind.NEW: _("новых {count}"),
    ChangeKind.CHANGED: _("изменено {count}"),
    ChangeKind.MISSING: _("выбыло {count}"),
}


#: What the tables are called in a difference.
TITLES: dict[type[Table], str] = {
    School: _("Школы"),
    SchoolYear: _("Учебные годы"),
    GradingPeriod: _("Отчётные периоды"),
    Subject: _("Предметы"),
    Teacher: _("Педагоги"),
    Pupil: _("Обучающиеся"),
    Guardian: _("Законные представители"),
    Guardianship: _("Представитель — ребёнок"),
    SchoolClass: _("Классы"),
    TeachingGroup: _("Учебные группы"),
    Membership: _("Обучающиеся в классах и группах"),
    TeachingAssignment: _("Педагоги в группах"),
    ContactPoint: _("Контактные данные (не подтверждены)"),
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after."""

    title: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.title}: {_value(self.old)} → {_value(self.new)}"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed record, as the office reads it."""

    kind: ChangeKind
    label: str
    table: str
    row: int
    fields: tuple[FieldChange, ...] = ()
    #: Whose record it is, where that may be doubted.
    school: str = ""

    def line(self, places: dict[str, str]) -> str:
        """Return the change as one line."""
        details = "; ".join(map(str, self.fields))
        at = [shown(self.school)] if self.school else []
        if self.row:
            at.append(translate(_("{file}, строка {row}")).format(file=places.get(self.table), row=self.row))
        place = f" ({'; '.join(at)})" if at else ""
        return f"{_SIGNS[self.kind]} {shown(self.label, LONGEST_LABEL)}" + (f": {details}" if details else "") + place


@dataclass(slots=True)
class Difference:
    """All changes of one import."""

    places: dict[str, str] = field(default_factory=dict)
    #: Whether each change says whose it is: where the file or the installation has more than one school.
    names_schools: bool = False
    #: How a school is called in the changes of its records.
    schools: dict[UUID, str] = field(default_factory=dict)
    #: By table and school; the school is empty where it goes without saying.
    _counts: Counter[tuple[type[Table], str, ChangeKind]] = field(default_factory=Counter)
    _shown: dict[tuple[type[Table], str, ChangeKind], list[Change]] = field(default_factory=dict)

    def note(
        self,
        table: type[Table],
        kind: ChangeKind,
        label: Callable[[], str],
        fact: Fact | None,
        fields: tuple[FieldChange, ...] = (),
        *,
        school: UUID | None,
    ) -> None:
        """Count a change; only the first ones of each school are worded."""
        of = self.schools.get(school, "") if school and self.names_schools else ""
        self._counts[table, of, kind] += 1
        shown_so_far = self._shown.setdefault((table, of, kind), [])
        if len(shown_so_far) < SHOWN_OF_A_CHANGE:
            at, row = (fact.table, fact.row) if fact else ("", 0)
            shown_so_far.append(Change(kind, label(), at, row, fields, of))

    def __bool__(self) -> bool:
        return bool(self._counts)

    def count(self, kind: ChangeKind, table: type[Table] | None = None) -> int:
        """Return how many records change in this way."""
        return sum(n for (of, _school, how), n in self._counts.items() if how is kind and table in {None, of})

    def changes(self, table: type[Table], kind: ChangeKind) -> list[Change]:
        """Return the changes of one kind that are shown."""
        return [
            change
            for (of, _school, how), changes in self._shown.items()
            if (of, how) == (table, kind)
            for change in changes
        ]

    def lines(self) -> Iterator[str]:
        """Yield the difference table by table and school by school, as it is printed."""
        for table, school in dict.fromkeys((of, whose) for of, whose, _kind in self._counts):
            counts = [
                translate(_COUNTS[kind]).format(count=self._counts[table, school, kind])
                for kind in ChangeKind
                if self._counts[table, school, kind]
            ]
            whose = f" ({shown(school)})" if school else ""
            yield f"{translate(TITLES[table])}{whose}: {', '.join(counts)}"
            for kind in ChangeKind:
                changes = self._shown.get((table, school, kind), [])
                yield from (f"  {change.line(self.places)}" for change in changes)
                rest = self._counts[table, school, kind] - len(changes)
                if rest:
                    yield "  " + translate(_("… и ещё {count}")).format(count=rest)

    def summary(self) -> str:
        """Return all counts in one line."""
        return ", ".join(translate(_COUNTS[kind]).format(count=self.count(kind)) for kind in ChangeKind)


def _value(value: object) -> str:
    if value is None or value == "":
        return "—"
    return f"«{shown(value)}»" if isinstance(value, str) else shown(value)
