"""What one entry of a pi transcript says."""

from storage.documents.formats.blocks import (
    Block,
    call_block,
    image_block,
    other_block,
    result_block,
    text_block,
    thinking_block,
)
from storage.documents.formats.json_values import as_amount, as_count, as_list, as_object, as_text, json_text
from storage.records.token_usage import TokenUsage

USER, ASSISTANT, TOOL, SYSTEM = "USER", "ASSISTANT", "TOOL", "SYSTEM"

_ROLES = {
    "user": USER,
    "bashExecution": USER,
    "custom": USER,
    "hookMessage": USER,
    "branchSummary": USER,
    "compactionSummary": SYSTEM,
    "assistant": ASSISTANT,
    "toolResult": TOOL,
}
_OF_PERSON = ("user", "bashExecution")
_SILENT = (
    *("session", "model_change", "thinking_level_change", "session_info", "label", "custom", "usage"),
    # Those of oh-my-pi, which is a fork of pi.
    *("title_change", "model_usage", "mode_change", "service_tier_change", "credential_pin"),
)
"""The types of entries that are no messages."""

_FAILED = ("error", "aborted")
_SIGNED_API = "anthropic-messages"


def message_of(entry: Block) -> Block:
    """The message of an entry; the entries that become messages for the model are given the form of one."""
    kind = entry.get("type")
    if kind == "message":
        return as_object(entry.get("message"))
    if kind == "custom_message":
        return {**entry, "role": "custom"}
    if kind == "branch_summary":
        return {**entry, "role": "branchSummary"}
    if kind == "compaction":
        return {**entry, "role": "compactionSummary"}
    if kind == "session_init":
        return {"role": "system", "content": entry.get("systemPrompt")}
    return {}


def role_of(entry: Block) -> str | None:
    """The role of an entry's message; None when it is no message, as the prompt of the program is none."""
    if entry.get("type") in _SILENT or is_system_prompt(entry):
        return None
    return _ROLES.get(as_text(message_of(entry).get("role")), SYSTEM)


def is_injected(entry: Block) -> bool:
    """Whether an entry of the user's role, or a summary, is not the person's."""
    role = role_of(entry)
    return role == SYSTEM or (role == USER and message_of(entry).get("role") not in _OF_PERSON)


def is_system_prompt(entry: Block) -> bool:
    """Whether an entry states the system prompt, or changes sections of it."""
    return message_of(entry).get("role") == "system"


def is_compaction(entry: Block) -> bool:
    """Whether an entry replaces the history before it."""
    return entry.get("type") == "compaction"


def is_reset(entry: Block) -> bool:
    """Whether a person cleared the context there (`/clear` of oh-my-pi)."""
    return entry.get("type") == "reset_boundary"


def is_sent(entry: Block) -> bool:
    """Whether the program sends an entry to the model."""
    message = message_of(entry)
    role = message.get("role")
    if role == "assistant":
        return message.get("stopReason") not in _FAILED
    if role == "bashExecution":
        return message.get("excludeFromContext") is not True
    return as_text(role) in _ROLES


def entry_blocks(entry: Block) -> list[Block]:
    """The blocks of an entry."""
    message = message_of(entry)
    role = message.get("role")
    if role == "bashExecution":
        return _command_blocks(message)
    if role in ("compactionSummary", "branchSummary"):
        return _summary_blocks(message, role == "compactionSummary")
    blocks = _content_blocks(message)
    if role == "toolResult":
        return [_result_block(message, blocks), *_nested_calls(message)]
    if role in ("custom", "hookMessage"):
        return [{**block, "is_injected": True} if block["type"] == "text" else block for block in blocks]
    if as_text(role) not in _ROLES:
        return [other_block(message or entry)]
    error = message.get("errorMessage")
    return [*blocks, other_block({"message": error}, "error")] if isinstance(error, str) and error else blocks


def _summary_blocks(message: Block, is_of_compaction: bool) -> list[Block]:
    summary = as_text(message.get("summary"))
    if is_of_compaction:
        return [{"type": "compaction", "summary": summary}]
    # Nobody but the program that left the branch can say it again, so that a handoff carries it.
    return [{**text_block(summary, is_injected=True), "is_branch_summary": True}] if summary else []


def _content_blocks(message: Block) -> list[Block]:
    content = message.get("content")
    if isinstance(content, str):
        return [text_block(content)] if content else []
    return [block for part in as_list(content) for block in _part_blocks(as_object(part), message)]


def _part_blocks(part: Block, message: Block) -> list[Block]:
    kind, text, thinking = part.get("type"), part.get("text"), part.get("thinking")
    if kind == "text" and isinstance(text, str):
        return [text_block(text)] if text else []
    if kind == "thinking" and isinstance(thinking, str):
        # With other interfaces it is the name of a field or the id of an item.
        signature = part.get("thinkingSignature") if message.get("api") == _SIGNED_API else None
        if not thinking and signature is None:
            return []
        return [thinking_block(thinking, signature)]
    if kind == "toolCall":
        return [call_block(part.get("id"), part.get("name"), part.get("arguments"))]
    data, media_type = part.get("data"), part.get("mimeType")
    if kind == "image" and isinstance(data, str) and isinstance(media_type, str):
        return [image_block(media_type, data)]
    return [other_block(part)] if part else []


def _result_block(message: Block, blocks: list[Block]) -> Block:
    call_id = message.get("toolCallId") or message.get("toolName")
    is_error = message.get("isError") is True
    texts = [as_text(block["text"]) for block in blocks if block["type"] == "text"]
    others = [block for block in blocks if block["type"] != "text"]
    return result_block(call_id, "\n".join(texts), others, is_error)


def _nested_calls(message: Block) -> list[Block]:
    """The calls that a tool made itself, such as the script of a `codemode` call, a line for each.

    Only the tool got their results. Of calls with long arguments, the program records neither these nor, beyond 256
    calls, the calls.
    """
    lines = []
    for call in map(as_object, as_list(as_object(message.get("nestedCalls")).get("calls"))):
        parts = [as_text(call.get("name")), json_text(call["arguments"]) if "arguments" in call else ""]
        lines.append(": ".join(filter(None, [*parts, as_text(call.get("error"))])))
    return [text_block("\n".join(["Calls that the tool made:", *lines]), is_injected=True)] if lines else []


def _command_blocks(message: Block) -> list[Block]:
    """A command that the person ran: what was typed, and what the program tells the model of it."""
    mark = "!!" if message.get("excludeFromContext") is True else "!"
    output = as_text(message.get("output")) or "(no output)"
    code = message.get("exitCode")
    if message.get("cancelled") is True:
        output += "\n\n(command cancelled)"
    elif isinstance(code, int) and code:
        output += f"\n\nCommand exited with code {code}"
    return [text_block(mark + as_text(message.get("command"))), text_block(output, is_injected=True)]


def usage_of(tokens: Block) -> TokenUsage | None:
    """The tokens of a reply: the classes do not overlap. The reasoning is a part of the output where it is told."""
    if not tokens:
        return None
    output, reasoning = as_count(tokens.get("output")), as_count(tokens.get("reasoning"))
    return TokenUsage(
        input=as_count(tokens.get("input")),
        cache_read=as_count(tokens.get("cacheRead")),
        cache_write=as_count(tokens.get("cacheWrite")),
        output=max(output - reasoning, 0),
        reasoning=reasoning,
    )


def cost_of(tokens: Block) -> float | None:
    """The cost that the program recorded with the tokens."""
    return as_amount(as_object(tokens.get("cost")).get("total"))
