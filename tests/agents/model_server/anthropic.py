"""The Messages API of Anthropic."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.agents.model_server.conversation import Item, as_json, as_list
from tests.agents.model_server.script import Call, Hold, Part, Reply, Text, Thinking
from tests.agents.model_server.sse import Event

# What Anthropic accepts only from itself; the programs hand it back unread.
SIGNATURE = "c2lnbmF0dXJl"
_NUMBERS = itertools.count(1)


def stream(reply: Reply, body: dict[str, Any]) -> Iterator[Event | Hold]:
    """The events of a streamed answer."""
    message = {**_message(reply, body), "content": [], "stop_reason": None}
    yield _event("message_start", message=message)
    index = 0
    for part in reply.parts:
        if isinstance(part, Hold):
            yield part
            continue
        start, deltas = _streamed(part)
        yield _event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
        index += 1
    yield _event(
        "message_delta",
        delta={"stop_reason": _stop_reason(reply), "stop_sequence": None},
        usage={"output_tokens": reply.usage.output},
    )
    yield _event("message_stop")


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that is not streamed."""
    return _message(reply, body)


def conversation(body: dict[str, Any]) -> Iterator[Item]:
    """The conversation of a request, without the system prompt."""
    for message in body["messages"]:
        for block in as_list(message["content"]):
            yield from _block(message["role"], block)


def _block(role: str, block: Any) -> Iterator[Item]:
    match block["type"]:
        case "text":
            yield Item(role, "text", block["text"])
        case "thinking":
            yield Item(role, "thinking", block["thinking"])
        case "tool_use":
            yield Item(role, "call", as_json(block["input"]), block["name"], block["id"])
        case "tool_result":
            parts = as_list(block.get("content"))
            texts = [part["text"] for part in parts if part["type"] == "text"]
            yield Item(role, "result", "\n".join(texts), id=block["tool_use_id"])
            yield from (Item(role, "image", part["source"]["data"]) for part in parts if part["type"] == "image")
        case "image":
            yield Item(role, "image", block["source"].get("data", ""))
        case _:
            yield Item(role, "other", as_json(block))


def _message(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{next(_NUMBERS):024d}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", ""),
        "content": [_content(part) for part in reply.parts if not isinstance(part, Hold)],
        "stop_reason": _stop_reason(reply),
        "stop_sequence": None,
        "usage": {
            "input_tokens": reply.usage.input,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": reply.usage.cache_read,
            "output_tokens": reply.usage.output,
        },
    }


def _stop_reason(reply: Reply) -> str:
    return "tool_use" if reply.calls else "end_turn"


def _content(part: Text | Thinking | Call) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Thinking(text):
            return {"type": "thinking", "thinking": text, "signature": SIGNATURE}
        case Call(name, given, id):
            return {"type": "tool_use", "id": id, "name": name, "input": given}


def _streamed(part: Part) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The block as it starts, and what is added to it."""
    match part:
        case Text(text):
            half = len(text) // 2
            deltas = [{"type": "text_delta", "text": piece} for piece in (text[:half], text[half:])]
            return {"type": "text", "text": ""}, deltas
        case Thinking(text):
            deltas = [{"type": "thinking_delta", "thinking": text}, {"type": "signature_delta", "signature": SIGNATURE}]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case Call(name, given, id):
            start = {"type": "tool_use", "id": id, "name": name, "input": {}}
            return start, [{"type": "input_json_delta", "partial_json": as_json(given)}]
        case Hold():
            raise TypeError("A pause is no block")


def _event(kind: str, **fields: Any) -> Event:
    return Event({"type": kind, **fields}, kind)
