"""What every document passes before it runs: parsed once, measured, validated once, and given five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse
from graphql.validation import ASTValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.graphql import OperationType

from api.context import Context, Transport
from api.limits import MOST_TOKENS, measure, refusal_of
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: A query or mutation that takes longer is cut off, seconds (trust.md 1.2).
LONGEST_RUN = 5.0
#: Documents kept parsed and validated; our own clients send a few dozen.
KEPT = 256


class OnlySubscriptions(Refusal):
    """A socket carries subscriptions; queries and mutations go over HTTP, where their checks are."""

    code = "ONLY_SUBSCRIPTIONS"
    wording = _("По WebSocket работают только подписки: запросы и изменения отправляйте по HTTP.")


class SubscriptionsNeedSocket(Refusal):
    """A subscription came over plain HTTP, where nothing can be pushed."""

    code = "SUBSCRIPTIONS_NEED_WEBSOCKET"
    wording = _("Подписки работают только по WebSocket (graphql-transport-ws).")


@lru_cache(maxsize=KEPT)
def _parsed(query: str) -> DocumentNode:
    return parse(query, max_tokens=MOST_TOKENS)


@lru_cache(maxsize=KEPT)
def _faults(
    schema: GraphQLSchema, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]
) -> tuple[Refusal | GraphQLError, ...]:
    too_large = refusal_of(measure(schema, document))
    return (too_large,) if too_large else tuple(validate_document(schema, document, rules))


class DocumentChecks(SchemaExtension):
    """Parses, measures and validates a document, each once for all its requests."""

    def on_operation(self) -> Iterator[None]:
        """Hold the parser to the limit too, when it is asked again about a document that does not parse."""
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        """Take the parsed document from the cache; faults are left for Strawberry's own parsing to report."""
        context = self.execution_context
        if context.query and context.graphql_document is None:
            try:
                context.graphql_document = _parsed(context.query)
            except GraphQLError:
                context.graphql_document = None
        yield

    def on_validate(self) -> Iterator[None]:
        """Refuse what this transport does not carry, what is too large, what does not fit the schema."""
        context = self.execution_context
        document = context.graphql_document
        if document is None:
            yield
            return
        over_socket = isinstance(context.context, Context) and context.context.transport is Transport.WEBSOCKET
        is_subscription = context.operation_type is OperationType.SUBSCRIPTION
        if over_socket and not is_subscription:
            context.pre_execution_errors = [_error(OnlySubscriptions())]
        elif is_subscription and not over_socket:
            context.pre_execution_errors = [_error(SubscriptionsNeedSocket())]
        else:
            faults = _faults(context.schema._schema, document, context.validation_rules)  # noqa: SLF001 - as Strawberry's cache
            context.pre_execution_errors = [_error(fault) for fault in faults]
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        """Cut off a query or mutation that takes too long; subscriptions live on."""
        if self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            yield
            return
        async with asyncio.timeout(LONGEST_RUN):
            yield


def _error(fault: Refusal | GraphQLError) -> GraphQLError:
    # Errors are completed and reworded for each reader, so the cached ones are never handed out themselves.
    if isinstance(fault, Refusal):
        return GraphQLError(str(fault), original_error=fault)
    return GraphQLError(fault.message, nodes=fault.nodes, source=fault.source, positions=fault.positions)
