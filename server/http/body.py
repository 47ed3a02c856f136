"""From the bytes of a request to the operation that it asks for. Everything here may come from anybody."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)
from starlette.types import Receive

from schema.execution.request import OperationRequest
from server.http.response import Refusal
from storage.json_codec import load

# The one field whose requests may be large: they carry a whole session.
IMPORT = "importSession"


class Disconnected(Exception):
    """The client went away before its request was whole."""


class Body:
    """The body of a request, which holds no more of it than was asked for."""

    def __init__(self, receive: Receive, patience: float) -> None:
        self._receive = receive
        self._patience = patience
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_whole = False

    async def read(self, most: int) -> bytes | None:
        """The whole of it, or None once it has more than `most` bytes; what has come then stays for the next read.

        Raises Disconnected, and Refusal when nothing more comes for `patience` seconds.
        """
        while self._size <= most and not self._is_whole:
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk: bytes = message.get("body", b"")
            self._is_whole = not message.get("more_body", False)
            self._size += len(chunk)
            self._chunks.append(chunk)
        if self._size > most:
            return None
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _next_message(self) -> Any:
        if not self._chunks:
            # Nothing is held yet that could be held for too long.
            return await self._receive()
        try:
            async with asyncio.timeout(self._patience):
                return await self._receive()
        except TimeoutError:
            message = f"Nothing more of the body came for {self._patience:g} seconds."
            raise Refusal(408, "BAD_REQUEST", message, (b"connection", b"close")) from None


def too_large(most: int) -> Refusal:
    """The refusal of a body of more than `most` bytes."""
    return Refusal(413, "BAD_REQUEST", f"The body has more than {most} bytes.")


def posted_operation(body: bytes) -> OperationRequest:
    """The operation of a POST. Raises Refusal."""
    return _operation(_decoded("The body", body))


def queried_operation(query_string: bytes) -> OperationRequest:
    """The operation of a GET. Raises Refusal."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise _bad("The address holds too many parameters, or some that are no percent-encoded UTF-8.") from None
    parameters: dict[str, object] = dict(pairs)
    if len(parameters) < len(pairs):
        raise _bad("The address gives a parameter more than once.")
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        parameters[name] = _decoded(f"`{name}`", str(text).encode()) if text else None
    # Empty is the same as none, says GraphQL over HTTP.
    parameters["operationName"] = parameters.get("operationName") or None
    return _operation(parameters)


def _decoded(what: str, data: bytes) -> Any:
    try:
        return load(data)
    except ValueError:
        raise _bad(f"{what} cannot be read as JSON.") from None


def _operation(request: object) -> OperationRequest:
    if isinstance(request, list):
        raise _bad("The body is a list; send one operation a request.")
    if not isinstance(request, dict):
        raise _bad("The body is no JSON object.")
    query, name = request.get("query"), request.get("operationName")
    variables, extensions = request.get("variables"), request.get("extensions")
    if query is None or query == "":
        raise Refusal(400, "OPERATION_RESOLUTION_FAILURE", "There is no `query` in the request.")
    if not isinstance(query, str) or not _is_unicode(query):
        raise _bad("`query` must be a string of Unicode characters.")
    if name is not None and not (isinstance(name, str) and _is_unicode(name)):
        raise _bad("`operationName` must be a string of Unicode characters or null.")
    if not isinstance(variables, dict | None):
        raise _bad("`variables` must be an object or null.")
    if not isinstance(extensions, dict | None):
        raise _bad("`extensions` must be an object or null.")
    return OperationRequest(query, variables, name, extensions)


def _is_unicode(text: str) -> bool:
    """Whether `text` holds no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(message: str) -> Refusal:
    return Refusal(400, "BAD_REQUEST", message)


def may_import(body: bytes) -> bool:
    """Whether a large body could be one that imports a session: a look at its bytes, before it is decoded."""
    return IMPORT.encode() in body


def imports_session(operation: OperationRequest, tokens: int) -> bool:
    """Whether running `operation` would import a session; also true where nothing would be run, for want of sense."""
    try:
        document = parse(operation.query, no_location=True, max_tokens=tokens)
    except GraphQLError:
        return True
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if operation.operation_name is not None:
        operations = [node for node in operations if node.name and node.name.value == operation.operation_name]
    if len(operations) != 1:
        return True
    [chosen] = operations
    return chosen.operation is OperationType.MUTATION and IMPORT in _root_fields(document, chosen.selection_set)


def _root_fields(document: DocumentNode, root: SelectionSetNode) -> set[str]:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    fields: set[str] = set()
    selections = list(root.selections)
    while selections:
        match selections.pop():
            case FieldNode(name=name):
                fields.add(name.value)
            case InlineFragmentNode(selection_set=inner):
                selections += inner.selections
            case FragmentSpreadNode(name=name):
                # Taken out: each is looked at once, also where one spreads itself.
                if fragment := fragments.pop(name.value, None):
                    selections += fragment.selection_set.selections
    return fields
