"""What became of a letter that nobody can know about: a clerk has asked the receiver and says it (D7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.delivery.outbox import settle_by_hand
from diary.delivery.tables import OutboxState
from diary.kit import database
from diary.people.names import folded, folded_sql, full_name

#: So many letters are listed when none is named.
MOST_LISTED = 20
#: Among so many letters to receivers whose names begin alike the rest of what was typed chooses.
MOST_COMPARED = 500


class Fate(StrEnum):
    """What the receiver has said."""

    ARRIVED = "ARRIVED"
    NOT_ARRIVED = "NOT_ARRIVED"


CHOICES[Fate] = {"ARRIVED": "Письмо дошло", "NOT_ARRIVED": "Не дошло — отправить снова"}


class SettleFields(Fields):
    """Which letter, and what became of it."""

    letter: str = typed(
        "Кому: фамилия и имя или адрес, через запятую — тема или время (пусто — показать все письма)", needed=False
    )
    fate: Fate = choice("Что с письмом", Fate, default=Fate.ARRIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A letter that waits for a person, with what tells it apart."""

    id: UUID
    name: str
    address: str
    child: str
    subject: str
    written_at: datetime
    state: OutboxState

    def __str__(self) -> str:
        about = f", о ребёнке: {self.child}" if self.child else ""
        state = CHOICES[OutboxState][self.state].lower()
        return f"{self.name}, {self.address}, «{self.subject}»{about}, {self.written_at:%d.%m.%Y %H:%M:%S}, {state}"


async def settle(desk: Desk, fields: SettleFields) -> str:
    """Record the clerk's word about the one letter that was named; without a name only list what waits for it."""
    async with staff_transaction(desk.member):
        if not fields.letter:
            return _listed(await _letters(), "Писем, о которых нужно решить, нет.")
        fitting = await _letters(fields.letter)
        if arrived := fields.fate is Fate.ARRIVED:
            fitting = [letter for letter in fitting if letter.state is OutboxState.UNCERTAIN] or fitting
        letter = _choose(fields.letter, fitting, await _letters())
    if arrived and letter.state is OutboxState.FAILED:
        raise ValueError(f"Это письмо точно не отправлено, его можно только отправить снова: {letter}.")
    await settle_by_hand(desk.member.viewer, letter.id, arrived=arrived)
    if arrived:
        return f"Записано, что письмо дошло: {letter}."
    return f"Письмо снова в очереди: {letter}. Перед отправкой проверяется согласие."


async def _letters(text: str = "") -> list[_Letter]:
    """Return the letters that wait for a person, uncertain ones first; narrowed to the receiver and details typed."""
    receiver, *details = (folded(part) for part in text.split(","))
    rows = await database.fetch(
        f"""
        SELECT * FROM (
            SELECT o.id, {full_name("g")} AS name,
                c.value AS address, coalesce(p.given_name || ' ' || p.family_name, '') AS child, o.subject,
                o.created_at AT TIME ZONE s.time_zone AS written_at, o.state, o.created_at
            FROM outbox o JOIN school s ON s.id = o.school JOIN guardian g ON g.id = o.guardian
            JOIN contact_point c ON c.id = o.contact_point LEFT JOIN pupil p ON p.id = o.pupil
            WHERE o.kind <> 'PRINT' AND (o.state = 'UNCERTAIN' OR o.state = 'FAILED' AND o.evidence IS NULL)
        ) AS waiting
        WHERE starts_with({folded_sql("name")}, $1) OR starts_with(lower(address), $1)
        ORDER BY state DESC, created_at, id LIMIT $2
        """,  # noqa: S608 - constants only
        receiver,
        MOST_COMPARED,
    )
    waiting = [
        _Letter(
            id=row["id"], name=row["name"], address=row["address"], child=row["child"], subject=row["subject"],
            written_at=row["written_at"], state=OutboxState(row["state"]),
        )
        for row in rows
    ]  # fmt: skip
    fitting = [letter for letter in waiting if all(detail in folded(str(letter)) for detail in details)]
    return [letter for letter in fitting if receiver in {folded(letter.name), folded(letter.address)}] or fitting


def _choose(text: str, fitting: Sequence[_Letter], waiting: Sequence[_Letter]) -> _Letter:
    # Letters that nobody can tell apart are settled one after another, the oldest first.
    if len({str(letter) for letter in fitting}) == 1:
        return fitting[0]
    if not fitting:
        raise people.NotOne(f"Письмо: по «{text}» ничего не найдено. {_listed(waiting, 'Решать не о чем.')}")
    raise people.NotOne(f"Письмо: подходят несколько. {_listed(fitting, '')} Введите точнее.")


def _listed(letters: Sequence[_Letter], none: str) -> str:
    if not letters:
        return none
    more = f" и ещё {len(letters) - MOST_LISTED}" if len(letters) > MOST_LISTED else ""
    return f"Ждут решения: {'; '.join(str(letter) for letter in letters[:MOST_LISTED])}{more}."


FORM = StaffForm(
    slug="settle-letter",
    name="Решить о неясном письме",
    description="Программа не знает, дошло ли письмо, или не смогла его отправить. Спросите получателя и решите.",
    group="Письма и печать",
    fields=SettleFields,
    handler=settle,
)
