"""What is wrong with an incoming file: where it is, what it is and what the school can do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from diary.kit.wording import _, translate

#: How many problems of one kind in one column are shown one by one; the rest is counted.
SHOWN_OF_A_KIND = 10
#: How much of a strange value is quoted.
SHOWN_OF_A_VALUE = 60
SHOWN_OF_A_LIST = 8


class Severity(StrEnum):
    """An error stops the whole import; a notice tells what was read otherwise than written, or left out."""

    ERROR = "ERROR"
    NOTICE = "NOTICE"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One thing that can be wrong; `what` and `remedy` are Russian sentences with {facts} in braces."""

    severity: Severity
    what: str
    remedy: str


def error(what: str, remedy: str) -> ProblemKind:
    """Declare a kind of problem that stops the import."""
    return ProblemKind(Severity.ERROR, what, remedy)


def notice(what: str, remedy: str) -> ProblemKind:
    """Declare a kind of problem that the import lives with."""
    return ProblemKind(Severity.NOTICE, what, remedy)


def shown(value: object, limit: int = SHOWN_OF_A_VALUE) -> str:
    """Return a value from a file as it may be printed on a terminal: no control characters, not too long."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value[:SHOWN_OF_A_LIST])) + (", …" if len(value) > SHOWN_OF_A_LIST else "")
    text = "".join(sign if sign.isprintable() else "�" for sign in str(value)[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem at one place; the row is numbered as a spreadsheet shows it (the header is row 1)."""

    kind: ProblemKind
    file: str = ""
    row: int | None = None
    column: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """Whether the import stops."""
        return self.kind.severity

    @property
    def what(self) -> str:
        """What is wrong, in the reader's language."""
        return self._worded(self.kind.what)

    @property
    def remedy(self) -> str:
        """What the school can do."""
        return self._worded(self.kind.remedy)

    @property
    def place(self) -> str:
        """File, row and column, as far as they are known."""
        parts = [shown(self.file)] if self.file else []
        if self.row is not None:
            parts.append(translate(_("строка {row}")).format(row=self.row))
        if self.column:
            parts.append(translate(_("столбец {column}")).format(column=shown(self.column)))
        return ", ".join(parts)

    def __str__(self) -> str:
        label = _("Ошибка") if self.severity is Severity.ERROR else _("Замечание")
        place = f" {self.place}:" if self.place else ""
        return f"{translate(label)}.{place} {self.what} {self.remedy}".strip()

    def _worded(self, sentence: str) -> str:
        return translate(sentence).format(**{name: shown(value) for name, value in self.facts.items()})


class ImportStopped(Exception):  # noqa: N818 - the file is at fault, not the program
    """Raised when a file cannot be read any further; carries the problem to show."""

    def __init__(self, kind: ProblemKind, *, file: str = "", row: int | None = None, **facts: object) -> None:
        self.problem = Problem(kind, file, row, None, facts)
        super().__init__(str(self.problem))


class Problems:
    """All problems of one import; keeps the first of each kind and counts the rest, so a broken file stays readable."""

    def __init__(self) -> None:
        self._first: dict[tuple[ProblemKind, str, str | None], list[Problem]] = {}
        self._count: dict[tuple[ProblemKind, str, str | None], int] = {}

    def add(
        self, kind: ProblemKind, *, file: str = "", row: int | None = None, column: str | None = None, **facts: object
    ) -> None:
        """Note one problem."""
        self.note(Problem(kind, file, row, column, facts))

    def note(self, problem: Problem) -> None:
        """Note a problem that was made elsewhere."""
        group = (problem.kind, problem.file, problem.column)
        count = self._count.get(group, 0)
        if count < SHOWN_OF_A_KIND:
            self._first.setdefault(group, []).append(problem)
        self._count[group] = count + 1

    def __iter__(self) -> Iterator[Problem]:
        """Yield the kept problems, errors first."""
        groups = sorted(self._first.values(), key=lambda kept: kept[0].severity is not Severity.ERROR)
        for kept in groups:
            yield from kept

    def of(self, kind: ProblemKind) -> list[Problem]:
        """Return the kept problems of one kind."""
        return [problem for problem in self if problem.kind is kind]

    def count(self, severity: Severity) -> int:
        """Return how many problems of a severity were met, shown or not."""
        return sum(count for (kind, _file, _column), count in self._count.items() if kind.severity is severity)

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be changed."""
        return self.count(Severity.ERROR) > 0

    def lines(self) -> Iterator[str]:
        """Yield one line for each kept problem and one for each uncounted rest, errors first."""
        groups = sorted(self._first.items(), key=lambda item: item[1][0].severity is not Severity.ERROR)
        for group, kept in groups:
            yield from map(str, kept)
            rest = self._count[group] - len(kept)
            if rest:
                place = Problem(group[0], file=group[1], column=group[2]).place
                more = translate(_("… и ещё {count} таких же")).format(count=rest)
                yield f"{more} ({place})" if place else more
