"""The formats of agents' transcripts, by source."""

from collections.abc import Mapping
from types import MappingProxyType

from storage.documents.formats.claude_code.claude_code_format import ClaudeCodeFormat
from storage.documents.formats.codex.codex_format import CodexFormat
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from storage.documents.formats.pi.pi_format import PiFormat
from storage.documents.formats.qwen.qwen_format import QwenFormat
from storage.documents.formats.transcript_format import TranscriptFormat

_ALL: tuple[TranscriptFormat, ...] = (
    ClaudeCodeFormat(),
    CodexFormat(),
    GeminiFormat(),
    OpenCodeFormat(),
    QwenFormat(),
    PiFormat(),
)

FORMATS: Mapping[str, TranscriptFormat] = MappingProxyType({format.source: format for format in _ALL})
"""One format for each agent whose transcripts can be imported."""
