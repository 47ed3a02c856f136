"""Every error of a response gets `extensions.code`; what nobody foresaw is masked, and logged under an id.

A field's resolver may fail for each object of an answer, so errors of execution are as many as the cost allows.
"""

import logging
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, TypeVar, cast
from uuid import uuid4

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError, StreamExecutionResult
from strawberry.types.graphql import OperationType

import resolvers.errors
from schema.limits import Limits
from schema.limits.cost import Entangled
from schema.limits.documents import DocumentCache, ParsedDocument
from schema.limits.refusal import refusal, too_complex
from schema.limits.seconds import within
from schema.observation import note_codes

R = TypeVar("R", bound=StreamExecutionResult)

logger = logging.getLogger("reprise")

_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
"""How graphql-core ends a message about a name that it does not know, be it of a document or of a variable's value."""


class Checked(SchemaExtension):
    """Reads a document, refuses what is invalid, beyond a limit or ambiguous, and codes what it refuses.

    The cheapest look comes first. `extensions.cost` is told to a request whose own extensions have `"cost": true`.
    """

    _document: ParsedDocument
    _ambiguous: list[GraphQLError]
    _cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        self._document = self._schema.documents.parsed(context.query)
        context.graphql_document = self._document.tree
        self._ambiguous = _ambiguous_operation(context)
        if self._ambiguous:
            # None of them will be run; that the first could not be is not what is wrong.
            context.allowed_operations = frozenset(OperationType)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        context.pre_execution_errors = (
            [
                # Told from errors in variables while it can be; scalars code what they refuse themselves.
                error if _is_coded(error) else _with_code(error, "GRAPHQL_VALIDATION_FAILED")
                for error in self._schema.documents.errors(self._document)
            ]
            or self._ambiguous
            or self._too_costly()
        )
        yield

    async def on_execute(self) -> AsyncGenerator[None]:
        async with within(self._seconds()):
            yield

    def get_results(self) -> dict[str, Any]:
        asked = (self.execution_context.operation_extensions or {}).get("cost") is True
        return {"cost": self._cost} if asked and self._cost is not None else {}

    @property
    def _schema(self) -> "Schema":
        return cast("Schema", self.execution_context.schema)

    def _too_costly(self) -> list[GraphQLError]:
        context = self.execution_context
        most = self._schema.limits.cost
        try:
            self._cost = self._document.cost(context.operation_name)(context.variables)
        except Entangled:
            return [refusal("The operation is too entangled for its cost to be worked out.")]
        return [too_complex("The operation could cost {}", self._cost, most)] if self._cost > most else []

    def _seconds(self) -> float:
        return self._schema.limits.seconds(self._document.cost(self.execution_context.operation_name).root_fields)


class Schema(strawberry.Schema):
    """A schema whose results hold coded errors only.

    `execute` still raises what only the HTTP view can answer: a query that is missing, and an operation that the
    request's method does not allow.
    """

    def __init__(self, *args: Any, limits: Limits, is_hardened: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = limits
        self.documents = DocumentCache(self._schema, limits, is_hardened=is_hardened)
        self._is_hardened = is_hardened

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            result = await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            result = PreExecutionError(data=None, errors=[_as_graphql_error(error)])
        return self._coded(result)

    async def stream(self, *args: Any, **kwargs: Any) -> StreamResult:
        return self._coded_stream(await super().stream(*args, **kwargs))

    def failed(self, error: Exception, extensions: dict[str, Any]) -> ExecutionResult:
        """The result of an operation that ended with an exception, and of which nothing is told."""
        result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        result.extensions = extensions
        return self._coded(result)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Logs nothing: `coded_error` does, once an error and only what is masked."""

    def _coded(self, result: R) -> R:
        if isinstance(result, ExecutionResult) and result.errors:
            # Many values of a variable may be wrong; an error of execution has a path.
            is_refusal = all(error.path is None for error in result.errors)
            errors = [coded_error(error) for error in result.errors[: self.limits.errors if is_refusal else None]]
            result.errors = [_without_suggestion(error) for error in errors] if self._is_hardened else errors
            note_codes((error.extensions or {})["code"] for error in errors)
        return result

    async def _coded_stream(self, results: StreamResult) -> AsyncGenerator[Any, None]:
        async with aclosing(results):
            try:
                async for result in results:
                    yield self._coded(result)
            except Exception as error:
                yield self._coded(PreExecutionError(data=None, errors=[_as_graphql_error(error)]))


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
    """A copy without the original error."""
    text = error.message if message is None else message
    extensions["code"] = code
    return GraphQLError(text, error.nodes, error.source, error.positions, error.path, extensions=extensions)


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=error.extensions)


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
