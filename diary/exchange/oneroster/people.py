"""Who of an export is a pupil, a teacher or a guardian, and in which schools."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date

from diary.exchange.intake import PersonFact, PupilFact
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.records import GUARDIAN_CAPACITIES, Capacity, RoleGrant, Roster, User
from diary.exchange.oneroster.schools import Schools
from diary.exchange.problem import ProblemKind, error, notice
from diary.kit.wording import _

NO_SCHOOL = error(_("Не указана школа: «{name}»."), _("Заполните столбец orgSourcedIds (в версии 1.2 — roles.csv)."))
PRESUMED_SCHOOL = notice(_("Школа не указана: взята единственная в файле."), _("Заполните столбец orgSourcedIds."))
NO_SCHOOL_OF_A_TEACHER = notice(
    _("У педагога «{name}» нет ни школы, ни классов: пропущен(а)."), _("Заполните столбец orgSourcedIds.")
)
ROLES_ENDED = notice(
    _("Срок всех ролей «{name}» истёк, но пользователь действует: роли взяты."), _("Проверьте endDate в roles.csv.")
)
NO_ROLE = notice(_("Роль не указана: «{name}» пропущен(а)."), _("Заполните столбец role (в версии 1.2 — roles.csv)."))
PRESUMED_ROLE = notice(_("Роль не указана: «{name}» — {role}, судя по другим строкам."), _("Заполните роль."))
STAFF_LEFT_OUT = notice(
    _("Сотрудники без уроков не переносятся: «{name}»."), _("Заведите им учётные записи: diary account create.")
)
UNKNOWN_GRADE = notice(_("Год обучения «{value}» неизвестен."), _("Нужны числа от 1 до 13 или KG."))

HIGHEST_GRADE = 13
BEFORE_SCHOOL = frozenset({"kg", "pk", "pr", "tk", "it", "к"})


def grade_of(value: str) -> int | None:
    """Return the year of study in a grade cell: 05 and 5А are 5, kindergarten is 0, anything else is None."""
    if value.casefold() in BEFORE_SCHOOL:
        return 0
    found = re.match(r"\d{1,2}(?!\d)", value, re.ASCII)
    grade = int(found[0]) if found else None
    return grade if grade is not None and grade <= HIGHEST_GRADE else None


class People:
    """The people of one export in the diary's terms."""

    def __init__(self, roster: Roster, known: Known, schools: Schools, today: date) -> None:
        self._roster = roster
        self._known = known
        self._schools = schools
        self._today = today
        self._capacities: dict[str, frozenset[Capacity]] = {}
        self._grades: dict[str, int | None] = {}
        self._schools_of: dict[str, frozenset[str]] = {}
        self._enrolled: dict[str, set[Capacity]] = defaultdict(set)
        self._learns_in: dict[str, set[str]] = defaultdict(set)
        self._agents = {agent for user in roster.users.values() if user.in_force for agent in user.agent_ids}
        self._granted: dict[str, set[Capacity]] = defaultdict(set)
        self._granted_in: dict[str, set[str]] = defaultdict(set)
        self._gather()

    def user(self, user_id: str) -> User | None:
        """Return a person of the file who is in force."""
        user = self._roster.users.get(user_id)
        return user if user is not None and user.in_force else None

    def capacities(self, user_id: str) -> frozenset[Capacity]:
        """Return what a person is, by the file or by earlier imports; nothing for whoever is gone."""
        user = self._roster.users.get(user_id)
        if user is None:
            known = self._known.users.get(user_id)
            return known.capacities if known else frozenset()
        if not user.in_force:
            return frozenset()
        if user_id not in self._capacities:
            self._capacities[user_id] = self._capacities_of(user)
        return self._capacities[user_id]

    def is_guardian(self, user_id: str) -> bool:
        """Whether the person may be somebody's guardian."""
        return bool(self.capacities(user_id) & GUARDIAN_CAPACITIES)

    def schools(self, user_id: str) -> frozenset[str]:
        """Return the schools a person belongs to by the file, by classes, or by earlier imports."""
        user = self._roster.users.get(user_id)
        if user is None:
            known = self._known.users.get(user_id)
            return known.school_ids if known else frozenset()
        if user_id not in self._schools_of:
            found = {self._schools.of_org(org_id) for org_id in {*user.org_ids, *self._granted_in[user_id]}}
            self._schools_of[user_id] = frozenset(key for key in found | self._learns_in[user_id] if key)
        return self._schools_of[user_id]

    def pupils(self) -> list[PupilFact]:
        """Return every pupil, once for each school."""
        facts = []
        for user in self._of(Capacity.STUDENT):
            birth = self._roster.demographics.get(user.id)
            facts += [
                PupilFact(
                    school=school,
                    table="users",
                    row=user.row,
                    key=user.id,
                    family_name=user.family_name,
                    given_name=user.given_name,
                    patronymic=user.middle_name,
                    birth_date=birth.birth_date if birth and birth.in_force else None,
                    grade_level=self.grade(user),
                )
                for school in self._certain_schools(user, NO_SCHOOL)
            ]
        return facts

    def teachers(self) -> list[PersonFact]:
        """Return every teacher, once for each school."""
        return [
            person_fact(user, school)
            for user in self._of(Capacity.TEACHER)
            for school in self._certain_schools(user, NO_SCHOOL_OF_A_TEACHER)
        ]

    def report_the_rest(self) -> None:
        """Tell about people who are neither pupils, teachers nor guardians."""
        known = {Capacity.STUDENT, Capacity.TEACHER} | GUARDIAN_CAPACITIES
        for user in self._roster.users.values():
            if user.in_force and not self.capacities(user.id) & known:
                kind = STAFF_LEFT_OUT if self.capacities(user.id) else NO_ROLE
                self.complain(user, kind, "role", name=f"{user.family_name} {user.given_name}")

    def grade(self, user: User) -> int | None:
        """Return the year of study of a pupil; of several the first."""
        if user.id not in self._grades:
            self._grades[user.id] = next((grade for grade in map(grade_of, user.grades) if grade is not None), None)
            if user.grades and self._grades[user.id] is None:
                self.complain(user, UNKNOWN_GRADE, "grades", value=user.grades)
        return self._grades[user.id]

    def complain(self, user: User, kind: ProblemKind, column: str, **facts: object) -> None:
        """Note a problem of a row of users.csv."""
        self._roster.problems.add(kind, file=self._roster.place("users"), row=user.row, column=column, **facts)

    def _of(self, capacity: Capacity) -> list[User]:
        return [user for user in self._roster.users.values() if user.in_force and capacity in self.capacities(user.id)]

    def _certain_schools(self, user: User, missing: ProblemKind) -> list[str]:
        found = self.schools(user.id)
        if found:
            return sorted(found)
        only = self._schools.only_one
        name = f"{user.family_name} {user.given_name}"
        self.complain(user, PRESUMED_SCHOOL if only else missing, "orgSourcedIds", name=name)
        if only:
            self._schools_of[user.id] = frozenset({only})
        return [only] if only else []

    def _capacities_of(self, user: User) -> frozenset[Capacity]:
        found = user.capacities | self._granted[user.id]
        if found & {Capacity.STAFF} and Capacity.TEACHER in self._enrolled[user.id]:
            found |= {Capacity.TEACHER}
        if found:
            return frozenset(found)
        presumed = self._enrolled[user.id] & {Capacity.STUDENT, Capacity.TEACHER}
        if not presumed and user.id in self._agents:
            presumed = {Capacity.GUARDIAN}
        if presumed:
            role = ", ".join(sorted(presumed))
            self.complain(user, PRESUMED_ROLE, "role", name=f"{user.family_name} {user.given_name}", role=role)
        return frozenset(presumed)

    def _gather(self) -> None:
        roster = self._roster
        roles: dict[str, list[RoleGrant]] = defaultdict(list)
        for role in roster.roles.values():
            roles[role.user_id].append(role)
        for user_id, grants in roles.items():
            current = [role for role in grants if role.ends_on is None or role.ends_on >= self._today]
            user = self.user(user_id)
            if not current and user is not None:
                self.complain(user, ROLES_ENDED, "role", name=f"{user.family_name} {user.given_name}")
            for role in current or grants:
                self._granted[user_id].add(role.capacity)
                if role.org_id:
                    self._granted_in[user_id].add(role.org_id)
        for enrollment in roster.enrollments.values():
            if enrollment.in_force:
                self._enrolled[enrollment.user_id].add(enrollment.capacity)
                one = roster.classes.get(enrollment.class_id)
                known = self._known.classes.get(enrollment.class_id)
                school = self._schools.of_org(one.school_id) if one else known.school_id if known else None
                if school and (one is None or one.in_force):
                    self._learns_in[enrollment.user_id].add(school)


def person_fact(user: User, school: str) -> PersonFact:
    """Return the fact that a teacher or guardian belongs to a school."""
    return PersonFact(
        school=school,
        table="users",
        row=user.row,
        key=user.id,
        family_name=user.family_name,
        given_name=user.given_name,
        patronymic=user.middle_name,
    )
