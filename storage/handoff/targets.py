"""The agents that sessions can be handed over to."""

from collections.abc import Mapping
from types import MappingProxyType

from storage.handoff.claude_code import ClaudeCodeTarget
from storage.handoff.codex import CodexTarget
from storage.handoff.gemini import GeminiTarget
from storage.handoff.opencode import OpenCodeTarget
from storage.handoff.pi import PiTarget
from storage.handoff.qwen_code import QwenCodeTarget
from storage.handoff.target import Target

_ALL: tuple[Target, ...] = (
    ClaudeCodeTarget(),
    CodexTarget(),
    GeminiTarget(),
    OpenCodeTarget(),
    QwenCodeTarget(),
    PiTarget(),
)

TARGETS: Mapping[str, Target] = MappingProxyType({target.source: target for target in _ALL})
"""The targets by source."""
