"""Results as they go over a websocket or in parts of a response."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from strawberry.types.execution import ExecutionResult, PreExecutionError

AS_SCALARS = orjson.OPT_UTC_Z
"""How orjson is told to write a moment: as DateTime does."""


def is_request_error(result: ExecutionResult) -> bool:
    """Whether nothing was run: no data, and no error belongs to a field other than a subscription's own."""
    return isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in result.errors or ())
    )


def response_of(result: ExecutionResult) -> dict[str, Any]:
    """A result in the specification's response format, which has no `data` for a request that was not run."""
    response: dict[str, Any] = {}
    if not is_request_error(result):
        response["data"] = result.data
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        response["extensions"] = result.extensions
    return response


def encoded(message: Mapping[str, Any]) -> str:
    """JSON. Raises TypeError for what is none, RecursionError where it is nested too deeply."""
    try:
        return orjson.dumps(message, option=AS_SCALARS).decode()
    except TypeError:
        # A lone surrogate or an integer beyond 64 bits, which a client may have sent itself.
        return json.dumps(message)
