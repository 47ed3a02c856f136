"""The format of Gemini CLI's transcripts."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.derived_values import first_prompt_of, last_model, time_span, total_usage
from storage.documents.formats.file_walk import FileWalk
from storage.documents.formats.gemini.checkpoint import checkpoint_id, checkpoint_records, is_checkpoint
from storage.documents.formats.gemini.conversation import ChatConversation
from storage.documents.formats.gemini.entry_content import COMMAND_MARKS, is_context, is_talk
from storage.documents.formats.gemini.entry_log import EntryLog
from storage.documents.formats.gemini.workspace import CHATS, WorkspaceFinder, workspace_of
from storage.documents.formats.json_values import as_id, as_object, as_text, as_time, without
from storage.documents.formats.named_files import FileNames, NamedFiles
from storage.documents.formats.record_reader import RecordReader, whole_document
from storage.documents.formats.transcript_format import Continued, FoundTranscript, FoundTranscripts, TranscriptReader
from storage.documents.formats.whole_outputs import LongOutputs, WholeOutputs

_DEPTH_OF_CHATS = 4
_PROJECTS = "tmp"
_LONG_OUTPUTS = LongOutputs(
    "Output too large. Showing ",
    FileNames.of(_PROJECTS, r"[\w.-]+", "tool-outputs", r"session-[\w-]+", r"[\w.-]+\.txt"),
)
_SESSION_KEYS = ("sessionId", "startTime", "lastUpdated", "kind")


class GeminiFormat:
    """Gemini CLI keeps one file a session and appends to it; a subagent's file lies in a folder named by its parent."""

    source, agent, version, tried_version = agent_versions.GEMINI
    folders = (_PROJECTS,)

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """`.gemini` in the user's home, or in the folder that GEMINI_CLI_HOME names instead of it."""
        return [Path(environment.get("GEMINI_CLI_HOME") or user_home) / ".gemini"]

    def find(self, home: Path) -> FoundTranscripts:
        """Find `chats/session-*`, the subagents' `chats/<parent>/*.jsonl`, and the projects' `checkpoint-*.json`."""
        found: list[FoundTranscript] = []
        passed_over = 0
        walk = FileWalk()
        workspaces = WorkspaceFinder(walk)
        for path in walk.files(home, _DEPTH_OF_CHATS):
            project = _project_of(path)
            if project is None:
                passed_over += 1
                continue
            top = project.parent.parent
            files = workspaces.files(top, project)
            found.append(
                FoundTranscript(
                    path,
                    path.relative_to(top).as_posix(),
                    files.companions,
                    is_rewritten=path.suffix == ".json",
                    excerpts=files.excerpts,
                    has_excerpts_at_hand=files.has_list,
                    named_files=NamedFiles(top, _LONG_OUTPUTS.files),
                )
            )
        return FoundTranscripts(sorted(found, key=lambda transcript: transcript.name), passed_over, walk.refused)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The id in the header; a subagent's is preceded by its parent's, and a checkpoint's is made of its place."""
        if is_checkpoint(transcript.name):
            return checkpoint_id(transcript)
        for record in _records(transcript):
            own = as_id(record.get("sessionId")) or as_id(as_object(record.get("$set")).get("sessionId"))
            if own is not None:
                return _full_id(transcript.name, own)
        return None

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """The name of a session's file, by which sessions that were begun from it name it."""
        path = PurePosixPath(transcript.name)
        return [path.stem] if path.parent.name == CHATS else []

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """None: a session that was begun from another one holds a copy of it."""
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session. Of several files, the one that the program would continue decides what is live."""
        logs = [(_read([transcript]), transcript) for transcript in transcripts]
        ranked = sorted(((_rank(log, one), log, one) for log, one in logs), key=itemgetter(0))
        if not ranked:
            return None
        _, log, main = ranked[-1]
        if len(ranked) > 1:
            silent = [one for rank, _, one in ranked[:-1] if not rank.has_talk]
            log = _read([one for _, _, one in ranked if one not in silent], silent)
        session_id = next((found for _, _, one in reversed(ranked) if (found := self.session_id(one))), None)
        outputs = WholeOutputs(_LONG_OUTPUTS, (one.companion for _, _, one in reversed(ranked)))
        conversation = ChatConversation(log, outputs)
        # Each start of the program, as by an editor that is opened, writes the context of a session of its own.
        if session_id is None or not conversation.messages or all(is_context(entry.record) for entry in log.entries):
            return None
        header = log.header
        records = [entry.record for entry in log.entries]
        parent_id = _parent_id(main.name)
        origin = main.base(log.imported.name) if log.imported is not None and log.imported.name else None
        forked_from = as_id(header.get("handedOverFrom")) or (self.session_id(origin) if origin is not None else None)
        is_subagent = header.get("kind") == "subagent" or parent_id is not None
        created_at, updated_at = time_span(
            as_time(log.started_at),
            [as_time(header.get("lastUpdated")), *(message.created_at for message in conversation.messages)],
            main.modified_at,
        )
        # A subagent's summary is what it reported, of any length.
        summary = "" if is_subagent else as_text(header.get("summary"))
        metadata = without(header, *_SESSION_KEYS, *(() if is_subagent else ("summary",)))
        if log.rewinds:
            metadata["rewinds"] = log.rewinds
        return DerivedSession(
            id=session_id,
            source=self.source,
            workspace=workspace_of(main, header, records),
            created_at=created_at,
            updated_at=updated_at,
            messages=conversation.messages,
            live=conversation.live,
            kind=SUBAGENT if is_subagent else FORK if forked_from or log.imported else MAIN,
            parent_id=parent_id or forked_from,
            title=(summary or as_text(header.get("checkpoint"))).strip() or None,
            first_prompt=first_prompt_of(
                conversation.messages, lambda text: text.startswith(COMMAND_MARKS), conversation.typed
            ),
            model=last_model(conversation.messages),
            usage=total_usage(message.usage for message in conversation.messages),
            metadata=metadata,
        )


def _project_of(path: Path) -> Path | None:
    """The project's folder of a transcript; None for any other file."""
    if path.parent.name == CHATS:
        is_session = path.name.startswith("session-") and path.suffix in (".json", ".jsonl")
        return path.parent.parent if is_session else None
    if path.parent.parent.name == CHATS and path.suffix == ".jsonl":
        return path.parent.parent.parent
    return path.parent if path.parent.parent.name == _PROJECTS and is_checkpoint(path.name) else None


