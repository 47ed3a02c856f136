"""What a request asks for."""

from typing import Any, NamedTuple


class OperationRequest(NamedTuple):
    """What a request asks for, of the right types but not yet looked at."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
