"""Conversion of messages to turns and items of a thread: pure functions of content blocks."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from storage.json_codec import dump
from storage.records.common_block import CommonToolResult, CommonToolUse
from storage.records.content_block import (
    CompactionBlock,
    ContentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.records.injected import is_marked, split_block

SEED_VERSION = 5
"""Version of the rules in this module and in `tool_links.py`. A thread of another version is not reused by a resume.

1 paired the k-th result of an id with its k-th call; 2 pairs a result with the nearest open call;
3 keeps injected text out of prompts; 4 knows blocks that are marked as injected, and compaction blocks;
5 tells the kinds of tools of all agents.
"""

SUMMARY_LENGTH = 280

COMPLETED = "COMPLETED"
FAILED = "FAILED"
INTERRUPTED = "INTERRUPTED"

USER_MESSAGE = "UserMessageItem"
AGENT_MESSAGE = "AgentMessageItem"
REASONING = "ReasoningItem"
TOOL_CALL = "ToolCallItem"
OTHER = "OtherItem"
ITEM_TYPES = (USER_MESSAGE, AGENT_MESSAGE, REASONING, TOOL_CALL, OTHER)

INJECTED = "injected"
"""The kind of an OtherItem for text that the agent program put into a person's message."""

COMPACTION = "compaction"
"""The kind of an OtherItem for the summary of a compaction."""

# The parts of a tool's name: `NotebookEdit`, `write_file`.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_COMMANDS = {
    "bash",
    "exec_command",
    "execute_command",
    "local_shell",
    "power_shell",
    "powershell",
    "run_command",
    "run_shell_command",
    "shell",
    "shell_command",
    "write_stdin",
}
"""Tools that run commands, or write to one that runs."""
_FILE_CHANGES = {"edit", "multiedit", "patch", "replace", "write"}
"""Words in the names of tools that change files."""
_NO_FILES = {"memory", "plan", "todo", "todos"}
"""Words in the names of tools that write something else."""

USER = "user"
ASSISTANT = "assistant"
ASSISTANT_INTERRUPTED = "assistant_interrupted"

Answer = ToolResultBlock | CommonToolResult
"""The result of a tool call."""


class Item(NamedTuple):
    """A thread item without its position. `detail` is JSON text: the input of a tool, or a block as stored."""

    type: str
    status: str
    summary: str
    kind: str | None = None
    name: str | None = None
    tool_use_id: str | None = None
    detail: str | None = None
    text: str | None = None


def summarize(text: str) -> str:
    """The first line that is not blank, cut at 280 code points."""
    text = text.lstrip()
    end = text.find("\n", 0, SUMMARY_LENGTH)
    return text[: SUMMARY_LENGTH if end < 0 else end].rstrip()


def prompt_of(role: str, blocks: Sequence[ContentBlock]) -> str | None:
    """The prompt of a message that opens a turn: its texts; None for a message that belongs to the open turn."""
    if role != USER:
        return None
    text = own_text(blocks)
    return text if text or any(isinstance(block, ImageBlock) for block in blocks) else None


def own_text(blocks: Sequence[ContentBlock]) -> str:
    """The person's words in a message, without injected text; the texts of its blocks are joined by newlines."""
    texts = (split_block(block).own for block in blocks if isinstance(block, TextBlock))
    return "\n".join(filter(None, texts))


