"""Piccolo's view of the project: the engine and the app registry, nothing else."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

from diary.kit.transaction import WholeTransaction
from settings import settings


class Database(PostgresEngine):
    """PostgreSQL without the extra connection that Piccolo opens on import to ask for the version."""

    async def check_version(self) -> None:
        """Do nothing: `diary up` brings its own server, and the migrations fail loudly on an old one."""

    def transaction(self, allow_nested: bool = True) -> WholeTransaction:  # noqa: FBT001, FBT002 - as Piccolo has it
        """Return a transaction that gives its connection back even when its end fails (D3)."""
        return WholeTransaction(engine=self, allow_nested=allow_nested)


DB = Database(config={"dsn": settings().database_url})

APP_REGISTRY = AppRegistry(apps=["diary.piccolo_app"])
