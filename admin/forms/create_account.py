"""Opening an account for somebody whom the school knows."""

from __future__ import annotations

from enum import StrEnum

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.access.tables import Role
from diary.delivery.given_passwords import create_account


class Holder(StrEnum):
    """Whom the office may open an account for: never staff."""

    GUARDIAN = "GUARDIAN"
    PUPIL = "PUPIL"
    TEACHER = "TEACHER"


CHOICES[Holder] = {holder.value: CHOICES[Role][holder.value] for holder in Holder}


class AccountFields(Fields):
    """For whom and under which login."""

    role: Holder = choice("Кому", Holder, default=Holder.GUARDIAN)
    person: str = typed("Фамилия, имя, отчество (у обучающегося — и класс)", suggest="people")
    login: str = typed("Логин")


async def create(desk: Desk, fields: AccountFields) -> str:
    """Open the account and show its first password, this once."""
    async with staff_transaction(desk.member):
        if fields.role is Holder.PUPIL:
            person = await people.pupil(fields.person)
        else:
            table = "guardian" if fields.role is Holder.GUARDIAN else "teacher"
            found = await people.people(table, fields.person)
            person = people.choose(fields.person, found, what=CHOICES[Holder][fields.role])
    made = await create_account(
        desk.member.viewer,
        login=fields.login,
        role=Role(fields.role.value),
        school_id=person.school,
        person_id=person.id,
    )
    return f"Учётная запись открыта: {person}. Логин: {made.login}, пароль: {made.password} (показан один раз)."


FORM = StaffForm(
    slug="create-account",
    name="Создать учётную запись",
    description="Для представителя, обучающегося или педагога вашей школы. Пароль придумает программа.",
    group="Люди",
    fields=AccountFields,
    handler=create,
)
