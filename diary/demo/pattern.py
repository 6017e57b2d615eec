"""The demo school's week: every unit gets its slots, and nobody is asked to be in two places at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from diary.demo.courses import weekly_hours
from diary.demo.groups import Part, Unit
from diary.demo.people import SchoolClass
from diary.demo.seed import dice
from diary.demo.staff import Teacher
from diary.demo.year import SCHOOL_WEEK

#: Slots of a day, the last of them only for lessons after the others.
SLOTS = 8
#: A search that has not ended by then starts anew with other dice.
LONGEST_SEARCH = 60_000


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekday (0 is Monday) and the number of the lesson in it, from 1."""

    weekday: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson of the week for one part."""

    slot: Slot
    part: Part
    classes: tuple[SchoolClass, ...]


Key = TypeVar("Key")
ALL_SLOTS = tuple(Slot(weekday, ordinal) for weekday in range(SCHOOL_WEEK) for ordinal in range(1, SLOTS + 1))


def lessons_a_day(grade: int) -> tuple[int, ...]:
    """Return how many lessons the grade has on each weekday; the longer days differ from grade to grade."""
    least, longer = divmod(weekly_hours(grade), SCHOOL_WEEK)
    return tuple(least + ((weekday + grade) % SCHOOL_WEEK < longer) for weekday in range(SCHOOL_WEEK))


def weekly_pattern(units: list[Unit]) -> list[Entry]:
    """Return the week's lessons, ordered by slot."""
    for attempt in range(100):
        search = _Search([unit for unit in units if not unit.after_lessons], dice("pattern", attempt))
        if search.succeeds():
            placed = search.placed()
            placed += _after_lessons([unit for unit in units if unit.after_lessons], placed)
            return [
                Entry(slot, part, unit.classes)
                for slot, unit in sorted(placed, key=lambda pair: (pair[0].weekday, pair[0].ordinal))
                for part in unit.parts
            ]
    raise RuntimeError("the demo school's timetable has no solution")


def _after_lessons(units: list[Unit], placed: list[tuple[Slot, Unit]]) -> list[tuple[Slot, Unit]]:
    added: list[tuple[Slot, Unit]] = []
    for unit in units:
        (part,) = unit.parts
        (school_class,) = unit.classes
        days = lessons_a_day(school_class.grade)
        busy = {slot for slot, other in placed for one in other.parts if one.teacher is part.teacher}
        used = {slot.weekday for slot, _unit in added}
        added.append(
            next(
                (slot, unit)
                for slot in ALL_SLOTS
                if slot.ordinal == days[slot.weekday] + 1 and slot not in busy and slot.weekday not in used
            )
        )
    return added


class _Search:
    """Places the hardest first and lets a newcomer push others out, who then look again for a slot."""

    def __init__(self, units: list[Unit], chance: Random) -> None:
        self._chance = chance
        self._units = [unit for unit in units for _hour in range(unit.hours)]
        self._at: list[Slot | None] = [None] * len(self._units)
        self._room: dict[tuple[SchoolClass, Slot], int] = {}
        self._busy: dict[tuple[Teacher, Slot], int] = {}
        self._days: Counter[tuple[Unit, int]] = Counter()
        self._tries: Counter[tuple[int, Slot]] = Counter()
        self._slots = {
            unit: [slot for slot in ALL_SLOTS if slot.ordinal <= lessons_a_day(unit.classes[0].grade)[slot.weekday]]
            for unit in units
        }

    def succeeds(self) -> bool:
        order = list(range(len(self._units)))
        self._chance.shuffle(order)
        order.sort(key=lambda number: -self._hardness(self._units[number]))
        waiting = deque(order)
        for _step in range(LONGEST_SEARCH):
            if not waiting:
                return True
            number = waiting.popleft()
            slot = min(self._slots[self._units[number]], key=lambda slot: self._cost(number, slot))
            for other in self._in_the_way(number, slot):
                self._lift(other)
                waiting.append(other)
            self._put(number, slot)
        return False

    def placed(self) -> list[tuple[Slot, Unit]]:
        return [(slot, unit) for slot, unit in zip(self._at, self._units, strict=True) if slot is not None]

    def _hardness(self, unit: Unit) -> int:
        return 100 * len(unit.classes) + 40 * len(unit.parts) + sum(part.teacher.hours for part in unit.parts)

    def _cost(self, number: int, slot: Slot) -> float:
        unit = self._units[number]
        cost = 10.0 * len(self._in_the_way(number, slot)) + 4.0 * self._tries[number, slot] + self._chance.random()
        if self._days[unit, slot.weekday] >= (1 if unit.hours <= SCHOOL_WEEK else 2):
            cost += 25.0
        return cost

    def _in_the_way(self, number: int, slot: Slot) -> set[int]:
        unit = self._units[number]
        found = {self._room.get((school_class, slot), -1) for school_class in unit.classes}
        found.update(self._busy.get((part.teacher, slot), -1) for part in unit.parts)
        found.discard(-1)
        return found

    def _put(self, number: int, slot: Slot) -> None:
        unit = self._units[number]
        self._at[number] = slot
        self._tries[number, slot] += 1
        self._days[unit, slot.weekday] += 1
        self._room.update(dict.fromkeys(((school_class, slot) for school_class in unit.classes), number))
        self._busy.update(dict.fromkeys(((part.teacher, slot) for part in unit.parts), number))

    def _lift(self, number: int) -> None:
        unit, slot = self._units[number], self._at[number]
        if slot is None:
            return
        self._at[number] = None
        self._days[unit, slot.weekday] -= 1
        _forget(self._room, ((school_class, slot) for school_class in unit.classes))
        _forget(self._busy, ((part.teacher, slot) for part in unit.parts))


def _forget(of: dict[Key, int], keys: Iterable[Key]) -> None:
    for key in keys:
        del of[key]
