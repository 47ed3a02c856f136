"""Request bodies: reading them within limits, and parsing them into operations. All input is untrusted."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive

from schema.execution.persisted_query import EXTENSION, is_persisted
from schema.execution.request import OperationRequest
from schema.limits.deadline import Deadline, SharedTimer
from server.http.response import Refusal
from storage.json_codec import load
from storage.json_limits import JSONLimits, JSONTooComplex, JSONTooDeep

# The only field whose requests may exceed the common size limit: they carry a whole session.
IMPORT = "importSession"
_IMPORT_BYTES, _EXTENSION_BYTES = IMPORT.encode(), EXTENSION.encode()


class Disconnected(Exception):
    """The client disconnected before its request was complete."""


class Body:
    """The body of a request, buffered up to the limit that its reader gives.

    Clients must send `rate` bytes per second on average, not counting `grace` seconds, after which `timer` runs.
    """

    def __init__(self, receive: Receive, timer: SharedTimer, grace: float, rate: int) -> None:
        self._receive = receive
        self._timer = timer
        self._grace = grace
        self._rate = rate
        self._chunks: list[bytes] = []
        self._size = 0
        self._waited = 0.0
        self._is_complete = False

    async def read(self, limit: int) -> bytes | None:
        """The whole body, or None once it exceeds `limit` bytes; the next read continues from there.

        Raises Disconnected, and Refusal when the client is too slow.
        """
        while self._size <= limit and not self._is_complete:
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk: bytes = message.get("body", b"")
            self._is_complete = not message.get("more_body", False)
            self._size += len(chunk)
            if chunk or not self._chunks:
                self._chunks.append(chunk)
        if self._size > limit:
            return None
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _next_message(self) -> Any:
        loop = asyncio.get_running_loop()
        # Time that the server spends elsewhere, such as in a queue, is not the client's.
        began = loop.time()
        try:
            if not self._chunks:
                # Most bodies are one message, which has arrived with the head.
                with Deadline(self._timer):
                    return await self._receive()
            async with asyncio.timeout(self._grace + self._size / self._rate - self._waited):
                return await self._receive()
        except TimeoutError:
            seconds = self._waited + loop.time() - began
            message = f"The body arrived too slowly: {self._size} bytes in {seconds:.0f} seconds."
            raise Refusal(408, "BAD_REQUEST", message, (b"connection", b"close")) from None
        finally:
            self._waited += loop.time() - began


def too_large(limit: int) -> Refusal:
    """The refusal of a body that exceeds `limit` bytes."""
    return Refusal(413, "BAD_REQUEST", f"The body exceeds {limit} bytes.")


def posted_operation(body: bytes, limits: JSONLimits) -> OperationRequest:
    """The operation in the body of a POST. Raises Refusal."""
    return _operation(_parse("The body", body, limits))


def queried_operation(query_string: bytes, limits: JSONLimits) -> OperationRequest:
    """The operation in the query string of a GET. Raises Refusal."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise _bad("The URL has more than 100 parameters, or one that is not percent-encoded UTF-8.") from None
    parameters: dict[str, object] = dict(pairs)
    if len(parameters) < len(pairs):
        raise _bad("The URL contains a parameter more than once.")
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        parameters[name] = _parse(f"`{name}`", str(text).encode(), limits) if text else None
    # The GraphQL over HTTP specification treats an empty name as no name.
    parameters["operationName"] = parameters.get("operationName") or None
    return _operation(parameters)


def memory_of(body: bytes, limits: JSONLimits) -> int:
    """The memory that `body` takes when it is parsed. Raises Refusal."""
    return _checked("The body", body, limits.memory)


def _parse(what: str, data: bytes, limits: JSONLimits) -> Any:
    _checked(what, data, limits.check)
    try:
        return load(data)
    except ValueError:
        raise _bad(f"{what} is not valid JSON.") from None


def _checked(what: str, data: bytes, check: Callable[[bytes], int]) -> int:
    try:
        return check(data)
    except JSONTooComplex as error:
        raise Refusal(413, "BAD_REQUEST", f"{what} is too complex: {error}.") from None
    except JSONTooDeep as error:
        raise _bad(f"{what} is too complex: {error}.") from None


def _operation(request: object) -> OperationRequest:
    if isinstance(request, list):
        raise _bad("The body is a list: batches are not supported.")
    if not isinstance(request, dict):
        raise _bad("The body is not a JSON object.")
    query, name = request.get("query"), request.get("operationName")
    variables, extensions = request.get("variables"), request.get("extensions")
    if not isinstance(extensions, dict | None):
        raise _bad("`extensions` must be an object or null.")
    if query is None or query == "":
        if not is_persisted(extensions):
            raise Refusal(400, "OPERATION_RESOLUTION_FAILURE", "The request has no `query`.")
        query = ""
    if not isinstance(query, str) or not _is_unicode(query):
        raise _bad("`query` must be a string of Unicode characters.")
    if name is not None and not (isinstance(name, str) and _is_unicode(name)):
        raise _bad("`operationName` must be a string of Unicode characters or null.")
    if not isinstance(variables, dict | None):
        raise _bad("`variables` must be an object or null.")
    return OperationRequest(query, variables, name, extensions)


def _is_unicode(text: str) -> bool:
    """Whether `text` is free of lone surrogates."""
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
    """Whether a large body could import a session, judged from its bytes before they are parsed."""
    # `find`, since `in` would first try to take the bytes for a number.
    return body.find(_IMPORT_BYTES) >= 0 or body.find(_EXTENSION_BYTES) >= 0
