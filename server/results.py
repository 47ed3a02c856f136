"""Execution results as JSON responses."""

from typing import Any

from strawberry.types.execution import ExecutionResult, PreExecutionError


def is_request_error(result: ExecutionResult) -> bool:
    """Whether execution did not begin: there is no data, and no error has a path."""
    return isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in result.errors or ())
    )


def response_of(result: ExecutionResult) -> dict[str, Any]:
    """A result in the response format of the GraphQL specification; a request error has no `data`."""
    response: dict[str, Any] = {}
    if not is_request_error(result):
        response["data"] = result.data
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        response["extensions"] = result.extensions
    return response
