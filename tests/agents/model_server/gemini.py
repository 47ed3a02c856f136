"""The generateContent API of Gemini."""

from collections.abc import Iterator
from typing import Any

from tests.agents.model_server.conversation import Item, as_json
from tests.agents.model_server.script import Call, Hold, Reply, Text, Thinking
from tests.agents.model_server.sse import Event


def stream(reply: Reply, body: dict[str, Any]) -> Iterator[Event | Hold]:
    """The events of a streamed answer."""
    for part in reply.parts:
        yield part if isinstance(part, Hold) else Event(_candidate([_part(part)]))
    yield Event({**_candidate([], "STOP"), "usageMetadata": _usage(reply)})


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that is not streamed."""
    parts = [_part(part) for part in reply.parts if not isinstance(part, Hold)]
    return {**_candidate(parts, "STOP"), "usageMetadata": _usage(reply)}


def conversation(body: dict[str, Any]) -> Iterator[Item]:
    """The conversation of a request, without the system instruction."""
    for content in body["contents"]:
        role = {"model": "assistant"}.get(content["role"], content["role"])
        yield from (_item_of(role, part) for part in content["parts"])


def _item_of(role: str, part: dict[str, Any]) -> Item:
    match part:
        case {"text": text}:
            return Item(role, "thinking" if part.get("thought") else "text", text)
        case {"functionCall": call}:
            return Item(role, "call", as_json(call.get("args", {})), call["name"], call.get("id", ""))
        case {"functionResponse": response}:
            return Item(role, "result", as_json(response["response"]), response["name"], response.get("id", ""))
        case {"inlineData": data}:
            return Item(role, "image", data["data"])
        case _:
            return Item(role, "other", as_json(part))


def _part(part: Text | Thinking | Call) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"text": text}
        case Thinking(text):
            # The program shows what stands between the asterisks as the subject of a thought.
            return {"text": f"**{text}**", "thought": True}
        case Call(name, given, id):
            return {"functionCall": {"id": id, "name": name, "args": given}}


def _candidate(parts: list[dict[str, Any]], finish_reason: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish_reason:
        candidate["finishReason"] = finish_reason
    return {"candidates": [candidate]}


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "promptTokenCount": usage.total_input,
        "cachedContentTokenCount": usage.cache_read,
        "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.total_input + usage.output,
    }
