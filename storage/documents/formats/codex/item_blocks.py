"""Content blocks of the items and events of a rollout."""

from storage.documents.formats.blocks import Block, image_block, image_link, text_block, thinking_block
from storage.documents.formats.codex.content_parts import content_block, content_blocks, content_parts
from storage.documents.formats.codex.injected_text import is_injected, is_media_mark, split_citations, split_context
from storage.documents.formats.json_values import as_list, as_object, as_text, parse_json


def prompt_blocks(payload: dict[str, object]) -> list[Block]:
    """The blocks of a person's message. What the program put into it is marked as injected.

    A goal and an approved plan are recorded as outputs of calls.
    """
    if payload.get("type") == "function_call_output":
        return content_blocks(payload.get("output"))
    parts = content_parts(payload.get("content"))
    has_media = any(part.get("type") in ("input_image", "input_audio") for part in parts)
    passthrough = as_object(payload.get("internal_chat_message_metadata_passthrough"))
    kinds = as_list(passthrough.get("content_item_kinds"))
    is_told = len(kinds) == len(parts)
    blocks: list[Block] = []
    for position, part in enumerate(parts):
        text = part.get("text")
        if not isinstance(text, str):
            blocks.append(content_block(part))
        elif has_media and is_media_mark(text):
            continue
        elif _is_programs(text, kinds[position] if is_told else None, is_alone=len(parts) == 1):
            blocks.append(text_block(text, is_injected=True))
        else:
            blocks += request_blocks(text)
    return blocks


def _is_programs(text: str, kind: object, *, is_alone: bool) -> bool:
    """Whether a part of a person's message is the program's, by its kind where newer versions write one."""
    if kind is not None:
        return not as_text(kind).startswith(("user.", "unknown"))
    return not is_alone and is_injected(text)


def request_blocks(text: str) -> list[Block]:
    """A person's text, with the context that an editor put before it as a block of its own."""
    context, request = split_context(text)
    blocks = [text_block(context, is_injected=True)] if context else []
    if request or not context:
        blocks.append(text_block(request))
    return blocks


def injected_blocks(payload: dict[str, object]) -> list[Block]:
    """The blocks of a message that the program put in. What only the provider can read of it stays in the archive.

    What a client adds to a prompt is recorded as the output of a call.
    """
    content = payload.get("output" if payload.get("type") == "function_call_output" else "content")
    parts = [part for part in content_parts(content) if part.get("type") != "encrypted_content"]
    return [{**block, "is_injected": True} if block["type"] == "text" else block for block in map(content_block, parts)]


def answer_blocks(content: object) -> list[Block]:
    """The blocks of a model's message. What it cites of memories, which is for the program, is marked as injected."""
    return [piece for block in content_blocks(content) for piece in _without_citations(block)]


def _without_citations(block: Block) -> list[Block]:
    text = block.get("text")
    if block["type"] != "text" or not isinstance(text, str):
        return [block]
    said, citations = split_citations(text)
    if not citations:
        return [block]
    return [*map(text_block, said), *(text_block(citation, is_injected=True) for citation in citations)]


def thinking_blocks(payload: dict[str, object]) -> list[Block]:
    """The block of a reasoning item. What only the provider can read of it stays in the archive."""
    return [thinking([*as_list(payload.get("summary")), *as_list(payload.get("content"))])]


def thinking(parts: list[object]) -> Block:
    """A block of reasoning: texts, or parts with texts."""
    texts = [as_text(part) or as_text(as_object(part).get("text")) for part in parts]
    return thinking_block("\n\n".join(filter(None, texts)))


def call_blocks(payload: dict[str, object], fallback_id: str) -> list[Block]:
    """The block of a tool call, and its result where the item has it, as calls that the provider runs do."""
    kind = as_text(payload.get("type"))
    call_id = as_text(payload.get("call_id")) or as_text(payload.get("id")) or fallback_id
    call: Block = {"type": "tool_use", "id": call_id, "name": kind.removesuffix("_call")}
    if kind == "function_call":
        call |= _function(payload)
    elif kind == "custom_tool_call":
        call |= {"name": as_text(payload.get("name")), "input": payload.get("input")}
    elif kind == "tool_search_call":
        call["input"] = payload.get("arguments")
    elif kind == "image_generation_call":
        call["input"] = {key: value for key, value in payload.items() if key in ("revised_prompt", "prompt")}
    else:
        call["input"] = payload.get("action")
    if kind == "web_search_call":
        call["type"] = "server_tool_use"
        if payload.get("status") == "completed":
            return [call, {"type": "web_search_tool_result", "tool_use_id": call_id, "content": []}]
    if kind == "image_generation_call" and isinstance(payload.get("result"), str):
        image = image_block("image/png", as_text(payload["result"]))
        return [call, {"type": "tool_result", "tool_use_id": call_id, "content": [image]}]
    return [call]


def _function(payload: dict[str, object]) -> Block:
    """Name and input of a function call. Tools of servers have a name space beside their name."""
    name, namespace = as_text(payload.get("name")), as_text(payload.get("namespace"))
    arguments = payload.get("arguments")
    if isinstance(arguments, str):
        value = parse_json(arguments.encode(errors="replace"))
        arguments = arguments if value is None and arguments.strip() != "null" else value
    if not namespace:
        return {"name": name, "input": arguments}
    return {"name": f"{namespace.removesuffix('__')}__{name}", "input": arguments, "namespace": namespace}


def event_blocks(payload: dict[str, object]) -> list[Block]:
    """The blocks of an event that has no item."""
    kind = payload.get("type")
    if kind == "user_message":
        images = [image_link(url) for url in as_list(payload.get("images")) if isinstance(url, str)]
        return [*request_blocks(as_text(payload.get("message"))), *images]
    if kind == "agent_message":
        return content_blocks(as_text(payload.get("message")))
    if kind != "item_completed":
        return [thinking([payload.get("text")])]
    item = as_object(payload.get("item"))
    if item.get("type") == "UserMessage":
        return prompt_blocks(item)
    if item.get("type") == "Reasoning":
        return [thinking([*as_list(item.get("summary_text")), *as_list(item.get("raw_content"))])]
    return content_blocks(item.get("content"))
