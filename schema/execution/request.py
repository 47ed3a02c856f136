"""The parameters of a GraphQL request."""

from typing import Any, NamedTuple


class OperationRequest(NamedTuple):
    """The parameters of a request, of the right types but not validated.

    `query` may be empty if the extensions name a persisted query.
    """

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
