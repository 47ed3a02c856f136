"""Every error of a response gets `extensions.code`; what nobody foresaw is masked, and logged under an id."""

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, TypeVar
from uuid import uuid4

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError, StreamExecutionResult

import resolvers.errors

R = TypeVar("R", bound=StreamExecutionResult)

logger = logging.getLogger("reprise")


class CodedValidation(SchemaExtension):
    """Codes what validation found, while it can still be told from errors in variables, and asks for one operation."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        errors = [
            # Scalars code what they refuse themselves.
            error if _is_coded(error) else _with_code(error, "GRAPHQL_VALIDATION_FAILED")
            for error in context.pre_execution_errors or ()
        ]
        context.pre_execution_errors = errors or _ambiguous_operation(context)
        yield


class Schema(strawberry.Schema):
    """A schema whose results hold coded errors only.

    `execute` still raises what only the HTTP view can answer: a query that is missing, and an operation that the
    request's method does not allow.
    """

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            result = await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            result = PreExecutionError(data=None, errors=[_as_graphql_error(error)])
        return _coded_result(result)

    async def stream(self, *args: Any, **kwargs: Any) -> StreamResult:
        return _coded_stream(await super().stream(*args, **kwargs))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Logs nothing: `coded_error` does, once an error and only what is masked."""


def coded_error(error: GraphQLError) -> GraphQLError:
    """`error` as clients may see it, with its code.

    An error that is nobody's foreseen failure is logged here with its traceback; clients get the id it is logged by.
    """
    if _is_coded(error):
        return error
    cause = _cause(error)
    if isinstance(cause, GraphQLSyntaxError):
        return _with_code(error, "GRAPHQL_PARSE_FAILED")
    if isinstance(cause, (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)):
        return _with_code(error, "OPERATION_RESOLUTION_FAILURE")
    if known := resolvers.errors.coded(cause):
        return _with_code(error, known.code, str(known))
    if isinstance(cause, GraphQLError) and (error.path is None or cause.nodes):
        # graphql-core's own complaint about a variable, or about an argument that a variable made wrong. What it
        # says about a value of ours carries a path, and no place in the document until it is located.
        return _with_code(error, "BAD_USER_INPUT")
    error_id = uuid4().hex
    logger.error("Internal server error %s at %s", error_id, error.path, exc_info=cause)
    return _with_code(error, "INTERNAL_SERVER_ERROR", "Internal server error.", errorId=error_id)


def _is_coded(error: GraphQLError) -> bool:
    return "code" in (error.extensions or {})


def _cause(error: GraphQLError) -> Exception:
    """What was raised first, before graphql-core wrapped it."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _with_code(error: GraphQLError, code: str, message: str | None = None, **extensions: str) -> GraphQLError:
    """A copy without the original error; caches share the errors of validation, so those must stay as they are."""
    text = error.message if message is None else message
    extensions["code"] = code
    return GraphQLError(text, error.nodes, error.source, error.positions, error.path, extensions=extensions)


def _as_graphql_error(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    message = error.as_http_error_reason() if isinstance(error, CannotGetOperationTypeError) else str(error)
    return GraphQLError(message, original_error=error)


def _ambiguous_operation(context: ExecutionContext) -> list[GraphQLError]:
    """Strawberry would run the first of several operations when the request names none."""
    document = context.graphql_document
    operations = (
        [node for node in document.definitions if isinstance(node, OperationDefinitionNode)] if document else []
    )
    # The public `operation_name` falls back to the first operation's.
    if len(operations) < 2 or context._provided_operation_name is not None:
        return []
    message = "Must provide operation name if query contains multiple operations."
    return [GraphQLError(message, operations, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})]


def _coded_result(result: R) -> R:
    if isinstance(result, ExecutionResult) and result.errors:
        result.errors = [coded_error(error) for error in result.errors]
    return result


async def _coded_stream(results: StreamResult) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        try:
            async for result in results:
                yield _coded_result(result)
        except Exception as error:
            yield _coded_result(PreExecutionError(data=None, errors=[_as_graphql_error(error)]))
