"""Which organisations of an export are schools, and to which school a department or a person belongs."""

from __future__ import annotations

from collections.abc import Iterable

from diary.exchange.intake import SchoolFact
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.records import Org, Roster
from diary.exchange.problem import notice
from diary.kit.wording import _

TAKEN_FOR_A_SCHOOL = notice(
    _("«{name}» — не школа ({type}), и школы над ней в файле нет: заведена как школа."),
    _("Если это подразделение, добавьте в orgs.csv саму школу."),
)
SCHOOL_GONE = notice(
    _("Школа «{name}» помечена удалённой: дневник школ не удаляет."), _("Закройте её записи в панели, если нужно.")
)


class Schools:
    """The schools of one export."""

    def __init__(self, roster: Roster, known: Known) -> None:
        self._roster = roster
        self._known = known
        self._adopted: dict[str, Org] = {}
        self._found: dict[str, str | None] = {}
        referenced = [one.school_id for one in roster.classes.values() if one.in_force]
        self._adopt(referenced)
        if not self._keys():
            orgs = [org_id for user in roster.users.values() if user.in_force for org_id in user.org_ids]
            self._adopt(orgs + [role.org_id for role in roster.roles.values()])

    def of_org(self, org_id: str) -> str | None:
        """Return the school that an organisation is or is a part of; None for what stands above schools."""
        if org_id not in self._found:
            self._found[org_id] = self._climb(org_id)
        return self._found[org_id]

    @property
    def only_one(self) -> str | None:
        """The school of whoever names none, when there is no choice."""
        keys = self._keys()
        return keys[0] if len(keys) == 1 else None

    def facts(self) -> list[SchoolFact]:
        """Return the schools that are in force."""
        facts = []
        for org in self._roster.orgs.values():
            if org.kind != "school" and org.id not in self._adopted:
                continue
            if org.in_force:
                facts.append(SchoolFact(school=org.id, table="orgs", row=org.row, name=org.name))
            else:
                self._roster.problems.add(SCHOOL_GONE, file=self._roster.place("orgs"), row=org.row, name=org.name)
        here = {fact.school for fact in facts}
        there = {key for key in self._found.values() if key and key not in here}
        facts += [SchoolFact(school=key, table="orgs", row=0, name="") for key in sorted(there)]
        return facts

    def _keys(self) -> list[str]:
        here = [org.id for org in self._roster.orgs.values() if org.in_force and org.kind == "school"]
        return here + list(self._adopted) or sorted(self._known.schools)

    def _climb(self, org_id: str) -> str | None:
        seen: set[str] = set()
        at = org_id
        while at and at not in seen:
            seen.add(at)
            org = self._roster.orgs.get(at)
            if at in self._adopted or (org is None and at in self._known.schools):
                return at
            if org is None:
                return None
            if org.kind == "school":
                return at if org.in_force else None
            at = org.parent_id
        return None

    def _adopt(self, org_ids: Iterable[str]) -> None:
        """Take what classes name as their school for one, even if the export calls it a department."""
        for org_id in dict.fromkeys(org_ids):
            org = self._roster.orgs.get(org_id)
            if org is None or not org.in_force or self._climb(org_id):
                continue
            self._adopted[org_id] = org
            self._roster.problems.add(
                TAKEN_FOR_A_SCHOOL,
                file=self._roster.place("orgs"),
                row=org.row,
                column="type",
                name=org.name,
                type=org.kind,
            )
