"""Two schools with an office each, and one record of every table in both, so that any leak has something to leak."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import uuid_utils.compat

from diary.access import passwords
from diary.access.viewer import Nobody
from diary.kit import database
from diary.kit.command import transaction

PASSWORD = "staff-panel-test"
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

#: A certification authority without a key: enough for what only has to be readable.
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBJjCBzKADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3QgQ0Ew
HhcNMjYwMTAxMDAwMDAwWhcNNDYwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdUZXN0
IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeyeCekrWqdjgpdI7s6sFtavs
HPxlI+Z8DvST3j8fIkmPC7WymdkrzI7ryrfKM9u4fmAxXvxaMPk7CRAPn4nLv6MT
MBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA6Mk5oITjPNAA
l02MVxwe4XyjMJzQeNYfsJX+xdfPtnECIQC/NwzShoQkB91ezreQ/03yXZ0328qQ
bS9VCaaCfHPgcw==
-----END CERTIFICATE-----
"""


@dataclass
class SchoolWorld:
    """One school's records by table, and the accounts of its people."""

    name: str
    ids: dict[str, Any] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The school."""
        school: UUID = self.ids["school"]
        return school

    @property
    def secret(self) -> str:
        """A word that stands in every record of this school and nowhere else."""
        return f"Тайна{self.name}"


def new_id() -> UUID:
    """A fresh identifier."""
    return uuid_utils.compat.uuid7()


async def insert(table: str, **values: Any) -> Any:
    """Insert one row past every face, as an import would, and return its id."""
    if "id" not in values and table not in {"account", "audit_entry"}:
        values["id"] = new_id()
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks}) RETURNING id'
    if table == "guardianship":
        # Since when it is known is told by the test's clock, not by the machine's.
        async with transaction(Nobody(route="IMPORT")):
            return (await database.fetch(statement, *values.values()))[0]["id"]
    return (await database.fetch(statement, *values.values()))[0]["id"]


async def add_account(login: str, *, admin: bool = False, **capacity: Any) -> int:
    """Open an account with one capacity, or none."""
    account: int = await insert("account", username=login, password=hashed(), active=True, admin=admin, superuser=False)
    if capacity:
        await insert("capacity", account=account, **capacity)
    return account


@cache
def hashed() -> str:
    """The one password of every test account, hashed once."""
    return passwords.hash_now(PASSWORD)


async def build_school(name: str) -> SchoolWorld:
    """Build a school with one record of every table that the panel shows."""
    world = SchoolWorld(name)
    ids, secret = world.ids, world.secret
    ids["school"] = school = await insert("school", name=f"Школа {secret}", time_zone="Europe/Moscow", short_name=name)
    in_school = {"school": school}
    ids["school_year"] = await insert(
        "school_year", **in_school, name=f"2026/27 {secret}", starts_on=date(2026, 9, 1), ends_on=date(2027, 5, 31)
    )
    ids["grading_period"] = await insert(
        "grading_period", **in_school, school_year=ids["school_year"], kind="QUARTER", name=f"II {secret}",
        starts_on=date(2026, 11, 1), ends_on=date(2026, 12, 28),
    )  # fmt: skip
    ids["bell_period"] = await insert(
        "bell_period", **in_school, ordinal=1, starts_at=time(8, 30),
        ends_at=time(9, 15),
    )  # fmt: skip
    ids["holiday"] = await insert(
        "holiday", **in_school, name=f"Каникулы {secret}", starts_on=date(2026, 12, 29), ends_on=date(2027, 1, 10)
    )
    ids["subject"] = await insert("subject", **in_school, name=f"Алгебра {secret}")
    ids["pupil"] = await insert(
        "pupil", **in_school, family_name=f"{secret}ов", given_name="Михаил", patronymic="Петрович",
        birth_date=date(2014, 3, 4),
    )  # fmt: skip
    ids["guardian"] = await insert(
        "guardian", **in_school, family_name=f"{secret}ова", given_name="Анна", patronymic="Ивановна"
    )
    ids["guardianship"] = await insert(
        "guardianship", **in_school, guardian=ids["guardian"], pupil=ids["pupil"], relation="MOTHER",
        legal_basis="PARENT", restricted=False, valid_from=date(2020, 9, 1),
    )  # fmt: skip
    ids["teacher"] = await insert("teacher", **in_school, family_name=f"{secret}ев", given_name="Глеб", patronymic="")
    ids["school_class"] = await insert(
        "school_class", **in_school, school_year=ids["school_year"], name=f"5{name}", grade_level=5,
        class_teacher=ids["teacher"],
    )  # fmt: skip
    ids["teaching_group"] = await insert(
        "teaching_group", **in_school, school_year=ids["school_year"], kind="CLASS", name=f"5{name} {secret}",
        school_class=ids["school_class"],
    )  # fmt: skip
    ids["membership"] = await insert(
        "membership", **in_school, pupil=ids["pupil"], teaching_group=ids["teaching_group"], valid_from=date(2026, 9, 1)
    )
    ids["teaching_assignment"] = await insert(
        "teaching_assignment", **in_school, teacher=ids["teacher"], teaching_group=ids["teaching_group"],
        subject=ids["subject"], valid_from=date(2026, 9, 1),
    )  # fmt: skip
    world.accounts["office"] = await add_account(f"office-{name}", admin=True, role="OFFICE", school=school)
    world.accounts["teacher"] = await add_account(
        f"teacher-{name}", admin=True, role="TEACHER", school=school, teacher=ids["teacher"]
    )
    world.accounts["guardian"] = await add_account(
        f"guardian-{name}", admin=True, role="GUARDIAN", school=school, guardian=ids["guardian"]
    )
    ids["account"] = world.accounts["office"]
    ids["capacity"] = (await database.fetch("SELECT id FROM capacity WHERE account = $1", world.accounts["guardian"]))[
        0
    ]["id"]
    await _delivery(world)
    await _journal(world)
    ids["audit_entry"] = (
        await database.fetch("SELECT id FROM audit_entry WHERE school = $1 AND record = 'pupil'", school)
    )[0]["id"]
    return world


async def _delivery(world: SchoolWorld) -> None:
    ids, secret = world.ids, world.secret
    pair = {"school": ids["school"], "guardian": ids["guardian"], "pupil": ids["pupil"]}
    ids["consent_decision"] = await insert(
        "consent_decision", **pair, purpose="ELECTRONIC_FORM", decision="GIVEN", form="PAPER",
        signature_kind="HANDWRITTEN", document_reference=f"Папка {secret}", received_at=NOW, registered_at=NOW,
        registrar=world.accounts["office"],
    )  # fmt: skip
    ids["trusted_certificate"] = await insert(
        "trusted_certificate", school=ids["school"], name=f"УЦ {secret}", pem=AUTHORITY, qualified=False, added_at=NOW
    )
    ids["consent_text"] = await insert(
        "consent_text", school=ids["school"], purpose="ELECTRONIC_FORM", version="1", title=f"Согласие {secret}",
        body=secret, published_at=NOW,
    )  # fmt: skip
    ids["signing_agreement"] = await insert(
        "signing_agreement", school=ids["school"], guardian=ids["guardian"], document_reference=f"Соглашение {secret}",
        signed_on=TODAY, registered_at=NOW,
    )  # fmt: skip
    ids["signature"] = await insert(
        "signature", school=ids["school"], kind="ENHANCED", verdict="VALID", reason="", document=secret.encode(),
        document_sha256="0" * 64, cms=b"\x30\x80", signer=f"{secret} Анна", checked_at=NOW, checked_by="",
        code_sent_to="", address="",
    )  # fmt: skip
    ids["statement"] = await insert(
        "statement", **pair, purpose="PERSONAL_DATA", decision="GIVEN", form="PAPER", signature_kind="HANDWRITTEN",
        document_reference=f"Заявление {secret}", received_at=NOW, note="", state="DRAFT",
    )  # fmt: skip
    ids["contact_point"] = await insert(
        "contact_point", school=ids["school"], guardian=ids["guardian"], channel="EMAIL",
        value=f"anna@{hashlib.sha256(secret.encode()).hexdigest()[:8]}.example", provenance="PAPER",
        document_reference=f"Заявление {secret}", confirmed_at=NOW,
    )  # fmt: skip
    ids["delivery_agreement"] = await insert(
        "delivery_agreement", **pair, form="ELECTRONIC", channels=["EMAIL"], schedule="SCHOOL_DEFAULT", weekdays=[],
        month_days=[], dates=[], origin="OFFICE", document_reference=f"Заявление {secret}", agreed_at=NOW,
        registered_at=NOW,
    )  # fmt: skip
    ids["obligation"] = await insert(
        "obligation", **pair, kind="RESULT", clause="7", about=f"test:{secret}", opened_at=NOW,
        due_at=NOW + timedelta(hours=24),
    )  # fmt: skip
    ids["mailing"] = await insert(
        "mailing", school=ids["school"], kind="OFFICE_LETTER", dedup_key=f"test:{secret}", subject=f"Рассылка {secret}",
        body=secret, created_at=NOW,
    )  # fmt: skip
    ids["mailbox_message"] = await insert(
        "mailbox_message", **pair, mailing=ids["mailing"], subject=f"Сообщение {secret}", body=secret, sent_at=NOW
    )
    ids["outbox"] = await insert(
        "outbox", **pair, kind="EMAIL", dedup_key=f"test:{secret}", contact_point=ids["contact_point"],
        subject=f"Письмо {secret}", body=secret, state="UNCERTAIN",
    )  # fmt: skip
    ids["print_job"] = await insert(
        "print_job", school=ids["school"], pupil=ids["pupil"], week_of=TODAY, state="QUEUED", problem=secret
    )


async def _journal(world: SchoolWorld) -> None:
    ids, secret = world.ids, world.secret
    in_school = {"school": ids["school"]}
    ids["lesson"] = await insert(
        "lesson", **in_school, teaching_group=ids["teaching_group"], subject=ids["subject"], teacher=ids["teacher"],
        date=TODAY, ordinal=1, starts_at=NOW, ends_at=NOW.replace(hour=10), room="12", topic=secret,
        lesson_type="TEST", status="HELD",
    )  # fmt: skip
    ids["lesson_change"] = await insert(
        "lesson_change", **in_school, lesson=ids["lesson"], kind="CANCELLATION", reason=secret, at=NOW
    )
    ids["mark"] = await insert(
        "mark", **in_school, pupil=ids["pupil"], lesson=ids["lesson"], value="5", weight=1, work_type="TEST",
        comment=secret, author=world.accounts["teacher"],
    )  # fmt: skip
    ids["mark_history"] = await insert(
        "mark_history", **in_school, mark=ids["mark"], was_value="4", was_weight=1, became_value="5", became_weight=1,
        reason=secret, at=NOW,
    )  # fmt: skip
    ids["attendance"] = await insert(
        "attendance", **in_school, pupil=ids["pupil"], lesson=ids["lesson"], code="LATE", minutes_late=5
    )
    ids["homework"] = await insert("homework", **in_school, lesson=ids["lesson"], text=f"Задача {secret}", due_on=TODAY)
