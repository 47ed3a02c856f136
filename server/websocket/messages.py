"""Messages of graphql-transport-ws that a client may send, as PROTOCOL.md of enisdenjo/graphql-ws has them."""

from dataclasses import dataclass
from typing import Any

from schema.execution.request import OperationRequest
from storage.json_codec import load

CONNECTION_INIT = "connection_init"
PING = "ping"
PONG = "pong"
SUBSCRIBE = "subscribe"
COMPLETE = "complete"

_WITH_ID = {SUBSCRIBE, COMPLETE}
_TYPES = {CONNECTION_INIT, PING, PONG, *_WITH_ID}


class Malformed(Exception):
    """No message that a client may send; its text is the reason to tell, of less than 123 bytes."""


@dataclass(frozen=True)
class ClientMessage:
    """`id` is empty where a message has none. `payload` is that of any type but `subscribe`."""

    type: str
    id: str = ""
    payload: dict[str, Any] | None = None
    operation: OperationRequest | None = None


def read_message(text: str) -> ClientMessage:
    """The message that a text frame holds. Raises Malformed."""
    try:
        message = load(text)
    except ValueError as error:
        raise Malformed("Message is no JSON") from error
    if not isinstance(message, dict):
        raise Malformed("Message is no JSON object")
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Malformed("Message has no type that a client may send")
    id = message.get("id", "")
    if kind in _WITH_ID and not (isinstance(id, str) and id):
        raise Malformed("Message has no id, or one that is no string")
    payload = _object(message, "payload")
    if kind == SUBSCRIBE:
        return ClientMessage(kind, id, operation=_operation(payload))
    return ClientMessage(kind, id, payload)


def _operation(payload: dict[str, Any] | None) -> OperationRequest:
    if payload is None:
        raise Malformed("Message has no payload")
    query, name = payload.get("query"), payload.get("operationName")
    if not isinstance(query, str):
        raise Malformed("query is no string")
    if not isinstance(name, str | None):
        raise Malformed("operationName is no string")
    return OperationRequest(query, _object(payload, "variables"), name, _object(payload, "extensions"))


def _object(parent: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = parent.get(name)
    if not isinstance(value, dict | None):
        raise Malformed(f"{name} is no object")
    return value
