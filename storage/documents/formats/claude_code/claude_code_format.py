"""The transcripts of Claude Code."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.documents.derived_session import DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.claude_code import layout
from storage.documents.formats.claude_code.costs import SourceCosts
from storage.documents.formats.claude_code.layout import PROJECTS, TranscriptName
from storage.documents.formats.claude_code.line import read_line
from storage.documents.formats.claude_code.outputs import PersistedOutputs
from storage.documents.formats.claude_code.scan import Scan
from storage.documents.formats.claude_code.session import session_of
from storage.documents.formats.json_values import as_id
from storage.documents.formats.transcript_format import Continued, FoundTranscripts, TranscriptReader


class ClaudeCodeFormat:
    """One file a session, which only grows, and one for each of its subagents."""

    source, agent, version, tried_version = agent_versions.CLAUDE_CODE
    folders = (PROJECTS,)

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """The paths in CLAUDE_CONFIG_DIR, or `~/.claude`."""
        return layout.homes(environment, user_home)

    def find(self, home: Path) -> FoundTranscripts:
        """Find the transcripts of sessions and subagents, with the files that belong to them."""
        return layout.find(home)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The id in the file's name, for a subagent with its parent's; None as long as nothing was said."""
        place = layout.place_of(transcript.name)
        scan = Scan(place.session, place.agent is not None)
        scan.begin(0, None)
        for line in transcript.lines():
            scan.add(line)
            if scan.has_message:
                return _id(place, scan)
        return None

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """The id of its session, by which forks and subagents name it, and the name of the team that it may lead."""
        place = layout.place_of(transcript.name)
        if place.session is None or place.agent is not None:
            return []
        return [place.session, layout.team_of(place.session)]

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """None: a fork holds a copy of what it continues."""
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session of its file, or of its files if it has several."""
        place = layout.place_of(transcripts[-1].name)
        scan = Scan(place.session, place.agent is not None)
        for number, transcript in enumerate(transcripts):
            scan.begin(number, PersistedOutputs(transcript, place.session))
            for line in transcript.lines():
                scan.add(line)
        id = _id(place, scan)
        if not scan.has_message or id is None:
            return None
        scan.graph.link()
        _set_apart(scan, transcripts[-1], place)
        outputs = PersistedOutputs(transcripts[-1], scan.session)
        return session_of(self.source, id, place, scan, transcripts, outputs)


def _id(place: TranscriptName, scan: Scan) -> str | None:
    session = place.session or scan.session
    if place.agent is None or session is None:
        return as_id(session)
    return layout.subagent_id(session, place.agent)


def _set_apart(scan: Scan, transcript: TranscriptReader, place: TranscriptName) -> None:
    """Separate what a fork copied from its source from what is its own, so that tokens and costs are counted once."""
    copies = scan.copies
    copies.settle()
    source = transcript.base(copies.origin) if copies.origin is not None and place.agent is None else None
    uuids, costs = [], SourceCosts()
    for line in () if source is None else source.lines():
        record = read_line(line.data)
        if record is not None:
            costs.take_in(record)
            if record.uuid is not None:
                uuids.append(record.uuid)
    copies.mark(scan.drafts, scan.drafts_of(uuids))
    if scan.facts.spending is not None:
        scan.own_cost = costs.own_cost(scan.facts.spending, [draft for draft in scan.drafts if not draft.is_copied])
