"""Gemini CLI."""

import json
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, on_node

MODEL = "gemini-2.5-flash"


class GeminiCli(Program):
    name = "gemini"
    package = "@google/gemini-cli"

    @classmethod
    def executable(cls) -> list[str]:
        return on_node("@google/gemini-cli/bundle/gemini.js")

    @property
    def root(self) -> Path:
        return self.home / ".gemini"

    def prepare(self) -> None:
        self.root.mkdir()
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        }
        (self.root / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {"GEMINI_API_KEY": "dummy", "GOOGLE_GEMINI_BASE_URL": self.models, "GEMINI_CLI_NO_RELAUNCH": "1"}

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        options = ["--model", MODEL, "--yolo", "--skip-trust"]
        return [*options, *(["--resume", resume] if resume else []), "--prompt", prompt]

    def files(self) -> list[Path]:
        return sorted(self.root.glob("tmp/*/chats/session-*.jsonl"), key=lambda file: file.stat().st_mtime_ns)

    def session_id(self, file: Path) -> str:
        with file.open(encoding="utf-8") as lines:
            session_id: str = json.loads(next(lines))["sessionId"]
        return session_id

    def shell(self, command: str) -> Call:
        return Call("run_shell_command", {"command": command, "description": "Run a command"})
