from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from diary.kit.columns import NewIdentifier
from enum import Enum
from piccolo.columns.base import OnDelete
from piccolo.columns.base import OnUpdate
from piccolo.columns.column_types import ForeignKey
from piccolo.columns.column_types import SmallInt
from piccolo.columns.column_types import UUID
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table


class Guardian(Table, tablename="guardian", schema=None):
    id = UUID(
        default=NewIdentifier(),
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-24T12:49:51:111053"
VERSION = "1.38.0"
DESCRIPTION = "Who received a printed sheet, and what was agreed about it"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="diary", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="DeliveryAgreement",
        tablename="delivery_agreement",
        column_name="handed_to",
        db_column_name="handed_to",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 16,
            "default": "GUARDIAN",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "PaperReceiver", {"GUARDIAN": "GUARDIAN", "PUPIL": "PUPIL"}
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="PrintJob",
        tablename="print_job",
        column_name="received_by",
        db_column_name="received_by",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 16,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "PaperReceiver", {"GUARDIAN": "GUARDIAN", "PUPIL": "PUPIL"}
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="PrintJob",
        tablename="print_job",
        column_name="received_guardian",
        db_column_name="received_guardian",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Guardian,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.restrict,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="PrintJob",
        tablename="print_job",
        column_name="retries",
        db_column_name="retries",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={
            "default": 0,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="DeliveryAgreement",
        tablename="delivery_agreement",
        constraint_name="delivery_agreement_paper_is_handed_to_somebody",
        constraint_class=Check,
        params={
            "condition": "handed_to = 'GUARDIAN' OR (handed_to = 'PUPIL' AND form = 'PAPER')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="PrintJob",
        tablename="print_job",
        constraint_name="print_job_received_by_somebody",
        constraint_class=Check,
        params={
            "condition": "(received_guardian IS NOT NULL) = coalesce(received_by = 'GUARDIAN', false) AND (received_by IS NULL OR (handed_over_at IS NOT NULL AND received_by IN ('GUARDIAN', 'PUPIL')))"
        },
        schema=None,
    )

    return manager
