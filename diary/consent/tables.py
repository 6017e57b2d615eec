"""The ledger's one table."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import BigInt, Boolean, Bytea, Date, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from diary.access.tables import Account
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Guardian, Pupil
from diary.schools.tables import School


class Purpose(StrEnum):
    """What is decided about: each purpose is a separate document and a separate decision (152-FZ art. 9, A2)."""

    PERSONAL_DATA = "PERSONAL_DATA"
    ELECTRONIC_FORM = "ELECTRONIC_FORM"
    GUARDIAN_ACCESS = "GUARDIAN_ACCESS"


class Decision(StrEnum):
    """What was decided (R2.1)."""

    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class DocumentForm(StrEnum):
    """In which form the decision came (R2.2)."""

    PAPER = "PAPER"
    ELECTRONIC = "ELECTRONIC"


class SignatureKind(StrEnum):
    """How the document is signed (63-FZ art. 5)."""

    HANDWRITTEN = "HANDWRITTEN"
    SIMPLE = "SIMPLE"
    ENHANCED = "ENHANCED"
    QUALIFIED = "QUALIFIED"


class SignatureVerdict(StrEnum):
    """What checking an electronic signature has shown; only VALID ever counts as a signature (63-FZ)."""

    VALID = "VALID"
    NOT_CHECKED = "NOT_CHECKED"
    TAMPERED = "TAMPERED"
    EXPIRED = "EXPIRED"
    UNTRUSTED = "UNTRUSTED"
    WRONG_SIGNER = "WRONG_SIGNER"
    SEVERAL_SIGNERS = "SEVERAL_SIGNERS"
    MALFORMED = "MALFORMED"


class ConsentText(
    Table, tablename="consent_text", help_text="Тексты согласий (новая редакция добавляется, старая остаётся)"
):
    """One published wording of one purpose's document; a new wording is a new row (152-FZ art. 9)."""

    id = identifier()
    school = reference(School)
    purpose = Varchar(length=24, choices=Purpose, default=Purpose.PERSONAL_DATA, help_text="О чём документ")
    version = Varchar(length=64, help_text="Редакция, например 2026-09")
    title = Varchar(length=255, help_text="Заголовок документа")
    body = Text(help_text="Текст; в фигурных скобках то, что подставляется")
    sha256 = Varchar(length=64, default="", help_text="SHA-256 текста (вычисляется)")
    published_at = Timestamptz(default=TimestamptzNow(), help_text="Действует с")

    consent_text_purpose_is_known = one_of("purpose", Purpose)
    consent_text_is_not_empty = Check("btrim(version) <> '' AND btrim(title) <> '' AND btrim(body) <> ''")
    consent_text_one_version_per_purpose = Unique(["school", "purpose", "version"])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s, редакция %s", columns=[cls.title, cls.version])


class TrustedCertificate(Table, tablename="trusted_certificate", help_text="Доверенные удостоверяющие центры"):
    """A certification authority that the school trusts when it checks enhanced and qualified signatures (63-FZ)."""

    id = identifier()
    school = reference(School)
    name = Varchar(length=255, help_text="Название удостоверяющего центра")
    pem = Text(help_text="Сертификат в формате PEM")
    qualified = Boolean(default=False, help_text="Аккредитованный центр (квалифицированные подписи)")
    added_at = Timestamptz(default=TimestamptzNow(), help_text="Добавлен")
    retired_at = Timestamptz(null=True, default=None, help_text="Больше не доверяем с")
    sha256 = Varchar(length=64, default="", help_text="SHA-256 сертификата (вычисляется)")

    trusted_certificate_has_a_name = Check("btrim(name) <> ''")
    trusted_certificate_looks_like_one = Check("pem ~ '-----BEGIN CERTIFICATE-----'")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class SigningAgreement(Table, tablename="signing_agreement", help_text="Соглашения о простой подписи (только чтение)"):
    """The agreement under which a person's codes count as a signature; it is only ever ended (63-FZ art. 9)."""

    id = identifier()
    school = reference(School)
    guardian = reference(Guardian, null=True, help_text="Представитель")
    pupil = reference(Pupil, null=True, help_text="Обучающийся, если он подписывает сам")
    document_reference = Varchar(length=255, help_text="Документ: номер, дата, место хранения")
    signed_on = Date(default=None, null=False, help_text="Подписано")
    registered_at = Timestamptz(help_text="Записано")
    registrar = reference(Account, null=True, help_text="Кто записал")
    ended_at = Timestamptz(null=True, default=None, help_text="Прекращено с")
    ended_by = reference(Account, null=True, help_text="Кто прекратил")

    signing_agreement_of_one_person = Check("(guardian IS NULL) <> (pupil IS NULL)")
    signing_agreement_has_a_document = Check("document_reference ~ '[^[:space:]]'")
    signing_agreement_ends_after_registering = Check("ended_at IS NULL OR ended_at >= registered_at")


