"""The agents whose sessions are known, and what can be done with them here."""

from collections.abc import Container
from typing import NamedTuple

from storage.documents.formats import agent_json
from storage.documents.formats.registry import FORMATS


class Agent(NamedTuple):
    """An agent program. `tried_version` is the newest version whose files were read, None where that is not known."""

    source: str
    name: str
    can_import: bool
    can_hand_off: bool
    tried_version: str | None


_NAMES = {
    "CLAUDE_CODE": "Claude Code",
    "CODEX": "Codex",
    "GEMINI": "Gemini CLI",
    "OPENCODE": "OpenCode",
    "QWEN_CODE": "Qwen Code",
    "PI": "pi",
    agent_json.ZAGENS: "zagens",
    agent_json.CODEWHALE: "CodeWhale",
}


def known_agents(targets: Container[str] = ()) -> list[Agent]:
    """All agents, in the order in which people see them; sessions can be handed over to those among `targets`."""
    return [_agent(source, name, targets) for source, name in _NAMES.items()]


def _agent(source: str, name: str, targets: Container[str]) -> Agent:
    transcript_format = FORMATS.get(source)
    return Agent(
        source=source,
        name=name,
        can_import=transcript_format is not None or source in agent_json.SOURCES,
        can_hand_off=source in targets,
        tried_version=None if transcript_format is None else transcript_format.tried_version,
    )
