"""The demo school as rows: what is copied into which table, parents before children."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diary.access import passwords
from diary.access.tables import Role
from diary.consent.tables import DocumentForm, SignatureKind
from diary.delivery.tables import StatementState
from diary.demo import school
from diary.demo.accounts import OFFICE_LOGIN, PASSWORD, Account
from diary.demo.consents import TEXT_HASH, TEXT_VERSION, Entry
from diary.demo.courses import SUBJECTS
from diary.demo.homework import BEFORE_THE_BELL
from diary.demo.marks import WEIGHTS
from diary.demo.seed import Identifiers
from diary.demo.world import World

STAFF = frozenset({Role.OFFICE, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one table."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


class Records:
    """Turns the invented school into rows; accounts are numbered by the database, so they come first and are told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = Identifiers("frame", world.year.today)
        self.school_id = self._ids.next()
        self._year_id = self._ids.next()
        self._subjects = {name: self._ids.next() for name in SUBJECTS}
        self._membership_ids = Identifiers("membership", world.year.today)
        self._assignment_ids = Identifiers("assignment", world.year.today)

    def accounts(self) -> Batch:
        """Return the accounts, all with the one password, which counts as each one's own."""
        hashed = passwords.hash_now(PASSWORD)
        return Batch(
            "account",
            ("username", "password", "password_given", "first_name", "last_name", "active", "admin", "superuser"),
            [
                (
                    account.login,
                    hashed,
                    False,
                    f"{account.name.given} {account.name.patronymic}".strip(),
                    account.name.family,
                    True,
                    account.role in STAFF,
                    account.role is Role.OPERATOR,
                )
                for account in self._world.accounts
            ],
        )

    def before_lessons(self, account_ids: dict[str, int]) -> Iterator[Batch]:
        """Return the school, its people, groups, capacities and consents."""
        yield from self._frame()
        yield from self._people()
        yield from self._groups()
        yield self._capacities(account_ids)
        yield from self._consents(account_ids[OFFICE_LOGIN])

    def lessons(self) -> Batch:
        """Return the dated lessons."""
        return Batch(
            "lesson",
            (
                "id", "school", "teaching_group", "subject", "teacher", "date", "ordinal", "starts_at", "ends_at",
                "room", "topic", "lesson_type", "status",
            ),
            [
                (
                    lesson.id, self.school_id, lesson.group.id, self._subjects[lesson.subject], lesson.teacher.id,
                    lesson.day, lesson.ordinal, lesson.begins_at, lesson.ends_at, lesson.room, lesson.topic,
                    lesson.kind.value, lesson.status.value,
                )
                for lesson in self._world.lessons
            ],
        )  # fmt: skip

    def changes(self, account_ids: dict[str, int]) -> Batch:
        """Return substitutions, moves and cancellations, oldest first."""
        author = account_ids[OFFICE_LOGIN]
        return Batch(
            "lesson_change",
            (
                "id", "school", "lesson", "kind", "reason", "moved_to", "was_teacher", "was_subject", "was_room",
                "author", "at",
            ),
            [
                (
                    change.id, self.school_id, change.lesson.id, change.kind.value, change.reason,
                    change.moved_to and change.moved_to.id, change.was_teacher and change.was_teacher.id,
                    change.was_subject and self._subjects[change.was_subject], "", author, change.at,
                )
                for change in self._world.changes
            ],
        )  # fmt: skip

    def homework(self, account_ids: dict[str, int]) -> Batch:
        """Return the homework."""
        return Batch(
            "homework",
            ("id", "school", "lesson", "text", "due_on", "author", "set_at"),
            [
                (
                    task.id, self.school_id, task.lesson.id, task.text, task.due_on,
                    account_ids[task.lesson.teacher.login], task.lesson.ends_at - BEFORE_THE_BELL,
                )
                for task in self._world.homework
            ],
        )  # fmt: skip

    def attendance(self) -> Batch:
        """Return the absences."""
        return Batch(
            "attendance",
            ("id", "school", "pupil", "lesson", "code", "minutes_late"),
            [
                (
                    absence.id,
                    self.school_id,
                    absence.pupil.id,
                    absence.lesson.id,
                    absence.code.value,
                    absence.minutes_late,
                )
                for absence in self._world.absences
            ],
        )

    def marks(self, account_ids: dict[str, int]) -> Batch:
        """Return the marks as they stand, in the order in which they were recorded."""
        return Batch(
            "mark",
            (
                "id", "school", "pupil", "lesson", "value", "weight", "work_type", "comment", "author", "recorded_at",
                "corrected_at",
            ),
            [
                (
                    mark.id, self.school_id, mark.pupil.id, mark.lesson.id, mark.value, WEIGHTS[mark.work],
                    mark.work.value, mark.comment, account_ids[mark.lesson.teacher.login], mark.recorded_at,
                    mark.correction and mark.correction.at,
                )
                for mark in self._world.marks
            ],
        )  # fmt: skip

    def corrections(self, account_ids: dict[str, int]) -> Batch:
        """Return what the corrected marks were before."""
        return Batch(
            "mark_history",
            (
                "id", "school", "mark", "was_value", "was_weight", "was_comment", "became_value", "became_weight",
                "reason", "author", "at",
            ),
            [
                (
                    correction.id, self.school_id, mark.id, correction.was, WEIGHTS[mark.work], mark.comment,
                    mark.value, WEIGHTS[mark.work], correction.reason, account_ids[mark.lesson.teacher.login],
                    correction.at,
                )
                for mark in self._world.marks
                if (correction := mark.correction)
            ],
        )  # fmt: skip

    def _frame(self) -> Iterator[Batch]:
        year = self._world.year
        yield Batch(
            "school",
            ("id", "name", "short_name", "address", "time_zone", "demo", "created_at"),
            [(self.school_id, school.NAME, school.SHORT_NAME, school.ADDRESS, school.TIME_ZONE, True, self._world.now)],
        )
        yield Batch(
            "school_year",
            ("id", "school", "name", "starts_on", "ends_on"),
            [(self._year_id, self.school_id, year.name, year.first, year.last)],
        )
        yield Batch(
            "grading_period",
            ("id", "school", "school_year", "kind", "name", "starts_on", "ends_on"),
            [
                (
                    self._ids.next(),
                    self.school_id,
                    self._year_id,
                    period.kind.value,
                    period.name,
                    period.first,
                    period.last,
                )
                for period in year.periods
            ],
        )
        yield Batch(
            "bell_period",
            ("id", "school", "ordinal", "starts_at", "ends_at"),
            [(self._ids.next(), self.school_id, number, *times) for number, times in enumerate(school.BELLS, 1)],
        )
        yield Batch(
            "holiday",
            ("id", "school", "name", "starts_on", "ends_on", "grade_from", "grade_to"),
            [
                (self._ids.next(), self.school_id, pause.name, pause.first, pause.last, pause.grade, pause.grade)
                for pause in year.pauses
            ],
        )
        yield Batch(
            "subject",
            ("id", "school", "name"),
            [(found, self.school_id, name) for name, found in self._subjects.items()],
        )

    def _people(self) -> Iterator[Batch]:
        families = self._world.families
        names = ("family_name", "given_name", "patronymic")
        yield Batch(
            "pupil",
            ("id", "school", *names, "birth_date"),
            [
                (pupil.id, self.school_id, pupil.name.family, pupil.name.given, pupil.name.patronymic, pupil.birth_date)
                for pupil in families.pupils
            ],
        )
        for table, people in (("guardian", families.guardians), ("teacher", self._world.staff.teachers)):
            yield Batch(
                table,
                ("id", "school", *names),
                [(who.id, self.school_id, who.name.family, who.name.given, who.name.patronymic) for who in people],
            )
        yield Batch(
            "guardianship",
            ("id", "school", "guardian", "pupil", "relation", "legal_basis", "restricted", "valid_from", "valid_to"),
            [
                (
                    link.id, self.school_id, link.guardian.id, link.pupil.id, link.relation.value, link.basis.value,
                    link.last is not None, link.first, link.last,
                )
                for link in families.guardianships
            ],
        )  # fmt: skip

    def _groups(self) -> Iterator[Batch]:
        world = self._world
        own = (self.school_id, self._year_id)
        yield Batch(
            "school_class",
            ("id", "school", "school_year", "name", "grade_level", "class_teacher"),
            [
                (found.id, *own, found.name, found.grade, world.staff.class_teachers[found].id)
                for found in world.families.classes
            ],
        )
        yield Batch(
            "teaching_group",
            ("id", "school", "school_year", "kind", "name", "school_class"),
            [
                (group.id, *own, group.kind.value, group.name, group.school_class and group.school_class.id)
                for group in world.groups.groups
            ],
        )
        yield Batch(
            "membership",
            ("id", "school", "pupil", "teaching_group", "valid_from", "valid_to"),
            [
                (self._membership_ids.next(), self.school_id, member.pupil.id, group.id, member.first, member.last)
                for group in world.groups.groups
                for member in group.members
            ],
        )
        yield Batch(
            "teaching_assignment",
            ("id", "school", "teacher", "teaching_group", "subject", "valid_from"),
            [
                (
                    self._assignment_ids.next(), self.school_id, part.teacher.id, part.group.id,
                    self._subjects[part.subject], world.year.first,
                )
                for unit in world.groups.units
                for part in unit.parts
            ],
        )  # fmt: skip

    def _capacities(self, account_ids: dict[str, int]) -> Batch:
        def row(account: Account) -> tuple[object, ...]:
            persons = tuple(
                account.person if account.role is role else None for role in (Role.GUARDIAN, Role.PUPIL, Role.TEACHER)
            )
            own = None if account.role is Role.OPERATOR else self.school_id
            return (account.capacity_id, account_ids[account.login], own, account.role.value, *persons)

        return Batch(
            "capacity",
            ("id", "account", "school", "role", "guardian", "pupil", "teacher"),
            [row(account) for account in self._world.accounts],
        )

    def _consents(self, registrar: int) -> Iterator[Batch]:
        consents = self._world.consents
        document = (
            "school", "guardian", "pupil", "purpose", "decision", "form", "signature_kind", "document_reference",
            "received_at",
        )  # fmt: skip

        def fields(entry: Entry) -> tuple[object, ...]:
            return (
                self.school_id, entry.guardian and entry.guardian.id, entry.pupil.id, entry.purpose.value,
                entry.decision.value, DocumentForm.PAPER.value, SignatureKind.HANDWRITTEN.value, entry.document,
                entry.received_at,
            )  # fmt: skip

        yield Batch(
            "consent_decision",
            ("id", *document, "registered_at", "registrar", "text_version", "text_hash"),
            [
                (entry.id, *fields(entry), entry.registered_at, registrar, TEXT_VERSION, TEXT_HASH)
                for entry in consents.entries
            ],
        )
        yield Batch(
            "statement",
            ("id", *document, "state", "registered_as"),
            [
                (
                    statement.id, *fields(statement.entry), statement.state.value,
                    statement.entry.id if statement.state is StatementState.REGISTERED else None,
                )
                for statement in consents.statements
            ],
        )  # fmt: skip
        yield Batch(
            "contact_point",
            ("id", "school", "guardian", "channel", "value", "provenance", "document_reference", "confirmed_at"),
            [
                (
                    contact.id, self.school_id, contact.guardian.id, contact.channel.value, contact.value,
                    contact.provenance.value, contact.document, contact.confirmed_at,
                )
                for contact in consents.contacts
            ],
        )  # fmt: skip
        yield Batch(
            "signing_agreement",
            ("id", "school", "guardian", "document_reference", "signed_on", "registered_at", "registrar"),
            [
                (
                    agreed.id, self.school_id, agreed.guardian.id, agreed.document, school.today(agreed.registered_at),
                    agreed.registered_at, registrar,
                )
                for agreed in consents.signing_agreements
            ],
        )  # fmt: skip
        yield Batch(
            "delivery_agreement",
            (
                "id", "school", "guardian", "pupil", "form", "reason", "channels", "schedule", "weekdays",
                "month_days", "dates", "origin", "document_reference", "agreed_at", "registered_at", "handed_to",
            ),
            [
                (
                    agreement.id, self.school_id, agreement.guardian.id, agreement.pupil.id, agreement.form.value,
                    agreement.reason.value if agreement.reason else None,
                    [channel.value for channel in agreement.channels], "SCHOOL_DEFAULT", [], [], [],
                    agreement.origin.value, agreement.document, agreement.registered_at, agreement.registered_at,
                    agreement.handed_to.value,
                )
                for agreement in consents.agreements
            ],
        )  # fmt: skip
