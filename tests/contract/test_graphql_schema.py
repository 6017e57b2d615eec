"""The published schema is the code's, every part of it is explained, every list says how long it is."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema
from graphql.type import GraphQLEnumType, GraphQLScalarType, is_specified_scalar_type

from api.limits import SIZE
from api.schema import schema
from api.snapshot import SNAPSHOT, printed
from tests.support.service import Service

SCHEMA: GraphQLSchema = schema(introspection=True)._schema


def object_fields() -> Iterator[tuple[str, GraphQLField]]:
    """Yield every field of every object type."""
    for name, kind in SCHEMA.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field


def test_the_snapshot_is_up_to_date() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == printed(), "run `make schema` and review the difference"


async def test_the_snapshot_is_published(service: Service) -> None:
    answer = await service.request("GET", "/schema.graphql")

    assert answer.text == printed()


def test_every_type_field_argument_and_value_is_explained() -> None:
    missing = []
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__") or (isinstance(kind, GraphQLScalarType) and is_specified_scalar_type(kind)):
            continue
        if not kind.description:
            missing.append(name)
        if isinstance(kind, GraphQLEnumType):
            missing += [f"{name}.{value}" for value, entry in kind.values.items() if not entry.description]
        if isinstance(kind, GraphQLInputObjectType):
            missing += [f"{name}.{field}" for field, entry in kind.fields.items() if not entry.description]
    for name, field in object_fields():
        if not field.description:
            missing.append(name)
        missing += [f"{name}({argument})" for argument, entry in field.args.items() if not entry.description]

    assert missing == []


def test_every_list_says_how_long_it_usually_is() -> None:
    lists = {
        name: field
        for name, field in object_fields()
        if isinstance(field.type, GraphQLList)
        or (isinstance(field.type, GraphQLNonNull) and isinstance(field.type.of_type, GraphQLList))
    }

    assert set(lists) >= {"DiaryWeek.days", "Day.lessons", "Lesson.marks", "Viewer.pupils"}
    unbounded = {name for name in lists if name.startswith("Obligation") and name.endswith("Connection.edges")}
    lists = {name: field for name, field in lists.items() if name not in unbounded}
    assert all(SIZE in field.extensions["strawberry-definition"].metadata for field in lists.values())
