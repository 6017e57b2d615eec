"""The demo school's accounts: the cast's, and one for every teacher, because a mark has an author."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from diary.access.tables import Role
from diary.demo.names import FullName
from diary.demo.people import Families
from diary.demo.seed import Identifiers
from diary.demo.staff import Staff
from diary.demo.year import Year
from diary.kit.wording import _

PASSWORD = "diary-demo"  # noqa: S105 - the demo school's, printed at every start
OFFICE_LOGIN = "daria"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """A login that the demo prints: who it is, what it shows, and which page it opens first."""

    login: str
    password: str
    full_name: str
    shows: str
    page: str


#: Who is printed, in which order, with what they show.
LOGINS = tuple(
    DemoLogin(login=login, password=PASSWORD, full_name=full_name, shows=shows, page=page)
    for login, full_name, shows, page in (
        ("anna", "Соколова Анна Сергеевна", _("мама Миши и Лизы, согласие дано"), "/"),
        ("boris", "Лебедев Борис Андреевич", _("отказался от электронной формы: печатный дневник"), "/"),
        ("galina", "Морозова Галина Петровна", _("решение о согласии ещё не зарегистрировано"), "/"),
        ("misha", "Соколов Михаил Дмитриевич", _("ученик 6Б"), "/"),
        ("vera", "Белова Вера Николаевна", _("классный руководитель 6Б, русский язык и литература"), "/"),
        ("gleb", "Тарасов Глеб Игоревич", _("классный руководитель 8А, физика"), "/"),
        ("daria", "Кузьмина Дарья Олеговна", _("канцелярия школы"), "/admin/"),
        ("root", "Администратор системы", _("оператор"), "/admin/"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with the one capacity it acts in."""

    login: str
    name: FullName
    role: Role
    capacity_id: UUID
    person: UUID | None = None


def accounts(families: Families, staff: Staff, year: Year) -> list[Account]:
    """Return all accounts, the cast's first."""
    ids = Identifiers("capacity", year.today)
    cast = families.cast
    made = [
        Account(login=login, name=person.name, role=role, capacity_id=ids.next(), person=person.id)
        for login, person, role in (
            ("anna", cast.anna, Role.GUARDIAN),
            ("boris", cast.boris, Role.GUARDIAN),
            ("galina", cast.galina, Role.GUARDIAN),
            ("misha", cast.misha, Role.PUPIL),
        )
    ]
    made += [
        Account(login=who.login, name=who.name, role=Role.TEACHER, capacity_id=ids.next(), person=who.id)
        for who in staff.teachers
    ]
    office = FullName("Кузьмина", "Дарья", "Олеговна")
    operator = FullName("системы", "Администратор", "")
    return [
        *made,
        Account(login=OFFICE_LOGIN, name=office, role=Role.OFFICE, capacity_id=ids.next()),
        Account(login="root", name=operator, role=Role.OPERATOR, capacity_id=ids.next()),
    ]
