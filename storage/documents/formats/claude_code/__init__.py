"""The format of Claude Code's transcripts: JSONL files in `~/.claude/projects`.

`layout` finds the files. `scan` passes over the lines once and keeps little of each: messages as drafts, and how the
lines follow each other in a `graph`. `live_view` chooses what the model sees. `content` builds a message from its lines
again when it is asked for.
"""

from storage.documents.formats.claude_code.claude_code_format import ClaudeCodeFormat

__all__ = ["ClaudeCodeFormat"]
