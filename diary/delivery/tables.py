"""Incoming documents, contact points, agreements, obligations, the mailbox and the outbox."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Bytea, Date, SmallInt, Text, Time, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table

from diary.access.tables import Account
from diary.consent.tables import ConsentDecision, Decision, DocumentForm, Purpose, Signature, SignatureKind
from diary.kit.columns import all_of, identifier, one_of, reference
from diary.people.tables import Guardian, Pupil
from diary.schools.tables import School


class StatementState(StrEnum):
    """A statement is a draft that anybody in the office may edit, or registered or rejected and closed for ever."""

    DRAFT = "DRAFT"
    REGISTERED = "REGISTERED"
    REJECTED = "REJECTED"


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
    signature = reference(Signature, null=True, help_text="Электронная подпись")
    text_version = Varchar(length=64, default="", help_text="Редакция текста согласия")
    received_at = Timestamptz(default=TimestamptzNow(), help_text="Получено")
    valid_until = Timestamptz(null=True, default=None, help_text="Действует до (пусто: до отзыва)")
    note = Text(default="", help_text="Примечание")
    check_note = Text(default="", help_text="Что показала проверка подписи (только чтение)")
    needs_reading = Boolean(default=False, help_text="Прочитать: документ заполнен не через дневник")
    state = Varchar(length=16, choices=StatementState, default=StatementState.DRAFT, help_text="Состояние")
    registered_as = reference(ConsentDecision, null=True, help_text="Запись реестра")
    closing_reason = Varchar(length=255, default="", help_text="Почему отклонено")

    statement_purpose_is_known = one_of("purpose", Purpose)
    statement_decision_is_known = one_of("decision", Decision)
    statement_form_is_known = one_of("form", DocumentForm)
    statement_state_is_known = one_of("state", StatementState)
    statement_signature_is_known = Check(
        "signature_kind IS NULL OR signature_kind IN ('HANDWRITTEN', 'SIMPLE', 'ENHANCED', 'QUALIFIED')"
    )
    statement_registered_ones_are_in_the_ledger = Check("(state = 'REGISTERED') = (registered_as IS NOT NULL)")
    statement_rejected_ones_have_a_reason = Check("(state = 'REJECTED') = (closing_reason ~ '[^[:space:]]')")


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


class Messenger(StrEnum):
    """Which messenger a contact of channel MESSENGER belongs to."""

    TELEGRAM = "TELEGRAM"
    VK = "VK"
    MAX = "MAX"


class ContactPoint(Table, tablename="contact_point", help_text="Контактные данные"):
    """An address of a guardian, or of a pupil; only a confirmed one is ever used, by a document or by a code (R8)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, null=True, help_text="Представитель")
    pupil = reference(Pupil, null=True, help_text="Обучающийся, если это его собственные данные")
    channel = Varchar(length=16, choices=Channel, default=Channel.EMAIL, help_text="Канал")
    messenger = Varchar(length=16, null=True, default=None, choices=Messenger, help_text="Мессенджер")
    value = Varchar(length=1024, help_text="Адрес или номер")
    push_keys = JSONB(null=True, default=None, help_text="Ключи браузера для уведомлений")
    provenance = Varchar(length=16, choices=Provenance, default=Provenance.PAPER, help_text="Откуда получены")
    document_reference = Varchar(length=255, default="", help_text="Документ: номер, дата, место хранения")
    confirmed_at = Timestamptz(null=True, default=None, help_text="Подтверждены (пусто: не используются)")
    confirmed_by_code = UUID(null=True, default=None, help_text="Код, которым подтверждены")
    retired_at = Timestamptz(null=True, default=None, help_text="Больше не действуют с")
    replaced_by = UUID(null=True, default=None, help_text="Чем заменены")
    failed_at = Timestamptz(null=True, default=None, help_text="Перестали доставлять с")
    failure = Text(default="", help_text="Почему не доставляется")

    contact_point_of_one_person = Check("(guardian IS NULL) <> (pupil IS NULL)")
    contact_point_channel_is_known = one_of("channel", Channel)
    contact_point_messenger_is_known = Check(
        "(channel = 'MESSENGER') = (messenger IS NOT NULL) "
        "AND (messenger IS NULL OR messenger IN ('TELEGRAM', 'VK', 'MAX'))"
    )
    contact_point_provenance_is_known = one_of("provenance", Provenance)
    contact_point_has_a_value = Check("btrim(value) <> ''")
    contact_point_an_email_looks_like_one = Check(r"channel <> 'EMAIL' OR value ~ '^[^@\s]+@[^@\s]+$'")
    # What an earlier release took out of a roster as it stood may stay as it is, because it is never used.
    contact_point_a_phone_is_in_e164 = Check(
        r"channel <> 'SMS' OR value ~ '^\+[1-9][0-9]{6,14}$' OR (provenance = 'IMPORTED' AND confirmed_at IS NULL)"
    )
    contact_point_a_browser_has_keys = Check("(channel = 'WEB_PUSH') = (push_keys IS NOT NULL)")
    contact_point_confirmed_by_document_or_code = Check(
        "confirmed_at IS NULL "
        "OR (provenance IN ('PAPER', 'SIGNED_DOCUMENT') AND document_reference ~ '[^[:space:]]') "
        "OR (provenance = 'SELF_ENTERED' AND confirmed_by_code IS NOT NULL)"
    )


