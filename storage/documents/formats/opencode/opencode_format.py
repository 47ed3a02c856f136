"""The format of OpenCode's sessions."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats import agent_versions
from storage.documents.formats.blocks import Block
from storage.documents.formats.derived_values import first_prompt_of, last_model, time_span, total_usage
from storage.documents.formats.file_walk import FileWalk, is_regular_file, linked_folders
from storage.documents.formats.json_values import (
    as_amount,
    as_id,
    as_list,
    as_object,
    as_text,
    as_time,
    without,
)
from storage.documents.formats.named_files import NamedFiles
from storage.documents.formats.opencode.database import DatabaseIndex, last_change
from storage.documents.formats.opencode.derived_message import derived_message, is_older, model_name, usage_of
from storage.documents.formats.opencode.export_form import export_session
from storage.documents.formats.opencode.json_files import SESSIONS, export_files, session_files, state
from storage.documents.formats.opencode.live_view import kept_and_undone, live_messages, sent_and_shown
from storage.documents.formats.opencode.long_outputs import FILES
from storage.documents.formats.opencode.part_blocks import message_blocks
from storage.documents.formats.record_reader import RecordReader, whole_document
from storage.documents.formats.transcript_format import Continued, FoundTranscript, FoundTranscripts, TranscriptReader

_DATABASE = re.compile(r"opencode(-[\w.-]+)?\.db")
_DEFAULT_TITLE = re.compile(r"(New|Child) session - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_FORK_TITLE = re.compile(r"\(fork #\d+\)$")
_KNOWN_INFO = ("id", "title", "directory", "parentID", "version", "agent", "cost", "tokens")


class _SessionInfo(msgspec.Struct):
    id: str


class _Head(msgspec.Struct):
    """The fields that the id needs: the decoder skips the messages."""

    info: _SessionInfo


_HEAD = msgspec.json.Decoder(_Head)


class OpenCodeFormat:
    """OpenCode keeps its sessions in `opencode.db`. Each is read in the form of the program's own export."""

    source, agent, version, tried_version = agent_versions.OPENCODE
    folders = ("storage", SESSIONS)

    def __init__(self) -> None:
        self._databases = DatabaseIndex()

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """`opencode` in the folder for data, XDG_DATA_HOME or `.local/share`, and the database that OPENCODE_DB names.

        The program takes a relative path in OPENCODE_DB from the first, and keeps `:memory:` nowhere.
        """
        data = environment.get("XDG_DATA_HOME")
        home = (Path(data) if data else user_home / ".local" / "share") / "opencode"
        named = environment.get("OPENCODE_DB")
        if not named or named == ":memory:":
            return [home]
        database = home / named
        return [home] if database.parent == home and _DATABASE.fullmatch(database.name) else [home, database]

    def find(self, home: Path) -> FoundTranscripts:
        """Find the sessions of `opencode.db` and `opencode-<channel>.db`, and files of sessions that are in neither.

        A fork of the program names its database after itself. Instead of a home it may be a database of any name.
        """
        walk = FileWalk()
        found: dict[str, FoundTranscript] = {}
        passed_over = 0
        is_database = is_regular_file(home)
        files = [home] if is_database else list(walk.files(home, 0))
        databases = {home} if is_database else _databases(files)
        for path in files:
            sessions = None
            if path in databases:
                try:
                    sessions = self._sessions(path)
                except OSError as error:
                    walk.refuse(path, error)
                    continue
            if sessions is None:
                passed_over += 1
            else:
                found.update(sessions)
        # Sessions in files are mostly those that the program has moved into its database, where they are continued.
        is_whole = not walk.refused
        has_files = not is_database and not linked_folders(home, self.folders)
        for path in session_files(home, walk) if has_files else ():
            if path.stem in found or not is_whole:
                passed_over += 1
                continue
            try:
                fingerprint, changed_at = state(home, path)
            except OSError as error:
                walk.refuse(path, error)
                continue
            name = path.relative_to(home).as_posix()
            read = partial(export_files, home, path)
            found[path.stem] = FoundTranscript(
                path,
                name,
                read=read,
                fingerprint=fingerprint,
                changed_at=changed_at,
                named_files=NamedFiles(home, FILES),
            )
        transcripts = sorted(found.values(), key=lambda transcript: transcript.name)
        return FoundTranscripts(transcripts, passed_over, walk.refused)

    def _sessions(self, database: Path) -> dict[str, FoundTranscript] | None:
        """The sessions of a database by their ids; None when it is not a database of sessions. Raises OSError."""
        sessions = self._databases.sessions(database)
        if sessions is None:
            return None
        return {
            session_id: FoundTranscript(
                database,
                f"{database.name}/{session_id}",
                read=partial(export_session, database, session_id),
                fingerprint=one.fingerprint,
                changed_at=last_change(database) if one.changed_at is None else one.changed_at,
                named_files=NamedFiles(database.parent, FILES),
            )
            for session_id, one in sessions.items()
        }

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The session's id."""
        for line in transcript.lines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                return as_id(_HEAD.decode(line.data).info.id)
        return as_id(as_object(_export(transcript).get("info")).get("id"))

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """None: a session is whole in its own rows."""
        return []

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """None: a session is whole in its own rows."""
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session of the newest transcript: each holds the whole session."""
        if not transcripts:
            return None
        export = _export(transcripts[-1])
        info = as_object(export.get("info"))
        session_id = as_id(info.get("id"))
        revert = as_object(info.get("revert"))
        recorded = [
            piece
            for message in as_list(export.get("messages"))
            for kept in kept_and_undone(as_object(message), revert)
            for piece in sent_and_shown(kept)
        ]
        companion = transcripts[-1].companion
        contents = [(message, message_blocks(message, companion)) for message in recorded]
        contents = [content for content in contents if content[1] or usage_of(content[0]) is not None]
        if session_id is None or not contents:
            return None
        shown = [message for message, _ in contents]
        started_at = as_time(as_object(info.get("time")).get("created"))
        # A fork begins with copies of messages, which keep their times, and does not name where they come from.
        copied = [is_older(message, started_at) for message in shown]
        messages = [
            derived_message(*content, companion, is_copy) for content, is_copy in zip(contents, copied, strict=True)
        ]
        own = [message for message, is_copy in zip(shown, copied, strict=True) if not is_copy]
        time = as_object(info.get("time"))
        created_at, updated_at = time_span(
            started_at,
            [as_time(time.get("updated")), *(message.created_at for message in messages)],
            transcripts[-1].modified_at,
        )
        title = as_text(info.get("title")).strip()
        parent_id = as_id(info.get("parentID"))
        handed_over_from = as_id(as_object(info.get("metadata")).get("handedOverFrom"))
        is_fork = handed_over_from or any(copied) or _FORK_TITLE.search(title)
        agents = (as_text(as_object(message.get("info")).get("agent")) for message in reversed(shown))
        return DerivedSession(
            id=session_id,
            source=self.source,
            workspace=as_text(info.get("directory")),
            created_at=created_at,
            updated_at=updated_at,
            messages=messages,
            live=live_messages(shown, revert),
            kind=SUBAGENT if parent_id else FORK if is_fork else MAIN,
            parent_id=parent_id or handed_over_from,
            title=None if _DEFAULT_TITLE.fullmatch(title) else title or None,
            first_prompt=first_prompt_of(messages),
            model=last_model(messages) or model_name(as_object(info.get("model"))) or "",
            mode=as_text(info.get("agent")) or next(filter(None, agents), None),
            agent_version=as_text(info.get("version")) or None,
            is_archived=time.get("archived") is not None,
            usage=total_usage(map(usage_of, own)),
            recorded_cost=_cost({} if any(copied) else info, own),
            is_automated=_is_automated(info),
            metadata=_metadata(info, time),
        )


def _databases(files: Sequence[Path]) -> set[Path]:
    """The files of a home that may be its databases. Beside one with the program's name, others are copies."""
    named = {path for path in files if _DATABASE.fullmatch(path.name)}
    return named or {path for path in files if path.suffix == ".db"}


