"""The content of a message, built from its lines in the form of the Messages API."""

from collections.abc import Iterable
from typing import Any

import msgspec
import orjson

from storage.documents.formats.blocks import Block, other_block, text_block
from storage.documents.formats.claude_code import injected
from storage.documents.formats.claude_code.attachments import attached_blocks, changed_input_blocks
from storage.documents.formats.claude_code.draft import (
    ATTACHED,
    CHANGED_INPUT,
    LOCAL_COMMAND,
    NOTE,
    QUEUED_PROMPT,
    RAW,
    REPLY,
    RESULTS,
    SUMMARY,
)
from storage.documents.formats.claude_code.outputs import PersistedOutputs
from storage.documents.formats.claude_code.tool_result import server_result, whole_result
from storage.documents.formats.json_values import MAX_DEPTH, as_object, as_text, parse_json
from storage.records.stored_blocks import is_tool_result, joined_text, read_blocks


class _Message(msgspec.Struct, gc=False):
    content: Any = None


class _Attachment(msgspec.Struct, gc=False):
    prompt: Any = None


class _ContentLine(msgspec.Struct, gc=False, rename="camel"):
    message: _Message | None = None
    attachment: _Attachment | None = None
    content: Any = None
    tool_use_result: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_ContentLine).decode


def build_content(kind: int, is_injected: bool, lines: Iterable[bytes], outputs: PersistedOutputs) -> list[Block]:
    """The blocks of a message of this kind from its lines, in their order."""
    blocks: list[Block] = []
    for data in lines:
        if kind == RAW:
            blocks.append(_raw_block(data))
            continue
        if kind == ATTACHED:
            blocks += attached_blocks(as_object(parse_json(data)))
            continue
        if kind == CHANGED_INPUT:
            blocks += changed_input_blocks(as_object(parse_json(data)))
            continue
        made = _fast_blocks(kind, is_injected, data, outputs)
        blocks += _blocks(kind, is_injected, _slow_line(data), outputs) if made is None else made
    return blocks


def _fast_blocks(kind: int, is_injected: bool, data: bytes, outputs: PersistedOutputs) -> list[Block] | None:
    """The blocks, without building what is not shown of the line; None for a line that this is too strict for."""
    if b"\\u0000" in data:
        return None
    try:
        blocks = _blocks(kind, is_injected, _decode(data), outputs)
        if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
            orjson.dumps(blocks)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return None
    return blocks


def _slow_line(data: bytes) -> _ContentLine:
    value = as_object(parse_json(data))
    return _ContentLine(
        _Message(as_object(value.get("message")).get("content")),
        _Attachment(as_object(value.get("attachment")).get("prompt")),
        value.get("content"),
        msgspec.Raw(msgspec.json.encode(value.get("toolUseResult"))),
    )


def _raw_block(data: bytes) -> Block:
    line = as_object(parse_json(data))
    return other_block(line, as_text(line.get("subtype")) or as_text(line.get("type")))


def _blocks(kind: int, is_injected: bool, line: _ContentLine, outputs: PersistedOutputs) -> list[Block]:
    if kind in (LOCAL_COMMAND, NOTE):
        return [text_block(as_text(line.content), is_injected=True)]
    if kind == QUEUED_PROMPT:
        content = line.attachment.prompt if line.attachment is not None else None
    else:
        content = line.message.content if line.message is not None else None
    if kind == SUMMARY:
        return [{"type": "compaction", "summary": joined_text(read_blocks(content))}]
    blocks = _listed(content)
    if kind == REPLY:
        blocks = [server_result(block) for block in blocks]
        return [{**block, "is_injected": True} for block in blocks] if is_injected else blocks
    if kind == RESULTS:
        is_only_result = sum(is_tool_result(str(block["type"])) for block in blocks) == 1
        blocks = [
            whole_result(block, line.tool_use_result if is_only_result else msgspec.Raw(), outputs)
            if is_tool_result(str(block["type"]))
            else block
            for block in blocks
        ]
    return [piece for block in blocks for piece in _split(block, is_injected)]


def _listed(content: object) -> list[Block]:
    """A content as a list of blocks; what is no block is put into one."""
    if content is None:
        return []
    return [_block(item) for item in (content if isinstance(content, list) else [content])]


def _block(item: object) -> Block:
    if isinstance(item, str):
        return text_block(item)
    return item if isinstance(item, dict) and isinstance(item.get("type"), str) else other_block(item)


def _split(block: Block, is_injected: bool) -> list[Block]:
    """A text block of a person's message in pieces: the person's words, and what the program put in."""
    text = block.get("text")
    if block["type"] != "text" or not isinstance(text, str):
        return [block]
    if is_injected:
        return [{**block, "is_injected": True}]
    pieces = injected.split(text)
    if len(pieces) == 1:
        return [{**block, "is_injected": True} if pieces[0].is_injected else block]
    return [text_block(piece.text, piece.is_injected) for piece in pieces]
