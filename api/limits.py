"""How large a document may be: depth, aliases and cost, counted in one pass in which a fragment is measured once.

Strawberry's own limiters walk a fragment anew wherever it is spread, so thirty fragments that each spread the next
one twice keep them busy for an hour (docs/decisions/0009); here a document costs as long as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.type import GraphQLField, GraphQLInterfaceType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: Nested fields, the innermost one included.
DEEPEST = 8
#: Aliases, and fields asked for again under the same name: both make a short document ask for much.
MOST_ALIASES = 15
MOST_TOKENS = 1_000
#: One for each field, times the expected length of every list it stands in; a full diary week costs about 1,600, and a
#: family reads the weeks of three children on one page.
HIGHEST_COST = 5_000

#: The key of a list field's metadata: how long the list usually is.
SIZE = "diary_size"
#: What a list counts for that says nothing about its length; the contract tests allow none.
UNKNOWN_SIZE = 10
#: Numbers grow with powers of two in nested fragments; beyond this they need not be exact.
_ENOUGH = 1_000_000


class DocumentTooDeep(Refusal):
    """The document nests more fields than the limit."""

    code = "DOCUMENT_TOO_DEEP"
    wording = _("Запрос вложен глубже {limit} уровней.")


class TooManyAliases(Refusal):
    """The document renames or repeats more fields than the limit."""

    code = "TOO_MANY_ALIASES"
    wording = _("В запросе больше {limit} псевдонимов и повторов полей.")


class DocumentTooCostly(Refusal):
    """The document asks for more data at once than the limit."""

    code = "DOCUMENT_TOO_COSTLY"
    wording = _("Запрос слишком велик: стоимость {cost} при пределе {limit}. Запросите меньше полей или разделите его.")


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a part of a document."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0

    def beside(self, other: Measure) -> Measure:
        """Return the size of both parts together."""
        return Measure(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, _ENOUGH),
            min(self.cost + other.cost, _ENOUGH),
        )


class _Measuring:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, tuple[Measure, set[str]]] = {}

    def selections(
        self, node: SelectionSetNode | None, parent: GraphQLNamedType | None, names: set[str] | None = None
    ) -> Measure:
        """Measure what is asked of one parent; `names` are the answer's names that it has been asked for already.

        Inline fragments and spreads ask the same parent, so a name that comes again in one of them is a repeat too:
        validation would compare each such field with each other one.
        """
        total = Measure()
        names = set() if names is None else names
        for selection in node.selections if node else ():
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                if selection.alias or name in names:
                    total = total.beside(Measure(aliases=1))
                names.add(name)
                total = total.beside(self._field(selection, parent))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                total = total.beside(self.selections(selection.selection_set, inner, names))
            elif isinstance(selection, FragmentSpreadNode):
                size, asked = self.fragment(selection.name.value)
                total = total.beside(size).beside(Measure(aliases=len(names & asked)))
                names |= asked
        return total

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        if node.name.value.startswith("__"):
            return Measure(cost=1)  # introspection is refused elsewhere, or open on purpose
        definition = (
            parent.fields.get(node.name.value) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        inner = self.selections(node.selection_set, get_named_type(definition.type) if definition else None)
        size = _size(definition) if definition else 1
        return Measure(inner.depth + 1, inner.aliases, min(1 + size * inner.cost, _ENOUGH))

    def fragment(self, name: str) -> tuple[Measure, set[str]]:
        """Measure a fragment, once, and return the names that it asks of whatever it is spread in."""
        if name not in self._measured:
            self._measured[name] = Measure(), set()  # a fragment that spreads itself is for validation to refuse
            node = self._fragments.get(name)
            if node is not None:
                names: set[str] = set()
                parent = self._schema.get_type(node.type_condition.name.value)
                self._measured[name] = self.selections(node.selection_set, parent, names), names
        return self._measured[name]

    def unused(self) -> list[Measure]:
        """Measure the fragments that no operation reaches: they are validated all the same."""
        return [self.fragment(name)[0] for name in self._fragments if name not in self._measured]


def _size(definition: GraphQLField) -> int:
    kind = definition.type
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if not isinstance(kind, GraphQLList):
        return 1
    field = definition.extensions.get("strawberry-definition")
    size: int = field.metadata.get(SIZE, UNKNOWN_SIZE) if field is not None else UNKNOWN_SIZE
    return size


def measure(schema: GraphQLSchema, document: DocumentNode) -> Measure:
    """Return the size of a document: its operations count together, because one request carries them all."""
    measuring = _Measuring(schema, document)
    total = Measure()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            root = schema.get_root_type(node.operation)
            total = total.beside(measuring.selections(node.selection_set, root))
    for size in measuring.unused():
        total = total.beside(size)
    return total


def refusal_of(size: Measure) -> Refusal | None:
    """Return why a document of this size is not run, None for one that fits."""
    if size.depth > DEEPEST:
        return DocumentTooDeep(limit=DEEPEST)
    if size.aliases > MOST_ALIASES:
        return TooManyAliases(limit=MOST_ALIASES)
    if size.cost > HIGHEST_COST:
        return DocumentTooCostly(cost=size.cost, limit=HIGHEST_COST)
    return None
