"""Pupils, teachers and guardians of a file against the diary; whom the file lacks is closed, never deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from diary.delivery.tables import Provenance
from diary.exchange.difference import ChangeKind
from diary.exchange.holdings import Holdings
from diary.exchange.intake import GuardianshipFact, Intake, PersonFact, PupilFact
from diary.exchange.problem import notice
from diary.exchange.sheet import Sheet
from diary.kit.wording import _
from diary.people.tables import LegalBasis

LINK_CLOSED_BY_SCHOOL = notice(
    _("Связь «{guardian} — {pupil}» закрыта или ограничена в школе: файл её не открывает."),
    _("Если права восстановлены, откройте связь в панели по документу."),
)
NAMESAKE = notice(
    _("В дневнике уже есть «{name}» без идентификатора OneRoster: будет заведён(а) ещё один(на)."),
    _("Если это тот же человек, впишите его sourcedId в панели и повторите."),
)
MOST_ARE_MISSING = notice(
    _("В файле нет {missing} из {all} обучающихся школы «{school}»: они будут отмечены выбывшими."),
    _("Проверьте, что выгрузка полная."),
)

#: A school of at least so many pupils does not lose half of them overnight.
SMALLEST_WARNED = 10


class PeopleComparison:
    """Compares people and the links between them."""

    def __init__(self, intake: Intake, holdings: Holdings, ended_by_import: frozenset[UUID]) -> None:
        self._intake = intake
        self._holdings = holdings
        #: Guardianships whose end was set by an import and by nobody in the school.
        self._ended_by_import = ended_by_import
        self._link_starts: set[tuple[UUID, UUID, date]] = set()

    def compare(self) -> None:
        """Note every difference."""
        holdings = self._holdings
        for sheet, facts in (
            (holdings.teachers, self._intake.teachers),
            (holdings.pupils, self._intake.pupils),
            (holdings.guardians, self._intake.guardians),
        ):
            namesakes = self._namesakes(sheet)
            for fact in facts:
                self._person(sheet, fact, namesakes)
        self._close_missing(holdings.teachers)
        self._warn_of_a_half_empty_file()
        self._close_missing(holdings.pupils)
        self._guardianships()
        self._contacts()

    def _person(self, sheet: Sheet, fact: PersonFact, namesakes: set[tuple[UUID, str]]) -> None:
        school = self._holdings.school_ids[fact.school]
        values: dict[str, Any] = {"family_name": fact.family_name, "given_name": fact.given_name}
        if fact.patronymic:
            values["patronymic"] = fact.patronymic
        if isinstance(fact, PupilFact):
            stated = {"birth_date": fact.birth_date, "grade_level": fact.grade_level}
            values |= {column: value for column, value in stated.items() if value is not None}
        found = sheet.by_key.get((school, fact.key))
        if found is None:
            if (school, fact.full_name) in namesakes:
                self._intake.problems.add(
                    NAMESAKE,
                    file=self._holdings.difference.places.get(fact.table, ""),
                    row=fact.row,
                    name=fact.full_name,
                )
            sheet.add(fact, {"school": school, "external_id": fact.key} | values, lambda: fact.full_name)
            return
        if "left_on" in sheet.columns:
            values["left_on"] = None
        sheet.change(found, values, lambda: fact.full_name, fact=fact)

    def _namesakes(self, sheet: Sheet) -> set[tuple[UUID, str]]:
        rows = sheet.rows.items()
        return {(row["school"], self._holdings.person(sheet, key)) for key, row in rows if row["external_id"] is None}

    def _is_gone(self, sheet: Sheet, row_id: UUID) -> bool:
        key = sheet.rows[row_id]["external_id"]
        if key is None or row_id in sheet.seen:
            return False
        return self._intake.people_are_complete or key in self._intake.gone_people

    def _close_missing(self, sheet: Sheet) -> None:
        for row_id, row in sheet.rows.items():
            if row["left_on"] is None and self._is_gone(sheet, row_id):
                left_on = {"left_on": self._holdings.today(row["school"])}
                sheet.change(
                    row_id,
                    left_on,
                    lambda row_id=row_id: self._holdings.person(sheet, row_id),  # type: ignore[misc]
                    fact=None,
                    kind=ChangeKind.MISSING,
                )

    def _warn_of_a_half_empty_file(self) -> None:
        sheet = self._holdings.pupils
        for key, school in self._holdings.school_ids.items():
            present = [
                row_id for row_id, row in sheet.rows.items() if row["school"] == school and row["left_on"] is None
            ]
            missing = [row_id for row_id in present if self._is_gone(sheet, row_id)]
            if len(present) >= SMALLEST_WARNED and 2 * len(missing) >= len(present):
                name = self._holdings.schools.get(school, "name") or key
                self._intake.problems.add(MOST_ARE_MISSING, missing=len(missing), all=len(present), school=name)

    def _guardianships(self) -> None:
        holdings, sheet = self._holdings, self._holdings.guardianships
        of_pair: dict[tuple[UUID, UUID], list[UUID]] = {}
        self._link_starts = {(row["guardian"], row["pupil"], row["valid_from"]) for row in sheet.rows.values()}
        for row_id, row in sorted(sheet.rows.items(), key=lambda item: item[1]["valid_from"]):
            of_pair.setdefault((row["guardian"], row["pupil"]), []).append(row_id)
        stated: set[tuple[UUID, UUID]] = set()
        for fact in self._intake.guardianships:
            school = holdings.school_ids[fact.school]
            guardian = holdings.guardians.by_key.get((school, fact.guardian))
            pupil = holdings.pupils.by_key.get((school, fact.pupil))
            if guardian is None or pupil is None:
                continue
            stated.add((guardian, pupil))
            self._guardianship(fact, guardian, pupil, of_pair.get((guardian, pupil), []))
        for (guardian, pupil), row_ids in of_pair.items():
            if (guardian, pupil) not in stated:
                self._close_link(guardian, pupil, row_ids[-1])

    def _guardianship(self, fact: GuardianshipFact, guardian: UUID, pupil: UUID, earlier: list[UUID]) -> None:
        sheet = self._holdings.guardianships
        school = self._holdings.school_ids[fact.school]
        today = self._holdings.today(school)
        if earlier:
            last = sheet.rows[earlier[-1]]
            is_over = last["valid_to"] is not None and last["valid_to"] < today
            if not is_over and not last["restricted"]:
                return
            if last["restricted"] or earlier[-1] not in self._ended_by_import:
                place = self._holdings.difference.places.get(fact.table, "")
                names = self._link_names(guardian, pupil)
                self._intake.problems.add(LINK_CLOSED_BY_SCHOOL, file=place, row=fact.row, **names)
                return
        values: dict[str, Any] = {
            "school": school,
            "guardian": guardian,
            "pupil": pupil,
            "relation": fact.relation.value,
            "legal_basis": LegalBasis.IMPORTED.value,
            "valid_from": today,
        }
        sheet.add(fact, values, lambda: self._link_label(guardian, pupil))

    def _close_link(self, guardian: UUID, pupil: UUID, row_id: UUID) -> None:
        """End an imported link that the file lacks, from this moment; what the school confirmed stays."""
        sheet = self._holdings.guardianships
        row = sheet.rows[row_id]
        yesterday = self._holdings.today(row["school"]) - timedelta(1)
        imported = row["legal_basis"] == LegalBasis.IMPORTED.value and guardian in self._holdings.guardians.rows
        keys = self._holdings.guardians.get(guardian, "external_id"), self._holdings.pupils.get(pupil, "external_id")
        is_over = row["valid_to"] is not None and row["valid_to"] <= yesterday
        if not imported or None in keys or is_over:
            return
        if self._intake.people_are_complete or keys[0] in self._intake.gone_people:
            last_day = yesterday
            while row["valid_from"] > last_day and (guardian, pupil, last_day) in self._link_starts:
                last_day -= timedelta(1)
            values: dict[str, date] = {"valid_to": last_day, "valid_from": min(row["valid_from"], last_day)}
            sheet.change(row_id, values, lambda: self._link_label(guardian, pupil), fact=None, kind=ChangeKind.MISSING)

    def _link_names(self, guardian: UUID, pupil: UUID) -> dict[str, str]:
        holdings = self._holdings
        return {
            "guardian": holdings.person(holdings.guardians, guardian),
            "pupil": holdings.person(holdings.pupils, pupil),
        }

    def _link_label(self, guardian: UUID, pupil: UUID) -> str:
        return " — ".join(self._link_names(guardian, pupil).values())

    def _contacts(self) -> None:
        """Keep each address that the file gives, unconfirmed; what is there in any state is left alone (R8.2)."""
        sheet = self._holdings.contacts
        known = {(row["guardian"], row["channel"], row["value"].casefold()) for row in sheet.rows.values()}
        for fact in self._intake.contacts:
            school = self._holdings.school_ids[fact.school]
            guardian = self._holdings.guardians.by_key[school, fact.guardian]
            contact = (guardian, fact.channel.value, fact.value.casefold())
            if contact not in known:
                known.add(contact)
                values: dict[str, Any] = {
                    "school": school,
                    "guardian": guardian,
                    "channel": fact.channel.value,
                    "value": fact.value,
                    "provenance": Provenance.IMPORTED.value,
                }
                sheet.add(fact, values, lambda fact=fact: fact.value)  # type: ignore[misc]
