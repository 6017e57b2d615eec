"""The trail's one table."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigSerial, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table


class AuditEntry(Table, tablename="audit_entry", help_text="Журнал изменений: кто, когда и что изменил"):
    """One change of one record: who made it, through which route, and what it was before and after."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(help_text="Когда")
    school = UUID(null=True, default=None, index=True)
    actor = Integer(null=True, default=None, help_text="Учётная запись")
    route = Varchar(length=16, help_text="Через что изменено")
    action = Varchar(length=8, help_text="Действие")
    record = Varchar(length=64, help_text="Таблица")
    record_id = Text(help_text="Запись")
    before = JSONB(null=True, default=None, help_text="Было")
    after = JSONB(null=True, default=None, help_text="Стало")
