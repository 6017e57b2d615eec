"""What a family has agreed with the school about the form of delivery, written down by its document (R1, R9.3)."""

from __future__ import annotations

from enum import StrEnum

from admin.forms import said
from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES, WEEKDAYS
from admin.scope import staff_transaction
from diary.delivery.agreements import Agreement, agree
from diary.delivery.tables import AgreedChannel, DeliveryForm, DeliverySchedule, PaperReason, PaperReceiver


class OfferedChannel(StrEnum):
    """A channel, or none."""

    NONE = "NONE"
    CABINET = "CABINET"
    MAILBOX = "MAILBOX"
    EMAIL = "EMAIL"
    SMS = "SMS"
    MESSENGER = "MESSENGER"
    WEB_PUSH = "WEB_PUSH"


class OfferedReason(StrEnum):
    """Why on paper, or nothing for the electronic form."""

    NONE = "NONE"
    UNABLE = "UNABLE"
    UNWILLING = "UNWILLING"


CHOICES[OfferedChannel] = {"NONE": "—", **CHOICES[AgreedChannel]}
CHOICES[OfferedReason] = {"NONE": "—", **CHOICES[PaperReason]}


class AgreementFields(Fields):
    """What the clerk copies from the family's paper."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Законный представитель", suggest="guardians")
    form: DeliveryForm = choice("Форма", DeliveryForm, default=DeliveryForm.ELECTRONIC)
    reason: OfferedReason = choice("Почему на бумаге (для бумажной формы)", OfferedReason, default=OfferedReason.NONE)
    handed_to: PaperReceiver = choice(
        "Кто получает печатный дневник (для бумажной формы)", PaperReceiver, default=PaperReceiver.GUARDIAN
    )
    first: OfferedChannel = choice("Куда сначала", OfferedChannel, default=OfferedChannel.NONE)
    second: OfferedChannel = choice("Если туда не дойдёт", OfferedChannel, default=OfferedChannel.NONE)
    third: OfferedChannel = choice("Если и туда не дойдёт", OfferedChannel, default=OfferedChannel.NONE)
    fourth: OfferedChannel = choice("И наконец", OfferedChannel, default=OfferedChannel.NONE)
    schedule: DeliverySchedule = choice("Когда", DeliverySchedule, default=DeliverySchedule.SCHOOL_DEFAULT)
    weekdays: str = typed("Дни недели, например пн, пт", needed=False)
    month_days: str = typed("Числа месяца, например 1, 15", needed=False)
    dates: str = typed("Отдельные даты, например 01.12.2026", needed=False)
    quiet_from: str = typed("Не беспокоить с, например 21:00 (пусто — как в школе)", needed=False)
    quiet_to: str = typed("Не беспокоить до, например 08:00", needed=False)
    document: str = typed("Документ: номер, дата, место хранения")


async def write_down(desk: Desk, fields: AgreementFields) -> str:
    """Add the agreement, which holds at once."""
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil)
        guardian = await people.guardian_of(child, fields.guardian)
    if guardian is None:
        raise ValueError("Законный представитель: о форме доставки договариваются с представителем.")
    offered = (fields.first, fields.second, fields.third, fields.fourth)
    agreement = await agree(
        desk.member.viewer,
        guardian_id=guardian.id,
        pupil_id=child.id,
        form=fields.form,
        reason=None if fields.reason is OfferedReason.NONE else PaperReason(fields.reason.value),
        handed_to=fields.handed_to,
        channels=[AgreedChannel(channel.value) for channel in offered if channel is not OfferedChannel.NONE],
        schedule=fields.schedule,
        weekdays=said.weekdays(fields.weekdays),
        month_days=said.month_days(fields.month_days),
        dates=said.dates(fields.dates),
        quiet_from=said.hour(fields.quiet_from, title="Не беспокоить с"),
        quiet_to=said.hour(fields.quiet_to, title="Не беспокоить до"),
        document_reference=fields.document,
    )
    return f"Соглашение записано: {_in_words(agreement)}. {guardian} — {child}. Действует с этой минуты."


def _in_words(agreement: Agreement) -> str:
    if agreement.reason is not None:
        why, to = CHOICES[PaperReason][agreement.reason].lower(), CHOICES[PaperReceiver][agreement.handed_to].lower()
        return f"на бумаге, {why}; печатный дневник получает {to}"
    channels = ", ".join(CHOICES[AgreedChannel][channel] for channel in agreement.channels)
    days = [WEEKDAYS[day - 1] for day in agreement.weekdays]
    days += [f"{day}-го числа" for day in agreement.month_days]
    days += [f"{day:%d.%m.%Y}" for day in agreement.dates]
    when = ", ".join(days) or CHOICES[DeliverySchedule][agreement.schedule].lower()
    return f"в электронной форме; по порядку: {channels}; когда: {when}"


FORM = StaffForm(
    slug="agree-delivery",
    name="Записать соглашение о доставке",
    description="В какой форме, по каким каналам и в какие дни школа информирует семью. Действует сразу.",
    group="Соглашения и контакты",
    fields=AgreementFields,
    handler=write_down,
)
