"""Finding the people and classes that a clerk names by typing, among those of the clerk's own schools."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from diary.kit import database
from diary.people.names import folded, folded_sql, full_name

#: So many candidates are named when what was typed fits several.
MOST_NAMED = 5
MOST_OFFERED = 20

_PUPILS = f"""
    SELECT p.id, p.school, {full_name("p")} AS name, p.birth_date, k.name AS class
    FROM pupil p
    LEFT JOIN LATERAL (
        SELECT k.name FROM membership m
        JOIN teaching_group g ON g.id = m.teaching_group AND g.kind = 'CLASS'
        JOIN school_class k ON k.id = g.school_class
        WHERE m.pupil = p.id ORDER BY m.valid_to IS NULL DESC, m.valid_from DESC LIMIT 1
    ) k ON true
"""  # noqa: S608 - built from constants only
_ALIKE = f"{folded_sql('{name}')} LIKE {folded_sql('$1')} || '%'"


class NotOne(ValueError):  # noqa: N818 - says what is wrong
    """What was typed fits nobody, or several; the message lists who it could be."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the clerk's schools, with what tells namesakes apart."""

    id: UUID
    school: UUID
    name: str
    also: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {self.also}" if self.also else self.name


def _plain(text: str) -> str:
    return re.sub(r"[\\%_]", "", " ".join(text.split()))


def _day(value: date | None) -> str:
    return value.strftime("%d.%m.%Y") if value else ""


def choose(typed: str, candidates: list[Person], *, what: str) -> Person:
    """Return the one candidate that the text means: by the whole label, by the name alone, or as the only one.

    Raises NotOne.
    """
    wanted = folded(typed.strip())
    by_label = [person for person in candidates if folded(str(person)) == wanted]
    by_name = [person for person in candidates if folded(person.name) == wanted]
    for found in (by_label, by_name, candidates):
        if len(found) == 1:
            return found[0]
    if not candidates:
        raise NotOne(f"{what}: никого не найдено по «{typed.strip()}». Введите фамилию, имя и класс через запятую.")
    named = "; ".join(str(person) for person in candidates[:MOST_NAMED])
    more = " и другие" if len(candidates) > MOST_NAMED else ""
    raise NotOne(f"{what}: подходят несколько: {named}{more}. Введите точнее.")


async def pupils(typed: str) -> list[Person]:
    """Return the pupils whose name begins as typed, narrowed by the class and the birth date typed after commas."""
    name, *rest = (part.strip() for part in typed.split(","))
    rows = await database.fetch(
        f"SELECT * FROM ({_PUPILS}) AS listed WHERE {_ALIKE.format(name='name')} ORDER BY name, class, id LIMIT 200",  # noqa: S608
        _plain(name),
    )
    found = [
        Person(row["id"], row["school"], row["name"], ", ".join(filter(None, (row["class"], _day(row["birth_date"])))))
        for row in rows
    ]
    return [
        person
        for person in found
        if {folded(part) for part in rest if part} <= {folded(part) for part in person.also.split(", ")}
    ]


async def pupil(typed: str) -> Person:
    """Return the one pupil that was typed; raises NotOne."""
    return choose(typed, await pupils(typed), what="Обучающийся")


async def guardians_of(child: Person, typed: str = "") -> list[Person]:
    """Return the child's guardians whose name begins as typed."""
    rows = await database.fetch(
        f"""
        SELECT DISTINCT g.id, g.school, {full_name("g")} AS name
        FROM guardian g JOIN guardianship s ON s.guardian = g.id AND s.pupil = $2
        WHERE {_ALIKE.format(name=full_name("g"))} ORDER BY name
        """,  # noqa: S608 - built from constants only
        _plain(typed),
        child.id,
    )
    return [Person(row["id"], row["school"], row["name"]) for row in rows]


async def guardian_of(child: Person, typed: str) -> Person | None:
    """Return the child's guardian that was typed, None for the child's own decision («сам»); raises NotOne."""
    if folded(typed.strip()) in {"сам", "сама", "сам обучающийся", "сама обучающаяся"}:
        return None
    fitting = await guardians_of(child, typed)
    if not fitting:
        everybody = "; ".join(str(person) for person in await guardians_of(child)) or "никого"
        raise NotOne(f"Представитель: «{typed.strip()}» не найден. У обучающегося ({child}) записаны: {everybody}.")
    return choose(typed, fitting, what="Представитель")


async def people(table: str, typed: str) -> list[Person]:
    """Return guardians or teachers whose name begins as typed, a guardian with the children's names."""
    also = (
        "(SELECT string_agg(p.given_name || ' ' || p.family_name, ' и ' ORDER BY p.given_name) "
        "FROM guardianship s JOIN pupil p ON p.id = s.pupil WHERE s.guardian = t.id)"
        if table == "guardian"
        else "NULL"
    )
    name, *_rest = (part.strip() for part in typed.split(","))
    rows = await database.fetch(
        f"""
        SELECT t.id, t.school, {full_name("t")} AS name, {also} AS also FROM {table} t
        WHERE {_ALIKE.format(name=full_name("t"))} ORDER BY name, t.id LIMIT 200
        """,  # noqa: S608 - built from constants only
        _plain(name),
    )
    return [Person(row["id"], row["school"], row["name"], row["also"] or "") for row in rows]


async def classes(typed: str = "") -> list[Person]:
    """Return the classes whose name begins as typed, those of the newest school year first."""
    rows = await database.fetch(
        f"""
        SELECT k.id, k.school, k.name, y.name AS year FROM school_class k JOIN school_year y ON y.id = k.school_year
        WHERE {_ALIKE.format(name="k.name")} ORDER BY y.starts_on DESC, k.grade_level, k.name LIMIT 200
        """,  # noqa: S608 - built from constants only
        _plain(typed.partition(",")[0]),
    )
    newest = rows[0]["year"] if rows else ""
    return [Person(row["id"], row["school"], row["name"], "" if row["year"] == newest else row["year"]) for row in rows]


async def school_class(typed: str) -> Person:
    """Return the class that was typed; raises NotOne."""
    name = folded(typed.partition(",")[0].strip())
    fitting = [found for found in await classes(typed) if folded(found.name) == name]
    return choose(typed, fitting, what="Класс")


async def school(typed: str) -> Person:
    """Return the one school that was typed; whoever works for one need not type it. Raises NotOne."""
    rows = await database.fetch(
        f"SELECT id, name FROM school WHERE {_ALIKE.format(name='name')} ORDER BY name, id LIMIT 200",  # noqa: S608
        _plain(typed),
    )
    return choose(typed, [Person(row["id"], row["id"], row["name"]) for row in rows], what="Школа")


async def logins(typed: str) -> list[str]:
    """Return the open accounts' logins that begin as typed; row-level security shows those of the own schools."""
    rows = await database.fetch(
        f"SELECT username FROM account WHERE active AND {_ALIKE.format(name='username')} ORDER BY username LIMIT $2",  # noqa: S608
        _plain(typed),
        MOST_OFFERED,
    )
    return [row["username"] for row in rows]
