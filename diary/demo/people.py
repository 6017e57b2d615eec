"""The demo school's people: classes filled with pupils, their families, and the cast that is always there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from diary.demo import names
from diary.demo.names import FullName, Sex
from diary.demo.seed import Identifiers, dice
from diary.demo.year import DAY, WEEK, Year
from diary.people.names import folded
from diary.people.tables import LegalBasis, Relation

#: Two classes in every grade, a third in the crowded ones.
LETTERS = ("А", "Б")
THIRD_LETTER_IN = (1, 5, 6)
MISHAS_CLASS, LIZAS_CLASS, GLEBS_CLASS = "6Б", "3А", "8А"
SIBLING_LIKELIHOOD = 0.15
#: So many guardians have lost their rights in this school year.
ENDED_GUARDIANSHIPS = 5


@dataclass(slots=True, eq=False, kw_only=True)
class Pupil:
    """A pupil; ability is the mark that school work would earn on average."""

    id: UUID
    name: FullName
    sex: Sex
    birth_date: date
    ability: float
    entered_on: date

    def age_on(self, day: date) -> int:
        """Return the age in full years."""
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


@dataclass(slots=True, eq=False, kw_only=True)
class Guardian:
    """A parent or another legal representative."""

    id: UUID
    name: FullName


@dataclass(slots=True, eq=False, kw_only=True)
class Guardianship:
    """Who acts for whom and why."""

    id: UUID
    guardian: Guardian
    pupil: Pupil
    relation: Relation
    basis: LegalBasis
    first: date
    last: date | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class SchoolClass:
    """A class with its pupils of today, in the order of the register."""

    id: UUID
    name: str
    grade: int
    size: int
    pupils: list[Pupil] = field(default_factory=list)

    def sort(self) -> None:
        """Put the register in order; Ё stands beside Е."""
        self.pupils.sort(key=lambda pupil: (folded(pupil.name.family), folded(pupil.name.given)))


@dataclass(slots=True, kw_only=True)
class Cast:
    """Those whom guides and tests know by name."""

    anna: Guardian
    boris: Guardian
    galina: Guardian
    misha: Pupil
    liza: Pupil
    boriss_child: Pupil
    galinas_child: Pupil

    @property
    def pupils(self) -> tuple[Pupil, ...]:
        """The children of the cast."""
        return (self.misha, self.liza, self.boriss_child, self.galinas_child)


class Families:
    """Fills the classes, family by family, brothers and sisters included."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.guardians: list[Guardian] = []
        self.guardianships: list[Guardianship] = []
        self._dice = dice("families")
        self._ids = {kind: Identifiers(kind, year.today) for kind in ("class", "pupil", "guardian", "guardianship")}
        self._taken: set[tuple[str, str]] = set()
        self.classes = [
            SchoolClass(id=self._ids["class"].next(), name=f"{grade}{letter}", grade=grade, size=self._size(grade))
            for grade in range(1, 12)
            for letter in (*LETTERS, *(("В",) if grade in THIRD_LETTER_IN else ()))
        ]
        self.cast = self._cast()
        for school_class in self.classes:
            while len(school_class.pupils) < school_class.size:
                self._family(school_class)
            school_class.sort()
        self._end_some()

    @property
    def pupils(self) -> list[Pupil]:
        """All pupils, class by class."""
        return [pupil for school_class in self.classes for pupil in school_class.pupils]

    def class_named(self, name: str) -> SchoolClass:
        """Return the class of that name."""
        return next(found for found in self.classes if found.name == name)

    def _size(self, grade: int) -> int:
        return self._dice.randrange(24, 28) if grade < 10 else self._dice.randrange(23, 26)

    def _cast(self) -> Cast:
        mishas, lizas, glebs = map(self.class_named, (MISHAS_CLASS, LIZAS_CLASS, GLEBS_CLASS))
        misha = self._pupil(mishas, FullName("Соколов", "Михаил", "Дмитриевич"), Sex.MALE)
        liza = self._pupil(lizas, FullName("Соколова", "Елизавета", "Дмитриевна"), Sex.FEMALE)
        artyom = self._pupil(mishas, FullName("Лебедев", "Артём", "Борисович"), Sex.MALE)
        alina = self._pupil(glebs, FullName("Морозова", "Алина", "Сергеевна"), Sex.FEMALE)
        misha.ability, liza.ability = 4.1, 4.6
        anna = self._guardian(FullName("Соколова", "Анна", "Сергеевна"), [misha, liza], Relation.MOTHER)
        boris = self._guardian(FullName("Лебедев", "Борис", "Андреевич"), [artyom], Relation.FATHER)
        galina = self._guardian(FullName("Морозова", "Галина", "Петровна"), [alina], Relation.MOTHER)
        return Cast(
            anna=anna, boris=boris, galina=galina,
            misha=misha, liza=liza, boriss_child=artyom, galinas_child=alina,
        )  # fmt: skip

    def _family(self, school_class: SchoolClass) -> None:
        chance = self._dice
        family = chance.choice(names.FAMILIES)
        father = chance.choice(names.FATHERS)[0]
        children = [self._child(school_class, family, father)]
        if chance.random() < SIBLING_LIKELIHOOD:
            room = [
                other for other in self.classes
                if other.grade not in {school_class.grade, school_class.grade + 1} and len(other.pupils) < other.size
            ]  # fmt: skip
            if room:
                children.append(self._child(chance.choice(room), family, father))
        self._guardians(family, father, children)

    def _guardians(self, family: str, father: str, children: list[Pupil]) -> None:
        chance = self._dice
        fathers_name = FullName(family, father, names.patronymic(chance.choice(names.FATHERS)[0], Sex.MALE))
        kind = chance.random()
        if kind < 0.88:
            self._guardian(names.grown_up(chance, Sex.FEMALE, family), children, Relation.MOTHER)
        if kind < 0.5 or 0.88 <= kind < 0.95:
            self._guardian(fathers_name, children, Relation.FATHER)
        if kind >= 0.95:
            relation = Relation.GRANDPARENT if kind < 0.985 else Relation.GUARDIAN
            self._guardian(names.grown_up(chance, Sex.FEMALE), children, relation, LegalBasis.GUARDIANSHIP_ORDER)

    def _child(self, school_class: SchoolClass, family: str, father: str) -> Pupil:
        sex = self._dice.choice((Sex.MALE, Sex.FEMALE))
        family = names.family_name(family, sex)
        free = [
            given for given in (names.BOYS if sex is Sex.MALE else names.GIRLS) if (family, given) not in self._taken
        ]
        given = self._dice.choice(free)
        self._taken.add((family, given))
        return self._pupil(school_class, FullName(family, given, names.patronymic(father, sex)), sex)

    def _pupil(self, school_class: SchoolClass, name: FullName, sex: Sex) -> Pupil:
        autumn = int(self.year.name[:4])
        pupil = Pupil(
            id=self._ids["pupil"].next(),
            name=name,
            sex=sex,
            birth_date=date(autumn - 6 - school_class.grade, 1, 1) + timedelta(days=self._dice.randrange(365)),
            ability=_ability(self._dice),
            entered_on=min(self.year.first, date(autumn + 1 - school_class.grade, 9, 1)),
        )
        school_class.pupils.append(pupil)
        return pupil

    def _guardian(
        self, name: FullName, children: list[Pupil], relation: Relation, basis: LegalBasis = LegalBasis.PARENT
    ) -> Guardian:
        guardian = Guardian(id=self._ids["guardian"].next(), name=name)
        self.guardians.append(guardian)
        self.guardianships += [
            Guardianship(
                id=self._ids["guardianship"].next(), guardian=guardian, pupil=child,
                relation=relation, basis=basis, first=child.entered_on,
            )
            for child in children
        ]  # fmt: skip
        return guardian

    def _end_some(self) -> None:
        """Take a few fathers' rights away by court; a mother remains (A11)."""
        mothers = {link.pupil for link in self.guardianships if link.relation is Relation.MOTHER}
        fathers = [link for link in self.guardianships if link.relation is Relation.FATHER and link.pupil in mothers]
        for link in self._dice.sample(fathers, ENDED_GUARDIANSHIPS):
            link.last = self.year.this_monday - 2 * WEEK - DAY
            link.basis = LegalBasis.COURT_ORDER


def _ability(chance: Random) -> float:
    return max(2.7, min(5.0, chance.gauss(3.95, 0.55)))
