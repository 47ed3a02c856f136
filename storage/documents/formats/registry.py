"""The formats of agents' transcripts, by source."""

import functools
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from storage.documents.formats import agent_versions
from storage.documents.formats.agent_versions import AgentVersion

if TYPE_CHECKING:
    from storage.documents.derived_session import DerivedSession
    from storage.documents.formats.transcript_format import (
        Continued,
        FoundTranscripts,
        TranscriptFormat,
        TranscriptReader,
    )


class _LazyFormat:
    """A format whose modules are imported when it reads: a server that imports nothing never needs them."""

    def __init__(self, version: AgentVersion, module: str, name: str) -> None:
        self.source, self.agent, self.version, self.tried_version = version
        self._module = module
        self._name = name

    @functools.cached_property
    def _format(self) -> "TranscriptFormat":
        module = import_module(f"storage.documents.formats.{self._module}")
        return cast("TranscriptFormat", getattr(module, self._name)())

    @property
    def folders(self) -> tuple[str, ...]:
        return self._format.folders

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        return self._format.homes(environment, user_home)

    def find(self, home: Path) -> "FoundTranscripts":
        return self._format.find(home)

    def session_id(self, transcript: "TranscriptReader") -> str | None:
        return self._format.session_id(transcript)

    def keys(self, transcript: "TranscriptReader") -> list[str]:
        return self._format.keys(transcript)

    def continued(self, transcript: "TranscriptReader") -> "Sequence[Continued]":
        return self._format.continued(transcript)

    def derive(self, transcripts: "Sequence[TranscriptReader]") -> "DerivedSession | None":
        return self._format.derive(transcripts)


_ALL: "tuple[TranscriptFormat, ...]" = (
    _LazyFormat(agent_versions.CLAUDE_CODE, "claude_code.claude_code_format", "ClaudeCodeFormat"),
    _LazyFormat(agent_versions.CODEX, "codex.codex_format", "CodexFormat"),
    _LazyFormat(agent_versions.GEMINI, "gemini.gemini_format", "GeminiFormat"),
    _LazyFormat(agent_versions.OPENCODE, "opencode.opencode_format", "OpenCodeFormat"),
    _LazyFormat(agent_versions.QWEN_CODE, "qwen.qwen_format", "QwenFormat"),
    _LazyFormat(agent_versions.PI, "pi.pi_format", "PiFormat"),
)

FORMATS: "Mapping[str, TranscriptFormat]" = MappingProxyType({format.source: format for format in _ALL})
"""One format for each agent whose transcripts can be imported."""
