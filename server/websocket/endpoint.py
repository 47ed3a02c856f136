"""The endpoint of websockets."""

from starlette.types import Receive, Scope, Send

from server.http.response import Refusal, send_refusal
from server.websocket.dependencies import SocketDependencies
from server.websocket.socket import Socket


class WebSocketEndpoint:
    """An ASGI application that serves graphql-transport-ws."""

    def __init__(self, dependencies: SocketDependencies) -> None:
        self._dependencies = dependencies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._dependencies.streams.is_full:
            # Refused rather than accepted and closed, because a closing websocket still takes memory.
            message = "Too many websockets are open."
            await send_refusal(scope, send, Refusal(503, "SERVICE_UNAVAILABLE", message, (b"retry-after", b"5")))
            return
        await Socket(self._dependencies).serve(scope, receive, send)
