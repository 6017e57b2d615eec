"""A letter of the office to the families of a class or of the whole school."""

from __future__ import annotations

import hashlib
from uuid import UUID

from admin.forms import typed as people
from admin.forms.form import Desk, Fields, StaffForm, typed
from admin.scope import staff_transaction
from diary.delivery.letters import write_to_families
from diary.kit import clock, database


class LetterFields(Fields):
    """To whom and what."""

    school_class: str = typed("Класс (пусто — вся школа)", suggest="classes", needed=False)
    subject: str = typed("Тема")
    body: str = typed("Текст письма", widget="textarea")


async def write(desk: Desk, fields: LetterFields) -> str:
    """Queue the letters; the same letter sent twice on one day reaches each family once."""
    async with staff_transaction(desk.member):
        chosen = await people.school_class(fields.school_class) if fields.school_class else None
        school = chosen.school if chosen else await _whole_school(desk)
    text = "\0".join((str(school), str(chosen.id if chosen else ""), fields.subject, fields.body))
    written = await write_to_families(
        desk.member.viewer,
        school_id=school,
        class_id=chosen.id if chosen else None,
        subject=fields.subject,
        body=fields.body,
        dedup_key=f"{clock.now():%Y-%m-%d}:{hashlib.sha256(text.encode()).hexdigest()[:32]}",
    )
    if not written.letters and not written.messages:
        return "Отправлять некому: нет подтверждённых адресов, или это письмо сегодня уже поставлено в очередь."
    return (
        f"Писем в очереди: {written.letters}. Перед отправкой каждого проверяется согласие. "
        f"Сообщений во внутренней почте: {written.messages}."
    )


async def _whole_school(desk: Desk) -> UUID:
    if desk.member.only_school is not None:
        return desk.member.only_school
    names = [row["name"] for row in await database.fetch("SELECT name FROM school ORDER BY name LIMIT 5")]
    raise ValueError(f"Вы работаете в нескольких школах ({'; '.join(names)}): укажите класс.")


FORM = StaffForm(
    slug="write-to-families",
    name="Письмо семьям",
    description="Электронное письмо и сообщение во внутренней почте представителям, которые дали согласие.",
    group="Письма и печать",
    fields=LetterFields,
    handler=write,
)
