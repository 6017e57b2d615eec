"""Whom a school trusts when signatures are checked: an operator adds an authority and retires it (63-FZ)."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, typed
from admin.forms.typed import NotOne
from admin.scope import staff_transaction
from diary.access.tables import Role
from diary.consent.trusted_authorities import add_authority, retire_authority
from diary.kit import clock, database

GROUP = "Электронные подписи"
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class AuthorityFields(Fields):
    """Which certificate is trusted, and for what."""

    model_config = ConfigDict(str_max_length=20_000)

    school: str = typed("Школа (пусто — единственная)", needed=False)
    name: str = typed("Название удостоверяющего центра")
    pem: str = typed("Сертификат центра в формате PEM", widget="textarea")
    qualified: bool = Field(default=False, title="Аккредитован: его подписи квалифицированные")


class RetiredFields(Fields):
    """Which authority is trusted no more, and since when."""

    school: str = typed("Школа (пусто — единственная)", needed=False)
    name: str = typed("Удостоверяющий центр: название или начало SHA-256 сертификата")
    day: date | None = Field(default=None, title="С какого числа (пусто — сейчас)", ge=EARLIEST, le=LATEST)


async def add(desk: Desk, fields: AuthorityFields) -> str:
    """Trust the authority from now on."""
    desk.member.viewer.require(Role.OPERATOR)
    async with staff_transaction(desk.member):
        school = await people.school(fields.school)
    added = await add_authority(
        desk.member.viewer, school_id=school.id, name=fields.name, pem=fields.pem, qualified=fields.qualified
    )
    kind = "аккредитованный, подписи квалифицированные" if added.qualified else "не аккредитованный"
    return f"{school.name} доверяет центру «{added.name}» ({kind}). SHA-256 сертификата: {added.sha256}."


async def retire(desk: Desk, fields: RetiredFields) -> str:
    """Trust the authority no more; decisions that rest on it stay."""
    desk.member.viewer.require(Role.OPERATOR)
    async with staff_transaction(desk.member):
        school = await people.school(fields.school)
        authority = await _authority(school.id, fields.name)
        zone = await database.fetch("SELECT time_zone FROM school WHERE id = $1", school.id)
    at = datetime.combine(fields.day, time(), ZoneInfo(zone[0]["time_zone"])) if fields.day else None
    retired = await retire_authority(desk.member.viewer, authority, at=at)
    since = f"с {fields.day:%d.%m.%Y}" if fields.day else "с этой минуты"
    return f"{school.name} не доверяет центру «{retired.name}» {since}. Зарегистрированные решения остаются в силе."


async def _authority(school: UUID, wanted: str) -> UUID:
    """Return the one authority of this name or hash that is still trusted; of the same name many may have been."""
    rows = await database.fetch(
        "SELECT id, name, sha256 FROM trusted_certificate "
        "WHERE school = $1 AND (retired_at IS NULL OR retired_at > $2) ORDER BY retired_at DESC NULLS FIRST, name",
        school,
        clock.now(),
    )
    folded = wanted.casefold()
    fitting = [row for row in rows if row["name"].casefold() == folded or row["sha256"].startswith(folded)]
    if len(fitting) != 1:
        known = "; ".join(f"{row['name']} ({row['sha256'][:12]})" for row in rows[: people.MOST_NAMED]) or "никого"
        raise NotOne(f"Удостоверяющий центр: укажите один из списка. Школа доверяет: {known}.")
    authority: UUID = fitting[0]["id"]
    return authority


ADD = StaffForm(
    slug="add-authority",
    name="Доверять удостоверяющему центру",
    description="Только для оператора. Сертификат и аккредитация потом не меняются.",
    group=GROUP,
    fields=AuthorityFields,
    handler=add,
)
RETIRE = StaffForm(
    slug="retire-authority",
    name="Больше не доверять центру",
    description="Только для оператора. Новые подписи этого центра не принимаются, прежние решения остаются.",
    group=GROUP,
    fields=RetiredFields,
    handler=retire,
)
