"""Error codes: every error of a response has `extensions.code`, and unexpected errors are masked.

Unexpected errors are logged under an id that the client is given.
"""

import logging
import re
from uuid import uuid4

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

import resolvers.errors

logger = logging.getLogger("reprise")

_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
"""The end of graphql-core's messages about unknown names, in documents and in values of variables."""


def coded_error(error: GraphQLError) -> GraphQLError:
    """`error` as clients may see it, with its code.

    An unexpected error is logged here with its traceback and replaced by the id of the log entry.
    """
    if is_coded(error):
        return error
    cause = _cause(error)
    if isinstance(cause, GraphQLSyntaxError):
        return with_code(error, "GRAPHQL_PARSE_FAILED")
    if isinstance(cause, (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)):
        return with_code(error, "OPERATION_RESOLUTION_FAILURE")
    if known := resolvers.errors.coded(cause):
        return with_code(error, known.code, str(known))
    if isinstance(cause, GraphQLError) and (error.path is None or cause.nodes):
        # An error of graphql-core about a variable, or about an argument with a wrong variable in it. Its errors about
        # values of resolvers have a path, and no nodes until they are located.
        return with_code(error, "BAD_USER_INPUT")
    error_id = uuid4().hex
    logger.error("Internal server error %s at %s", error_id, error.path, exc_info=cause)
    return with_code(error, "INTERNAL_SERVER_ERROR", "Internal server error.", errorId=error_id)


def is_coded(error: GraphQLError) -> bool:
    """Whether the error has a code."""
    return "code" in (error.extensions or {})


def with_code(error: GraphQLError, code: str, message: str | None = None, **extensions: str) -> GraphQLError:
    """A copy with a code and without the original error."""
    text = error.message if message is None else message
    extensions["code"] = code
    return GraphQLError(text, error.nodes, error.source, error.positions, error.path, extensions=extensions)


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """The error without the names that graphql-core suggests, for hardened servers."""
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=error.extensions)


def as_graphql_error(error: Exception) -> GraphQLError:
    """Any exception as an error of a response, not coded yet."""
    if isinstance(error, GraphQLError):
        return error
    message = error.as_http_error_reason() if isinstance(error, CannotGetOperationTypeError) else str(error)
    return GraphQLError(message, original_error=error)


def _cause(error: GraphQLError) -> Exception:
    """The exception that was raised first, before graphql-core wrapped it."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause
