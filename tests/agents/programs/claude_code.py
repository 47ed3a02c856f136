"""Claude Code."""

import json
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, native

MODEL = "sonnet"


class ClaudeCode(Program):
    name = "claude-code"
    package = "@anthropic-ai/claude-code"

    @classmethod
    def executable(cls) -> list[str]:
        return native("@anthropic-ai/claude-code-*/claude")

    @property
    def root(self) -> Path:
        return self.home / ".claude"

    def prepare(self) -> None:
        self.root.mkdir()
        # Without it a start asks questions about themes and trust.
        (self.home / ".claude.json").write_text(json.dumps({"hasCompletedOnboarding": True}), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {
            "ANTHROPIC_API_KEY": "dummy",
            "ANTHROPIC_BASE_URL": self.models,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            # As root the program refuses to run without permission prompts outside a sandbox.
            "IS_SANDBOX": "1",
        }

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        options = ["--print", "--model", MODEL, "--dangerously-skip-permissions"]
        return [*options, *(["--resume", resume] if resume else []), prompt]

    def files(self) -> list[Path]:
        return sorted(self.root.glob("projects/*/*.jsonl"), key=lambda file: file.stat().st_mtime_ns)

    def session_id(self, file: Path) -> str:
        return file.stem

    def shell(self, command: str) -> Call:
        return Call("Bash", {"command": command, "description": "Run a command"})
