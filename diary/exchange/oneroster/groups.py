"""Classes, teaching groups, and who learns and teaches in them: a homeroom is a school class, the rest are groups."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

from diary.exchange.intake import AssignmentFact, ClassFact, GroupFact, MembershipFact, SubjectFact
from diary.exchange.oneroster.enrollments import Enrollments
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.people import People, grade_of
from diary.exchange.oneroster.placement import Placement
from diary.exchange.oneroster.records import Enrollment, Roster, RosterClass
from diary.exchange.oneroster.schools import Schools
from diary.exchange.oneroster.years import Calendar
from diary.exchange.problem import notice
from diary.groups.tables import GroupKind
from diary.kit.wording import _

GRADE_NOT_FOUND = notice(
    _("Год обучения класса «{name}» не указан: поставлен 0."),
    _("Заполните столбец grades или исправьте класс в панели."),
)
SUBJECT_PRESUMED = notice(
    _("Предмет класса «{name}» не указан: взято название класса."), _("Заполните столбец subjects или courses.csv.")
)

LONGEST_CLASS_NAME, LONGEST_GROUP_NAME, LONGEST_SUBJECT = 64, 120, 160


class Groups:
    """The classes and groups of one export, of the year that each belongs to."""

    def __init__(
        self, roster: Roster, known: Known, *, schools: Schools, people: People, calendar: Calendar, today: date
    ) -> None:
        self._roster = roster
        self._known = known
        self._schools = schools
        self._calendar = calendar
        self._today = today
        self._enrollments = Enrollments(roster, known, people, today)
        self._in_force = [one for one in roster.classes.values() if one.in_force and schools.of_org(one.school_id)]
        self._grades = {one.id: self._grade(one, people) for one in self._in_force if one.is_homeroom}
        homeroom_grades = {(self._school(one), self._grades[one.id]) for one in self._in_force if one.is_homeroom}
        if not roster.is_complete("classes"):
            homeroom_grades |= {(one.school_id, one.grade_level) for one in known.classes.values() if one.is_homeroom}
        self._placement = Placement(
            roster,
            known,
            people=people,
            enrollments=self._enrollments,
            homeroom_grades=homeroom_grades,
            year=calendar.current,
        )

    def classes(self) -> list[ClassFact]:
        """Return the school classes: homerooms, and whole grades of schools that name no homerooms."""
        facts = []
        for one in self._in_force:
            if not one.is_homeroom:
                continue
            if self._grades[one.id] is None:
                place = self._roster.place("classes")
                self._roster.problems.add(GRADE_NOT_FOUND, file=place, row=one.row, column="grades", name=one.title)
            year, is_stated = self._calendar.year_of(one.session_ids)
            facts.append(
                ClassFact(
                    school=self._school(one),
                    table="classes",
                    row=one.row,
                    key=one.id,
                    year=year,
                    year_is_stated=is_stated,
                    names=_names(one, LONGEST_CLASS_NAME, is_repeated=False),
                    grade_level=self._grades[one.id],
                    class_teacher=self._enrollments.head_of(one.id),
                )
            )
        return facts + self._placement.classes()

    def groups(self) -> list[GroupFact]:
        """Return the teaching groups; each school class is one of them."""
        facts = []
        titles = Counter((self._school(one), one.title) for one in self._in_force)
        for one in self._in_force:
            kind, school_class = (GroupKind.CLASS, one.id) if one.is_homeroom else self._kind(one)
            year, is_stated = self._calendar.year_of(one.session_ids)
            facts.append(
                GroupFact(
                    school=self._school(one),
                    table="classes",
                    row=one.row,
                    key=one.id,
                    year=year,
                    year_is_stated=is_stated,
                    names=_names(one, LONGEST_GROUP_NAME, is_repeated=titles[self._school(one), one.title] > 1),
                    kind=kind,
                    school_class=school_class,
                )
            )
        return facts + self._placement.groups()

    def memberships(self) -> list[MembershipFact]:
        """Return who learns where, by enrolment or by grade."""
        facts = []
        for one in self._enrollments.pupils():
            school = self._school_of_class(one.class_id)
            if school:
                facts.append(
                    MembershipFact(
                        school=school,
                        table="enrollments",
                        row=one.row,
                        key=one.id,
                        pupil=one.user_id,
                        group=one.class_id,
                        starts_on=one.begins_on,
                        ends_on=one.ends_on,
                    )
                )
        return facts + self._placement.memberships()

    def assignments(self) -> list[AssignmentFact]:
        """Return who teaches what where; a homeroom's teacher is its class teacher and teaches no subject by that."""
        facts = []
        for one in self._enrollments.teachers():
            school, subject = self._school_of_class(one.class_id), self._subject_of(one)
            if school and subject:
                facts.append(
                    AssignmentFact(
                        school=school,
                        table="enrollments",
                        row=one.row,
                        key=one.id,
                        teacher=one.user_id,
                        group=one.class_id,
                        subject=subject,
                        starts_on=one.begins_on,
                        ends_on=one.ends_on,
                    )
                )
        return facts

    def subjects(self, assignments: list[AssignmentFact]) -> list[SubjectFact]:
        """Return the subjects that are taught, each once for each school."""
        found = {(fact.school, fact.subject): fact for fact in reversed(assignments)}
        return [
            SubjectFact(school=school, table=fact.table, row=fact.row, name=name)
            for (school, name), fact in reversed(found.items())
        ]

    def in_homerooms(self) -> set[str]:
        """Return the pupils whose class the file names: a place by grade is no longer theirs."""
        return self._enrollments.in_homerooms()

    def _school(self, one: RosterClass) -> str:
        return self._schools.of_org(one.school_id) or ""

    def _school_of_class(self, class_id: str) -> str | None:
        one = self._roster.classes.get(class_id)
        if one is not None:
            return self._schools.of_org(one.school_id)
        known = self._known.classes.get(class_id)
        return self._schools.of_org(known.school_id) if known else None

    def _grade(self, one: RosterClass, people: People) -> int | None:
        """Take the class's own grade, the number its name begins with, or what most of its pupils say."""
        for value in (*one.grades, one.title):
            grade = grade_of(value)
            if grade is not None and (value is not one.title or re.match(r"\d{1,2}\s*\D", value)):
                return grade
        said = Counter(
            people.grade(user)
            for enrollment in self._enrollments.pupils_of(one.id)
            if (user := people.user(enrollment.user_id))
        )
        del said[None]
        return said.most_common(1)[0][0] if said else None

    def _kind(self, one: RosterClass) -> tuple[GroupKind | None, str | None]:
        """A group within one class, or a stream of several; unknown when the file holds only changes."""
        if not self._roster.is_complete("enrollments"):
            return None, None
        of = {self._placement.class_of(enrollment.user_id) for enrollment in self._enrollments.pupils_of(one.id)}
        if len(of) == 1:
            return GroupKind.GROUP, next(iter(of))
        return (GroupKind.STREAM if of else GroupKind.GROUP), None

    def _subject_of(self, enrollment: Enrollment) -> str:
        one = self._roster.classes.get(enrollment.class_id)
        if one is None:
            return self._known.classes[enrollment.class_id].subject
        if one.is_homeroom:
            return ""
        course = self._roster.courses.get(one.course_id)
        for subjects in (one.subjects, course.subjects if course else ()):
            if len(subjects) == 1:
                return subjects[0][:LONGEST_SUBJECT]
        if course and course.title:
            return course.title[:LONGEST_SUBJECT]
        place = self._roster.place("classes")
        self._roster.problems.add(SUBJECT_PRESUMED, file=place, row=one.row, column="subjects", name=one.title)
        return one.title[:LONGEST_SUBJECT]


def _names(one: RosterClass, limit: int, *, is_repeated: bool) -> tuple[str, ...]:
    """Return what a class may be called, best first: its title, or with its code or id when others have the title."""
    longer = [
        f"{one.title[: limit - len(extra) - 3]} ({extra})"
        for extra in (one.code, one.id)
        if extra and len(extra) <= limit // 2
    ]
    title = one.title[:limit]
    return tuple(dict.fromkeys([*longer, title] if is_repeated else [title, *longer]))
