"""A school's frame against the diary: the school itself, its years, grading periods and subjects."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from diary.exchange.holdings import Holdings
from diary.exchange.intake import Intake, PeriodFact, SchoolFact, SubjectFact, YearFact
from diary.exchange.problem import notice
from diary.kit.wording import _

NAMESAKE_SCHOOL = notice(
    _("В дневнике уже есть школа «{name}», заведённая не из OneRoster: будет заведена ещё одна."),
    _("Если это та же школа, впишите её идентификатор в панели и повторите."),
)


class FrameComparison:
    """Compares schools, years, periods and subjects; years and subjects are looked up by name afterwards."""

    def __init__(self, intake: Intake, holdings: Holdings) -> None:
        self._intake = intake
        self._holdings = holdings
        self.years: dict[tuple[UUID, str], UUID] = {}
        self.subjects: dict[tuple[UUID, str], UUID] = {}

    def compare(self) -> None:
        """Note every difference."""
        for school in self._intake.schools:
            self._school(school)
        for year in self._intake.years:
            self._year(year)
        periods = self._holdings.periods
        by_name = {(row["school_year"], row["kind"], row["name"]): row_id for row_id, row in periods.rows.items()}
        for period in self._intake.periods:
            self._period(period, by_name)
        self.subjects.update({(row["school"], row["name"]): key for key, row in self._holdings.subjects.rows.items()})
        for subject in self._intake.subjects:
            self._subject(subject)

    def _subject(self, fact: SubjectFact) -> None:
        school = self._holdings.school_ids[fact.school]
        if (school, fact.name) not in self.subjects:
            values = {"school": school, "name": fact.name}
            self.subjects[school, fact.name] = self._holdings.subjects.add(fact, values, lambda: fact.name)

    def _school(self, fact: SchoolFact) -> None:
        sheet, known = self._holdings.schools, self._holdings.school_ids
        if fact.school in known:
            if fact.name:
                sheet.change(known[fact.school], {"name": fact.name}, lambda: fact.name, fact=fact)
            return
        if fact.name in self._holdings.own_schools:
            place = self._holdings.difference.places.get(fact.table, "")
            self._intake.problems.add(NAMESAKE_SCHOOL, file=place, row=fact.row, column="name", name=fact.name)
        values = {"name": fact.name, "external_id": fact.school}
        self._holdings.name_school(fact.school, sheet.add(fact, values, lambda: fact.name), fact.name)

    def _year(self, fact: YearFact) -> None:
        sheet = self._holdings.years
        school = self._holdings.school_ids[fact.school]
        found = self._year_of_key(fact, school) or self._year_of_name_or_time(fact, school)
        stated: dict[str, Any] = {"starts_on": fact.starts_on, "ends_on": fact.ends_on, "external_id": fact.key}
        if found is None:
            found = sheet.add(fact, {"school": school, "name": fact.name} | stated, lambda: fact.name)
        elif fact.key:
            sheet.change(found, stated, lambda: fact.name, fact=fact)
        self.years[school, fact.name] = found

    def _year_of_key(self, fact: YearFact, school: UUID) -> UUID | None:
        """Find the year of the fact's id; some systems give the id of the old year to the new one."""
        found = self._holdings.years.of_key(school, fact.key) if fact.key else None
        if found is None:
            return None
        row = self._holdings.years.rows[found]
        is_same_time = row["starts_on"] <= fact.ends_on and fact.starts_on <= row["ends_on"]
        return found if is_same_time else None

    def _year_of_name_or_time(self, fact: YearFact, school: UUID) -> UUID | None:
        """Find the office's own year: by its name, or, for a presumed one, by the time it covers."""
        sheet = self._holdings.years
        rows = {
            row_id: row for row_id, row in sheet.rows.items() if row["school"] == school and row_id not in sheet.seen
        }
        named = next((row_id for row_id, row in rows.items() if row["name"] == fact.name), None)
        if named or fact.key:
            return named
        middle = fact.starts_on + (fact.ends_on - fact.starts_on) / 2
        return next((row_id for row_id, row in rows.items() if row["starts_on"] <= middle <= row["ends_on"]), None)

    def _period(self, fact: PeriodFact, by_name: dict[tuple[UUID, str, str], UUID]) -> None:
        sheet = self._holdings.periods
        school = self._holdings.school_ids[fact.school]
        year = self.years[school, fact.year]
        values: dict[str, Any] = {
            "school_year": year,
            "kind": fact.kind.value,
            "name": fact.name,
            "starts_on": fact.starts_on,
            "ends_on": fact.ends_on,
            "external_id": fact.key,
        }
        found = sheet.of_key(school, fact.key)
        if found is None or sheet.rows[found]["school_year"] != year:
            found = by_name.get((year, fact.kind.value, fact.name))
        if found is None or found in sheet.seen:
            sheet.add(fact, {"school": school} | values, lambda: fact.name)
        else:
            sheet.change(found, values, lambda: fact.name, fact=fact, names=self._holdings.worded)
