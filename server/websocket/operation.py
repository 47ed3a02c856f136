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
from server.websocket.services import SocketServices

SendResult = Callable[[ExecutionResult], Awaitable[None]]


async def run_operation(
    services: SocketServices, operation: OperationRequest, send_result: SendResult
) -> list[GraphQLError] | None:
    """Send all results of an operation. Returns the request errors of one that was not executed."""
    try:
        operation = with_query(operation, services.schema.documents)
    except CodedError as error:
        return services.schema.error_result(error).errors
    if services.prepared is not None and (result := await services.prepared.execute(operation)):
        if is_request_error(result):
            return result.errors
        await send_result(result)
        return None
    stream = await services.schema.stream(
        operation.query,
        variable_values=operation.variables,
        context_value=services.context,
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
        with services.streams.count_subscription():
            async for result in results:
                await send_result(result)
    return None
