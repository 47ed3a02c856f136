"""The execution of an operation that came over a websocket."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import cast

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from resolvers.errors import CodedError
from schema.execution.persisted_query import with_query
from schema.execution.request import OperationRequest
from server.results import is_request_error
from server.websocket.dependencies import SocketDependencies

SendResult = Callable[[ExecutionResult], Awaitable[None]]


async def run_operation(
    dependencies: SocketDependencies, operation: OperationRequest, send_result: SendResult
) -> list[GraphQLError] | None:
    """Send all results of an operation. Returns the request errors of one that was not executed."""
    try:
        operation = with_query(operation, dependencies.schema.documents)
    except CodedError as error:
        return dependencies.schema.error_result(error).errors
    if dependencies.prepared is not None and (result := await dependencies.prepared.execute(operation)):
        if is_request_error(result):
            return result.errors
        await send_result(result)
        return None
    stream = await dependencies.schema.stream(
        operation.query,
        variable_values=operation.variables,
        context_value=dependencies.context,
        operation_name=operation.operation_name,
        operation_extensions=operation.extensions,
    )
    # Without @defer and @stream there are no other kinds of results.
    results = cast("AsyncGenerator[ExecutionResult, None]", stream)
    async with aclosing(results):
        first = await anext(results, None)
        if first is None:
            return None
        if is_request_error(first):
            return first.errors
        await send_result(first)
        # Only subscriptions have further results.
        with dependencies.streams.count_subscription():
            async for result in results:
                await send_result(result)
    return None
