"""OpenCode."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, native

MODEL = "scripted/model"
_MODEL = {
    "name": "Scripted",
    "tool_call": True,
    "reasoning": True,
    "attachment": True,
    "modalities": {"input": ["text", "image"], "output": ["text"]},
}


class OpenCode(Program):
    name = "opencode"
    package = "opencode-ai"

    @classmethod
    def executable(cls) -> list[str]:
        return native("opencode-*/bin/opencode")

    @property
    def root(self) -> Path:
        return self.home / ".local" / "share" / "opencode"

    def prepare(self) -> None:
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Scripted",
            "options": {"baseURL": f"{self.models}/v1", "apiKey": "dummy"},
            "models": {"model": _MODEL},
        }
        settings = {
            "$schema": "https://opencode.ai/config.json",
            "provider": {"scripted": provider},
            "model": MODEL,
            "small_model": MODEL,
            "autoupdate": False,
            "share": "disabled",
            "permission": "allow",
        }
        folder = self.home / ".config" / "opencode"
        folder.mkdir(parents=True)
        (folder / "opencode.json").write_text(json.dumps(settings), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        }

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        return ["run", "--model", MODEL, *(["--session", resume] if resume else []), prompt]

    def files(self) -> list[Path]:
        return sorted(self.root.glob("opencode.db"))

    def session_id(self, file: Path) -> str:
        """The id of the session that was changed last."""
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            [session_id] = database.execute("SELECT id FROM session ORDER BY time_updated DESC LIMIT 1").fetchone()
        assert isinstance(session_id, str)
        return session_id

    def shell(self, command: str) -> Call:
        return Call("bash", {"command": command, "description": "Run a command"})
