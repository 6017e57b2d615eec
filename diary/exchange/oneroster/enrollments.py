"""The enrolments of an export that the diary can take: pupils as pupils, teachers as teachers, in living classes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.people import People
from diary.exchange.oneroster.records import Capacity, Enrollment, Roster
from diary.exchange.problem import ProblemKind, notice
from diary.kit.wording import _

CLASS_GONE = notice(
    _("Класс «{name}» помечен удалённым или недействующим: зачисление пропущено."),
    _("Удалите строку из enrollments.csv."),
)
PERSON_GONE = notice(_("«{name}» помечен(а) выбывшим: зачисление пропущено."), _("Удалите строку из enrollments.csv."))
NOT_A_PUPIL = notice(
    _("«{name}» зачислен(а) учеником, но по users.csv не ученик: зачисление пропущено."),
    _("Исправьте роль в users.csv или в enrollments.csv."),
)
NOT_A_TEACHER = notice(
    _("«{name}» записан(а) учителем класса, но по users.csv не учитель: назначение пропущено."),
    _("Исправьте роль в users.csv или в enrollments.csv."),
)
OTHER_ROLE = notice(_("Роль «{name}» в классе не ученик и не учитель: строка пропущена."), _("Ничего делать не нужно."))
TWICE = notice(
    _("«{name}» записан(а) в этот класс дважды на одно время (см. строку {first}): взята первая строка."),
    _("Уберите повтор."),
)
TWO_HOMEROOMS = notice(
    _("«{name}» записан(а) сразу в два класса (см. строку {first}): взят один из них."),
    _("Оставьте один класс или укажите даты перевода."),
)


class Enrollments:
    """The enrolments of one export, by class and by pupil."""

    def __init__(self, roster: Roster, known: Known, people: People, today: date) -> None:
        self._roster = roster
        self._known = known
        self._people = people
        self._today = today
        self._pupils: list[Enrollment] = []
        self._teachers: list[Enrollment] = []
        self._taken: dict[tuple[str, str], list[Enrollment]] = defaultdict(list)
        self._homerooms: dict[str, list[Enrollment]] = defaultdict(list)
        for enrollment in roster.enrollments.values():
            if enrollment.in_force and self._is_alive(enrollment):
                self._sort(enrollment)
        self._keep_one_homeroom()
        self._by_class: dict[str, list[Enrollment]] = defaultdict(list)
        self._teachers_of: dict[str, list[Enrollment]] = defaultdict(list)
        for enrollment in self._teachers:
            self._teachers_of[enrollment.class_id].append(enrollment)
        for enrollment in self._pupils:
            self._by_class[enrollment.class_id].append(enrollment)

    def pupils(self) -> list[Enrollment]:
        """Return the enrolments of pupils."""
        return self._pupils

    def teachers(self) -> list[Enrollment]:
        """Return the enrolments of teachers."""
        return self._teachers

    def pupils_of(self, class_id: str) -> list[Enrollment]:
        """Return the pupils of a class who have not left it yet."""
        return [one for one in self._by_class[class_id] if one.ends_on is None or one.ends_on >= self._today]

    def in_homerooms(self) -> set[str]:
        """Return the pupils whose class the file names."""
        return {user_id for user_id, enrollments in self._homerooms.items() if enrollments}

    def homeroom_of(self, user_id: str) -> str | None:
        """Return the school class of a pupil: the current one, else the one that begins next."""
        lasting = [one for one in self._homerooms.get(user_id, ()) if one.ends_on is None or one.ends_on >= self._today]
        begun = [one for one in lasting if one.begins_on is None or one.begins_on <= self._today]
        return (begun or lasting)[0].class_id if lasting else None

    def head_of(self, class_id: str) -> str | None:
        """Return the class teacher: the primary teacher of a homeroom, else the first."""
        teachers = self._teachers_of[class_id]
        found = [one for one in teachers if one.ends_on is None or one.ends_on >= self._today]
        return next((one.user_id for one in found if one.primary), found[0].user_id if found else None)

    def _is_alive(self, enrollment: Enrollment) -> bool:
        one = self._roster.classes.get(enrollment.class_id)
        if one is not None and not one.in_force:
            self._complain(enrollment, CLASS_GONE, "classSourcedId", one.title)
            return False
        user = self._roster.users.get(enrollment.user_id)
        if user is not None and not user.in_force:
            self._complain(enrollment, PERSON_GONE, "userSourcedId", self._name(enrollment))
            return False
        return True

    def _sort(self, enrollment: Enrollment) -> None:
        capacities = self._people.capacities(enrollment.user_id)
        name = self._name(enrollment)
        if enrollment.capacity not in {Capacity.STUDENT, Capacity.TEACHER}:
            self._complain(enrollment, OTHER_ROLE, "role", enrollment.capacity)
        elif enrollment.capacity not in capacities:
            kind = NOT_A_PUPIL if enrollment.capacity is Capacity.STUDENT else NOT_A_TEACHER
            self._complain(enrollment, kind, "role", name)
        elif not self._is_repeated(enrollment):
            if enrollment.capacity is Capacity.TEACHER:
                self._teachers.append(enrollment)
            else:
                self._pupils.append(enrollment)
                if self._is_homeroom(enrollment.class_id):
                    self._homerooms[enrollment.user_id].append(enrollment)

    def _is_repeated(self, enrollment: Enrollment) -> bool:
        same = self._taken[enrollment.class_id, enrollment.user_id]
        for other in same:
            if _overlap(enrollment, other):
                self._complain(enrollment, TWICE, "userSourcedId", self._name(enrollment), first=other.row)
                return True
        same.append(enrollment)
        return False

    def _is_homeroom(self, class_id: str) -> bool:
        one = self._roster.classes.get(class_id)
        if one is not None:
            return one.is_homeroom
        known = self._known.classes.get(class_id)
        return known is not None and known.is_homeroom

    def _keep_one_homeroom(self) -> None:
        """A pupil is in one class at a time: of overlapping ones the primary stays, else the first."""
        dropped: set[str] = set()
        for enrollments in self._homerooms.values():
            if len(enrollments) == 1:
                continue
            kept: list[Enrollment] = []
            for enrollment in sorted(enrollments, key=lambda one: not one.primary):
                rival = next((one for one in kept if _overlap(one, enrollment)), None)
                if rival is None:
                    kept.append(enrollment)
                    continue
                dropped.add(enrollment.id)
                self._complain(enrollment, TWO_HOMEROOMS, "classSourcedId", self._name(enrollment), first=rival.row)
            enrollments[:] = kept
        if dropped:
            self._pupils = [one for one in self._pupils if one.id not in dropped]

    def _name(self, enrollment: Enrollment) -> str:
        user = self._roster.users.get(enrollment.user_id)
        return f"{user.family_name} {user.given_name}".strip() if user else enrollment.user_id

    def _complain(
        self, enrollment: Enrollment, kind: ProblemKind, column: str, name: str, *, first: int | None = None
    ) -> None:
        place = self._roster.place("enrollments")
        self._roster.problems.add(kind, file=place, row=enrollment.row, column=column, name=name, first=first)


def _overlap(one: Enrollment, other: Enrollment) -> bool:
    one_start, other_start = one.begins_on or date.min, other.begins_on or date.min
    return one_start <= (other.ends_on or date.max) and other_start <= (one.ends_on or date.max)
