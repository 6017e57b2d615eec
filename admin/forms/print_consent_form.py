"""Forms of consent on paper: one person's, a whole class's in one file, or a blank one (R2.2)."""

from __future__ import annotations

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.scope import staff_transaction
from diary.consent.tables import Purpose
from diary.paper.consent_forms import order_consent_forms


class ConsentFormFields(Fields):
    """Which document and for whom; for nobody it is left blank."""

    purpose: Purpose = choice("О чём документ", Purpose, default=Purpose.PERSONAL_DATA)
    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils", needed=False)
    guardian: str = typed("Кто подписывает: представитель (или «сам»)", suggest="guardians", needed=False)
    school_class: str = typed("Или класс целиком", suggest="classes", needed=False)
    school: str = typed("Школа (для пустого бланка, если у вас их несколько)", needed=False)


async def print_forms(desk: Desk, fields: ConsentFormFields) -> str:
    """Queue the forms; the worker renders them."""
    if fields.pupil and fields.school_class:
        raise ValueError("Укажите обучающегося или класс: что-то одно.")
    if bool(fields.pupil) != bool(fields.guardian):
        raise ValueError("Укажите и обучающегося, и того, кто подписывает (представителя или «сам»).")
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil) if fields.pupil else None
        signer = await people.guardian_of(child, fields.guardian) if child else None
        whole = await people.school_class(fields.school_class) if fields.school_class else None
        school = (child or whole or await people.school(fields.school)).school
    await order_consent_forms(
        desk.member.viewer,
        school_id=school,
        purpose=fields.purpose,
        pupil_id=child.id if child else None,
        guardian_id=signer.id if signer else None,
        class_id=whole.id if whole else None,
    )
    what = f"{signer or 'сам обучающийся'} ({child})" if child else f"класс {whole}" if whole else "пустой бланк"
    return f"Задание поставлено: {what}. Готовый файл появится в таблице «Задания на печать»."


FORM = StaffForm(
    slug="print-consent-form",
    name="Бланк согласия",
    description="Документ для подписи на бумаге: заполненный на человека или на весь класс, или пустой.",
    group="Письма и печать",
    fields=ConsentFormFields,
    handler=print_forms,
)