class CodePurpose(StrEnum):
    """What a one-time code proves."""

    CONFIRM_CONTACT = "CONFIRM_CONTACT"
    SIGN_DECISION = "SIGN_DECISION"


class OneTimeCode(Table, tablename="one_time_code", help_text="Одноразовые коды"):
    """A code sent to one address for one act: few tries, a short life, bound to what it signs (R8.2, 63-FZ)."""

    id = identifier()
    school = reference(School)
    purpose = Varchar(length=24, choices=CodePurpose)
    account = reference(Account)
    contact_point = reference(ContactPoint)
    code_hash = Varchar(length=255)
    document = Bytea(null=True, default=None)
    document_sha256 = Varchar(length=64, default="")
    facts = JSONB(null=True, default=None)
    sent_at = Timestamptz()
    expires_at = Timestamptz()
    tries = SmallInt(default=0)
    used_at = Timestamptz(null=True, default=None)
    address = Varchar(length=64, default="")

    one_time_code_purpose_is_known = one_of("purpose", CodePurpose)
    one_time_code_signs_a_document = Check("(purpose = 'SIGN_DECISION') = (document IS NOT NULL)")
    one_time_code_expires_after_sending = Check("expires_at > sent_at")


class DeliveryForm(StrEnum):
    """In which form a family is informed (R1.1, R9.3)."""

    ELECTRONIC = "ELECTRONIC"
    PAPER = "PAPER"


class AgreedChannel(StrEnum):
    """Through what an electronic form reaches the guardian; the order of the agreement is the order of fallback."""

    CABINET = "CABINET"
    MAILBOX = "MAILBOX"
    EMAIL = "EMAIL"
    SMS = "SMS"
    MESSENGER = "MESSENGER"
    WEB_PUSH = "WEB_PUSH"


class DeliverySchedule(StrEnum):
    """When scheduled mailings come (R1.2)."""

    SCHOOL_DEFAULT = "SCHOOL_DEFAULT"
    AGREED_DAYS = "AGREED_DAYS"
    SELF_SERVICE = "SELF_SERVICE"


class PaperReason(StrEnum):
    """Why a family is informed on paper (R9.3)."""

    UNABLE = "UNABLE"
    UNWILLING = "UNWILLING"


class PaperReceiver(StrEnum):
    """To whom a printed sheet is given: the guardian in person, or the pupil, who carries it home (R9.1, A18)."""

    GUARDIAN = "GUARDIAN"
    PUPIL = "PUPIL"


class AgreementOrigin(StrEnum):
    """How an agreement came to be."""

    OFFICE = "OFFICE"
    GUARDIAN = "GUARDIAN"
    CONSENT_ENDED = "CONSENT_ENDED"


