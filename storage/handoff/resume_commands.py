"""The commands by which agents continue a session, as lists of words."""

_RESUME = {
    "CLAUDE_CODE": ("claude", "--resume"),
    "CODEX": ("codex", "resume"),
    "GEMINI": ("gemini", "--resume"),
    "OPENCODE": ("opencode", "--session"),
    "QWEN_CODE": ("qwen", "--resume"),
    "PI": ("pi", "--session"),
}


def resume_commands(source: str, session_id: str) -> list[list[str]]:
    """The command that resumes a session; none for an agent that has no command for it."""
    return [[*_RESUME[source], session_id]] if source in _RESUME else []


def checkpoint_command(tag: str) -> list[str]:
    """The command that resumes the checkpoint of Gemini CLI with a tag."""
    return ["gemini", "--prompt-interactive", " ".join(("/chat resume", tag)).rstrip()]


def import_command(path: str) -> list[str]:
    """The command by which OpenCode takes a session into its database."""
    return ["opencode", "import", path]
