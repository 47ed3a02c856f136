"""Recognizes whose transcript a file is by its first bytes, where its place does not tell."""

HEAD_BYTES = 2**16
"""Bytes of a file that are looked at."""

_LINES = 20


def source_of(head: bytes) -> str | None:
    """The agent that wrote a transcript which begins with these bytes; None if it is none of those that are known."""
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()]
    if not lines or not lines[0].lstrip().startswith(b"{"):
        return None
    first = lines[0]
    if _has(first, "type", "session_meta") or (_has(first, "record_type", "state") and b'"id"' in first):
        return "CODEX"
    if _has(first, "type", "session") and b'"cwd"' in first:
        return "PI"
    if b'"projectHash"' in head and b'"sessionId"' in head:
        return "GEMINI"
    if b'"sessionId"' not in head:
        return None
    if any(b'"uuid"' in line and b'"parts"' in line and b'"content"' not in line for line in lines):
        return "QWEN_CODE"
    return "CLAUDE_CODE" if b'"type"' in head else None


def _has(line: bytes, key: str, value: str) -> bool:
    return f'"{key}":"{value}"'.encode() in line.replace(b": ", b":")
