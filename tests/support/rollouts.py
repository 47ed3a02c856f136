"""Rollouts of Codex in memory: files as the program writes them, and lines that a test makes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from storage.documents.derived_session import DerivedMessage, DerivedSession
from storage.documents.formats.codex import CodexFormat
from storage.documents.formats.transcript_format import TranscriptReader
from tests.support.stored_transcript import StoredTranscript

CODEX = CodexFormat()
THREAD = "01a220d4-3cb0-7130-803d-c10009ff2376"
NAME = f"sessions/2026/11/28/rollout-2026-11-28T06-25-09-{THREAD}.jsonl"
PICTURE = "data:image/png;base64,AAAA"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
"""The block of the picture."""


def home_transcripts(home: Path) -> dict[str, list[StoredTranscript]]:
    """The rollouts below a home by their thread's id, oldest first, each with the others as bases."""
    found = CODEX.find(home).transcripts
    alone = [StoredTranscript.found(each) for each in found]
    bases: dict[str, TranscriptReader] = {key: transcript for transcript in alone for key in CODEX.keys(transcript)}
    threads: dict[str, list[StoredTranscript]] = {}
    for each, transcript in zip(found, alone, strict=True):
        beside = StoredTranscript(each.name, transcript.data, each.excerpts, bases)
        bases |= dict.fromkeys(CODEX.keys(beside), beside)
        threads.setdefault(CODEX.session_id(beside) or each.name, []).append(beside)
    return threads


def record(kind: str, payload: object, second: int = 0, **envelope: object) -> dict[str, object]:
    """A line of a rollout."""
    return {"timestamp": f"2026-11-28T06:25:{second:02}.000Z", "type": kind, "payload": payload, **envelope}


def header(thread_id: object = THREAD, **payload: object) -> dict[str, object]:
    """The first line of a rollout."""
    values = {"id": thread_id, "timestamp": "2026-11-28T06:25:09.810Z", "cwd": "/home/dev/shop"}
    return record("session_meta", {**values, "originator": "codex_exec", "cli_version": "0.171.0", **payload})


def item(kind: str, /, **payload: object) -> dict[str, object]:
    """A response item."""
    return record("response_item", {"type": kind, **payload})


def event(kind: str, /, **payload: object) -> dict[str, object]:
    """An event."""
    return record("event_msg", {"type": kind, **payload})


def completed(kind: str, /, **values: object) -> dict[str, object]:
    """The event that an item was completed, as the paginated form has it."""
    return event("item_completed", item={"type": kind, **values})


def said(role: str, *texts: str, **payload: object) -> dict[str, object]:
    """A message item."""
    kind = "output_text" if role == "assistant" else "input_text"
    return item("message", role=role, content=[{"type": kind, "text": text} for text in texts], **payload)


def rollout(
    *lines: object,
    name: str = NAME,
    companions: Mapping[str, bytes] = MappingProxyType({}),
    bases: Mapping[str, TranscriptReader] = MappingProxyType({}),
) -> StoredTranscript:
    """A transcript of lines: objects, or bytes as they are."""
    data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return StoredTranscript(name, data, companions, bases)


def derive(*transcripts: TranscriptReader) -> DerivedSession:
    """The session of transcripts, which must have one."""
    session = CODEX.derive(transcripts)
    assert session is not None
    return session


def contents(session: DerivedSession) -> list[tuple[str, list[dict[str, object]]]]:
    """Role and blocks of the messages that the program did not put in."""
    return [(message.role, message.build()) for message in session.messages if not message.is_injected]


def texts_of(message: DerivedMessage) -> str:
    """All that is to be read in a message."""
    found: list[str] = []
    for block in message.build():
        value = block.get("text", block.get("thinking", block.get("summary", block.get("content", block.get("name")))))
        found.append(value if isinstance(value, str) else json.dumps(value))
    return " | ".join(found)


def talk(session: DerivedSession, positions: Sequence[int] | None = None) -> list[str]:
    """Role and words of each message that the program did not put in; of some positions, of all of them."""
    chosen = (
        [message for message in session.messages if not message.is_injected]
        if positions is None
        else [session.messages[position] for position in positions]
    )
    return [f"{message.role}: {texts_of(message)}" for message in chosen]


def spoken_count(session: DerivedSession) -> int:
    """Prompts, and texts of answers."""
    count = 0
    for message in session.messages:
        if message.role == "USER" and not message.is_injected:
            count += 1
        elif message.role == "ASSISTANT":
            count += sum(block.get("type") == "text" for block in message.build())
    return count
