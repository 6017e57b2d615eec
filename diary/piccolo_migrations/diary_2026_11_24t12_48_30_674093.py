from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-24T12:48:30:674093"
VERSION = "1.38.0"
DESCRIPTION = "How a letter keeps to the agreed days"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="diary", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="Outbox",
        tablename="outbox",
        column_name="timing",
        db_column_name="timing",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 16,
            "default": "NOTICE",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "OutboxTiming",
                {"NOTICE": "NOTICE", "MAILING": "MAILING", "URGENT": "URGENT"},
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="Outbox",
        tablename="outbox",
        constraint_name="outbox_timing_is_known",
        constraint_class=Check,
        params={"condition": "\"timing\" IN ('NOTICE', 'MAILING', 'URGENT')"},
        schema=None,
    )

    return manager
