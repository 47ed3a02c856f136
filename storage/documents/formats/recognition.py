"""Recognizes by its content which agent wrote a transcript, and its name, if its place does not tell."""

import re

HEAD_BYTES = 2**16
"""Bytes of a file that are looked at."""

TAIL_BYTES = 2**20
"""Bytes of a file's end that tell its name."""

_LINES = 20
_SESSION_ID = re.compile(rb'"sessionId"\s*:\s*"([A-Za-z0-9_-]{1,200})"')
_AGENT_ID = re.compile(rb'"agentId"\s*:\s*"([A-Za-z0-9_-]{1,100})"')
_SIDECHAIN = re.compile(rb'"isSidechain"\s*:\s*(true|false)')

_EXPORT_OF_OPENCODE = re.compile(rb'\s*\{\s*"info"\s*:\s*\{\s*"id"\s*:\s*"ses_')
# Session documents, which may hold the keys of transcripts anywhere in their messages.
_DOCUMENT = re.compile(rb'\s*\{\s*"(?:schema_version|metadata|messages|system_prompt|journal|artifacts)"\s*:')


def source_of(head: bytes) -> str | None:
    """The agent that wrote a transcript which begins with these bytes; None if it is none of those that are known."""
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()]
    if not lines or not lines[0].lstrip().startswith(b"{"):
        return None
    if _EXPORT_OF_OPENCODE.match(head):
        return "OPENCODE"
    if is_document(head):
        return None
    first = lines[0]
    if _has(first, "type", "session_meta") or (_has(first, "record_type", "state") and b'"id"' in first):
        return "CODEX"
    # A fork of pi has the title before the header.
    header = lines[1] if _has(first, "type", "title") and len(lines) > 1 else first
    if _has(header, "type", "session") and b'"cwd"' in header:
        return "PI"
    if b'"projectHash"' in head and b'"sessionId"' in head:
        return "GEMINI"
    if b'"sessionId"' not in head:
        return None
    if any(b'"uuid"' in line and b'"parts"' in line and b'"content"' not in line for line in lines):
        return "QWEN_CODE"
    return "CLAUDE_CODE" if b'"type"' in head else None


def is_document(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a session document."""
    return _DOCUMENT.match(head) is not None


def name_of(tail: bytes) -> str | None:
    """The name that Claude Code and Qwen Code give to a file with these last lines, by which they tell sessions apart.

    None if the lines have no id of a session.
    """
    ids = _SESSION_ID.findall(tail)
    if not ids:
        return None
    # The last line counts: a fork begins with copied ones.
    session = ids[-1].decode()
    agents = _AGENT_ID.findall(tail)
    if agents and set(_SIDECHAIN.findall(tail)) == {b"true"}:
        return f"{session}/subagents/agent-{agents[-1].decode()}.jsonl"
    return f"{session}.jsonl"


def _has(line: bytes, key: str, value: str) -> bool:
    return f'"{key}":"{value}"'.encode() in line.replace(b": ", b":")
