"""The Chat Completions API of OpenAI, which many other providers offer."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.agents.model_server.conversation import Item, as_json, as_list
from tests.agents.model_server.script import Call, Hold, Reply, Text, Thinking
from tests.agents.model_server.sse import Event

_NUMBERS = itertools.count(1)


def stream(reply: Reply, body: dict[str, Any]) -> Iterator[Event | Hold]:
    """The events of a streamed answer."""
    chunk = _completion(body, "chat.completion.chunk")
    index = 0
    yield _chunk(chunk, {"role": "assistant", "content": ""})
    for part in reply.parts:
        match part:
            case Hold():
                yield part
            case Text(text):
                yield _chunk(chunk, {"content": text})
            case Thinking(text):
                yield _chunk(chunk, {"reasoning_content": text})
            case Call():
                yield _chunk(chunk, {"tool_calls": [{"index": index, **_call(part)}]})
                index += 1
    yield _chunk(chunk, {}, _finish_reason(reply))
    yield Event({**chunk, "choices": [], "usage": _usage(reply)})
    yield Event("[DONE]")


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.calls:
        message["tool_calls"] = [_call(part) for part in reply.calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(reply)}
    return {**_completion(body, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def conversation(body: dict[str, Any]) -> Iterator[Item]:
    """The conversation of a request; the system prompt is its first text."""
    for message in body["messages"]:
        role = message["role"]
        if thinking := message.get("reasoning_content"):
            yield Item(role, "thinking", thinking)
        parts = [_part(role, part) for part in as_list(message.get("content"))]
        if role == "tool":
            texts = [part.text for part in parts if part.kind == "text"]
            yield Item(role, "result", "\n".join(texts), id=message["tool_call_id"])
            parts = [part for part in parts if part.kind != "text"]
        yield from parts
        for call in message.get("tool_calls") or ():
            function = call["function"]
            yield Item(role, "call", function["arguments"], function["name"], call["id"])


def _part(role: str, part: Any) -> Item:
    match part["type"]:
        case "text":
            return Item(role, "text", part["text"])
        case "image_url":
            return Item(role, "image", part["image_url"]["url"].partition(";base64,")[2])
        case _:
            return Item(role, "other", as_json(part))


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": as_json(call.input)}}


def _completion(body: dict[str, Any], kind: str) -> dict[str, Any]:
    # The time is of no use to the programs.
    return {"id": f"chatcmpl-{next(_NUMBERS)}", "object": kind, "created": 0, "model": body.get("model", "")}


def _chunk(chunk: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None) -> Event:
    return Event({**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "prompt_tokens": usage.total_input,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens": usage.output,
        "total_tokens": usage.total_input + usage.output,
    }
