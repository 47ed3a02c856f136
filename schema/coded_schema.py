"""Validation and execution by graphql-core, with limits and coded errors."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from copy import copy
from typing import Any, TypeVar, cast

import strawberry
from graphql import DirectiveLocation, GraphQLDirective, GraphQLError, OperationDefinitionNode
from graphql.utilities.print_schema import print_schema_definition
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError, StreamExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.answer_budget import AnswerBudget
from schema.errors import as_graphql_error, coded_error, is_coded, with_code, without_suggestion
from schema.limits import Limits
from schema.limits.cost import CostUnknown
from schema.limits.documents import DocumentCache, ParsedDocument
from schema.limits.lists import list_errors
from schema.limits.refusal import refusal, too_complex
from schema.limits.time_limit import TimeLimit
from schema.observation import note_codes

R = TypeVar("R", bound=StreamExecutionResult)

_UNRELEASED = DirectiveLocation.DIRECTIVE_DEFINITION


class CodedSchema(strawberry.Schema):
    """A Strawberry schema with limits, a document cache, and results whose errors all have codes.

    `execute` raises only what the HTTP endpoint has to answer: MissingQueryError, and InvalidOperationTypeError for an
    operation that the request's method does not allow.
    """

    def __init__(self, *args: Any, description: str, limits: Limits, is_hardened: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Strawberry has no parameter for it.
        self._schema.description = description
        self._schema.directives = tuple(map(_released, self._schema.directives))
        self.limits = limits
        self.documents = DocumentCache(self._schema, limits, is_hardened=is_hardened)
        self._is_hardened = is_hardened

    def as_str(self) -> str:
        """The schema in SDL, with its description."""
        # Strawberry leaves out the definition of schemas whose root types have the usual names.
        return f"{print_schema_definition(self._schema)}\n\n{super().as_str()}"

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            result = await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            result = PreExecutionError(data=None, errors=[as_graphql_error(error)])
        return self._coded(result)

    async def stream(self, *args: Any, **kwargs: Any) -> StreamResult:
        return self._coded_stream(await super().stream(*args, **kwargs))

    def error_result(self, error: Exception, extensions: dict[str, Any] | None = None) -> ExecutionResult:
        """The result of an operation that failed as a whole."""
        result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        result.extensions = extensions or {}
        return self._coded(result)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Logs nothing: `coded_error` logs, once for each error and only those that it masks."""

    def _coded(self, result: R) -> R:
        if isinstance(result, ExecutionResult) and result.errors:
            # A request with many wrong values gets few errors. Errors of execution, which have paths, are all kept.
            is_refusal = all(error.path is None for error in result.errors)
            errors = [coded_error(error) for error in result.errors[: self.limits.errors if is_refusal else None]]
            result.errors = [without_suggestion(error) for error in errors] if self._is_hardened else errors
            note_codes((error.extensions or {})["code"] for error in errors)
        return result

    async def _coded_stream(self, results: StreamResult) -> AsyncGenerator[Any, None]:
        async with aclosing(results):
            try:
                async for result in results:
                    yield self._coded(result)
            except Exception as error:
                yield self._coded(PreExecutionError(data=None, errors=[as_graphql_error(error)]))


class ValidationExtension(SchemaExtension):
    """Parses and validates documents through the schema's cache, and applies the limits, cheapest check first.

    A request whose extensions have `"cost": true` gets the cost in `extensions.cost` of its answer.
    """

    _document: ParsedDocument
    _ambiguity: list[GraphQLError]
    _cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        self._document = self._schema.documents.parse(context.query)
        context.graphql_document = self._document.tree
        self._ambiguity = _ambiguity_errors(context)
        if self._ambiguity:
            # No operation will be executed, so the type of the first one must not be refused instead.
            context.allowed_operations = frozenset(OperationType)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        context.pre_execution_errors = (
            [
                # Coded here, where they can be told from errors in variables. Scalars code their own errors.
                error if is_coded(error) else with_code(error, "GRAPHQL_VALIDATION_FAILED")
                for error in self._schema.documents.validate(self._document)
            ]
            or self._ambiguity
            or self._cost_errors()
            or self._list_errors()
        )
        yield

    async def on_execute(self) -> AsyncGenerator[None]:
        with AnswerBudget(self._schema.limits.answer_bytes):
            async with TimeLimit(self._seconds()):
                yield

    def get_results(self) -> dict[str, Any]:
        is_wanted = (self.execution_context.operation_extensions or {}).get("cost") is True
        return {"cost": self._cost} if is_wanted and self._cost is not None else {}

    @property
    def _schema(self) -> CodedSchema:
        return cast("CodedSchema", self.execution_context.schema)

    def _cost_errors(self) -> list[GraphQLError]:
        context = self.execution_context
        limit = self._schema.limits.cost
        try:
            self._cost = self._document.cost(context.operation_name)(context.variables)
        except CostUnknown:
            return [refusal("The operation has too many nested fragments to compute its cost.")]
        return [too_complex("The operation could cost {}", self._cost, limit)] if self._cost > limit else []

    def _list_errors(self) -> list[GraphQLError]:
        context = self.execution_context
        definitions = self._document.operation(context.operation_name).variable_definitions or ()
        return list(list_errors(self._schema._schema, definitions, context.variables or {}))

    def _seconds(self) -> float:
        return self._schema.limits.seconds(self._document.cost(self.execution_context.operation_name).root_fields)


def _released(directive: GraphQLDirective) -> GraphQLDirective:
    """The directive, without the location that no release of the specification has.

    graphql-core allows `@deprecated` on definitions of directives. None is deprecated here, and clients that do not
    know the location refuse the whole schema: gql 3, and so what is built on it.
    """
    released = copy(directive)
    released.locations = tuple(each for each in directive.locations if each is not _UNRELEASED)
    return released


def _ambiguity_errors(context: ExecutionContext) -> list[GraphQLError]:
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
