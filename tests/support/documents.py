"""Small session documents, as zagens and CodeWhale write them.

zagens("s1", messages=[user("Why?"), assistant(tool_use("t1"), tool_result("t1", "42"), text("Because."))])
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Whole documents in files, by agent; `edge/EXPECT.json` says what importing each file of its folder gives.
FILES = Path(__file__).parent.parent / "documents"

Block = dict[str, Any]
Message = dict[str, Any]
Document = dict[str, Any]


def zagens(
    id: str,
    title: str = "Why does the export skip Feb 29?",
    *,
    messages: Sequence[Message] = (),
    system_prompt: str | None = None,
    **metadata: Any,
) -> Document:
    """A zagens document; `metadata` adds to or replaces fields of its metadata."""
    return {
        "schema_version": 1,
        "metadata": {
            "id": id,
            "title": title,
            "created_at": "2026-06-11T07:52:10.118Z",
            "updated_at": "2026-06-11T08:03:44.902Z",
            "message_count": len(messages),
            "total_tokens": 18422,
            "model": "deepseek-v4-pro",
            "workspace": "/home/ines/work/billing",
            "mode": "agent",
            **metadata,
        },
        "messages": list(messages),
        "system_prompt": system_prompt,
    }


def codewhale(
    id: str,
    title: str = "Why does the export skip Feb 29?",
    *,
    messages: Sequence[Message] = (),
    system_prompt: str | None = None,
    **metadata: Any,
) -> Document:
    """A CodeWhale document; `metadata` adds to or replaces fields of its metadata."""
    own: dict[str, Any] = {
        "model_provider": "deepseek",
        "cost": {"session_cost_usd": 0.0123, "subagent_cost_usd": 0.0, "priced_turns": 2, "unpriced_turns": 0},
        "cumulative_turn_secs": 95,
        "spawn_depth": 0,
    }
    return zagens(id, title, messages=messages, system_prompt=system_prompt, **(own | metadata))


def user(*blocks: str | Block) -> Message:
    return message("user", *blocks)


def assistant(*blocks: str | Block) -> Message:
    return message("assistant", *blocks)


def message(role: str, *blocks: str | Block) -> Message:
    """A message of any role; a plain string stands for a text block."""
    return {"role": role, "content": [text(block) if isinstance(block, str) else block for block in blocks]}


def text(text: str) -> Block:
    return {"type": "text", "text": text}


def thinking(thinking: str) -> Block:
    return {"type": "thinking", "thinking": thinking}


def tool_use(id: str, name: str = "read_file", input: object = None) -> Block:
    return {"type": "tool_use", "id": id, "name": name, "input": {} if input is None else input}


def tool_result(tool_use_id: str, content: str = "ok", is_error: bool | None = None) -> Block:
    """Without `is_error` where it is None: agents leave it out of most results."""
    result: Block = {"type": "tool_result", "tool_use_id": tool_use_id, "content": content}
    return result if is_error is None else {**result, "is_error": is_error}
