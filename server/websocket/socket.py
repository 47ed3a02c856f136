"""A websocket with the protocol graphql-transport-ws, as specified by PROTOCOL.md of enisdenjo/graphql-ws.

A failed operation ends with an `error` message; only violations of the protocol close the websocket.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult

from schema.errors import coded_error
from schema.execution.request import OperationRequest
from schema.observation import socket_operation
from server.access import is_authorized
from server.encoding import encoded
from server.http.endpoint import SMALL_BYTES
from server.results import response_of
from server.websocket.dependencies import SocketDependencies
from server.websocket.messages import (
    COMPLETE,
    CONNECTION_INIT,
    PING,
    SUBSCRIBE,
    ClientMessage,
    MalformedMessage,
    parse_message,
)
from server.websocket.operation import run_operation

MESSAGE_LIMIT = "reprise.message_limit"
"""The ASGI extension by which an application sets the maximum size of the next messages."""

logger = logging.getLogger("reprise")


class _Close(Exception):
    """Closes the websocket with a close code and a reason of at most 123 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One websocket, from its handshake to its close."""

    def __init__(self, dependencies: SocketDependencies) -> None:
        self._dependencies = dependencies
        self._deadline = asyncio.timeout(dependencies.limits.init_seconds)
        self._deadline_close = _Close(4408, "Connection initialisation timeout")
        self._is_initialised = False
        self._is_acknowledged = False
        self._by_id: dict[str, asyncio.Task[None]] = {}
        # Includes operations whose id is free again while their last message waits for the client to read.
        self._running: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Close with 1012, on which clients reconnect."""
        if not self._deadline.expired():
            self._deadline_close = _Close(1012, "Service restart")
            self._deadline.reschedule(0)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Returns when the websocket is closed and all its operations have ended."""
        self._send_event = send
        self._authorization = Headers(scope=scope).get("authorization")
        self._set_message_limit: Callable[[int], None] = scope["extensions"][MESSAGE_LIMIT]["set"]
        close = None
        try:
            async with self._deadline:
                with self._dependencies.streams.register(self):
                    try:
                        await self._accept(scope, receive)
                        await self._read(receive)
                    finally:
                        await _cancel(self._running)
        except _Close as error:
            close = error
        except TimeoutError:
            close = self._deadline_close
        except Exception:
            error_id = uuid4().hex
            logger.exception("Internal server error %s on a websocket", error_id)
            close = _Close(4500, f"Internal server error {error_id}")
        if close is not None:
            with suppress(OSError):
                await send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    async def _accept(self, scope: Scope, receive: Receive) -> None:
        await receive()
        is_supported = GRAPHQL_TRANSPORT_WS_PROTOCOL in scope["subprotocols"]
        subprotocol = GRAPHQL_TRANSPORT_WS_PROTOCOL if is_supported else None
        await self._send_event({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
        if not is_supported:
            raise _Close(4406, "Subprotocol not acceptable")

    async def _read(self, receive: Receive) -> None:
        """Handles messages until the client disconnects. Raises _Close."""
        while (event := await receive())["type"] != "websocket.disconnect":
            text = event.get("text")
            if text is None:
                raise _Close(4400, "Message is not a text frame")
            data = text.encode()
            if len(data) <= SMALL_BYTES:
                await self._handle(await self._parse(data))
            else:
                await self._handle_large(data)

    async def _parse(self, data: bytes) -> ClientMessage:
        try:
            return await self._dependencies.parser.run(parse_message, data)
        except MalformedMessage as error:
            raise _Close(4400, str(error)) from error

    async def _handle_large(self, data: bytes) -> None:
        """Handles a message whose memory is counted until its operation has ended."""
        parser = self._dependencies.parser
        try:
            size = await parser.run(lambda data, limits: limits.memory(data), data)
        except ValueError as error:
            raise _Close(4400, f"Message is too complex: {error}") from error
        try:
            await parser.memory.acquire(size, self._dependencies.limits.request_seconds)
        except TimeoutError:
            raise _Close(1013, "Too many large messages are being processed") from None
        operation = None
        try:
            operation = await self._handle(await self._parse(data))
        finally:
            if operation is None:
                parser.memory.release(size)
            else:
                operation.add_done_callback(lambda _: parser.memory.release(size))

    async def _handle(self, message: ClientMessage) -> asyncio.Task[None] | None:
        """Returns the task of an operation that continues."""
        if message.type == CONNECTION_INIT:
            await self._initialise(message.payload or {})
        elif message.type == PING:
            await self._pong(message.payload)
        elif message.type == SUBSCRIBE and message.operation is not None:
            return await self._subscribe(message.id, message.operation)
        elif message.type == COMPLETE and (task := self._by_id.pop(message.id, None)):
            await _cancel({task})
        return None

    async def _pong(self, payload: dict[str, Any] | None) -> None:
        try:
            await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
        except RecursionError as error:
            raise _Close(4400, "payload is nested too deeply") from error

    async def _initialise(self, payload: dict[str, Any]) -> None:
        if self._is_initialised:
            raise _Close(4429, "Too many initialisation requests")
        self._is_initialised = True
        authorization = next(
            (payload[name] for name in payload if name.lower() == "authorization"), self._authorization
        )
        if not is_authorized(self._dependencies.access, authorization if isinstance(authorization, str) else None):
            raise _Close(4401, "Unauthorized") if authorization is None else _Close(4403, "Forbidden")
        await self._send({"type": "connection_ack"})
        self._is_acknowledged = True
        self._set_message_limit(self._dependencies.limits.body_bytes)
        if self._deadline_close.code == 4408:
            self._deadline.reschedule(None)

    async def _subscribe(self, id: str, operation: OperationRequest) -> asyncio.Task[None] | None:
        if not self._is_acknowledged:
            raise _Close(4401, "Unauthorized")
        if id in self._by_id:
            raise _Close(4409, "Subscriber for this id already exists")
        if len(self._running) >= self._dependencies.limits.socket_operations:
            text = f"A websocket may run {self._dependencies.limits.socket_operations} operations at once."
            error = GraphQLError(text, extensions={"code": "SERVICE_UNAVAILABLE"})
            await self._send(_error_message(id, [error]))
            return None
        task = asyncio.create_task(self._run(id, operation), name="reprise-operation")
        self._by_id[id] = task
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _run(self, id: str, operation: OperationRequest) -> None:
        last: dict[str, Any] = {"id": id, "type": "complete"}
        try:
            with socket_operation():
                if errors := await run_operation(self._dependencies, operation, partial(self._send_result, id)):
                    last = _error_message(id, errors)
        except Exception as error:
            last = _error_message(id, [coded_error(GraphQLError(str(error), original_error=error))])
        # Removed before the message is sent: a client that has read it may reuse the id.
        del self._by_id[id]
        await self._send(last)

    async def _send_result(self, id: str, result: ExecutionResult) -> None:
        await self._send({"id": id, "type": "next", "payload": response_of(result)})

    async def _send(self, message: dict[str, Any]) -> None:
        """Sends a message. Backpressure: returns only when the client has read enough of the previous ones."""
        # The task that reads notices the disconnect too.
        with suppress(OSError):
            # The protocol requires text frames.
            await self._send_event({"type": "websocket.send", "text": encoded(message)})


def _error_message(id: str, errors: list[GraphQLError]) -> dict[str, Any]:
    return {"id": id, "type": "error", "payload": [error.formatted for error in errors]}


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    """Cancels tasks and waits until they have ended."""
    pending = set(tasks)
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending)
