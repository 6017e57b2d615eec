"""Who learns and who teaches where, against the diary; a place that the file lacks ends with yesterday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from diary.exchange.difference import ChangeKind
from diary.exchange.frame_comparison import FrameComparison
from diary.exchange.holdings import Holdings
from diary.exchange.intake import DERIVED, AssignmentFact, Intake, MembershipFact
from diary.exchange.sheet import Sheet


class PlaceComparison:
    """Compares places of one table: the person's column first, then the group's, then what else tells them apart."""

    def __init__(
        self, intake: Intake, holdings: Holdings, *, sheet: Sheet, people: Sheet, told_by: tuple[str, ...]
    ) -> None:
        self._intake = intake
        self._holdings = holdings
        self._sheet = sheet
        self._people = people
        self._told_by = told_by
        self._starts = {
            (*(row[column] for column in told_by), row["valid_from"]): row_id for row_id, row in sheet.rows.items()
        }

    def place(
        self, fact: MembershipFact | AssignmentFact, of: tuple[UUID | None, ...], label: Callable[[], str]
    ) -> None:
        """Note how one place differs.

        The same people, group and first day are the same place, whatever its id; an id that moves to another group
        or person begins a new place and the old one ends.
        """
        if None in of:
            return
        sheet = self._sheet
        school = self._holdings.school_ids[fact.school]
        group = of[1]
        first_day = self._holdings.years.get(self._holdings.groups.get(group, "school_year"), "starts_on")  # type: ignore[arg-type]
        start: date = fact.starts_on or first_day
        if fact.ends_on is not None and fact.starts_on is None:
            start = min(start, fact.ends_on)
        values: dict[str, Any] = dict(zip(self._told_by, of, strict=True))
        values |= {"valid_to": fact.ends_on, "external_id": fact.key}
        same_day = self._starts.get((*of, start))
        same_day = None if same_day in sheet.seen else same_day
        same_id = sheet.of_key(school, fact.key)
        if same_id is not None and any(sheet.rows[same_id][column] != values[column] for column in self._told_by):
            same_id = None
        found = same_day or same_id if fact.starts_on else same_id or same_day
        if found is None:
            sheet.add(fact, {"school": school, "valid_from": start} | values, label)
            return
        if fact.starts_on is not None or (fact.ends_on and fact.ends_on < sheet.get(found, "valid_from")):
            values["valid_from"] = start
        sheet.change(found, values, label, fact=fact, names=self._holdings.worded)

    def close_missing(self) -> None:
        """End what the file lacks: the place itself, its group or its person."""
        person, group, *_others = self._told_by
        for row_id, row in self._sheet.rows.items():
            if row_id in self._sheet.seen or not self._is_gone(row, row[person], row[group]):
                continue
            ends_on = max(row["valid_from"], self._holdings.today(row["school"]) - timedelta(1))
            if row["valid_to"] is None or row["valid_to"] > ends_on:
                self._sheet.change(
                    row_id,
                    {"valid_to": ends_on},
                    lambda row=row: self._label(row[person], row[group]),  # type: ignore[misc]
                    fact=None,
                    kind=ChangeKind.MISSING,
                )

    def _is_gone(self, row: Any, person: UUID, group: UUID) -> bool:
        intake, key = self._intake, row["external_id"]
        if row["id"] in self._sheet.released or group in self._holdings.groups.released:
            return True
        person_key = self._people.get(person, "external_id")
        group_key = self._holdings.groups.get(group, "external_id")
        if person_key and person not in self._people.seen and intake.people_are_complete:
            return True
        if person_key in intake.gone_people or group_key in intake.gone_groups:
            return True
        if key is None:
            return False
        if key.startswith(DERIVED):
            return intake.people_are_complete or person in self._people.seen or person_key in intake.in_homerooms
        if intake.groups_are_complete and group not in self._holdings.groups.seen:
            return True
        return intake.places_are_complete or key in intake.gone_places

    def _label(self, person: UUID, group: UUID) -> str:
        return f"{self._holdings.person(self._people, person)} → {self._holdings.groups.get(group, 'name')}"


def compare_places(intake: Intake, holdings: Holdings, frame: FrameComparison) -> None:
    """Compare memberships and assignments, and end those that are gone."""
    pupils, teachers, groups = holdings.pupils, holdings.teachers, holdings.groups

    def named(sheet: Sheet, person: UUID | None, group: UUID | None) -> str:
        who = holdings.person(sheet, person) if person else ""
        return f"{who} → {groups.get(group, 'name') if group else ''}"

    memberships = PlaceComparison(
        intake, holdings, sheet=holdings.memberships, people=pupils, told_by=("pupil", "teaching_group")
    )
    for fact in intake.memberships:
        school = holdings.school_ids[fact.school]
        pupil, group = pupils.by_key.get((school, fact.pupil)), groups.by_key.get((school, fact.group))
        memberships.place(fact, (pupil, group), lambda pupil=pupil, group=group: named(pupils, pupil, group))  # type: ignore[misc]
    memberships.close_missing()

    assignments = PlaceComparison(
        intake, holdings, sheet=holdings.assignments, people=teachers, told_by=("teacher", "teaching_group", "subject")
    )
    for work in intake.assignments:
        school = holdings.school_ids[work.school]
        teacher, group = teachers.by_key.get((school, work.teacher)), groups.by_key.get((school, work.group))
        subject = frame.subjects[school, work.subject]
        assignments.place(
            work,
            (teacher, group, subject),
            lambda teacher=teacher, group=group: named(teachers, teacher, group),  # type: ignore[misc]
        )
    assignments.close_missing()
