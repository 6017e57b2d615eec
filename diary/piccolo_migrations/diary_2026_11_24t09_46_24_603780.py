from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import SmallInt
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-24T09:46:24:603780"
VERSION = "1.38.0"
DESCRIPTION = "Some grades have grading periods of their own"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="diary", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="GradingPeriod",
        tablename="grading_period",
        column_name="grade_from",
        db_column_name="grade_from",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={
            "default": None,
            "null": True,
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

    manager.add_column(
        table_class_name="GradingPeriod",
        tablename="grading_period",
        column_name="grade_to",
        db_column_name="grade_to",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={
            "default": None,
            "null": True,
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
        table_class_name="GradingPeriod",
        tablename="grading_period",
        constraint_name="grading_period_grades_are_in_order",
        constraint_class=Check,
        params={
            "condition": "(grade_from IS NULL) = (grade_to IS NULL) AND (grade_from IS NULL OR grade_from <= grade_to)"
        },
        schema=None,
    )

    return manager