class DeliveryAgreement(Table, tablename="delivery_agreement", help_text="Соглашения о форме доставки (только чтение)"):
    """What one guardian has agreed with the school about one child; a change is a new row, the newest counts (R1)."""

    id = identifier()
    seq = BigInt(default=None, null=False, unique=True, help_text="Порядковый номер")
    school = reference(School)
    guardian = reference(Guardian, help_text="Представитель")
    pupil = reference(Pupil, help_text="Обучающийся")
    form = Varchar(length=16, choices=DeliveryForm, help_text="Форма")
    reason = Varchar(length=16, null=True, default=None, choices=PaperReason, help_text="Почему на бумаге")
    handed_to = Varchar(
        length=16, choices=PaperReceiver, default=PaperReceiver.GUARDIAN, help_text="Кто получает печатный дневник"
    )
    channels = Array(base_column=Varchar(length=16), default=[], help_text="Каналы по порядку")
    schedule = Varchar(length=16, choices=DeliverySchedule, help_text="Когда")
    weekdays = Array(base_column=SmallInt(), default=[], help_text="Дни недели (1 — понедельник)")
    month_days = Array(base_column=SmallInt(), default=[], help_text="Числа месяца")
    dates = Array(base_column=Date(), default=[], help_text="Отдельные даты")
    quiet_from = Time(null=True, default=None, help_text="Не беспокоить с (пусто: как в школе)")
    quiet_to = Time(null=True, default=None, help_text="Не беспокоить до")
    origin = Varchar(length=16, choices=AgreementOrigin, help_text="Откуда")
    document_reference = Varchar(length=255, default="", help_text="Документ: номер, дата, место хранения")
    statement = reference(Statement, null=True, help_text="Заявление")
    agreed_at = Timestamptz(help_text="Согласовано")
    registered_at = Timestamptz(help_text="Зарегистрировано")
    author = reference(Account, null=True, help_text="Кто записал")

    delivery_agreement_form_is_known = one_of("form", DeliveryForm)
    delivery_agreement_schedule_is_known = one_of("schedule", DeliverySchedule)
    delivery_agreement_origin_is_known = one_of("origin", AgreementOrigin)
    delivery_agreement_reason_is_for_paper = Check(
        "(form = 'PAPER') = (reason IS NOT NULL) AND (reason IS NULL OR reason IN ('UNABLE', 'UNWILLING'))"
    )
    delivery_agreement_paper_is_handed_to_somebody = Check(
        "handed_to = 'GUARDIAN' OR (handed_to = 'PUPIL' AND form = 'PAPER')"
    )
    delivery_agreement_channels_are_for_electronic = Check("(form = 'ELECTRONIC') = (cardinality(channels) > 0)")
    delivery_agreement_channels_are_known = all_of("channels", AgreedChannel)
    delivery_agreement_days_are_agreed = Check(
        "(schedule = 'AGREED_DAYS') = (cardinality(weekdays) + cardinality(month_days) + cardinality(dates) > 0)"
    )
    delivery_agreement_weekdays_exist = Check("weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]")
    delivery_agreement_month_days_exist = Check("1 <= ALL (month_days) AND 31 >= ALL (month_days)")
    delivery_agreement_quiet_hours_have_both_ends = Check("(quiet_from IS NULL) = (quiet_to IS NULL)")
    delivery_agreement_agreed_before_registered = Check("agreed_at <= registered_at")


class ObligationKind(StrEnum):
    """What a family is owed (D6)."""

    FORECAST = "FORECAST"
    RESULT = "RESULT"
    WEEKLY_DIARY = "WEEKLY_DIARY"
    PRINTOUT = "PRINTOUT"
    CONSENT_EFFECT = "CONSENT_EFFECT"


class ObligationState(StrEnum):
    """Where a duty stands; BREACHED is for ever, even when it was met late."""

    OPEN = "OPEN"
    MET = "MET"
    BREACHED = "BREACHED"
    CANCELLED = "CANCELLED"


class MetBy(StrEnum):
    """What proves that a duty was met."""

    PUBLICATION = "PUBLICATION"
    DELIVERY = "DELIVERY"
    HAND_OVER = "HAND_OVER"


class Obligation(Table, tablename="obligation", help_text="Обязанности информирования (только чтение)"):
    """One duty towards one addressee with its deadline: met with evidence, or breached for ever; never deleted (D6)."""

    id = identifier()
    school = reference(School)
    kind = Varchar(length=16, choices=ObligationKind, help_text="Что должны")
    clause = Varchar(length=16, help_text="Пункт требований")
    pupil = reference(Pupil, help_text="О ком")
    guardian = reference(Guardian, null=True, help_text="Кому (пусто: самому обучающемуся)")
    about = Varchar(length=120, help_text="О чём именно")
    state = Varchar(length=16, choices=ObligationState, default=ObligationState.OPEN, help_text="Состояние")
    opened_at = Timestamptz(help_text="Возникла")
    due_at = Timestamptz(help_text="Срок")
    met_at = Timestamptz(null=True, default=None, help_text="Исполнена")
    met_by = Varchar(length=16, null=True, default=None, choices=MetBy, help_text="Чем исполнена")
    evidence = JSONB(null=True, default=None, help_text="Доказательство")
    breached_at = Timestamptz(null=True, default=None, help_text="Нарушена")
    cancelled_at = Timestamptz(null=True, default=None, help_text="Отменена")
    cancel_reason = Text(default="", help_text="Почему отменена")
    warning_level = SmallInt(default=0, help_text="Предупреждений")
    warned_at = Timestamptz(null=True, default=None, help_text="Последнее предупреждение")

    obligation_kind_is_known = one_of("kind", ObligationKind)
    obligation_state_is_known = one_of("state", ObligationState)
    obligation_met_with_evidence = Check(
        "(met_at IS NULL) = (met_by IS NULL) AND (met_at IS NULL) = (evidence IS NULL) "
        "AND (met_by IS NULL OR met_by IN ('PUBLICATION', 'DELIVERY', 'HAND_OVER'))"
    )
    obligation_cancelled_with_a_reason = Check("(cancelled_at IS NULL) = (btrim(cancel_reason) = '')")
    obligation_state_follows_from_the_times = Check(
        "state = CASE WHEN breached_at IS NOT NULL THEN 'BREACHED' WHEN cancelled_at IS NOT NULL THEN 'CANCELLED' "
        "WHEN met_at IS NOT NULL THEN 'MET' ELSE 'OPEN' END"
    )
    obligation_met_in_time_or_breached = Check("met_at IS NULL OR met_at <= due_at OR breached_at IS NOT NULL")
    obligation_met_or_cancelled = Check("met_at IS NULL OR cancelled_at IS NULL")