def items_of(
    role: str, blocks: Sequence[ContentBlock], answers: Mapping[int, Answer], answering: Set[int]
) -> Iterator[Item]:
    """Yield the items of one message, in the order of its blocks.

    `role` is the role as stored. `answers` maps block positions of the message's calls to their results, and
    `answering` holds the block positions of its own results that answer a call.
    """
    has_user_text = False
    for block in blocks:
        if isinstance(block, TextBlock) and role == USER:
            own, has_injected = split_block(block)
            if own and not has_user_text:
                yield user_message(own_text(blocks))
                has_user_text = True
            if has_injected:
                yield _other(role, INJECTED, "", block.raw)
        elif isinstance(block, TextBlock):
            if is_marked(block.raw):
                yield _other(role, INJECTED, "", block.raw)
            elif block.text:
                yield _text_item(role, block)
        elif isinstance(block, ToolUseBlock):
            yield tool_call(block, answers.get(block.position))
        elif isinstance(block, ThinkingBlock):
            if block.thinking:
                yield reasoning(block.thinking)
        elif isinstance(block, ToolResultBlock):
            if block.position not in answering:
                yield _other(role, str(block.raw["type"]), summarize(block.text), block.raw)
        elif isinstance(block, ImageBlock):
            yield _other(role, str(block.raw["type"]), "", block.raw)
        elif isinstance(block, CompactionBlock):
            yield _other(role, COMPACTION, summarize(block.summary), block.raw)
        else:
            yield _other(role, block.block_kind, block.block_kind[:SUMMARY_LENGTH], block.raw)


def _text_item(role: str, block: TextBlock) -> Item:
    if role == ASSISTANT:
        return agent_message(block.text)
    return _other(role, role, summarize(block.text), block.raw)


def user_message(text: str) -> Item:
    """The item of a person's words."""
    return Item(USER_MESSAGE, COMPLETED, summarize(text), text=text)


def agent_message(text: str) -> Item:
    """The item of a text by the model."""
    return Item(AGENT_MESSAGE, COMPLETED, summarize(text), text=text)


def reasoning(thinking: str) -> Item:
    """The item of the model's reasoning."""
    return Item(REASONING, COMPLETED, summarize(thinking), text=thinking)


def own_item_count(role: str, blocks: Sequence[ContentBlock]) -> int:
    """The number of items of a message without its tool results, which are items only if they answer no call."""
    count = 0
    # The texts of a person's message are one item.
    has_own = False
    for block in blocks:
        if isinstance(block, TextBlock):
            if role == USER:
                own, has_injected = split_block(block)
                has_own = has_own or own != ""
                count += has_injected
            else:
                count += block.text != "" or is_marked(block.raw)
        elif not isinstance(block, ToolResultBlock):
            count += not isinstance(block, ThinkingBlock) or block.thinking != ""
    return count + has_own


def _other(role: str, kind: str, summary: str, raw: object) -> Item:
    status = INTERRUPTED if role == ASSISTANT_INTERRUPTED else COMPLETED
    return Item(OTHER, status, summary, kind=kind, detail=dump(raw))


def tool_call(call: ToolUseBlock | CommonToolUse, result: Answer | None) -> Item:
    """The item of a tool call, with its result if it has one."""
    status = INTERRUPTED if result is None else FAILED if result.is_error else COMPLETED
    return Item(
        TOOL_CALL,
        status,
        summarize(call_line(call)),
        kind=tool_call_kind(call.name),
        name=call.name,
        tool_use_id=call.tool_use_id,
        detail=call.input_text,
        text=None if result is None else result.text,
    )


def call_line(call: ToolUseBlock | CommonToolUse) -> str:
    """The tool's name, and its first argument that is a text."""
    if isinstance(arguments := call.input_value, dict):
        argument = next((value for value in arguments.values() if isinstance(value, str) and value), None)
        if argument is not None:
            return f"{call.name}: {argument}"
    return call.name


def tool_call_kind(name: str) -> str:
    """COMMAND_EXECUTION, FILE_CHANGE or TOOL_CALL, guessed from the tool's name."""
    words = [word.lower() for word in _WORD.findall(name)]
    whole = "_".join(words)
    if whole in _COMMANDS or whole.startswith("exec_shell"):
        return "COMMAND_EXECUTION"
    if not _FILE_CHANGES.isdisjoint(words) and _NO_FILES.isdisjoint(words):
        return "FILE_CHANGE"
    return "TOOL_CALL"
