"""How far a file reaches: the schools that it names itself or that are chosen; what points beyond them stays outside.

The ids of a file are the file's own: two schools may come from two systems, and neither may change the other's records.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.records import Enrollment, Record, Roster, User
from diary.exchange.problem import error, notice
from diary.kit.wording import _

FOREIGN_SCHOOL = error(
    _("«{value}»: школа «{school}» уже есть в дневнике, а этот файл её в orgs.csv не называет и менять не может."),
    _("Уберите строку, добавьте школу в orgs.csv или загрузите её одну: --school."),
)
LEFT_OUT = notice(
    _("«{value}» относится к школе «{school}», которую этот файл не загружает: пропущено."),
    _("Если так и надо, ничего делать не нужно; иначе загрузите ту школу её файлом с --school."),
)


def schools_within(roster: Roster, known: Known, chosen: str | None) -> frozenset[str]:
    """Return the schools of the diary that a file may change: the chosen one, or those that it names.

    A file that names no school at all speaks about the only one of an installation.
    """
    if chosen is not None:
        return frozenset({chosen} & known.schools.keys())
    named = {org.id for org in roster.orgs.values() if org.in_force and org.id in known.schools}
    if named or known.is_shared or len(known.schools) != 1 or _names_a_school(roster, known):
        return frozenset(named)
    return frozenset(known.schools)


def confine(roster: Roster, everything: Known, within: Known, *, chosen: str | None) -> None:
    """Take out of a roster whatever points to schools of the diary beyond its reach, and tell about each.

    `everything` is what the diary knows, `within` what it knows of the schools that the file may change.
    """
    if everything.schools.keys() - within.schools.keys():
        _Confinement(roster, everything, within, is_chosen=chosen is not None).run()


def _names_a_school(roster: Roster, known: Known) -> bool:
    """Whether the file holds a school of its own, by its kind or because classes are in it."""
    if any(org.in_force and org.kind == "school" for org in roster.orgs.values()):
        return True
    of_classes = {one.school_id for one in roster.classes.values() if one.in_force}
    return any(key in roster.orgs and _end_of(roster, key) not in known.schools for key in of_classes)


def _end_of(roster: Roster, org_id: str) -> str:
    """Follow an organisation upwards to the first school of the file, or to what the file does not hold."""
    seen: set[str] = set()
    at = org_id
    while at not in seen:
        seen.add(at)
        org = roster.orgs.get(at)
        if org is None or org.kind == "school" or not org.parent_id:
            break
        at = org.parent_id
    return at


@dataclass(slots=True, kw_only=True)
class _Strays:
    """Ids of rows that were taken out, with the schools beyond reach that they point to."""

    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)


class _Confinement:
    """One pass over a roster, from schools down to places in classes."""

    def __init__(self, roster: Roster, everything: Known, within: Known, *, is_chosen: bool) -> None:
        self._roster = roster
        self._everything = everything
        self._within = within
        self._is_chosen = is_chosen
        self._beyond = everything.schools.keys() - within.schools.keys()
        self._strays = _Strays()
        #: Departments that stand for a school because classes are in them.
        self._with_classes = {one.school_id for one in roster.classes.values() if one.in_force}

    def run(self) -> None:
        """Take out classes, then people with their roles, then what hangs on both."""
        self._classes()
        self._people()
        for user in list(self._roster.users.values()):
            self._agents(user)
        for enrollment in list(self._roster.enrollments.values()):
            if self._is_outside(enrollment):
                del self._roster.enrollments[enrollment.id]

    def _classes(self) -> None:
        for one in list(self._roster.classes.values()):
            school = self._beyond_of(one.school_id)
            if school:
                del self._roster.classes[one.id]
                self._strays.classes[one.id] = (school,)
                self._tell(one, "classes", "schoolSourcedId", one.school_id, (school,), changes=True)

    def _people(self) -> None:
        """A person with a school within reach loses the others; one who has only schools beyond it is taken out."""
        roster = self._roster
        homes = {user.id for user in roster.users.values() if any(map(self._is_home, user.org_ids))}
        homes |= {role.user_id for role in roster.roles.values() if self._is_home(role.org_id)}
        pointing: dict[str, set[str]] = {}
        for role in list(roster.roles.values()):
            school = self._beyond_of(role.org_id)
            if school:
                del roster.roles[role.id]
                pointing.setdefault(role.user_id, set()).add(school)
                at_home = role.user_id in homes
                self._tell(role, "roles", "orgSourcedId", role.org_id, (school,), changes=not at_home)
        for user in list(roster.users.values()):
            for org_id in user.org_ids:
                school = self._beyond_of(org_id)
                if school:
                    pointing.setdefault(user.id, set()).add(school)
                    self._tell(user, "users", "orgSourcedIds", org_id, (school,), changes=user.id not in homes)
            if user.id not in pointing:
                continue
            if user.id in homes:
                kept = tuple(org_id for org_id in user.org_ids if not self._beyond_of(org_id))
                roster.users[user.id] = replace(user, org_ids=kept)
            else:
                del roster.users[user.id]
                self._strays.users[user.id] = tuple(sorted(pointing[user.id]))

    def _agents(self, user: User) -> None:
        """A link to somebody of another school is that school's to make."""
        foreign = {agent_id: schools for agent_id in user.agent_ids if (schools := self._schools_of_stranger(agent_id))}
        for agent_id, schools in foreign.items():
            self._tell(user, "users", "agentSourcedIds", agent_id, schools, changes=False)
        if foreign:
            kept = tuple(agent_id for agent_id in user.agent_ids if agent_id not in foreign)
            self._roster.users[user.id] = replace(user, agent_ids=kept)

    def _is_outside(self, one: Enrollment) -> bool:
        if one.class_id in self._strays.classes:
            # Told already, with the class.
            return True
        is_here = one.class_id in self._roster.classes or one.class_id in self._within.classes
        if not is_here and one.class_id in self._everything.classes:
            school = self._everything.classes[one.class_id].school_id
            self._tell(one, "enrollments", "classSourcedId", one.class_id, (school,), changes=True)
            return True
        schools = self._schools_of_stranger(one.user_id)
        if schools:
            self._tell(one, "enrollments", "userSourcedId", one.user_id, schools, changes=False)
        return bool(schools)

    def _schools_of_stranger(self, user_id: str) -> tuple[str, ...]:
        """Return the schools of somebody whom only schools beyond reach know; nothing for everybody else."""
        if user_id in self._roster.users or user_id in self._within.users:
            return ()
        known = self._everything.users.get(user_id)
        return self._strays.users.get(user_id) or (tuple(sorted(known.school_ids)) if known else ())

    def _beyond_of(self, org_id: str) -> str | None:
        end = _end_of(self._roster, org_id)
        return end if end not in self._roster.orgs and end in self._beyond else None

    def _is_home(self, org_id: str) -> bool:
        """Whether an organisation is, or is a part of, a school of the file or of the diary within reach."""
        if not org_id:
            return False
        end = _end_of(self._roster, org_id)
        org = self._roster.orgs.get(end)
        if org is None or end in self._within.schools:
            return end in self._within.schools
        return org.in_force and (org.kind == "school" or bool(self._with_classes & {org_id, end}))

    def _tell(
        self, record: Record, table: str, column: str, value: str, schools: tuple[str, ...], *, changes: bool
    ) -> None:
        """Refuse what would change another school's records; with a chosen school it is only left out."""
        kind = FOREIGN_SCHOOL if changes and record.in_force and not self._is_chosen else LEFT_OUT
        names = tuple(self._everything.titled(school) for school in schools)
        place = self._roster.place(table)
        self._roster.problems.add(kind, file=place, row=record.row, column=column, value=value, school=names)
