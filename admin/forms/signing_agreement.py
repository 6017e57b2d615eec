"""The agreement that a person's codes count as the person's signature, written down by its paper (63-FZ art. 9)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.consent.signing_agreements import agree_to_codes, end_agreement

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


class Act(StrEnum):
    """What has become of the agreement."""

    SIGNED = "SIGNED"
    ENDED = "ENDED"


CHOICES[Act] = {"SIGNED": "Заключено", "ENDED": "Прекращено"}


class SigningFields(Fields):
    """Who signs by codes from now on, or no longer, and by which paper."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Кто подписывает: представитель (или «сам» — обучающийся)", suggest="guardians")
    act: Act = choice("Что с соглашением", Act, default=Act.SIGNED)
    document: str = typed("Документ: номер, дата, место хранения (когда заключено)", needed=False)
    signed_on: date | None = Field(default=None, title="Дата соглашения (пусто — сегодня)", ge=EARLIEST, le=LATEST)


async def write_down(desk: Desk, fields: SigningFields) -> str:
    """Add the agreement or end it; either holds at once."""
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil)
        guardian = await people.guardian_of(child, fields.guardian)
    who, viewer = guardian or child, desk.member.viewer
    guardian_id = guardian.id if guardian else None
    if fields.act is Act.ENDED:
        ended = await end_agreement(viewer, guardian_id=guardian_id, pupil_id=child.id)
        return f"Соглашение прекращено: {who.name}, {ended.document_reference}. Коды больше не считаются подписью."
    agreed = await agree_to_codes(
        viewer,
        guardian_id=guardian_id,
        pupil_id=child.id,
        document_reference=fields.document,
        signed_on=fields.signed_on,
    )
    return f"Соглашение записано: {who.name}, {agreed.document_reference}, от {agreed.signed_on:%d.%m.%Y}."


FORM = StaffForm(
    slug="signing-agreement",
    name="Соглашение о простой подписи",
    description="Без соглашения код из письма или СМС не считается подписью. Действует сразу.",
    group="Согласия",
    fields=SigningFields,
    handler=write_down,
)
