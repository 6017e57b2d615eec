"""Writes api/schema.graphql, the published form of the schema that reviews and CI compare (`make schema`)."""

from __future__ import annotations

from pathlib import Path

from api.schema import schema

SNAPSHOT = Path(__file__).with_name("schema.graphql")


def printed() -> str:
    """Return the schema in GraphQL's own language."""
    return schema(introspection=False).as_str() + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(printed(), encoding="utf-8")
