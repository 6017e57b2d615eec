"""From what a roster says to what it means for schools; decisions that are not the file's are told as notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from diary.exchange.intake import Intake
from diary.exchange.oneroster.groups import Groups
from diary.exchange.oneroster.kinship import Kinship
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.people import People
from diary.exchange.oneroster.records import Record, Roster
from diary.exchange.oneroster.schools import Schools
from diary.exchange.oneroster.years import Calendar


def interpret(roster: Roster, *, today: date, known: Known | None = None) -> Intake:
    """Return the facts of a roster without errors; what cannot be taken is noted among the roster's problems."""
    known = known or Known()
    schools = Schools(roster, known)
    people = People(roster, known, schools, today)
    calendar = Calendar(roster, today)
    groups = Groups(roster, known, schools=schools, people=people, calendar=calendar, today=today)
    kinship = Kinship(roster, people)
    intake = Intake(
        problems=roster.problems,
        pupils=people.pupils(),
        teachers=people.teachers(),
        guardians=kinship.guardians(),
        guardianships=kinship.guardianships(),
        classes=groups.classes(),
        groups=groups.groups(),
        memberships=groups.memberships(),
        assignments=groups.assignments(),
        people_are_complete=roster.is_complete("users"),
        groups_are_complete=roster.is_complete("classes"),
        places_are_complete=roster.is_complete("enrollments"),
        gone_people=_gone(roster.users),
        gone_groups=_gone(roster.classes),
        gone_places=_gone(roster.enrollments),
    )
    intake.in_homerooms = groups.in_homerooms()
    people.report_the_rest()
    intake.contacts = kinship.contacts(intake.guardians)
    intake.subjects = groups.subjects(intake.assignments)
    intake.schools = schools.facts()
    intake.periods = calendar.periods(intake.school_keys)
    intake.years = [year for school in intake.school_keys for year in calendar.years(school)]
    return intake


def _gone(records: Mapping[str, Record]) -> set[str]:
    return {record.id for record in records.values() if not record.in_force}
