"""The Responses API of OpenAI."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.agents.model_server.conversation import Item, as_json, as_list
from tests.agents.model_server.script import Call, Hold, Reply, Text, Thinking
from tests.agents.model_server.sse import Event

# Reasoning and summaries that only OpenAI can read; the programs hand it back unread.
ENCRYPTED = "ZW5jcnlwdGVk"
_NUMBERS = itertools.count(1)
# What asks the provider to compact the conversation.
_TRIGGER = "compaction_trigger"


def stream(reply: Reply, body: dict[str, Any]) -> Iterator[Event | Hold]:
    """The events of a streamed answer."""
    response = {"id": f"resp_{next(_NUMBERS):024d}", "object": "response", "model": body.get("model", "")}
    yield _event("response.created", response={**response, "status": "in_progress", "output": []})
    items: list[dict[str, Any]] = []
    if body["input"][-1]["type"] == _TRIGGER:
        items.append({"type": "compaction", "encrypted_content": ENCRYPTED})
        yield _event("response.output_item.done", output_index=0, item=items[0])
    for part in reply.parts:
        if isinstance(part, Hold):
            yield part
            continue
        item, index = _item(part), len(items)
        items.append(item)
        yield _event("response.output_item.added", output_index=index, item={**item, **_EMPTY.get(item["type"], {})})
        if isinstance(part, Text):
            yield _event(
                "response.output_text.delta", output_index=index, content_index=0, item_id=item["id"], delta=part.text
            )
        yield _event("response.output_item.done", output_index=index, item=item)
    yield _event("response.completed", response={**response, **_completed(reply, items)})


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that is not streamed."""
    items = [_item(part) for part in reply.parts if not isinstance(part, Hold)]
    response = {"id": f"resp_{next(_NUMBERS):024d}", "object": "response", "model": body.get("model", "")}
    return {**response, **_completed(reply, items)}


def conversation(body: dict[str, Any]) -> Iterator[Item]:
    """The conversation of a request, without the instructions."""
    for item in body["input"]:
        match item["type"]:
            case "message":
                yield from (_part(item["role"], part) for part in as_list(item["content"]))
            case "reasoning":
                texts = [part["text"] for part in [*(item.get("summary") or ()), *(item.get("content") or ())]]
                yield Item("assistant", "thinking", "\n".join(texts))
            case "function_call":
                yield Item("assistant", "call", item["arguments"], item["name"], item["call_id"])
            case "custom_tool_call":
                yield Item("assistant", "call", item["input"], item["name"], item["call_id"])
            case "function_call_output" | "custom_tool_call_output":
                parts = [_part("tool", part) for part in as_list(item["output"])]
                texts = [part.text for part in parts if part.kind == "text"]
                # What a client adds to a prompt is an output without a call.
                yield Item("tool", "result", "\n".join(texts), id=item.get("call_id", ""))
                yield from (part for part in parts if part.kind != "text")
            case "agent_message":
                yield from (_part("user", part) for part in as_list(item["content"]))
            case _:
                yield Item("assistant", "other", as_json(item))


def _part(role: str, part: Any) -> Item:
    match part["type"]:
        case "input_text" | "output_text" | "text":
            return Item(role, "text", part["text"])
        case "input_image":
            return Item(role, "image", part["image_url"].partition(";base64,")[2])
        case _:
            return Item(role, "other", as_json(part))


_EMPTY: dict[str, dict[str, Any]] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}


def _item(part: Text | Thinking | Call) -> dict[str, Any]:
    number = f"{next(_NUMBERS):024d}"
    match part:
        case Text(text):
            content = [{"type": "output_text", "text": text, "annotations": []}]
            return {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": content}
        case Thinking(text):
            summary = [{"type": "summary_text", "text": text}]
            return {"type": "reasoning", "id": f"rs_{number}", "summary": summary, "encrypted_content": ENCRYPTED}
        case Call(name, str(given), id):
            return {"type": "custom_tool_call", "id": f"ctc_{number}", "call_id": id, "name": name, "input": given}
        case Call(name, given, id):
            named = {"name": name, "namespace": part.namespace} if part.namespace else {"name": name}
            return {"type": "function_call", "id": f"fc_{number}", "call_id": id, **named, "arguments": as_json(given)}


def _completed(reply: Reply, items: list[dict[str, Any]]) -> dict[str, Any]:
    usage = reply.usage
    return {
        "status": "completed",
        "output": items,
        "usage": {
            "input_tokens": usage.total_input,
            "input_tokens_details": {"cached_tokens": usage.cache_read},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.total_input + usage.output,
        },
    }


def _event(kind: str, **fields: Any) -> Event:
    return Event({"type": kind, **fields}, kind)
