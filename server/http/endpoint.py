"""The GraphQL over HTTP endpoint: negotiates, reads the operation, executes it and sends the response."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import cast

from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.context import Context
from resolvers.errors import CodedError
from schema.coded_schema import CodedSchema
from schema.execution.operations import PreparedOperations
from schema.execution.persisted_query import with_query
from schema.execution.request import OperationRequest
from schema.limits import Limits
from schema.limits.deadline import Deadline, SharedTimer
from server.http.body import (
    IMPORT,
    Body,
    Disconnected,
    may_import,
    memory_of,
    posted_operation,
    queried_operation,
    too_large,
)
from server.http.body_parser import BodyParser
from server.http.disconnect import GRACE_SECONDS, while_connected
from server.http.event_stream import EVENT_STREAM, accepts_event_stream, send_one_event
from server.http.multipart import MULTIPART, accepts_multipart
from server.http.negotiation import GRAPHQL_RESPONSE, JSON, answer_type, header_values
from server.http.request_headers import check_content, check_fetch_site, content_length
from server.http.response import Refusal, encode_json, send_json, send_refusal
from server.http.stream import StreamFormat, send_subscription
from server.http.weighted_semaphore import WeightedSemaphore
from server.open_streams import OpenStreams
from server.results import is_request_error, response_of

# Bodies above the common limit that may be processed at once: parsed, each may take many times its size.
LARGE_BODIES = 2

# Bodies up to this size are exempt from the budgets of memory.
SMALL_BYTES = 16 * 1024

_ALLOWED = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}
_STATUS_BY_CODE = {"INTERNAL_SERVER_ERROR": 500, "SERVICE_UNAVAILABLE": 503}


class Endpoint:
    """An ASGI application: queries by GET and POST, mutations by POST, subscriptions as multipart or event streams.

    Follows the GraphQL over HTTP draft as audited by npm's graphql-http: an operation that fails before execution gets
    400 as `application/graphql-response+json` and 200 as `application/json`; a malformed request gets 4xx as either.
    """

    def __init__(
        self,
        schema: CodedSchema,
        context: Context,
        limits: Limits,
        streams: OpenStreams,
        prepared: PreparedOperations | None,
        parser: BodyParser,
        *,
        allows_get: bool = True,
    ) -> None:
        self._schema = schema
        self._prepared = prepared
        self._context = context
        self._limits = limits
        self._streams = streams
        self._methods = ("GET", "POST") if allows_get else ("POST",)
        self._allow = (b"allow", ", ".join(self._methods).encode())
        self._parser = parser
        self._large_bodies = WeightedSemaphore(LARGE_BODIES)
        # The memory of bodies that are being received.
        self._received = WeightedSemaphore(limits.pending_bytes)
        self._body_timer = SharedTimer(limits.request_seconds)
        self._disconnect_timer = SharedTimer(GRACE_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Refusal as refusal:
            await send_refusal(scope, send, refusal)
        except Disconnected:
            # There is no client to send a response to.
            return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self._methods:
            raise Refusal(405, "BAD_REQUEST", f"Allowed methods: {', '.join(self._methods)}.", self._allow)
        headers = header_values(scope)
        accept = headers.get(b"accept", b"")
        if answer_type(accept) is None and not (accepts_multipart(accept) or accepts_event_stream(accept)):
            raise Refusal(406, "BAD_REQUEST", f"`Accept` allows neither {GRAPHQL_RESPONSE} nor {JSON}.")
        if scope["method"] == "GET":
            check_fetch_site(headers)
            await self._run(self._operation_from_url(scope["query_string"]), scope, receive, send)
            return
        check_content(headers)
        body = Body(receive, self._body_timer, self._limits.request_seconds, self._limits.upload_rate)
        length = content_length(headers)
        if length is not None and length <= SMALL_BYTES:
            if (data := await body.read(self._limits.body_bytes)) is None:
                raise too_large(self._limits.body_bytes)
            operation = posted_operation(data, self._parser.limits)
            with self._until_stop_if_import(data, operation):
                await self._run(operation, scope, receive, send)
            return
        size = min(length or self._limits.body_bytes, self._limits.body_bytes)
        async with self._reserved(self._received, size):
            if (data := await body.read(self._limits.body_bytes)) is not None:
                size = await self._parser.run(memory_of, data)
                async with self._reserved(self._parser.memory, size):
                    operation = await self._parser.run(posted_operation, data)
                    with self._until_stop_if_import(data, operation):
                        await self._run(operation, scope, receive, send)
                return
        with self._until_stop():
            async with self._reserved(self._large_bodies, 1):
                data = await self._read_import(body)
                size = await self._parser.run(memory_of, data)
                async with self._reserved(self._parser.memory, size):
                    operation = await self._large_operation(data)
                    del data
                    await self._run(operation, scope, receive, send)

    def _operation_from_url(self, query_string: bytes) -> OperationRequest:
        if len(query_string) > self._limits.body_bytes:
            raise Refusal(414, "BAD_REQUEST", f"The URL exceeds {self._limits.body_bytes} bytes.")
        return queried_operation(query_string, self._parser.limits)

    async def _read_import(self, body: Body) -> bytes:
        data = await body.read(self._limits.import_bytes)
        if data is None:
            raise too_large(self._limits.import_bytes)
        if not may_import(data):
            raise too_large(self._limits.body_bytes)
        return data

    async def _large_operation(self, data: bytes) -> OperationRequest:
        operation = await self._parser.run(posted_operation, data)
        is_query_small = len(operation.query) <= self._limits.body_bytes
        if not (is_query_small and self._imports_session(operation)):
            raise too_large(self._limits.body_bytes)
        return operation

    def _imports_session(self, operation: OperationRequest) -> bool:
        """Whether it imports a session. Also true for invalid operations, which execution then reports."""
        documents = self._schema.documents
        try:
            document = documents.parse(with_query(operation, documents).query)
        except (CodedError, GraphQLError):
            return True
        node = document.selected(operation.operation_name)
        is_invalid = node is None or bool(documents.validate(document))
        return is_invalid or IMPORT in document.cost(operation.operation_name).root_fields

    @asynccontextmanager
    async def _reserved(self, semaphore: WeightedSemaphore, size: int) -> AsyncIterator[None]:
        """Holds a semaphore within the block. Raises Refusal when that takes too long."""
        try:
            await semaphore.acquire(size, self._limits.request_seconds)
        except TimeoutError:
            raise _busy() from None
        try:
            yield
        finally:
            semaphore.release(size)

    def _until_stop_if_import(self, data: bytes, operation: OperationRequest) -> AbstractContextManager[None]:
        """As `_until_stop` for an operation that imports a session: it may wait for the lock of other writers."""
        return self._until_stop() if may_import(data) and self._imports_session(operation) else nullcontext()

    @contextmanager
    def _until_stop(self) -> Iterator[None]:
        """Cancels the block when the server stops, for requests that may take a minute. Raises Refusal."""
        deadline = Deadline()
        try:
            with deadline, self._streams.notify(deadline):
                yield
        except TimeoutError:
            if not deadline.is_expired:
                raise
            message = "The server is stopping."
            raise Refusal(503, "SERVICE_UNAVAILABLE", message, (b"retry-after", b"5")) from None

    async def _run(self, operation: OperationRequest, scope: Scope, receive: Receive, send: Send) -> None:
        accept = header_values(scope).get(b"accept", b"")
        try:
            operation = with_query(operation, self._schema.documents)
        except CodedError as error:
            await _send_result(self._schema.error_result(error), accept, send)
            return
        try:
            work = self._execute(operation, scope["method"])
            result = await while_connected(receive, work, self._disconnect_timer)
        except InvalidOperationTypeError as error:
            if error.operation_type is not OperationType.SUBSCRIPTION:
                message = "Mutations are not allowed by GET; use POST."
                raise Refusal(405, "OPERATION_RESOLUTION_FAILURE", message, self._allow) from error
            if (form := _stream_format(accept, scope["method"])) is None:
                message = (
                    "Subscriptions need a websocket with the subprotocol graphql-transport-ws, "
                    "`Accept: text/event-stream`, or a POST with `Accept: multipart/mixed;subscriptionSpec=1.0`."
                )
                raise Refusal(400, "OPERATION_RESOLUTION_FAILURE", message) from error
            await send_subscription(await self._subscribe(operation), form, self._streams, receive, send)
            return
        await _send_result(result, accept, send)

    async def _execute(self, operation: OperationRequest, method: str) -> ExecutionResult:
        if self._prepared is not None and (result := await self._prepared.execute(operation)):
            return result
        return await self._schema.execute(
            operation.query,
            operation.variables,
            self._context,
            operation_name=operation.operation_name,
            operation_extensions=operation.extensions,
            allowed_operation_types=_ALLOWED[method],
        )

    async def _subscribe(self, operation: OperationRequest) -> AsyncGenerator[ExecutionResult, None]:
        results = await self._schema.stream(
            operation.query,
            operation.variables,
            self._context,
            operation_name=operation.operation_name,
            operation_extensions=operation.extensions,
            allowed_operation_types=(OperationType.SUBSCRIPTION,),
        )
        # Without @defer and @stream there are no other kinds of results.
        return cast("AsyncGenerator[ExecutionResult, None]", results)


def _stream_format(accept: bytes, method: str) -> StreamFormat | None:
    """How a subscription is answered, or None where this request allows no stream."""
    if method == "POST" and accepts_multipart(accept):
        return MULTIPART
    return EVENT_STREAM if accepts_event_stream(accept) else None


async def _send_result(result: ExecutionResult, accept: bytes, send: Send) -> None:
    media_type = answer_type(accept)
    if media_type is None and not accepts_multipart(accept):
        await send_one_event(result, send)
        return
    media_type = media_type or JSON
    status = 200
    if is_request_error(result):
        status = _status(result) if media_type == GRAPHQL_RESPONSE else 200
    await send_json(send, status, media_type, encode_json(response_of(result)))


def _busy() -> Refusal:
    message = "Too many large requests are being processed."
    return Refusal(503, "SERVICE_UNAVAILABLE", message, (b"retry-after", b"5"))


def _status(result: ExecutionResult) -> int:
    codes = ((error.extensions or {}).get("code") for error in result.errors or ())
    return max(_STATUS_BY_CODE.get(str(code), 400) for code in codes)