class MailingKind(StrEnum):
    """What a mailing tells."""

    OFFICE_LETTER = "OFFICE_LETTER"
    CONSENT_EFFECT = "CONSENT_EFFECT"


class Mailing(Table, tablename="mailing", help_text="Рассылки"):
    """One text for one or many addressees; its messages and outbox rows say who got it (R3.1)."""

    id = identifier()
    school = reference(School)
    kind = Varchar(length=24, choices=MailingKind, help_text="Вид")
    dedup_key = Varchar(length=255, unique=True, help_text="Ключ от повторов")
    subject = Varchar(length=200, help_text="Тема")
    body = Text(help_text="Текст")
    created_at = Timestamptz(help_text="Создана")
    created_by = reference(Account, null=True, help_text="Кем")

    mailing_kind_is_known = one_of("kind", MailingKind)


class MailboxMessage(Table, tablename="mailbox_message", help_text="Внутренняя почта"):
    """A message inside the system with its sent, delivered and read times (R3.1)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, null=True, help_text="Кому (представитель)")
    reader_pupil = reference(Pupil, null=True, help_text="Кому (обучающийся)")
    pupil = reference(Pupil, null=True, help_text="О ком")
    own_matter = Boolean(default=False, help_text="О собственном решении, не о ребёнке: видно и без согласия")
    mailing = reference(Mailing, null=True, help_text="Рассылка")
    obligation = reference(Obligation, null=True, help_text="Обязанность")
    subject = Varchar(length=200, help_text="Тема")
    body = Text(help_text="Текст")
    sent_at = Timestamptz(help_text="Отправлено")
    delivered_at = Timestamptz(null=True, default=None, help_text="Доставлено")
    read_at = Timestamptz(null=True, default=None, help_text="Прочитано")

    mailbox_message_to_one_person = Check("(guardian IS NULL) <> (reader_pupil IS NULL)")
    mailbox_message_read_after_delivered = Check("read_at IS NULL OR delivered_at <= read_at")
    mailbox_message_about_a_child_or_own = Check("own_matter OR pupil IS NOT NULL")


class OutboxKind(StrEnum):
    """What a worker has to do: through which channel, or to print."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    MESSENGER = "MESSENGER"
    WEB_PUSH = "WEB_PUSH"
    PRINT = "PRINT"


class OutboxTopic(StrEnum):
    """What a row is about, which decides what must be asked before it leaves."""

    CHILD = "CHILD"
    OWN_MATTER = "OWN_MATTER"
    CODE = "CODE"
    STAFF_WARNING = "STAFF_WARNING"


class OutboxTiming(StrEnum):
    """How a letter keeps to the agreed days and hours, asked when it is queued and again when it is sent (R1.2, A4)."""

    #: As soon as the quiet hours end; on the agreed days where a family has agreed days of its own.
    NOTICE = "NOTICE"
    #: On the mailing days alone.
    MAILING = "MAILING"
    #: Waits for no day.
    URGENT = "URGENT"


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
    address = Varchar(length=254, default="", help_text="Адрес сотрудника, если это предупреждение школе")
    topic = Varchar(length=16, choices=OutboxTopic, default=OutboxTopic.CHILD, help_text="О чём")
    timing = Varchar(length=16, choices=OutboxTiming, default=OutboxTiming.NOTICE, help_text="Срочность")
    agreed_day = Date(null=True, default=None, help_text="Согласованный день, для которого это отправление")
    mailing = reference(Mailing, null=True, help_text="Рассылка")
    obligation = reference(Obligation, null=True, help_text="Обязанность")
    message = reference(MailboxMessage, null=True, help_text="Сообщение внутренней почты")
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
    outbox_topic_is_known = one_of("topic", OutboxTopic)
    outbox_timing_is_known = one_of("timing", OutboxTiming)
    outbox_has_an_addressee = Check(
        "kind = 'PRINT' OR contact_point IS NOT NULL OR (topic = 'STAFF_WARNING' AND address <> '')"
    )
    outbox_a_sheet_has_a_job = Check("kind <> 'PRINT' OR print_job IS NOT NULL")
