"""Finding the duty that a clerk names by the pupil and what was owed (D6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from admin.forms.typed import MOST_NAMED, NotOne, Person
from admin.labels import CHOICES
from diary.delivery.tables import ObligationKind, ObligationState
from diary.kit import database
from diary.people.names import folded, full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What is or was owed about a pupil, with what tells it from the others."""

    id: UUID
    kind: ObligationKind
    #: Whom it is owed to; empty for the pupil.
    guardian: str
    due_at: datetime
    state: ObligationState

    def __str__(self) -> str:
        to = self.guardian or "сам обучающийся"
        state = CHOICES[ObligationState][self.state].lower()
        return f"{CHOICES[ObligationKind][self.kind]}, {to}, до {self.due_at:%d.%m.%Y %H:%M}, {state}"


async def duties_of(child: Person) -> list[Duty]:
    """Return what is owed about the child, what can still be settled first and then by deadline."""
    rows = await database.fetch(
        f"""
        SELECT o.id, o.kind, o.state, o.due_at AT TIME ZONE s.time_zone AS due_at,
            {full_name("g")} AS guardian
        FROM obligation o JOIN school s ON s.id = o.school LEFT JOIN guardian g ON g.id = o.guardian
        WHERE o.pupil = $1 ORDER BY o.state IN ('MET', 'CANCELLED'), o.due_at, o.id LIMIT 200
        """,  # noqa: S608 - constants only
        child.id,
    )
    return [
        Duty(
            id=row["id"], kind=ObligationKind(row["kind"]), guardian=row["guardian"], due_at=row["due_at"],
            state=ObligationState(row["state"]),
        )
        for row in rows
    ]  # fmt: skip


async def duty_of(child: Person, typed: str) -> Duty:
    """Return the one duty about the child that the text means: its label, or all the words of it that were typed.

    Raises NotOne.
    """
    duties = await duties_of(child)
    words = [folded(word) for word in typed.split(",")]
    fitting = [duty for duty in duties if folded(str(duty)) == folded(typed)] or [
        duty for duty in duties if all(word in folded(str(duty)) for word in words)
    ]
    # Alike in everything that is shown: settled one after another.
    if fitting and len({str(duty) for duty in fitting}) == 1:
        return fitting[0]
    if not fitting:
        raise NotOne(f"Обязанность: по «{typed}» ничего не найдено. {_named(duties)}")
    raise NotOne(f"Обязанность: подходят несколько. {_named(fitting)} Введите точнее.")


def _named(duties: list[Duty]) -> str:
    if not duties:
        return "Обязанностей об этом обучающемся нет."
    more = f" и ещё {len(duties) - MOST_NAMED}" if len(duties) > MOST_NAMED else ""
    return f"Записаны: {'; '.join(str(duty) for duty in duties[:MOST_NAMED])}{more}."
