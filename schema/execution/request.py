"""The parameters of a GraphQL request."""

from typing import Any, NamedTuple


class OperationRequest(NamedTuple):
    """The parameters of a request, of the right types but not validated."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
