"""The files of a stored session as its own agent wrote them, from the archive."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from storage.archive.companions import read_companions
from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import read_transcript, transcript_of_key
from storage.database.database import Database
from storage.database.tables.session import session
from storage.database.tables.transcript import transcript_key
from storage.documents.derived_session import SUBAGENT
from storage.documents.exports import export_document
from storage.documents.formats.claude_code.layout import place_of
from storage.documents.formats.gemini.checkpoint import is_checkpoint, tag_of
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from storage.documents.formats.pi.session_id import id_in_name
from storage.handoff.default_places import LoneFile, default_files
from storage.handoff.resume_commands import checkpoint_command, import_command, resume_commands
from storage.json_codec import dump
from storage.transcripts.transcript_exports import newest_transcripts

_head = sa.select(session.c.source, session.c.workspace, session.c.kind, session.c.created_at).where(
    session.c.id == sa.bindparam("session_id")
)
_subagents = (
    sa.select(session.c.id)
    .where(
        session.c.parent_id == sa.bindparam("session_id"),
        session.c.kind == SUBAGENT,
        session.c.source == sa.bindparam("source"),
    )
    .order_by(session.c.id)
)
_asked_keys = sa.select(transcript_key.c.key).where(
    transcript_key.c.transcript_id == sa.bindparam("transcript_id"), ~transcript_key.c.is_own
)

_RESUMABLE_SUBAGENTS = {"CODEX", "OPENCODE", "PI"}
"""Agents whose subagents have sessions like any other."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file to restore; `path` is below the agent's home. `read` gives its bytes piece by piece."""

    path: str
    size: int
    read: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class ArchivedFiles:
    """All files of a session, its own one first, and the commands by which its agent continues it."""

    source: str
    workspace: str
    files: Sequence[ArchivedFile]
    commands: list[list[str]]


def held_by_opencode(files: ArchivedFiles, home: Path) -> set[str]:
    """The paths of the files whose sessions OpenCode still has in its home.

    The program would import them into these sessions, with what has been undone there since.
    """
    if files.source != "OPENCODE":
        return set()
    held = {PurePosixPath(found.name).name for found in OpenCodeFormat().find(home).transcripts}
    return {file.path for file in files.files if PurePosixPath(file.path).stem in held}


async def archived_files(
    database: Database, session_id: str, home_of: Callable[[str], Path | None] = lambda source: None
) -> ArchivedFiles | None:
    """The files of a session, of its subagents and of what it continues; None if it is not stored.

    `home_of` gives the home of an agent, in which existing files may be read; None where it is not known.
    Raises Unavailable and Unreadable.
    """
    async with database.snapshot() as connection:
        head = (await connection.execute(_head, {"session_id": session_id})).first()
    if head is None:
        return None
    rows = await _transcripts(database, session_id, head.source)
    can_resume = _can_resume(head.source, head.kind, rows)
    files: dict[str, ArchivedFile] = {}
    for row in rows:
        path, others = _imported_path(row) if head.source == "OPENCODE" else row.name, dict[str, str]()
        if can_resume and "/" not in path:
            file = LoneFile(path, row.session_id or session_id, head.workspace, head.created_at)
            path, others = default_files(head.source, file, home_of(head.source))
        files.setdefault(path, _file(database, row, path))
        files.update({name: _whole(name, content.encode()) for name, content in others.items()})
        for companion in await _companions(database, row):
            files.setdefault(companion.path, companion)
    if not files:
        document = await export_document(database, session_id)
        if document is not None:
            path = f"sessions/{session_id}.json"
            files[path] = _whole(path, dump(document).encode())
    commands = _commands(head.source, session_id, rows) if can_resume else []
    return ArchivedFiles(head.source, head.workspace, list(files.values()), commands)


def _imported_path(row: TranscriptRow) -> str:
    """The file that OpenCode's own command imports: only the program may write to its database."""
    return f"handoff/{row.session_id}.json"


def _commands(source: str, session_id: str, rows: Sequence[TranscriptRow]) -> list[list[str]]:
    """The commands by which the agent takes in the files of a session and continues it."""
    if source == "OPENCODE":
        return [*(import_command(_imported_path(row)) for row in rows), *resume_commands(source, session_id)]
    if source == "GEMINI" and (checkpoints := [row.name for row in rows if is_checkpoint(row.name)]):
        return [checkpoint_command(tag_of(checkpoints[-1]))]
    if source == "PI" and rows and (named := id_in_name(PurePosixPath(rows[0].name).name)):
        return resume_commands(source, named)
    return resume_commands(source, session_id)


def _can_resume(source: str, kind: str, rows: Sequence[TranscriptRow]) -> bool:
    """Whether the agent can resume a session; Claude Code those of subagents that ran in a terminal of their own."""
    if kind != SUBAGENT or source in _RESUMABLE_SUBAGENTS:
        return True
    return source == "CLAUDE_CODE" and bool(rows) and place_of(rows[0].name).agent is None


async def _transcripts(database: Database, session_id: str, source: str) -> list[TranscriptRow]:
    """The transcripts of a session, then those of its subagents and those that any of them continues."""
    found: dict[int, TranscriptRow] = {}
    ids = [session_id]
    for id in ids:
        rows = await newest_transcripts(database, id)
        async with database.snapshot() as connection:
            children = await connection.execute(_subagents, {"session_id": id, "source": source})
            ids += [child for child in children.scalars() if child not in ids]
            for row in rows:
                found.setdefault(row.id, row)
                keys = (await connection.execute(_asked_keys, {"transcript_id": row.id})).scalars().all()
                bases = [await transcript_of_key(connection, source, key) for key in keys]
                rows += [base for base in bases if base is not None and base.id not in found]
    return list(found.values())


def _file(database: Database, row: TranscriptRow, path: str) -> ArchivedFile:
    return ArchivedFile(path, row.size, lambda: read_transcript(database, row))


async def _companions(database: Database, row: TranscriptRow) -> list[ArchivedFile]:
    async with database.snapshot() as connection:
        known = await read_companions(connection, row)
    # Companions directly in the home are excerpts of files that all sessions share.
    named = {name: content for name, content in known.items() if "/" in name}
    return [_whole(name, content) for name, content in named.items() if not _is_left_behind(name, row.name, known)]


def _is_left_behind(name: str, transcript: str, known: Collection[str]) -> bool:
    """Whether a companion is also known in the folder to which its transcript was moved."""
    parts, place = name.split("/"), transcript.split("/")
    for index, (part, folder) in enumerate(zip(parts, place, strict=False)):
        if part != folder:
            return "/".join((*parts[:index], folder, *parts[index + 1 :])) in known
    return False


def _whole(path: str, content: bytes) -> ArchivedFile:
    async def read() -> AsyncIterator[bytes]:
        yield content

    return ArchivedFile(path, len(content), read)
