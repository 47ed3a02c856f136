"""What one line of a Qwen Code transcript says."""

from storage.documents.formats.blocks import Block, other_block, text_block
from storage.documents.formats.google_content import blocks_of, joined_text, parts_of, user_blocks
from storage.documents.formats.json_values import as_count, as_list, as_object, as_text
from storage.records.token_usage import TokenUsage

ROLES = {"user": "USER", "assistant": "ASSISTANT", "tool_result": "TOOL"}

_PERSONAL = (None, "", "mid_turn_user_message")
"""The subtypes of lines of the user's that a person wrote. Notifications, timers and goals have others."""

_UNSENT = ("realtime_message", "code_mode_tool_result")
"""The subtypes of lines that the program leaves out of its requests."""


def is_compression(record: Block) -> bool:
    """Whether a line replaces the history before it."""
    return (
        record.get("type") == "system"
        and record.get("subtype") == "chat_compression"
        and isinstance(as_object(record.get("systemPayload")).get("compressedHistory"), list)
    )


def compressed_history(record: Block) -> list[Block]:
    """The history that a compression leaves, as contents."""
    return [as_object(content) for content in as_list(as_object(record.get("systemPayload")).get("compressedHistory"))]


def goal_of(record: Block) -> str:
    """The objective of a person's goal, from a line that states the goal; else empty."""
    if record.get("type") != "system" or record.get("subtype") != "goal_state":
        return ""
    snapshot = as_object(as_object(record.get("systemPayload")).get("snapshot"))
    return as_text(as_object(snapshot.get("goal")).get("objective")).strip()


def is_sent(record: Block) -> bool:
    """Whether the program sends a line to the model. The prompts by which it pursues a goal repeat the objective."""
    is_spoken = as_text(record.get("type")) in ROLES and record.get("subtype") not in _UNSENT
    return is_spoken or bool(goal_of(record))


def command_of_result(record: Block) -> str:
    """The command that a person typed, from a line with what the program answered itself; else empty.

    Where an editor is the terminal, a line of the user's has the command too.
    """
    payload = as_object(record.get("systemPayload"))
    is_result = record.get("subtype") == "slash_command" and payload.get("phase") == "result"
    if not is_result or payload.get("sentToModel") is True:
        return ""
    answers = [as_object(item).get("type") for item in as_list(payload.get("outputHistoryItems"))]
    return as_text(payload.get("rawCommand")) if answers and set(answers) == {"assistant"} else ""


def is_command_line(record: Block, command: str) -> bool:
    """Whether a line of the user's has a command and nothing else."""
    is_typed = record.get("type") == "user" and record.get("subtype") is None
    return is_typed and content_parts(record) == [{"text": command}]


def content_parts(record: Block) -> list[object]:
    """The parts of a line's message."""
    return parts_of(as_object(record.get("message")).get("parts"))


def line_blocks(record: Block) -> list[Block]:
    """The blocks of a line."""
    kind = record.get("type")
    if goal := goal_of(record):
        return [text_block(goal)]
    if is_compression(record):
        history = compressed_history(record)
        return [{"type": "compaction", "summary": joined_text(parts_of(history[0].get("parts"))) if history else ""}]
    if kind == "user":
        typed = as_object(record.get("systemPayload")).get("displayText")
        blocks = user_blocks(content_parts(record), parts_of(typed))
        return blocks if _is_personal(record) else [_injected(block) for block in blocks]
    if kind == "assistant":
        return blocks_of(content_parts(record))
    if kind == "tool_result":
        return _result_blocks(record)
    return [other_block(record)]


def _result_blocks(record: Block) -> list[Block]:
    blocks = blocks_of(content_parts(record))
    if as_object(record.get("toolCallResult")).get("status") in ("error", "cancelled"):
        for block in blocks:
            if block["type"] == "tool_result":
                block["is_error"] = True
    return blocks


def _injected(block: Block) -> Block:
    return {**block, "is_injected": True} if block["type"] == "text" else block


def _is_personal(record: Block) -> bool:
    """Whether a person wrote in a line of the user's."""
    provenance = record.get("provenance")
    return provenance == "real_user" if isinstance(provenance, str) else record.get("subtype") in _PERSONAL


def is_injected_line(record: Block, blocks: list[Block]) -> bool:
    """Whether no word of a line of the user's is the person's."""
    return not _is_personal(record) or all(block.get("is_injected") for block in blocks)


def usage_of(record: Block) -> TokenUsage | None:
    """The tokens of a reply. The cached ones are a part of the prompt.

    The thoughts are a part of the candidates with models behind OpenAI's interface, and apart from them with Google's:
    the total tells which.
    """
    tokens = as_object(record.get("usageMetadata"))
    if not tokens:
        return None
    prompt, cached = as_count(tokens.get("promptTokenCount")), as_count(tokens.get("cachedContentTokenCount"))
    output, thoughts = as_count(tokens.get("candidatesTokenCount")), as_count(tokens.get("thoughtsTokenCount"))
    tool = as_count(tokens.get("toolUsePromptTokenCount"))
    total = as_count(tokens.get("totalTokenCount"))
    if total and total < prompt + tool + output + thoughts:
        output = max(output - thoughts, 0)
    return TokenUsage(max(prompt - cached, 0) + tool, cached, 0, output, thoughts)


def model_of(record: Block) -> str | None:
    """The model of a reply."""
    return as_text(record.get("model")) or None
