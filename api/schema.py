"""The schema: everything that clients may ask, put together from the concepts."""

from __future__ import annotations

from functools import cache

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from api.access.mutations import AccessMutations
from api.access.queries import AccessQueries
from api.agreements.mutations import AgreementMutations
from api.agreements.queries import AgreementQueries
from api.checks import DocumentChecks
from api.consent.mutations import ConsentMutations
from api.consent.queries import ConsentQueries
from api.consent.signing import SigningMutations
from api.consent.statements import StatementMutations, StatementQueries
from api.contacts.mutations import ContactMutations
from api.contacts.queries import ContactQueries
from api.context import Context
from api.errors import shown
from api.journal.mutations import JournalMutations
from api.journal.queries import JournalQueries
from api.journal.subscriptions import JournalSubscriptions
from api.mailbox.mutations import MailboxMutations
from api.mailbox.queries import MailboxQueries
from api.obligations.queries import ObligationQueries
from api.paper.mutations import PaperMutations


@strawberry.type(description="What can be read.")
class Query(
    AccessQueries,
    AgreementQueries,
    ConsentQueries,
    ContactQueries,
    JournalQueries,
    MailboxQueries,
    ObligationQueries,
    StatementQueries,
):
    """All queries."""


@strawberry.type(description="What can be done. Every refusal carries its code in `extensions.code`.")
class Mutation(
    AccessMutations,
    AgreementMutations,
    ConsentMutations,
    ContactMutations,
    JournalMutations,
    MailboxMutations,
    PaperMutations,
    SigningMutations,
    StatementMutations,
):
    """All mutations."""


@strawberry.type(description="What can be followed live.")
class Subscription(JournalSubscriptions):
    """All subscriptions."""


class DiarySchema(strawberry.Schema):
    """The schema, with the one place through which every error of every transport passes."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:  # noqa: ARG002
        """Replace the errors, in place, by what the client may read of them."""
        errors[:] = [shown(error) for error in errors]


@cache
def schema(*, introspection: bool) -> DiarySchema:
    """Return the schema; production closes introspection and publishes /schema.graphql instead (trust.md 1.2)."""
    return DiarySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[DocumentChecks] if introspection else [DocumentChecks, DisableIntrospection],
        config=StrawberryConfig(batching_config=None, disable_field_suggestions=True, relay_max_results=100),
    )


async def execute(
    document: str, context: Context, variables: dict[str, object] | None = None, operation_name: str | None = None
) -> ExecutionResult:
    """Run a query or mutation inside this process: the cabinet's pages and the printed sheets (D12)."""
    return await schema(introspection=False).execute(
        document,
        variable_values=variables,
        context_value=context,
        operation_name=operation_name,
        allowed_operation_types=(OperationType.QUERY, OperationType.MUTATION),
    )
