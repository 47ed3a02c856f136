"""Codex."""

from pathlib import Path

from tests.agents.model_server.script import Call
from tests.agents.programs.program import Program, native

# Known to the program, so that it offers all its tools.
MODEL = "gpt-5.5"
_CONFIG = """\
model = "{model}"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
request_max_retries = 0
stream_max_retries = 0
"""


class Codex(Program):
    name = "codex"
    package = "@openai/codex"

    @classmethod
    def executable(cls) -> list[str]:
        return native("@openai/codex-*/vendor/*/bin/codex")

    @property
    def root(self) -> Path:
        return self.home / ".codex"

    def prepare(self) -> None:
        self.root.mkdir()
        (self.root / "config.toml").write_text(_CONFIG.format(model=MODEL, url=self.models), encoding="utf-8")

    def settings(self) -> dict[str, str]:
        return {"CODEX_HOME": str(self.root), "SCRIPTED_KEY": "dummy"}

    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        return ["exec", *(["resume", *options, resume] if resume else options), prompt]

    def files(self) -> list[Path]:
        # The names begin with the time.
        return sorted(self.root.glob("sessions/*/*/*/rollout-*.jsonl"))

    def session_id(self, file: Path) -> str:
        return file.stem[-36:]

    def shell(self, command: str) -> Call:
        return Call("exec_command", {"cmd": command})
