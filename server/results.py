"""Execution results as JSON responses."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from strawberry.types.execution import ExecutionResult, PreExecutionError

AS_SCALARS = orjson.OPT_UTC_Z
"""orjson option that writes datetimes as the DateTime scalar does."""


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


def encoded(message: Mapping[str, Any]) -> str:
    """`message` as JSON text. Raises TypeError for values that JSON lacks, RecursionError for deep nesting."""
    try:
        return orjson.dumps(message, option=AS_SCALARS).decode()
    except TypeError:
        # orjson refuses lone surrogates and integers of more than 64 bits, which a client may have sent.
        return json.dumps(message)
