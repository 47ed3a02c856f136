"""A model server on the loopback that answers from a script and records the requests."""

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.agents.model_server import anthropic, gemini, openai_chat, openai_responses
from tests.agents.model_server.conversation import Item
from tests.agents.model_server.script import Hold, Reply, reply
from tests.agents.model_server.sse import Event

# Seconds to wait for a request, or for the end of a pause, before the test fails.
PATIENCE = 240
# The answer to side requests.
TITLE = "A scripted title"


class Api(Protocol):
    """The wire format of one provider: a module of this package."""

    def stream(self, reply: Reply, body: dict[str, Any]) -> Iterator[Event | Hold]: ...

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]: ...

    def conversation(self, body: dict[str, Any]) -> Iterator[Item]: ...


@dataclass(frozen=True)
class Request:
    """A request that the server got."""

    path: str
    body: dict[str, Any]
    api: Api | None = None

    @property
    def conversation(self) -> list[Item]:
        """Its conversation, empty for a path that is not known."""
        return [] if self.api is None else list(self.api.conversation(self.body))


class ModelServer:
    """Answers each request of a conversation with the next reply of the script.

    A request without tools is a side request: programs ask for titles, quotas and summaries in that way. It is answered
    with `TITLE` and takes no reply from the script.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.url = "http://{}:{}".format(*listener.getsockname())
        self.requests: list[Request] = []
        self.side_requests: list[Request] = []
        # Requests of a conversation for which no reply was left.
        self.unscripted: list[Request] = []
        self._listener = listener
        self._script: deque[Reply] = deque()
        self._changed = threading.Condition()

    def play(self, *replies: Reply) -> None:
        """Add replies to the script."""
        with self._changed:
            self._script.extend(replies)

    def reset(self) -> None:
        """Drop the script and the records."""
        with self._changed:
            for records in (self._script, self.requests, self.side_requests, self.unscripted):
                records.clear()

    @property
    def remaining(self) -> int:
        """The number of replies not yet sent."""
        return len(self._script)

    def wait_for(self, count: int) -> Request:
        """Wait for the request of a number, counted from 1. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, PATIENCE):
                raise TimeoutError(f"{len(self.requests)} requests came, not {count}")
            return self.requests[count - 1]

    @contextmanager
    def running(self) -> Iterator["ModelServer"]:
        """Serve in a thread until the block ends."""
        app = Starlette(
            routes=[
                Route("/{prefix:path}/models", _models, methods=["GET"]),
                Route("/{prefix:path}/count_tokens", self._count_tokens, methods=["POST"]),
                Route("/{prefix:path}/models/{model}:countTokens", self._count_tokens, methods=["POST"]),
                Route("/{prefix:path}/messages", self._answers(anthropic), methods=["POST"]),
                Route("/{prefix:path}/responses", self._answers(openai_responses), methods=["POST"]),
                Route("/{prefix:path}/chat/completions", self._answers(openai_chat), methods=["POST"]),
                Route("/{prefix:path}/models/{model}:{method}", self._answers(gemini), methods=["POST"]),
                Route("/{path:path}", self._unknown, methods=["GET", "HEAD", "POST", "PUT"]),
            ]
        )
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([self._listener],), name="model server")
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()

    def _answers(self, api: Api) -> Callable[[HttpRequest], Any]:
        async def answer(http: HttpRequest) -> Response:
            body = json.loads(await http.body())
            next_reply = self._next(Request(http.url.path, body, api))
            if next_reply is None:
                # A status after which programs soon give up.
                return JSONResponse({"error": {"type": "invalid_request_error", "message": "No reply is left"}}, 400)
            # Claude Code writes it into its transcript.
            headers = {"request-id": f"req_{len(self.requests) + len(self.side_requests):024d}"}
            if body.get("stream") or http.path_params.get("method") == "streamGenerateContent":
                return StreamingResponse(_encoded(api.stream(next_reply, body)), 200, headers, "text/event-stream")
            return JSONResponse(api.whole(next_reply, body), 200, headers)

        return answer

    def _next(self, request: Request) -> Reply | None:
        with self._changed:
            if not _has_tools(request.body):
                self.side_requests.append(request)
                return reply(TITLE)
            records = self.requests if self._script else self.unscripted
            records.append(request)
            self._changed.notify_all()
            return self._script.popleft() if self._script else None

    async def _count_tokens(self, http: HttpRequest) -> Response:
        body = json.loads(await http.body())
        self.side_requests.append(Request(http.url.path, body))
        return JSONResponse({"input_tokens": 100, "totalTokens": 100})

    async def _unknown(self, http: HttpRequest) -> Response:
        self.side_requests.append(Request(f"{http.method} {http.url.path}", {}))
        return JSONResponse({"error": {"type": "not_found_error", "message": "Not found"}}, 404)


def _has_tools(body: dict[str, Any]) -> bool:
    """Whether the model may call tools. The newest models of Codex get them as an item of the conversation."""
    given = body.get("input")
    items = given if isinstance(given, list) else []
    return bool(body.get("tools")) or any(item.get("type") == "additional_tools" for item in items)


async def _models(http: HttpRequest) -> Response:
    return JSONResponse({"object": "list", "data": [], "models": []})


async def _encoded(events: Iterator[Event | Hold]) -> AsyncIterator[bytes]:
    for event in events:
        if isinstance(event, Hold):
            # In steps, so that the end of the connection ends the wait.
            async with asyncio.timeout(PATIENCE):
                while not event.until.is_set():  # noqa: ASYNC110 # another thread sets it
                    await asyncio.sleep(0.01)
        else:
            yield event.encode()
