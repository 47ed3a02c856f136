"""Qwen Code."""

import json
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, on_node

# Of those that take pictures: to others the program sends a text in place of one.
MODEL = "qwen3-vl-plus"


class QwenCode(Program):
    name = "qwen"
    package = "@qwen-code/qwen-code"

    @classmethod
    def executable(cls) -> list[str]:
        return on_node("@qwen-code/qwen-code/cli-entry.js")

    @property
    def root(self) -> Path:
        return self.home / ".qwen"

    def prepare(self) -> None:
        self.root.mkdir()
        settings = {
            "security": {"auth": {"selectedType": "openai"}},
            "general": {"enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            # Else it asks the model after each turn what to remember, with tools as in a conversation.
            "memory": {"enableManagedAutoMemory": False},
            # The same for what a person behind an editor may say next.
            "ui": {"enableFollowupSuggestions": False},
        }
        (self.root / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {
            "OPENAI_API_KEY": "dummy",
            "OPENAI_BASE_URL": f"{self.models}/v1",
            "OPENAI_MODEL": MODEL,
            "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        }

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        options = ["--auth-type", "openai", "--model", MODEL, "--yolo"]
        return [*options, *(["--resume", resume] if resume else []), "--prompt", prompt]

    def files(self) -> list[Path]:
        return sorted(self.root.glob("projects/*/chats/*.jsonl"), key=lambda file: file.stat().st_mtime_ns)

    def session_id(self, file: Path) -> str:
        return file.stem

    def shell(self, command: str) -> Call:
        return Call("run_shell_command", {"command": command, "description": "Run a command", "is_background": False})
