"""Whether every record that a row points at exists: in the file, or, for a file of changes, in the diary."""

from __future__ import annotations

from collections.abc import Container

from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.records import Enrollment, Record, Roster, RosterClass
from diary.exchange.problem import ProblemKind, error, notice
from diary.kit.wording import _

UNKNOWN_SCHOOL = error(_("Организации «{value}» нет в orgs.csv."), _("Добавьте её в orgs.csv или исправьте ссылку."))
UNKNOWN_COURSE = error(_("Курса «{value}» нет в courses.csv."), _("Добавьте его в courses.csv или исправьте ссылку."))
NO_COURSES = notice(
    _("Курса «{value}» нет: файла courses.csv в выгрузке нет или он пуст."),
    _("Предмет взят из столбца subjects или из названия класса; проверьте его."),
)
UNKNOWN_SESSION = error(_("Периода «{value}» нет в academicSessions.csv."), _("Добавьте его или исправьте ссылку."))
NO_SESSIONS = notice(
    _("Периода «{value}» нет: файла academicSessions.csv в выгрузке нет или он пуст."), _("Взят текущий учебный год.")
)
UNKNOWN_CLASS = error(_("Класса «{value}» нет в classes.csv."), _("Добавьте его или уберите эту строку."))
UNKNOWN_USER = error(_("Пользователя «{value}» нет в users.csv."), _("Добавьте его или уберите эту строку."))
UNKNOWN_GUARDIAN = error(
    _("Представитель «{value}» не найден в users.csv."), _("Добавьте этого пользователя или исправьте ссылку.")
)
UNKNOWN_PARENT = notice(_("Вышестоящей записи «{value}» нет в файле."), _("Ничего делать не нужно."))
UNKNOWN_PERSON_OF_BIRTH = notice(
    _("Пользователя «{value}» нет в users.csv: строка пропущена."), _("Ничего делать не нужно.")
)


class _Anything:
    """Stands for a table that could not be read: it may hold whatever is asked for."""

    def __contains__(self, key: object) -> bool:
        return True


def check_references(roster: Roster, known: Known) -> None:
    """Note every reference that leads nowhere; records that are not in force may point anywhere."""
    _Check(roster, known).run()


class _Check:
    """One pass over all references of one roster."""

    def __init__(self, roster: Roster, known: Known) -> None:
        self._roster = roster
        self._orgs = self._places("orgs", roster.orgs, known.schools)
        self._sessions = self._places("academicSessions", roster.sessions, ())
        self._courses = self._places("courses", roster.courses, ())
        self._classes = self._places("classes", roster.classes, known.classes)
        self._users = self._places("users", roster.users, known.users)

    def run(self) -> None:
        """Check table by table."""
        roster = self._roster
        for org in roster.orgs.values():
            self._look(org, ("orgs", "parentSourcedId"), org.parent_id, self._orgs, UNKNOWN_PARENT)
        for session in roster.sessions.values():
            at = ("academicSessions", "parentSourcedId")
            self._look(session, at, session.parent_id, self._sessions, UNKNOWN_PARENT)
        for one in roster.classes.values():
            self._class(one)
        self._people()
        for enrollment in roster.enrollments.values():
            self._enrollment(enrollment)

    def _class(self, one: RosterClass) -> None:
        without_course = UNKNOWN_COURSE if self._roster.is_complete("courses") else NO_COURSES
        without_session = UNKNOWN_SESSION if self._roster.is_complete("academicSessions") else NO_SESSIONS
        self._look(one, ("classes", "schoolSourcedId"), one.school_id, self._orgs, UNKNOWN_SCHOOL)
        self._look(one, ("classes", "courseSourcedId"), one.course_id, self._courses, without_course)
        for session_id in one.session_ids:
            self._look(one, ("classes", "termSourcedIds"), session_id, self._sessions, without_session)

    def _people(self) -> None:
        roster = self._roster
        for user in roster.users.values():
            for org_id in user.org_ids:
                self._look(user, ("users", "orgSourcedIds"), org_id, self._orgs, UNKNOWN_SCHOOL)
            for agent_id in user.agent_ids:
                self._look(user, ("users", "agentSourcedIds"), agent_id, self._users, UNKNOWN_GUARDIAN)
        for role in roster.roles.values():
            self._look(role, ("roles", "userSourcedId"), role.user_id, self._users, UNKNOWN_USER)
            self._look(role, ("roles", "orgSourcedId"), role.org_id, self._orgs, UNKNOWN_SCHOOL)
        for birth in roster.demographics.values():
            self._look(birth, ("demographics", "sourcedId"), birth.id, self._users, UNKNOWN_PERSON_OF_BIRTH)

    def _enrollment(self, one: Enrollment) -> None:
        self._look(one, ("enrollments", "classSourcedId"), one.class_id, self._classes, UNKNOWN_CLASS)
        self._look(one, ("enrollments", "userSourcedId"), one.user_id, self._users, UNKNOWN_USER)
        self._look(one, ("enrollments", "schoolSourcedId"), one.school_id, self._orgs, UNKNOWN_SCHOOL)

    def _places(self, table: str, here: Container[str], there: Container[str]) -> tuple[Container[str], ...]:
        """Where the records of a table may be: a complete file must hold them, for others the diary's own count too."""
        if table in self._roster.broken:
            return (_Anything(),)
        rejected = self._roster.rejected.get(table, ())
        return (here, rejected) if self._roster.is_complete(table) else (here, there, rejected)

    def _look(
        self,
        record: Record,
        at: tuple[str, str],
        value: str,
        places: tuple[Container[str], ...],
        kind: ProblemKind,
    ) -> None:
        if value and record.in_force and not any(value in place for place in places):
            table, column = at
            self._roster.problems.add(kind, file=self._roster.place(table), row=record.row, column=column, value=value)
