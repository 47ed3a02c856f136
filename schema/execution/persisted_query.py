"""Automatic persisted queries: requests that name their document by its SHA-256 hash, as Apollo's clients send them.

https://www.apollographql.com/docs/apollo-server/performance/apq
"""

from typing import Any

from resolvers.errors import CodedError
from schema.execution.request import OperationRequest
from schema.limits.documents import DocumentCache, text_digest

EXTENSION = "persistedQuery"
"""The key in the extensions of a request."""


class PersistedQueryNotFound(CodedError):
    """No document in the cache has the hash. Apollo's clients then send the request again with its query."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class InvalidPersistedQuery(CodedError):
    """The extension is malformed, or the hash is not that of the query."""

    code = "BAD_REQUEST"


def is_persisted(extensions: dict[str, Any] | None) -> bool:
    """Whether the request names its document by a hash, so that its text may be missing."""
    return extensions is not None and extensions.get(EXTENSION) is not None


def with_query(request: OperationRequest, documents: DocumentCache) -> OperationRequest:
    """`request` with the text of its document, which is looked up by its hash when it is missing.

    Every valid document in the cache can be looked up, so there is no separate registration. Raises
    PersistedQueryNotFound and InvalidPersistedQuery.
    """
    value = (request.extensions or {}).get(EXTENSION)
    if value is None:
        return request
    digest = _digest(value)
    if request.query:
        # Else the hash would name another document than the one that its other users sent.
        if text_digest(request.query) != digest:
            raise InvalidPersistedQuery("provided sha does not match query")
        return request
    document = documents.get_by_digest(digest)
    if document is None:
        # Clients compare this text.
        raise PersistedQueryNotFound("PersistedQueryNotFound")
    return request._replace(query=document.text)


def _digest(value: object) -> str:
    if not isinstance(value, dict):
        raise InvalidPersistedQuery(f"`extensions.{EXTENSION}` must be an object or null.")
    # A comparison alone would take True for 1.
    if type(value.get("version")) is not int or value["version"] != 1:
        raise InvalidPersistedQuery(f"`extensions.{EXTENSION}.version` must be 1.")
    digest = value.get("sha256Hash")
    if not isinstance(digest, str):
        raise InvalidPersistedQuery(f"`extensions.{EXTENSION}.sha256Hash` must be a string.")
    return digest