class Signature(Table, tablename="signature", help_text="Электронные подписи (только чтение)"):
    """The evidence of one electronic signature: what was signed, by whom, how it was checked and the result (R2.1)."""

    id = identifier()
    school = reference(School)
    kind = Varchar(length=16, choices=SignatureKind, help_text="Вид подписи")
    verdict = Varchar(length=16, choices=SignatureVerdict, help_text="Результат проверки")
    reason = Text(default="", help_text="Пояснение к результату")
    document = Bytea(help_text="Подписанный документ, байт в байт")
    document_sha256 = Varchar(length=64, help_text="SHA-256 документа")
    cms = Bytea(null=True, default=None, help_text="Отсоединённая подпись CMS")
    certificate = Bytea(null=True, default=None, help_text="Сертификат подписавшего")
    signer = Varchar(length=500, default="", help_text="Кто подписал")
    signed_at = Timestamptz(null=True, default=None, help_text="Когда подписано")
    checked_at = Timestamptz(help_text="Когда проверено")
    checked_by = Varchar(length=255, default="", help_text="Чем проверено")
    authority_sha256 = Varchar(
        length=64, default="", help_text="SHA-256 сертификата центра, которому доверилась проверка"
    )
    account = reference(Account, null=True, help_text="Учётная запись подписавшего")
    agreement = reference(SigningAgreement, null=True, help_text="Соглашение о простой подписи")
    code_sent_to = Varchar(length=254, default="", help_text="Куда отправлен код")
    code_sent_at = Timestamptz(null=True, default=None, help_text="Код отправлен")
    code_confirmed_at = Timestamptz(null=True, default=None, help_text="Код введён")
    address = Varchar(length=64, default="", help_text="Сетевой адрес подписавшего")

    signature_kind_is_electronic = Check("kind IN ('SIMPLE', 'ENHANCED', 'QUALIFIED')")
    signature_verdict_is_known = one_of("verdict", SignatureVerdict)
    signature_simple_rests_on_a_code = Check(
        "kind <> 'SIMPLE' OR (account IS NOT NULL AND code_sent_to <> '' AND code_confirmed_at IS NOT NULL)"
    )
    signature_others_keep_the_bytes = Check("kind = 'SIMPLE' OR cms IS NOT NULL")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s: %s", columns=[cls.signer, cls.reason])


class SignatureAttempt(Table, tablename="signature_attempt", help_text="Проверки файлов подписи"):
    """A signature file that an account has handed in: counted before it is looked at, whatever becomes of it."""

    id = identifier()
    account = reference(Account)
    started_at = Timestamptz(help_text="Начата")
    ended_at = Timestamptz(null=True, default=None, help_text="Закончена")


class ConsentDecision(Table, tablename="consent_decision", help_text="Реестр согласий и отказов (только чтение)"):
    """One decision of a guardian about a child, or a pupil about the own data; never changed, only followed (R2.4)."""

    id = identifier()
    seq = BigInt(default=None, null=False, unique=True, help_text="Порядковый номер в реестре")
    school = reference(School)
    guardian = reference(Guardian, null=True, help_text="Представитель (пусто: решение самого обучающегося)")
    pupil = reference(Pupil, help_text="Обучающийся")
    purpose = Varchar(length=24, choices=Purpose, help_text="О чём решение")
    decision = Varchar(length=16, choices=Decision, help_text="Решение")
    form = Varchar(length=16, choices=DocumentForm, help_text="Форма документа")
    signature_kind = Varchar(length=16, null=True, default=None, choices=SignatureKind, help_text="Подпись")
    document_reference = Varchar(length=255, default="", help_text="Документ: номер, дата, место хранения")
    scan = Varchar(length=255, default="", help_text="Скан")
    signature = reference(Signature, null=True, help_text="Электронная подпись")
    text_version = Varchar(length=64, default="", help_text="Редакция текста согласия")
    text_hash = Varchar(length=64, default="", help_text="SHA-256 текста согласия")
    received_at = Timestamptz(help_text="Получено")
    registered_at = Timestamptz(help_text="Зарегистрировано")
    valid_until = Timestamptz(null=True, default=None, help_text="Действует до (пусто: до отзыва)")
    registrar = reference(Account, null=True, help_text="Кто зарегистрировал")

    consent_decision_purpose_is_known = one_of("purpose", Purpose)
    consent_decision_decision_is_known = one_of("decision", Decision)
    consent_decision_form_is_known = one_of("form", DocumentForm)
    consent_decision_signature_is_known = Check(
        "signature_kind IS NULL OR signature_kind IN ('HANDWRITTEN', 'SIMPLE', 'ENHANCED', 'QUALIFIED')"
    )
    consent_decision_received_before_registered = Check("received_at <= registered_at")
    consent_decision_paper_has_a_document = Check(
        "form <> 'PAPER' OR document_reference ~ '[^[:space:]]' OR scan <> ''"
    )
    consent_decision_valid_after_registration = Check("valid_until IS NULL OR valid_until > received_at")
    consent_decision_guardian_access_is_the_pupils = Check("purpose <> 'GUARDIAN_ACCESS' OR guardian IS NULL")
