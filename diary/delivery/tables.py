"""Incoming documents, contact points and the outbox."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import JSONB, UUID, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table

from diary.access.tables import Account
from diary.consent.tables import ConsentDecision, Decision, DocumentForm, Purpose, SignatureKind
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Guardian, Pupil
from diary.schools.tables import School


class StatementState(StrEnum):
    """A statement is a draft that anybody in the office may edit, or registered and closed for ever."""

    DRAFT = "DRAFT"
    REGISTERED = "REGISTERED"


class Statement(Table, tablename="statement", help_text="Заявление: согласие, отказ или отзыв"):
    """An incoming document about a decision; registering it appends to the ledger and locks it (D10, R2.2)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, null=True, help_text="Представитель (пусто: решение самого обучающегося)")
    pupil = reference(Pupil, help_text="Обучающийся")
    purpose = Varchar(length=24, choices=Purpose, default=Purpose.PERSONAL_DATA, help_text="О чём решение")
    decision = Varchar(length=16, choices=Decision, default=Decision.GIVEN, help_text="Решение")
    form = Varchar(length=16, choices=DocumentForm, default=DocumentForm.PAPER, help_text="Форма документа")
    signature_kind = Varchar(
        length=16, null=True, choices=SignatureKind, default=SignatureKind.HANDWRITTEN, help_text="Подпись"
    )
    document_reference = Varchar(length=255, default="", help_text="Документ: номер, дата, место хранения")
    scan = Varchar(length=255, default="", help_text="Скан (PDF, JPEG или PNG)")
    received_at = Timestamptz(default=TimestamptzNow(), help_text="Получено")
    valid_until = Timestamptz(null=True, default=None, help_text="Действует до (пусто: до отзыва)")
    note = Text(default="", help_text="Примечание")
    state = Varchar(length=16, choices=StatementState, default=StatementState.DRAFT, help_text="Состояние")
    registered_as = reference(ConsentDecision, null=True, help_text="Запись реестра")

    statement_purpose_is_known = one_of("purpose", Purpose)
    statement_decision_is_known = one_of("decision", Decision)
    statement_form_is_known = one_of("form", DocumentForm)
    statement_state_is_known = one_of("state", StatementState)
    statement_signature_is_known = Check(
        "signature_kind IS NULL OR signature_kind IN ('HANDWRITTEN', 'SIMPLE', 'ENHANCED', 'QUALIFIED')"
    )
    statement_registered_ones_are_in_the_ledger = Check("(state = 'REGISTERED') = (registered_as IS NOT NULL)")


class Channel(StrEnum):
    """Through what a family can be reached."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    MESSENGER = "MESSENGER"
    WEB_PUSH = "WEB_PUSH"
    POSTAL = "POSTAL"


class Provenance(StrEnum):
    """Where a contact comes from (R8.1)."""

    PAPER = "PAPER"
    SIGNED_DOCUMENT = "SIGNED_DOCUMENT"
    SELF_ENTERED = "SELF_ENTERED"
    IMPORTED = "IMPORTED"


class ContactPoint(Table, tablename="contact_point", help_text="Контактные данные"):
    """An address of a guardian; only a confirmed one is ever used, and staff confirm only by a document (R8.2)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, help_text="Представитель")
    channel = Varchar(length=16, choices=Channel, default=Channel.EMAIL, help_text="Канал")
    value = Varchar(length=254, help_text="Адрес или номер")
    provenance = Varchar(length=16, choices=Provenance, default=Provenance.PAPER, help_text="Откуда получены")
    document_reference = Varchar(length=255, default="", help_text="Документ: номер, дата, место хранения")
    confirmed_at = Timestamptz(null=True, default=None, help_text="Подтверждены (пусто: не используются)")
    retired_at = Timestamptz(null=True, default=None, help_text="Больше не действуют с")

    contact_point_channel_is_known = one_of("channel", Channel)
    contact_point_provenance_is_known = one_of("provenance", Provenance)
    contact_point_has_a_value = Check("btrim(value) <> ''")
    contact_point_an_email_looks_like_one = Check(r"channel <> 'EMAIL' OR value ~ '^[^@\s]+@[^@\s]+$'")
    contact_point_confirmed_by_a_document = Check(
        "confirmed_at IS NULL OR (provenance IN ('PAPER', 'SIGNED_DOCUMENT') AND document_reference ~ '[^[:space:]]')"
    )


class OutboxKind(StrEnum):
    """What a worker has to do."""

    EMAIL = "EMAIL"
    PRINT = "PRINT"


class OutboxState(StrEnum):
    """Where an outbox row stands; UNCERTAIN ones wait for a person (D7)."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    DONE = "DONE"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"


class Outbox(Table, tablename="outbox", help_text="Исходящие: письма и печать"):
    """An act owed to the outside world, written with the data it comes from; a Dramatiq message carries its id (D7)."""

    id = identifier()
    school = reference(School)
    kind = Varchar(length=16, choices=OutboxKind, help_text="Вид")
    dedup_key = Varchar(length=255, unique=True, help_text="Ключ от повторов")
    guardian = reference(Guardian, null=True, help_text="Кому")
    pupil = reference(Pupil, null=True, help_text="О ком")
    contact_point = reference(ContactPoint, null=True, help_text="Куда")
    print_job = UUID(null=True, default=None, help_text="Задание на печать")
    subject = Varchar(length=200, default="", help_text="Тема")
    body = Text(default="", help_text="Текст")
    state = Varchar(length=16, choices=OutboxState, default=OutboxState.QUEUED, help_text="Состояние")
    attempt = SmallInt(default=0, help_text="Попыток")
    due_at = Timestamptz(default=TimestamptzNow(), help_text="Не раньше")
    lease_until = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow(), help_text="Создано")
    finished_at = Timestamptz(null=True, default=None, help_text="Завершено")
    outcome = Text(default="", help_text="Итог или причина")
    evidence = JSONB(null=True, default=None, help_text="Доказательство: идентификатор и ответ сервера")
    created_by = reference(Account, null=True)

    outbox_kind_is_known = one_of("kind", OutboxKind)
    outbox_state_is_known = one_of("state", OutboxState)
    outbox_a_letter_has_an_address = Check("kind <> 'EMAIL' OR (guardian IS NOT NULL AND contact_point IS NOT NULL)")
    outbox_a_sheet_has_a_job = Check("kind <> 'PRINT' OR print_job IS NOT NULL")
