"""Who is whose guardian: the links of an export, which real systems write at the child, at the parent, or at both."""

from __future__ import annotations

from diary.exchange.intake import ContactFact, GuardianshipFact, PersonFact
from diary.exchange.oneroster.contacts import contacts_of
from diary.exchange.oneroster.people import People, person_fact
from diary.exchange.oneroster.records import Capacity, Roster, User
from diary.exchange.problem import notice
from diary.kit.wording import _
from diary.people.tables import Relation

NOT_A_GUARDIAN = notice(
    _("«{agent}» указан(а) представителем, но не родитель и не опекун ({role}): связь не заведена."),
    _("Если это законный представитель, дайте ему роль parent или guardian."),
)
NEITHER_IS_A_PUPIL = notice(
    _("«{agent}» указан(а) представителем, но ни один из двоих не ученик: связь не заведена."), _("Проверьте ссылку.")
)
WRITTEN_AT_THE_PARENT = notice(
    _("Ребёнок «{agent}» указан у родителя, а не родитель у ребёнка: связь заведена."), _("Ничего делать не нужно.")
)
GONE = notice(_("«{agent}» помечен(а) выбывшим: связь не заведена."), _("Проверьте ссылку."))
RELATIVE = notice(
    _("«{name}» — родственник (relative): законным представителем он быть может не всегда."),
    _("Проверьте документ о полномочиях."),
)
WITHOUT_CHILDREN = notice(
    _("У представителя «{name}» нет в файле ни одного ребёнка."), _("Проверьте столбец agentSourcedIds.")
)


class Kinship:
    """The guardianships of one export."""

    def __init__(self, roster: Roster, people: People) -> None:
        self._roster = roster
        self._people = people
        self._links: dict[tuple[str, str], User] = {}
        for user in roster.users.values():
            if user.in_force:
                for agent_id in user.agent_ids:
                    self._link(user, agent_id)

    def guardianships(self) -> list[GuardianshipFact]:
        """Return each pair of guardian and child, in each school of the child."""
        return [
            GuardianshipFact(
                school=school,
                table="users",
                row=at.row,
                guardian=guardian,
                pupil=pupil,
                relation=self._relation(guardian),
            )
            for (guardian, pupil), at in self._links.items()
            for school in sorted(self._people.schools(pupil))
        ]

    def guardians(self) -> list[PersonFact]:
        """Return the guardians of the file, in the schools of their children and in their own."""
        schools: dict[str, set[str]] = {}
        for guardian, pupil in self._links:
            schools.setdefault(guardian, set()).update(self._people.schools(pupil))
        facts = []
        for user in self._roster.users.values():
            if not user.in_force or not self._people.is_guardian(user.id):
                continue
            if user.id not in schools:
                self._people.complain(user, WITHOUT_CHILDREN, "agentSourcedIds", name=_name(user))
            if self._relation(user.id) is Relation.OTHER:
                self._people.complain(user, RELATIVE, "role", name=_name(user))
            facts += [person_fact(user, each) for each in sorted(schools.get(user.id) or self._people.schools(user.id))]
        return facts

    def contacts(self, guardians: list[PersonFact]) -> list[ContactFact]:
        """Return the addresses of the given guardians."""
        addresses = {
            key: list(contacts_of(self._roster.users[key], self._people))
            for key in dict.fromkeys(guardian.key for guardian in guardians)
        }
        return [
            ContactFact(
                school=guardian.school,
                table="users",
                row=guardian.row,
                guardian=guardian.key,
                channel=channel,
                value=value,
            )
            for guardian in guardians
            for channel, value in addresses[guardian.key]
        ]

    def _link(self, user: User, agent_id: str) -> None:
        """Find out which of the two is the child; the standard writes the guardian at the child."""
        people = self._people
        agent = self._roster.users.get(agent_id)
        name = _name(agent) if agent else agent_id
        is_pupil, agent_is_pupil = self._is_pupil(user.id), self._is_pupil(agent_id)
        if agent is not None and not agent.in_force:
            people.complain(user, GONE, "agentSourcedIds", agent=name)
        elif is_pupil and people.is_guardian(agent_id) and agent_id != user.id:
            self._links.setdefault((agent_id, user.id), user)
        elif agent_is_pupil and people.is_guardian(user.id) and agent_id != user.id:
            people.complain(user, WRITTEN_AT_THE_PARENT, "agentSourcedIds", agent=name)
            self._links.setdefault((user.id, agent_id), user)
        elif is_pupil or agent_is_pupil:
            role = ", ".join(sorted(people.capacities(agent_id) if is_pupil else people.capacities(user.id))) or "—"
            people.complain(user, NOT_A_GUARDIAN, "agentSourcedIds", agent=name if is_pupil else _name(user), role=role)
        else:
            people.complain(user, NEITHER_IS_A_PUPIL, "agentSourcedIds", agent=name)

    def _is_pupil(self, user_id: str) -> bool:
        return Capacity.STUDENT in self._people.capacities(user_id)

    def _relation(self, guardian: str) -> Relation:
        capacities = self._people.capacities(guardian)
        if Capacity.PARENT in capacities:
            return Relation.PARENT
        return Relation.GUARDIAN if Capacity.GUARDIAN in capacities else Relation.OTHER


def _name(user: User) -> str:
    return f"{user.family_name} {user.given_name}".strip() or user.id