def _parent_id(name: str) -> str | None:
    parts = PurePosixPath(name).parts
    return as_id(parts[-2]) if len(parts) > 2 and parts[-3] == CHATS else None


def _full_id(name: str, own: str) -> str:
    parent_id = _parent_id(name)
    return own if parent_id is None else as_id(f"{parent_id}-{own}") or own


def _records(transcript: TranscriptReader) -> list[dict[str, object]]:
    if is_checkpoint(transcript.name):
        return checkpoint_records(transcript)
    if transcript.name.endswith(".json"):
        return [as_object(whole_document(transcript))]
    records = [record for _, _, record in RecordReader(transcript).records()]
    return records or [as_object(whole_document(transcript))]


class _Rank(NamedTuple):
    """The order of a session's files. The program continues the last: one with a conversation, the latest of these, and
    of equally late ones that in the newer form.
    """

    has_talk: bool
    updated_at: float
    is_newer_form: bool


def _rank(log: EntryLog, transcript: TranscriptReader) -> _Rank:
    has_talk = any(is_talk(entry.record) for entry in log.live.values())
    updated_at = as_time(log.header.get("lastUpdated"))
    return _Rank(has_talk, updated_at.timestamp() if updated_at else 0.0, transcript.name.endswith(".jsonl"))


def _read(transcripts: Sequence[TranscriptReader], silent: Sequence[TranscriptReader] = ()) -> EntryLog:
    """Read files of which the last one is live, and then those in which nothing was said.

    A resume makes such a file beside the one that it continues. Its header tells nothing of the session.
    """
    log = EntryLog()
    for transcript in transcripts:
        log.begin_transcript()
        for record in filter(None, _records(transcript)):
            log.add(record)
    for transcript in silent:
        log.add_silent(filter(None, _records(transcript)))
    return log
