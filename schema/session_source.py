"""SessionSource, the agent programs whose sessions are known."""

from enum import Enum

import strawberry


@strawberry.enum(description="Which agent wrote a session. More may be added.")
class SessionSource(Enum):
    ZAGENS = strawberry.enum_value("ZAGENS", description="zagens: one JSON document a session.")
    CODEWHALE = strawberry.enum_value(
        "CODEWHALE", description="CodeWhale, formerly DeepSeek-TUI: one JSON document a session."
    )
    CLAUDE_CODE = strawberry.enum_value("CLAUDE_CODE", description="Claude Code: one JSONL file a session.")
    CODEX = strawberry.enum_value("CODEX", description="Codex CLI: one JSONL rollout a session.")
    OPENCODE = strawberry.enum_value("OPENCODE", description="OpenCode.")
    GEMINI = strawberry.enum_value("GEMINI", description="Gemini CLI.")
    QWEN_CODE = strawberry.enum_value("QWEN_CODE", description="Qwen Code: one JSONL file a session.")
    PI = strawberry.enum_value("PI", description="pi: one JSONL file a session.")
