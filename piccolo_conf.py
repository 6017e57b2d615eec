"""Piccolo's view of the project: the engine and the app registry, nothing else."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

from settings import settings

DB = PostgresEngine(config={"dsn": settings().database_url})

APP_REGISTRY = AppRegistry(apps=["diary.piccolo_app"])
