"""The format of pi's transcripts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.blocks import Block
from storage.documents.formats.derived_values import first_prompt_of, last_model, time_span, total_usage
from storage.documents.formats.file_walk import FileWalk, expanded
from storage.documents.formats.json_values import as_id, as_text, as_time, without
from storage.documents.formats.pi.entry_content import entry_blocks
from storage.documents.formats.pi.live_view import live_messages
from storage.documents.formats.pi.session_id import NAME, parent_id_of, session_id_of
from storage.documents.formats.pi.system_prompt import system_prompt_of
from storage.documents.formats.pi.transcript_scan import EntryScan
from storage.documents.formats.pi.typed_prompt import is_command, typed_prompt
from storage.documents.formats.record_reader import RecordReader
from storage.documents.formats.transcript_format import Continued, FoundTranscript, FoundTranscripts, TranscriptReader

_SESSIONS = "sessions"
_DEPTH = 2
# Subagents of subagents have folders within those of their sessions.
_SUBAGENT_DEPTH = 3
_KNOWN_HEADER = ("type", "timestamp", "cwd", "title")


class PiFormat:
    """pi appends each entry below its parent; the session continues from the last entry."""

    source, agent, version, tried_version = agent_versions.PI
    folders = (_SESSIONS,)

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """PI_CODING_AGENT_SESSION_DIR and PI_CODING_AGENT_DIR, or `.pi/agent` in the user's home."""
        named = (environment.get(name) for name in ("PI_CODING_AGENT_SESSION_DIR", "PI_CODING_AGENT_DIR"))
        return [expanded(name, user_home) for name in named if name] or [user_home / ".pi" / "agent"]

    def find(self, home: Path) -> FoundTranscripts:
        """Find all files in the workspaces' folders, and elsewhere those with a session's name.

        oh-my-pi, a fork of pi, keeps the subagents of a session in a folder beside it.
        """
        found: list[FoundTranscript] = []
        passed_over = 0
        walk = FileWalk()
        for path in walk.files(home, _DEPTH):
            if _is_of_subagent(path):
                # It is found with its session.
                continue
            is_in_place = path.parent.parent.name == _SESSIONS and path.suffix == ".jsonl"
            if not is_in_place and not NAME.fullmatch(path.name):
                passed_over += 1
                continue
            top = path.parent.parent.parent if is_in_place else home
            subagents = walk.files(path.with_suffix(""), _SUBAGENT_DEPTH) if NAME.fullmatch(path.name) else ()
            for file in (path, *subagents):
                if file.suffix == ".jsonl":
                    found.append(FoundTranscript(file, file.relative_to(top).as_posix()))
                else:
                    passed_over += 1
        return FoundTranscripts(sorted(found, key=lambda transcript: transcript.name), passed_over, walk.refused)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The id in the header, which is the first line, or the second behind that of oh-my-pi's title."""
        header = _header(transcript)
        return session_id_of(header) if header.get("type") == "session" else None

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """None: a fork holds a copy of what it continues."""
        return []

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """None: a fork holds a copy of what it continues."""
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session, whose live path ends with the last entry of the file that was continued last.

        Others are copies that `/export` and `/import` made, under the id of the session.
        """
        scan = EntryScan()
        for transcript in sorted(transcripts, key=_started_at):
            scan.read(transcript)
        session_id = session_id_of(scan.header)
        if session_id is None or not scan.drafts:
            return None
        messages = [draft.message(entry_blocks) for draft in scan.drafts]
        path = scan.tree.path(scan.leaf)
        created_at, updated_at = time_span(
            as_time(scan.header.get("timestamp")), map(as_time, scan.times), transcripts[-1].modified_at
        )
        handed_over_from = as_id(scan.header.get("handedOverFrom"))
        own = (draft.usage for draft in scan.drafts if not draft.is_copied)
        return DerivedSession(
            id=session_id,
            source=self.source,
            workspace=as_text(scan.header.get("cwd")),
            created_at=created_at,
            updated_at=updated_at,
            messages=messages,
            live=live_messages(scan, path),
            kind=SUBAGENT if scan.is_subagent else FORK if scan.has_copies or handed_over_from else MAIN,
            parent_id=handed_over_from or parent_id_of(scan.header),
            # The file of a subagent is named as the agent that asked it named it.
            title=scan.name or (PurePosixPath(transcripts[-1].name).stem if scan.is_subagent else None),
            first_prompt=first_prompt_of(messages, is_command, typed_prompt),
            model=last_model(messages) or as_text(scan.states.get("model")),
            system_prompt=system_prompt_of(scan.prompts[entry_id] for entry_id in path if entry_id in scan.prompts),
            usage=total_usage([*own, *scan.other_usage]),
            recorded_cost=sum(scan.costs) if scan.costs else None,
            metadata=_metadata(scan, path, session_id),
        )


def _started_at(transcript: TranscriptReader) -> datetime:
    return as_time(_header(transcript).get("timestamp")) or transcript.modified_at


def _is_of_subagent(path: Path) -> bool:
    """Whether a file lies in the folder of a session's subagents, which is named after the session's file beside it."""
    # Not by `with_name`, which the root of the file system, having no name, does not allow.
    session = path.parent.parent / f"{path.parent.name}.jsonl"
    return NAME.fullmatch(session.name) is not None and session.exists()


def _header(transcript: TranscriptReader) -> Block:
    """The first line that is no title."""
    return next((entry for _, _, entry in RecordReader(transcript).records() if entry.get("type") != "title"), {})


def _metadata(scan: EntryScan, path: Sequence[str], session_id: str) -> Block:
    metadata = {**without(scan.header, *_KNOWN_HEADER), **without(scan.states, "model")}
    if metadata["id"] == session_id:
        del metadata["id"]
    if scan.labels:
        metadata["labels"] = scan.labels
    branches = scan.tree.abandoned_branches(path, scan.entries)
    return {**metadata, "branches": branches} if branches else metadata
