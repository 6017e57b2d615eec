"""Classes and teaching groups of a file against the diary."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from diary.exchange.frame_comparison import FrameComparison
from diary.exchange.holdings import Holdings
from diary.exchange.intake import ClassFact, GroupFact, Intake
from diary.exchange.sheet import Sheet
from diary.groups.tables import GroupKind

#: For each year, which name belongs to which class or group.
Names = dict[UUID, dict[str, UUID]]


class GroupComparison:
    """Compares classes and groups; a name that is taken in the year gives way to a longer one."""

    def __init__(self, intake: Intake, holdings: Holdings, frame: FrameComparison) -> None:
        self._intake = intake
        self._holdings = holdings
        self._frame = frame

    def compare(self) -> None:
        """Note every difference."""
        names = _names(self._holdings.classes)
        for one in self._intake.classes:
            self._class(one, names)
        names = _names(self._holdings.groups)
        own = {
            row["school_class"]: row_id
            for row_id, row in self._holdings.groups.rows.items()
            if row["kind"] == GroupKind.CLASS.value and row["external_id"] is None
        }
        for group in self._intake.groups:
            self._group(group, names, own)

    def _class(self, fact: ClassFact, names: Names) -> None:
        sheet = self._holdings.classes
        school = self._holdings.school_ids[fact.school]
        year = self._frame.years[school, fact.year]
        found = _of_the_same_year(sheet, fact, school, year)
        if found is None:
            found = _made_by_hand(sheet, names.get(year, {}).get(fact.names[0]))
        if found is not None and not fact.year_is_stated:
            year = sheet.get(found, "school_year")
        name = _free_name(fact, found, sheet, names.setdefault(year, {}))
        values: dict[str, Any] = {"school_year": year, "name": name, "external_id": fact.key}
        if fact.grade_level is not None:
            values["grade_level"] = fact.grade_level
        if fact.class_teacher is not None:
            values["class_teacher"] = self._holdings.teachers.by_key.get((school, fact.class_teacher))
        if found is None:
            found = sheet.add(fact, {"school": school, "grade_level": 0} | values, lambda: name)
        else:
            sheet.change(found, values, lambda: name, fact=fact, names=self._holdings.worded)
        names[year][name] = found

    def _group(self, fact: GroupFact, names: Names, own: dict[UUID, UUID]) -> None:
        sheet = self._holdings.groups
        school = self._holdings.school_ids[fact.school]
        year = self._frame.years[school, fact.year]
        school_class = self._holdings.classes.by_key.get((school, fact.school_class)) if fact.school_class else None
        found = _of_the_same_year(sheet, fact, school, year)
        if found is None and fact.kind is GroupKind.CLASS and school_class is not None:
            # The office may have made the class and its group by hand before the file came.
            found = own.get(school_class)
        if found is not None and not fact.year_is_stated:
            year = sheet.get(found, "school_year")
        name = _free_name(fact, found, sheet, names.setdefault(year, {}))
        values: dict[str, Any] = {"school_year": year, "name": name, "external_id": fact.key}
        if fact.kind is not None:
            values |= {"kind": fact.kind.value, "school_class": school_class}
        if found is None:
            first = {"school": school, "kind": GroupKind.GROUP.value, "school_class": None}
            found = sheet.add(fact, first | values, lambda: name)
        else:
            sheet.change(found, values, lambda: name, fact=fact, names=self._holdings.worded)
        names[year][name] = found


def _names(sheet: Sheet) -> Names:
    names: Names = {}
    for row_id, row in sheet.rows.items():
        names.setdefault(row["school_year"], {})[row["name"]] = row_id
    return names


def _of_the_same_year(sheet: Sheet, fact: ClassFact | GroupFact, school: UUID, year: UUID) -> UUID | None:
    """Find the class of the fact's id; next year's class under the old id is a new one, so history keeps its own."""
    found = sheet.of_key(school, fact.key)
    if found is not None and fact.year_is_stated and sheet.rows[found]["school_year"] != year:
        return None
    return found


def _made_by_hand(sheet: Sheet, row_id: UUID | None) -> UUID | None:
    """Return a row that the office made; one that came from a file belongs to its id."""
    return row_id if row_id is not None and sheet.get(row_id, "external_id") is None else None


def _free_name(fact: ClassFact | GroupFact, found: UUID | None, sheet: Sheet, taken: dict[str, UUID]) -> str:
    """Keep a name that still fits; otherwise take the first that nobody else has in the year."""
    if found is not None:
        name: str = sheet.get(found, "name")
        if name in fact.names and taken.get(name) == found:
            return name
    return next((name for name in fact.names if taken.get(name, found) == found), fact.names[-1])
