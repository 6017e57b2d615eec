"""Was access lawful at a moment? The answer with the rows of the ledger that it rests on (R2.4)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from pydantic import Field

from admin.forms import said
from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.consent.tables import Decision, Purpose
from diary.delivery.past_access import DecisionThen, GuardianshipThen, access_state
from diary.journal.week import EARLIEST
from diary.kit import clock, database
from diary.kit.refusal import NotFound

#: An instant without an hour is the end of its day: what was registered on that day counts.
LAST_MINUTE = time(23, 59)


#: What each verdict says of a moment that is over.
REASONS = {
    NotFound.code: "прав представителя тогда не было",
    "CONSENT_NOT_REGISTERED": "решение о согласии ещё не было зарегистрировано",
    "CONSENT_REFUSED": "действовал отказ от обработки персональных данных",
    "CONSENT_WITHDRAWN": "согласие было отозвано",
    "CONSENT_EXPIRED": "срок согласия истёк",
    "ELECTRONIC_FORM_REFUSED": "действовал отказ от электронной формы",
    "OWN_CONSENT_MISSING": "не было согласия самого обучающегося",
    "PUPIL_OF_AGE": "обучающийся был совершеннолетним и не разрешил информировать представителей",
}


class MomentFields(Fields):
    """Whose access, and at which moment."""

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Законный представитель (или «сам», если доступ самого обучающегося)", suggest="guardians")
    day: date | None = Field(default=None, title="Какого числа (пусто — сейчас)", ge=EARLIEST)
    hour: str = typed("Во сколько, например 14:05 (пусто — в конце дня)", needed=False)


async def tell(desk: Desk, fields: MomentFields) -> str:
    """Say whether the diary was open to the person, and why."""
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil)
        guardian = await people.guardian_of(child, fields.guardian)
        rows = await database.fetch("SELECT time_zone FROM school WHERE id = $1", child.school)
    zone = ZoneInfo(rows[0]["time_zone"])
    found = await access_state(
        desk.member.viewer,
        guardian_id=guardian.id if guardian else None,
        pupil_id=child.id,
        at=_instant(fields, zone),
    )
    whose = f"{guardian or 'сам обучающийся'} — {child}"
    lawful = "доступ был законным" if found.lawful else f"доступа не было, потому что {REASONS[found.verdict]}"
    lines = [f"{_when(found.at, zone)}, {whose}: {lawful}."]
    lines += [_decision(one, zone) for one in found.decisions] or ["Решений на этот момент в реестре не было."]
    lines += [_guardianship(one, zone) for one in found.guardianships]
    return "\n".join(lines)


def _instant(fields: MomentFields, zone: ZoneInfo) -> datetime:
    hour = said.hour(fields.hour, title="Во сколько")
    now = clock.now()
    if fields.day is None and hour is None:
        return now
    day = fields.day or now.astimezone(zone).date()
    if hour is None and day == now.astimezone(zone).date():
        return now
    return datetime.combine(day, hour or LAST_MINUTE, zone)


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d.%m.%Y %H:%M}"


def _decision(decision: DecisionThen, zone: ZoneInfo) -> str:
    who = "представитель" if decision.guardian_id else "сам обучающийся"
    until = f", по {_when(decision.valid_until, zone)}" if decision.valid_until else ""
    document = f", {decision.document_reference}" if decision.document_reference else ""
    return (
        f"Решение ({who}): {CHOICES[Decision][decision.decision].lower()}, "
        f"{CHOICES[Purpose][decision.purpose].lower()}, зарегистрировано {_when(decision.registered_at, zone)}"
        f"{until}{document}."
    )


def _guardianship(known: GuardianshipThen, zone: ZoneInfo) -> str:
    until = f" по {known.valid_to:%d.%m.%Y}" if known.valid_to else ""
    restricted = ", права ограничены судом" if known.restricted else ""
    return (
        f"Представительство с {known.valid_from:%d.%m.%Y}{until}{restricted}, "
        f"записано {_when(known.recorded_at, zone)}."
    )


FORM = StaffForm(
    slug="past-access",
    name="Был ли доступ законным",
    description="Ответ на любой прошедший момент, по тому, что тогда было зарегистрировано.",
    group="Согласия",
    fields=MomentFields,
    handler=tell,
)
