"""GraphQL over HTTP and graphql-transport-ws at one address."""

import json

import orjson
import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from resolvers.context import Context
from schema.limits import Limits
from schema.transport.access import Access


class Endpoint(GraphQL[Context, None]):
    """GraphQL over HTTP and graphql-transport-ws."""

    def __init__(self, schema: strawberry.Schema, context: Context, limits: Limits, access: Access) -> None:
        super().__init__(schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
        self._context = context
        self._limits = limits
        self._access = access

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return self._context

    def decode_json(self, data: str | bytes) -> object:
        try:
            value = super().decode_json(data)
        except (RecursionError, ValueError) as error:
            # Also nested too deeply, a number of too many digits, or no UTF-8.
            raise json.JSONDecodeError("This cannot be read as JSON", "", 0) from error
        if not isinstance(value, dict | list):
            raise json.JSONDecodeError("This is no JSON object", "", 0)
        return value

    def encode_json(self, data: object) -> str:
        # Text: what is encoded as bytes goes over a websocket as a binary frame, which clients refuse.
        return orjson.dumps(data).decode()
