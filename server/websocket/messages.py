"""Client messages of graphql-transport-ws, as specified by PROTOCOL.md of enisdenjo/graphql-ws."""

from dataclasses import dataclass
from typing import Any

from schema.execution.persisted_query import is_persisted
from schema.execution.request import OperationRequest
from storage.json_codec import load
from storage.json_limits import JSONLimits

CONNECTION_INIT = "connection_init"
PING = "ping"
PONG = "pong"
SUBSCRIBE = "subscribe"
COMPLETE = "complete"

_TYPES_WITH_ID = {SUBSCRIBE, COMPLETE}
_TYPES = {CONNECTION_INIT, PING, PONG, *_TYPES_WITH_ID}


class MalformedMessage(Exception):
    """An invalid client message. The text is the reason of the close frame: less than 123 bytes."""


@dataclass(frozen=True)
class ClientMessage:
    """A parsed message. `subscribe` has an `operation`, all other types a `payload`; `id` is empty if missing."""

    type: str
    id: str = ""
    payload: dict[str, Any] | None = None
    operation: OperationRequest | None = None


def parse_message(data: bytes, limits: JSONLimits) -> ClientMessage:
    """The message in a text frame. Raises MalformedMessage."""
    try:
        limits.check(data)
    except ValueError as error:
        raise MalformedMessage(f"Message is too complex: {error}") from error
    try:
        message = load(data)
    except ValueError as error:
        raise MalformedMessage("Message is not JSON") from error
    if not isinstance(message, dict):
        raise MalformedMessage("Message is not a JSON object")
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise MalformedMessage("Message has no valid type")
    id = message.get("id", "")
    if kind in _TYPES_WITH_ID and not (isinstance(id, str) and id):
        raise MalformedMessage("Message has no id, or an id that is not a string")
    payload = _object(message, "payload")
    if kind == SUBSCRIBE:
        return ClientMessage(kind, id, operation=_operation(payload))
    return ClientMessage(kind, id, payload)


def _operation(payload: dict[str, Any] | None) -> OperationRequest:
    if payload is None:
        raise MalformedMessage("Message has no payload")
    query, name = payload.get("query"), payload.get("operationName")
    extensions = _object(payload, "extensions")
    if query is None and is_persisted(extensions):
        query = ""
    if not isinstance(query, str):
        raise MalformedMessage("query is not a string")
    if not isinstance(name, str | None):
        raise MalformedMessage("operationName is not a string")
    return OperationRequest(query, _object(payload, "variables"), name, extensions)


def _object(parent: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = parent.get(name)
    if not isinstance(value, dict | None):
        raise MalformedMessage(f"{name} is not an object")
    return value
