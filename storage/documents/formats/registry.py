"""The formats of agents' transcripts, by source."""

from collections.abc import Mapping
from types import MappingProxyType

from storage.documents.formats.transcript_format import TranscriptFormat

FORMATS: Mapping[str, TranscriptFormat] = MappingProxyType({})
"""One format for each agent whose transcripts can be imported."""
