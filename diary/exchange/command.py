"""Importing a file: a dry run that shows the difference, and applying it whole or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from asyncpg.exceptions import IntegrityConstraintViolationError, UniqueViolationError

from diary.access.viewer import Nobody
from diary.exchange.comparison import ROUTE, compare
from diary.exchange.difference import Difference
from diary.exchange.holdings import DEFAULT_ZONE
from diary.exchange.intake import Intake
from diary.exchange.known_records import load_known
from diary.exchange.oneroster.interpretation import interpret
from diary.exchange.oneroster.known import Known
from diary.exchange.oneroster.reach import confine, schools_within
from diary.exchange.oneroster.reading import read_roster
from diary.exchange.oneroster.records import Roster
from diary.exchange.problem import ImportStopped, Problems, Severity, error
from diary.exchange.writing import write
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.wording import _, translate

CHANGED_MEANWHILE = error(
    _("Пока файл читали, в дневник загрузили другой."), _("Повторите: сначала пробный прогон, затем --apply.")
)
CONFLICT = error(
    _("Дневник не принял изменения: {reason}."),
    _("Проверьте, не заведено ли то же самое вручную; ничего не записано."),
)
NO_SUCH_SCHOOL = error(_("Школы «{school}» в файле нет."), _("Проверьте её sourcedId в orgs.csv."))
CHOOSE_SCHOOL = error(
    _("В дневнике несколько школ, и файл изменил бы: {schools}."),
    _("Назовите одну из них: --school и её sourcedId."),
)
UNFORESEEN = error(
    _("Файл не удалось сравнить с дневником: непредвиденная ошибка {reason}."),
    _("Ничего не записано. Пришлите эту строку разработчикам дневника."),
)

#: One import at a time; the number only has to be the same everywhere.
IMPORT_LOCK = 4_107_311_202
COMPARING = _("Сравнение с дневником")
#: An import may take its time where a page may not.
TIMEOUT = "10min"

log = logging.getLogger(__name__)

Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What came of an import: what is wrong with the file, what differs, and whether it was written."""

    name: str
    version: str
    problems: Problems
    difference: Difference
    applied: bool

    @property
    def is_refused(self) -> bool:
        """Whether an error kept everything as it was."""
        return self.problems.has_errors

    @property
    def exit_status(self) -> int:
        """What the shell is told: 0, or 1 when the file was refused."""
        return 1 if self.is_refused else 0

    def lines(self) -> Iterator[str]:
        """Yield the outcome as it is printed: problems, differences, and what to do next."""
        yield from self.problems.lines()
        if self.is_refused:
            count = self.problems.count(Severity.ERROR)
            yield translate(_("Ничего не изменено. Ошибок: {count}; исправьте их и повторите.")).format(count=count)
            return
        yield from self.difference.lines()
        if not self.difference:
            yield translate(_("В дневнике уже всё так, как в файле: менять нечего."))
        elif self.applied:
            yield translate(_("Записано: {summary}.")).format(summary=self.difference.summary())
        else:
            yield translate(
                _("Пробный прогон: {summary}. Ничего не записано; чтобы записать, добавьте --apply.")
            ).format(summary=self.difference.summary())


async def import_oneroster(
    path: Path, *, apply: bool, report: Report = lambda _stage, _fraction: None, school: str | None = None
) -> ImportOutcome:
    """Read a OneRoster zip or folder, compare it with the diary, and with `apply` write it in one transaction.

    What is wrong with the file is in the outcome's problems; an error means that nothing was written. With `school`
    only the school of that id is taken.
    """
    actor = Nobody(route=ROUTE)
    everything = await _load_known(actor)
    roster = await asyncio.to_thread(read_roster, path, known=everything, report=report)
    difference: Difference | None = None
    try:
        if not roster.problems.has_errors:
            within = await _reach(actor, roster, everything, school)
            if not roster.problems.has_errors:
                intake = await asyncio.to_thread(_interpret, roster, everything, within, school)
                if not roster.problems.has_errors:
                    difference = await _take_over(
                        actor,
                        intake,
                        (everything, within),
                        apply=apply,
                        difference=_difference(roster, intake, everything),
                        report=report,
                    )
    except ImportStopped as stop:
        roster.problems.note(stop.problem)
    except IntegrityConstraintViolationError as refused:
        # Which key is taken helps; the row of a failed check is a family's data and stays out of reports and logs.
        taken = refused.detail if isinstance(refused, UniqueViolationError) else None
        roster.problems.add(CONFLICT, reason=": ".join(filter(None, (refused.constraint_name, taken))))
    except Exception as fault:
        # The transaction is rolled back; the office needs one line, not the program's inside.
        log.debug("an import failed", exc_info=True)
        roster.problems.add(UNFORESEEN, reason=f"{type(fault).__name__}: {fault}")
    return ImportOutcome(
        name=roster.name,
        version=roster.version,
        problems=roster.problems,
        difference=difference or Difference(),
        applied=apply and difference is not None,
    )


async def _reach(actor: Nobody, roster: Roster, everything: Known, school: str | None) -> Known:
    """Return what the diary knows of the schools that the file may change, with the roster confined to them."""
    keys = schools_within(roster, everything, school)
    within = everything if keys == everything.schools.keys() else await _load_known(actor, keys)
    confine(roster, everything, within, chosen=school)
    return within


def _interpret(roster: Roster, everything: Known, within: Known, school: str | None) -> Intake:
    """Interpret, and let nothing through about a school that the file may not change."""
    today = clock.now().astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    intake = interpret(roster, today=today, known=within)
    beyond = everything.schools.keys() - within.schools.keys()
    if school is None:
        intake.keep_only({key for key in intake.school_keys if key not in beyond})
        existing = tuple(everything.titled(key) for key in intake.school_keys if key in everything.schools)
        if existing and everything.is_shared:
            raise ImportStopped(CHOOSE_SCHOOL, schools=existing)
    else:
        if school not in intake.school_keys:
            raise ImportStopped(NO_SUCH_SCHOOL, school=school)
        intake.keep_only({school})
    return intake


def _difference(roster: Roster, intake: Intake, everything: Known) -> Difference:
    """Begin a difference; with several schools in sight it says of each record whose it is."""
    is_shared = everything.is_shared or len(everything.schools.keys() | set(intake.school_keys)) > 1
    return Difference(roster.places, names_schools=is_shared)


@command
async def _load_known(_actor: Nobody, only: frozenset[str] | None = None) -> Known:
    await _take_time()
    return await load_known(only)


@command
async def _take_over(
    _actor: Nobody, intake: Intake, known: tuple[Known, Known], *, apply: bool, difference: Difference, report: Report
) -> Difference:
    """Compare, and write if asked to, in one transaction; other imports wait, everybody else goes on."""
    await _take_time()
    if apply:
        await database.fetch("SELECT pg_advisory_xact_lock($1)", IMPORT_LOCK)
        everything, within = known
        if await load_known() != everything or (
            within is not everything and await load_known(within.schools) != within
        ):
            raise ImportStopped(CHANGED_MEANWHILE)
    stage = translate(COMPARING)
    report(stage, 0.0)
    holdings = await compare(intake, difference, now=clock.now())
    report(stage, 1.0)
    if apply:
        await write(holdings, report)
    return difference


async def _take_time() -> None:
    """Let the transaction's statements run longer than a page's, and wait for another import."""
    await database.fetch(
        "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true), "
        "set_config('idle_in_transaction_session_timeout', $1, true)",
        TIMEOUT,
    )
