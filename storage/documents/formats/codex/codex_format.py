"""Codex as one of the formats of transcripts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.documents.derived_session import DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.codex import session
from storage.documents.formats.codex.home import FOLDERS, find, homes
from storage.documents.formats.transcript_format import Continued, FoundTranscripts, TranscriptReader


class CodexFormat:
    """The format of Codex's rollouts. See `storage.documents.formats.transcript_format.TranscriptFormat`."""

    source, agent, version, tried_version = agent_versions.CODEX
    folders = FOLDERS

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        return homes(environment, user_home)

    def find(self, home: Path) -> FoundTranscripts:
        return find(home)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        return session.session_id(transcript)

    def keys(self, transcript: TranscriptReader) -> list[str]:
        return session.session_keys(transcript)

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        return session.continued(transcript)

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        return session.derive(transcripts)
