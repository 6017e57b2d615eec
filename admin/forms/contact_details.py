"""Contact details that a family has handed in: added, put in the place of old ones, or used no more (R8)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.delivery import contacts
from diary.delivery.addresses import normalised
from diary.delivery.tables import Channel, Messenger, Provenance
from diary.kit.refusal import BadInput


class Act(StrEnum):
    """What is done with an address."""

    ADD = "ADD"
    REPLACE = "REPLACE"
    RETIRE = "RETIRE"


class Carrier(StrEnum):
    """A channel that has an address on paper, each messenger by its name."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    TELEGRAM = "TELEGRAM"
    VK = "VK"
    MAX = "MAX"
    POSTAL = "POSTAL"


class Paper(StrEnum):
    """What the address was taken from."""

    PAPER = "PAPER"
    SIGNED_DOCUMENT = "SIGNED_DOCUMENT"


CHOICES[Act] = {
    "ADD": "Добавить новый",
    "REPLACE": "Новый вместо прежнего",
    "RETIRE": "Прежний больше не действует",
}
CHOICES[Carrier] = {
    carrier.value: CHOICES[Messenger].get(carrier.value) or CHOICES[Channel][carrier.value] for carrier in Carrier
}
CHOICES[Paper] = {paper.value: CHOICES[Provenance][paper.value] for paper in Paper}


class ContactFields(Fields):
    """Whose address, which one, and by which document."""

    act: Act = choice("Что сделать", Act, default=Act.ADD)
    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Чей: представитель (или «сам», если самого обучающегося)", suggest="guardians")
    carrier: Carrier = choice("Канал (для нового)", Carrier, default=Carrier.EMAIL)
    value: str = typed("Новый адрес или номер", needed=False)
    old: str = typed("Прежний адрес или номер", needed=False)
    paper: Paper = choice("Откуда получен", Paper, default=Paper.PAPER)
    document: str = typed("Документ: номер, дата, место хранения", needed=False)


async def keep(desk: Desk, fields: ContactFields) -> str:
    """Add, replace or retire the address; the old one stays in sight with the day of its end."""
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil)
        guardian = await people.guardian_of(child, fields.guardian)
    guardian_id, pupil_id = (guardian.id, None) if guardian else (None, child.id)
    whose = str(guardian or child)
    viewer = desk.member.viewer
    if fields.act is not Act.ADD:
        old = _old(fields.old, await contacts.of_person(viewer, guardian_id=guardian_id, pupil_id=pupil_id))
    if fields.act is Act.RETIRE:
        retired = await contacts.retire_contact_point(viewer, contact_id=old)
        return f"Больше не действует: {retired.value}. {whose}. Запись остаётся в таблице."
    if not fields.value:
        raise ValueError("Укажите новый адрес или номер.")
    provenance = Provenance(fields.paper.value)
    if fields.act is Act.REPLACE:
        added = await contacts.replace_contact_point(
            viewer,
            contact_id=old,
            value=fields.value,
            provenance=provenance,
            document_reference=fields.document,
        )
        return f"Прежний адрес заменён: {added.contact.value}. {whose}. Прежний остаётся в таблице."
    messenger = Messenger(fields.carrier.value) if fields.carrier.value in set(Messenger) else None
    added = await contacts.add_contact_point(
        viewer,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        channel=Channel.MESSENGER if messenger else Channel(fields.carrier.value),
        messenger=messenger,
        value=fields.value,
        provenance=provenance,
        document_reference=fields.document,
    )
    return f"Контакт записан и подтверждён документом: {added.contact.value}. {whose}."


def _old(typed_value: str, held: Sequence[contacts.Contact]) -> UUID:
    """Return the address in use that was typed; raises ValueError with those that there are."""
    in_use = [found for found in held if found.retired_at is None]
    fitting = [found for found in in_use if _is(found, typed_value)]
    if len(fitting) == 1:
        return fitting[0].id
    listed = "; ".join(found.value for found in in_use) or "нет"
    raise ValueError(f"Прежний адрес: укажите один из действующих. Сейчас действуют: {listed}.")


def _is(contact: contacts.Contact, typed_value: str) -> bool:
    try:
        wanted = normalised(contact.channel, typed_value, messenger=contact.messenger)
    except BadInput:
        return False
    return wanted.casefold() == contact.value.casefold()


FORM = StaffForm(
    slug="contact-details",
    name="Записать контактные данные",
    description="По документу семьи: новый адрес, замена прежнего или прежний больше не действует.",
    group="Соглашения и контакты",
    fields=ContactFields,
    handler=keep,
)
