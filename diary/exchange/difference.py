"""What an import would change: new, changed and missing records, counted all and shown first of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

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

    def line(self, places: dict[str, str]) -> str:
        """Return the change as one line."""
        details = "; ".join(map(str, self.fields))
        place = ""
        if self.row:
            place = " (" + translate(_("{file}, строка {row}")).format(file=places.get(self.table), row=self.row) + ")"
        return f"{_SIGNS[self.kind]} {shown(self.label, LONGEST_LABEL)}" + (f": {details}" if details else "") + place


@dataclass(slots=True)
class Difference:
    """All changes of one import."""

    places: dict[str, str] = field(default_factory=dict)
    _counts: Counter[tuple[type[Table], ChangeKind]] = field(default_factory=Counter)
    _shown: dict[tuple[type[Table], ChangeKind], list[Change]] = field(default_factory=dict)

    def note(
        self,
        table: type[Table],
        kind: ChangeKind,
        label: Callable[[], str],
        fact: Fact | None,
        fields: tuple[FieldChange, ...] = (),
    ) -> None:
        """Count a change; only the first ones are worded."""
        self._counts[table, kind] += 1
        shown_so_far = self._shown.setdefault((table, kind), [])
        if len(shown_so_far) < SHOWN_OF_A_CHANGE:
            at, row = (fact.table, fact.row) if fact else ("", 0)
            shown_so_far.append(Change(kind, label(), at, row, fields))

    def __bool__(self) -> bool:
        return bool(self._counts)

    def count(self, kind: ChangeKind, table: type[Table] | None = None) -> int:
        """Return how many records change in this way."""
        return sum(n for (of, how), n in self._counts.items() if how is kind and table in {None, of})

    def changes(self, table: type[Table], kind: ChangeKind) -> list[Change]:
        """Return the changes of one kind that are shown."""
        return self._shown.get((table, kind), [])

    def lines(self) -> Iterator[str]:
        """Yield the difference table by table, as it is printed."""
        for table in dict.fromkeys(of for of, _kind in self._counts):
            counts = [
                translate(_COUNTS[kind]).format(count=self._counts[table, kind])
                for kind in ChangeKind
                if self._counts[table, kind]
            ]
            yield f"{translate(TITLES[table])}: {', '.join(counts)}"
            for kind in ChangeKind:
                changes = self.changes(table, kind)
                yield from (f"  {change.line(self.places)}" for change in changes)
                rest = self._counts[table, kind] - len(changes)
                if rest:
                    yield "  " + translate(_("… и ещё {count}")).format(count=rest)

    def summary(self) -> str:
        """Return all counts in one line."""
        return ", ".join(translate(_COUNTS[kind]).format(count=self.count(kind)) for kind in ChangeKind)


def _value(value: object) -> str:
    if value is None or value == "":
        return "—"
    return f"«{shown(value)}»" if isinstance(value, str) else shown(value)
