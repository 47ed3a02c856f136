"""What is known of the formats of transcripts without importing them."""

from typing import NamedTuple


class AgentVersion(NamedTuple):
    """Which agent a format reads. `version` rises whenever the format derives another result from the same transcripts.

    `tried_version` is the newest version of the agent whose files were read.
    """

    source: str
    agent: str
    version: int
    tried_version: str


CLAUDE_CODE = AgentVersion("CLAUDE_CODE", "Claude Code", 1, "2.1.332")
CODEX = AgentVersion("CODEX", "Codex", 1, "0.171.0")
GEMINI = AgentVersion("GEMINI", "Gemini CLI", 1, "0.61.0")
OPENCODE = AgentVersion("OPENCODE", "OpenCode", 1, "1.18.33")
QWEN_CODE = AgentVersion("QWEN_CODE", "Qwen Code", 1, "0.24.4")
PI = AgentVersion("PI", "pi", 1, "1.6.0")
