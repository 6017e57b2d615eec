"""The class of a pupil whom no homeroom claims: a school that exports no homerooms still has its grades (R3.6)."""

from __future__ import annotations

from collections.abc import Callable, Container

from diary.exchange.intake import DERIVED, ClassFact, GroupFact, MembershipFact
from diary.exchange.oneroster.enrollments import Enrollments
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.people import People
from diary.exchange.oneroster.records import Capacity, Roster, User
from diary.exchange.problem import notice
from diary.groups.tables import GroupKind
from diary.kit.wording import _

PLACED_BY_GRADE = notice(
    _("Класс ученика «{name}» в файле не указан: записан(а) в класс «{grade}» по году обучения."),
    _("Добавьте в classes.csv классы вида homeroom и зачисления в них, или переведите ученика в панели."),
)
WITHOUT_A_CLASS = notice(
    _("Класс ученика «{name}» в файле не указан: останется без класса."),
    _("Добавьте зачисление в класс вида homeroom или запишите ученика в класс в панели."),
)


class Placement:
    """Who is put into a class made of a whole grade: pupils of schools whose export has no homeroom of that grade."""

    def __init__(
        self,
        roster: Roster,
        known: Known,
        *,
        people: People,
        enrollments: Enrollments,
        homeroom_grades: Container[tuple[str, int | None]],
        year: Callable[[], str],
    ) -> None:
        self._roster = roster
        self._known = known
        self._people = people
        self._enrollments = enrollments
        self._homeroom_grades = homeroom_grades
        self._placed: list[tuple[User, str, int]] = []
        for user in roster.users.values():
            if user.in_force and Capacity.STUDENT in people.capacities(user.id):
                self._place(user)
        # Asked for only when somebody is placed: a file may do without the current year.
        self._year = year() if self._placed else ""
        self._key_of = {user.id: _class_key(self._year, grade) for user, _school, grade in self._placed}

    def class_of(self, user_id: str) -> str | None:
        """Return the key of a pupil's current class, named by the file or made of the grade."""
        return self._enrollments.homeroom_of(user_id) or self._key_of.get(user_id)

    def classes(self) -> list[ClassFact]:
        """Return the classes made of whole grades."""
        return [
            ClassFact(
                school=school,
                table="users",
                row=row,
                key=_class_key(self._year, grade),
                year=self._year,
                year_is_stated=True,
                names=(str(grade),),
                grade_level=grade,
                class_teacher=None,
            )
            for (school, grade), row in self._grades().items()
        ]

    def groups(self) -> list[GroupFact]:
        """Return the same classes as teaching groups."""
        return [
            GroupFact(
                school=school,
                table="users",
                row=row,
                key=_class_key(self._year, grade),
                year=self._year,
                year_is_stated=True,
                names=(str(grade),),
                kind=GroupKind.CLASS,
                school_class=_class_key(self._year, grade),
            )
            for (school, grade), row in self._grades().items()
        ]

    def memberships(self) -> list[MembershipFact]:
        """Return who is in them."""
        return [
            MembershipFact(
                school=school,
                table="users",
                row=user.row,
                key=f"{_class_key(self._year, grade)}:{user.id}",
                pupil=user.id,
                group=_class_key(self._year, grade),
                starts_on=None,
                ends_on=None,
            )
            for user, school, grade in self._placed
        ]

    def _place(self, user: User) -> None:
        if self._enrollments.homeroom_of(user.id):
            return
        known = self._known.users.get(user.id)
        if known and known.is_in_a_homeroom and not self._roster.is_complete("enrollments"):
            return
        grade = self._people.grade(user)
        for school in sorted(self._people.schools(user.id)):
            name = f"{user.family_name} {user.given_name}"
            if grade is None or (school, grade) in self._homeroom_grades:
                self._people.complain(user, WITHOUT_A_CLASS, "grades", name=name)
            else:
                self._people.complain(user, PLACED_BY_GRADE, "grades", name=name, grade=grade)
                self._placed.append((user, school, grade))

    def _grades(self) -> dict[tuple[str, int], int]:
        """The grades that became classes, with the row of their first pupil."""
        found: dict[tuple[str, int], int] = {}
        for user, school, grade in self._placed:
            found.setdefault((school, grade), user.row)
        return found


def _class_key(year: str, grade: int) -> str:
    return f"{DERIVED}{year}:{grade}"
