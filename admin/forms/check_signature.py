"""Checking a signature file that a family has sent to the office (63-FZ)."""

from __future__ import annotations

import binascii
from base64 import b64decode

from pydantic import ConfigDict

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, choice, typed
from admin.labels import CHOICES
from admin.scope import staff_transaction
from diary.consent.tables import Decision, Purpose, SignatureVerdict
from diary.delivery.signature_desk import check_statement_signature


class SignatureFields(Fields):
    """Whose decision the file is under; the file itself comes as base64."""

    model_config = ConfigDict(str_max_length=100_000)

    pupil: str = typed("Обучающийся: фамилия, имя, класс", suggest="pupils")
    guardian: str = typed("Законный представитель (или «сам», если решение самого обучающегося)", suggest="guardians")
    purpose: Purpose = choice("О чём решение", Purpose, default=Purpose.PERSONAL_DATA)
    decision: Decision = choice("Решение", Decision, default=Decision.GIVEN)
    signature: str = typed(
        "Файл подписи (.sig, .p7s; пусто — проверить заново тот, что в заявлении)", needed=False, widget="signature"
    )
    document: str = typed(
        "Подписанный документ (.txt; пусто — как его выдаёт дневник, с пустыми местами)",
        needed=False,
        widget="signature",
    )


async def check(desk: Desk, fields: SignatureFields) -> str:
    """Check the file under the document that the school has issued and say what has come of it."""
    async with staff_transaction(desk.member):
        child = await people.pupil(fields.pupil)
        parent = await people.guardian_of(child, fields.guardian)
    try:
        cms, document = (b64decode(file, validate=True) or None for file in (fields.signature, fields.document))
    except (binascii.Error, ValueError):
        raise ValueError("Файл не прочитан: выберите его заново.") from None
    checked = await check_statement_signature(
        desk.member.viewer,
        guardian_id=parent.id if parent else None,
        pupil_id=child.id,
        purpose=fields.purpose,
        decision=fields.decision,
        cms=cms,
        document=document,
    )
    verdict = CHOICES[SignatureVerdict][checked.verdict]
    said = f"{parent or 'сам обучающийся'} — {child}. Подпись: {verdict.lower()}. {checked.reason}"
    if checked.signer:
        said += f" Подписал(а): {checked.signer}."
    if checked.verdict is SignatureVerdict.VALID:
        if checked.put_in:
            said += f" Подписавший вписал: {', '.join(f'«{piece}»' for piece in checked.put_in)}. Прочитайте это."
        return f"{said} Заявление можно зарегистрировать."
    return f"{said} Заявление остаётся черновиком, зарегистрировать его по этой подписи нельзя."


FORM = StaffForm(
    slug="check-signature",
    name="Проверить подпись",
    description="Электронная подпись под документом, который выдала школа. Результат остаётся в заявлении-черновике.",
    group="Согласия",
    fields=SignatureFields,
    handler=check,
)
