"""The ledger's one table."""

from __future__ import annotations

from enum import StrEnum

from piccolo.columns import BigInt, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from diary.access.tables import Account
from diary.kit.columns import identifier, one_of, reference
from diary.people.tables import Guardian, Pupil
from diary.schools.tables import School


class Purpose(StrEnum):
    """What is decided about: each purpose is a separate document and a separate decision (152-FZ art. 9, A2)."""

    PERSONAL_DATA = "PERSONAL_DATA"
    ELECTRONIC_FORM = "ELECTRONIC_FORM"


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
