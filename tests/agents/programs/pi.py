"""pi."""

import json
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, on_node

PROVIDER, MODEL = "scripted", "model"


class Pi(Program):
    name = "pi"
    package = "@mariozechner/pi-coding-agent"

    @classmethod
    def executable(cls) -> list[str]:
        return on_node("@mariozechner/pi-coding-agent/dist/cli.js")

    @property
    def root(self) -> Path:
        return self.home / ".pi" / "agent"

    def prepare(self) -> None:
        self.root.mkdir(parents=True)
        provider = {
            "baseUrl": f"{self.models}/v1",
            "api": "openai-completions",
            "apiKey": "dummy",
            "models": [{"id": MODEL, "name": "Scripted", "reasoning": True, "input": ["text", "image"]}],
        }
        models = {"providers": {PROVIDER: provider}}
        (self.root / "models.json").write_text(json.dumps(models), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {"PI_OFFLINE": "1"}

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        options = ["--provider", PROVIDER, "--model", MODEL]
        return [*options, *(["--session", resume] if resume else []), "--print", prompt]

    def files(self) -> list[Path]:
        return sorted(self.root.glob("sessions/*/*.jsonl"))

    def session_id(self, file: Path) -> str:
        return file.stem.rpartition("_")[2]

    def shell(self, command: str) -> Call:
        return Call("bash", {"command": command})
