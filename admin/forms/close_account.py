"""Closing an account, or giving it a new password when the old one is lost or betrayed."""

from __future__ import annotations

from enum import StrEnum

from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from diary.access.accounts import close_account
from diary.delivery.given_passwords import give_new_password


class Act(StrEnum):
    """What is done with the account."""

    NEW_PASSWORD = "NEW_PASSWORD"  # noqa: S105 - a choice of the form
    CLOSE = "CLOSE"


CHOICES[Act] = {"NEW_PASSWORD": "Выдать новый пароль", "CLOSE": "Закрыть учётную запись"}


class ClosingFields(Fields):
    """Which account, and what is done with it."""

    login: str = typed("Логин", suggest="accounts")
    act: Act = choice("Что сделать", Act, default=Act.NEW_PASSWORD)


async def close(desk: Desk, fields: ClosingFields) -> str:
    """Close the account or show its new password, this once; either way its sessions end."""
    if fields.act is Act.CLOSE:
        await close_account(desk.member.viewer, fields.login)
        return f"Учётная запись {fields.login} закрыта, её сеансы завершены."
    made = await give_new_password(desk.member.viewer, fields.login)
    return f"Логин: {made.login}, новый пароль: {made.password} (показан один раз). Прежние сеансы завершены."


FORM = StaffForm(
    slug="close-account",
    name="Закрыть учётную запись или выдать новый пароль",
    description="Для учётных записей семей и педагогов вашей школы. Все сеансы завершаются сразу. О новом пароле"
    " узнают все адреса человека.",
    group="Люди",
    fields=ClosingFields,
    handler=close,
)
