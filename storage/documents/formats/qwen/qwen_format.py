"""The format of Qwen Code's transcripts."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.blocks import Block
from storage.documents.formats.derived_values import first_prompt_of, last_model, time_span, total_usage
from storage.documents.formats.file_walk import FileWalk, expanded, is_regular_file
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from storage.documents.formats.json_values import as_id, as_object, as_text, as_time, parse_json, without
from storage.documents.formats.named_files import NamedFiles
from storage.documents.formats.qwen.line_content import line_blocks
from storage.documents.formats.qwen.live_view import live_messages
from storage.documents.formats.qwen.transcript_scan import LONG_OUTPUTS, ChatScan
from storage.documents.formats.record_reader import RecordReader
from storage.documents.formats.transcript_format import Continued, FoundTranscript, FoundTranscripts, TranscriptReader
from storage.documents.formats.whole_outputs import WholeOutputs

_CHAT = re.compile(r"[\w-]+\.jsonl")
_SUBAGENT = re.compile(r"agent-[\w-]+\.jsonl")
_DEPTH = 4
_ARCHIVE = "archive"
_OLD_CHATS = "tmp"


class QwenFormat:
    """Qwen Code appends each line below its parent. Older versions wrote documents in Gemini CLI's form."""

    source, agent, version, tried_version = agent_versions.QWEN_CODE
    folders = ("projects", _OLD_CHATS)

    def __init__(self) -> None:
        self._older = GeminiFormat()

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """QWEN_RUNTIME_DIR and QWEN_HOME, or `.qwen` in the user's home."""
        named = (environment.get(name) for name in ("QWEN_RUNTIME_DIR", "QWEN_HOME"))
        return [expanded(name, user_home) for name in named if name] or [user_home / ".qwen"]

    def find(self, home: Path) -> FoundTranscripts:
        """Find `chats/<id>.jsonl`, archived ones, those of subagents, and the documents of older versions."""
        found: list[FoundTranscript] = []
        passed_over = 0
        walk = FileWalk()
        for path in walk.files(home, _DEPTH):
            top = _home_of(path)
            if top is None:
                passed_over += 1
                continue
            name = path.relative_to(top).as_posix()
            description = path.with_suffix(".meta.json")
            companions = {}
            if path.name.startswith("agent-") and is_regular_file(description):
                companions = {description.relative_to(top).as_posix(): description}
            is_document = path.suffix == ".json"
            named = None if is_document else NamedFiles(top, LONG_OUTPUTS.files)
            found.append(FoundTranscript(path, name, companions, is_document, named_files=named))
        return FoundTranscripts(sorted(found, key=lambda transcript: transcript.name), passed_over, walk.refused)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The session's id; a subagent's is preceded by its parent's."""
        if _is_older(transcript):
            return self._older.session_id(transcript)
        for _, _, record in RecordReader(transcript, recovers_joined=True).records():
            session_id = as_id(record.get("sessionId"))
            if session_id is not None:
                return _full_id(session_id, transcript.name)
        return None

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """None: a session is whole in its own file."""
        return []

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """None: a session is whole in its own file."""
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session, whose live path ends with the last line."""
        newer = [transcript for transcript in transcripts if not _is_older(transcript)]
        if not newer:
            older = self._older.derive(transcripts)
            return None if older is None else dataclasses.replace(older, source=self.source)
        outputs = WholeOutputs(LONG_OUTPUTS, (one.companion for one in reversed(newer)))
        scan = ChatScan(outputs)
        for transcript in newer:
            scan.read(transcript)
        session_id = as_id(scan.first.get("sessionId"))
        if session_id is None or not scan.drafts:
            return None
        name = newer[-1].name
        description = _description(newer[-1])
        # The replies of a subagent do not name their model.
        scan.name_model(as_text(description.get("model")))
        messages = [draft.message(lambda record: outputs.blocks(line_blocks(record))) for draft in scan.drafts]
        path = scan.tree.path(scan.tree.last())
        created_at, updated_at = time_span(None, map(as_time, scan.times), newer[-1].modified_at)
        parent_id = _parent_id(scan, session_id, name, description)
        is_fork = bool(scan.forked_from) and parent_id == as_id(scan.forked_from)
        return DerivedSession(
            id=_full_id(session_id, name),
            source=self.source,
            workspace=as_text(scan.first.get("cwd")),
            created_at=created_at,
            updated_at=updated_at,
            messages=messages,
            live=live_messages(scan, path),
            kind=FORK if is_fork else SUBAGENT if parent_id else MAIN,
            parent_id=parent_id,
            title=_title(scan, description),
            first_prompt=first_prompt_of(messages, scan.is_command, scan.typed),
            model=last_model(messages) or scan.states.get("session_model", ""),
            mode=scan.states.get("session_approval_mode"),
            agent_version=scan.version or None,
            git_branch=scan.git_branch or None,
            is_archived=PurePosixPath(name).parent.name == _ARCHIVE,
            usage=total_usage(draft.usage for draft in scan.drafts if not draft.is_copied),
            metadata=_metadata(scan, path, description),
        )


def _is_older(transcript: TranscriptReader) -> bool:
    return transcript.name.startswith(f"{_OLD_CHATS}/")


def _home_of(path: Path) -> Path | None:
    """The home that a transcript lies below; None for any other file."""
    folders = list(path.parents)
    names = [folder.name for folder in folders]
    if names[0] == "chats" and _CHAT.fullmatch(path.name) and names[2:3] == ["projects"]:
        return folders[3]
    if names[:2] == [_ARCHIVE, "chats"] and _CHAT.fullmatch(path.name) and names[3:4] == ["projects"]:
        return folders[4]
    if names[1:2] == ["subagents"] and _SUBAGENT.fullmatch(path.name) and names[3:4] == ["projects"]:
        return folders[4]
    is_older = path.name.startswith("session-") and path.suffix == ".json"
    return folders[3] if names[0] == "chats" and is_older and names[2:3] == [_OLD_CHATS] else None


def _agent_id(name: str) -> str | None:
    path = PurePosixPath(name)
    return path.stem.removeprefix("agent-") if path.parent.parent.name == "subagents" else None


def _full_id(session_id: str, name: str) -> str:
    agent_id = _agent_id(name)
    return session_id if agent_id is None else as_id(f"{session_id}-{agent_id}") or session_id


def _description(transcript: TranscriptReader) -> Block:
    """The program's description of a subagent beside its transcript."""
    data = transcript.companion(transcript.name.removesuffix(".jsonl") + ".meta.json")
    return as_object(parse_json(data)) if data is not None else {}


def _parent_id(scan: ChatScan, session_id: str, name: str, description: Block) -> str | None:
    if _agent_id(name) is not None:
        agent_id = as_text(description.get("parentAgentId"))
        return as_id(f"{session_id}-{agent_id}") if agent_id else session_id
    return as_id(scan.states.get("parent_session")) or as_id(scan.forked_from)


def _title(scan: ChatScan, description: Block) -> str | None:
    """The person's own title before the program's."""
    return scan.titles.get("manual") or scan.titles.get("auto") or as_text(description.get("description")) or None


def _metadata(scan: ChatScan, path: Sequence[str], description: Block) -> Block:
    metadata = without({"agent_id": scan.first.get("agentId"), "agent_name": scan.first.get("agentName")})
    branches = scan.tree.abandoned_branches(path, scan.lines)
    if branches:
        metadata["branches"] = branches
    if scan.rewinds:
        metadata["rewinds"] = scan.rewinds
    return {**metadata, "subagent": description} if description else metadata
