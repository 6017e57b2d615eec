"""What a client may read of an error: refusals in full, anything unforeseen only by the number it is logged under."""

from __future__ import annotations

import logging
import secrets

import asyncpg
from graphql import GraphQLError, GraphQLSyntaxError

from diary.kit.outage import OUTAGES
from diary.kit.refusal import Refusal
from diary.kit.wording import _, translate

log = logging.getLogger(__name__)

INTERNAL = "INTERNAL"
UNEXPECTED = _("Непредвиденная ошибка. Повторите позже.")
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


class OperationTimedOut(Refusal):
    """The document took longer than a document may."""

    code = "TIMED_OUT"
    wording = _("Запрос выполнялся слишком долго. Запросите меньше данных или повторите позже.")


class ServiceUnavailable(Refusal):
    """The database is starting, busy or away; nothing was changed, and the same request may be sent again."""

    code = "UNAVAILABLE"
    wording = _("Сервис временно недоступен. Повторите запрос через несколько секунд.")


class ValueUnusable(Refusal):
    """A value has a form that the database cannot hold, such as a NUL character."""

    code = "VALUE_UNUSABLE"
    wording = _("Одно из значений содержит недопустимые символы или слишком велико.")


def shown(error: GraphQLError) -> GraphQLError:
    """Return what the client gets to read of an error, with `extensions.code` in every case; log what is hidden."""
    cause = _cause(error)
    if isinstance(cause, Refusal):
        return _with_code(error, cause)
    if cause is None:
        code = PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else VALIDATION_FAILED
        error.extensions = {"code": code, **(error.extensions or {})}
        return error
    refusal = _known(cause)
    if refusal is not None:
        log.warning("%s at %s: %s", refusal.code, error.path, type(cause).__name__)
        return _with_code(error, refusal)
    number = secrets.token_hex(6)
    log.error("unexpected error %s at %s", number, error.path, exc_info=cause)
    return GraphQLError(
        translate(UNEXPECTED),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": INTERNAL, "id": number},
    )


def _cause(error: GraphQLError) -> Exception | None:
    """Return the exception behind an error, None for one that GraphQL itself has raised about the document."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        if error.path is None:
            return None  # a value of the document or its variables did not fit its type
        cause = cause.original_error
    return cause


def _known(cause: Exception) -> Refusal | None:
    if isinstance(cause, TimeoutError | asyncpg.QueryCanceledError):
        return OperationTimedOut()
    if isinstance(cause, asyncpg.DataError | UnicodeEncodeError):
        return ValueUnusable()
    if isinstance(cause, OUTAGES):
        return ServiceUnavailable()
    return None


def _with_code(error: GraphQLError, refusal: Refusal) -> GraphQLError:
    return GraphQLError(
        str(refusal),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=refusal.extensions,
    )