def _export(transcript: TranscriptReader) -> Block:
    """The session in the form of the export: the last line, or a document of several lines."""
    export: Block = {}
    for _, _, record in RecordReader(transcript).records():
        if isinstance(record.get("info"), dict):
            export = record
    return export or as_object(whole_document(transcript))


def _cost(info: Block, messages: Sequence[Block]) -> float | None:
    """The cost of the session, which lacks replies of the newer API; older versions recorded it with the replies."""
    infos = [as_object(message.get("info")) for message in messages]
    own = as_amount(info.get("cost"))
    costs = [as_amount(reply.get("cost")) for reply in infos if own is None or "seq" in reply]
    known = [cost for cost in (own, *costs) if cost is not None]
    return sum(known) if known else None


def _is_automated(info: Block) -> bool:
    """Whether `opencode run` began it, which lets the agent neither ask questions nor enter its plan mode."""
    denied = {
        as_text(rule.get("permission"))
        for rule in map(as_object, as_list(info.get("permission")))
        if rule.get("action") == "deny" and rule.get("pattern") == "*"
    }
    return {"question", "plan_enter"} <= denied


def _metadata(info: Block, time: Block) -> Block:
    metadata = without(info, *_KNOWN_INFO, "time")
    return {**metadata, **without({"time_compacting": time.get("compacting"), "time_archived": time.get("archived")})}
