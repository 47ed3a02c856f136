"""A small format of transcripts for tests: a JSON object a line.

A line has one of these keys: `session` (the id; the line may have `title`, `base`, the key of a transcript that this
one goes on from, and `at`, a number of seconds), `user`, `assistant` and `tool` (a message: its text, or its blocks),
`more` (blocks that the last message has, too), `rewind` (how many messages the model still sees), `live` (the messages
that it sees). Other lines say nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from storage.documents.derived_session import DIGEST_SIZE, DerivedMessage, DerivedSession
from storage.documents.formats.transcript_format import Continued, FoundTranscript, FoundTranscripts, TranscriptReader
from storage.records.token_usage import TokenUsage

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE = "CLAUDE_CODE"


@dataclass
class _Message:
    role: str
    transcript: TranscriptReader
    offsets: list[int]
    at: int


@dataclass
class LineFormat:
    """Transcripts are `*.lines`, compressed ones `*.lines.zst`, ones that are rewritten `*.whole`.

    `<name>.note` is the companion of `<name>.lines`, and the title of its session.
    """

    version: int = 1
    source: str = SOURCE
    agent: str = "Lines"
    tried_version: str = "1"
    folders: tuple[str, ...] = ()
    shouts: bool = False
    """Texts become upper case: another version of the format."""

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        return [Path(environment.get("LINES_HOME", user_home / ".lines"))]

    def find(self, home: Path) -> FoundTranscripts:
        found = []
        passed_over = 0
        for path in sorted(home.rglob("*")):
            name = path.relative_to(home).as_posix()
            if path.is_dir() or path.is_symlink() or path.suffix == ".note":
                continue
            note = path.with_suffix(".note")
            companions = {note.relative_to(home).as_posix(): note} if note.is_file() else {}
            if path.suffix == ".lines":
                found.append(FoundTranscript(path, name, companions))
            elif path.suffix == ".whole":
                found.append(FoundTranscript(path, name, companions, is_rewritten=True))
            elif path.name.endswith(".lines.zst"):
                found.append(FoundTranscript(path, name.removesuffix(".zst"), companions, is_compressed=True))
            else:
                passed_over += 1
        return FoundTranscripts(sorted(found, key=lambda one: one.name), passed_over)

    def session_id(self, transcript: TranscriptReader) -> str | None:
        return next((value["session"] for _, value in _values(transcript) if "session" in value), None)

    def keys(self, transcript: TranscriptReader) -> list[str]:
        return [Path(transcript.name).stem]

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        return []

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        messages: list[_Message] = []
        live: list[int] = []
        title: str | None = None
        session_id, at, lines = None, 0, 0
        for transcript in transcripts:
            for offset, value in _values(transcript):
                lines += 1
                at = value.get("at", at)
                if "session" in value:
                    session_id, title = value["session"], value.get("title", title)
                    if "base" in value and (base := transcript.base(value["base"])) is not None:
                        for message in _read(base):
                            live.append(len(messages))
                            messages.append(message)
                elif "more" in value and messages and messages[-1].transcript is transcript:
                    messages[-1].offsets.append(offset)
                elif "rewind" in value:
                    live = live[: value["rewind"]]
                elif "live" in value:
                    live = value["live"]
                else:
                    for role in ("user", "assistant", "tool"):
                        if role in value:
                            live.append(len(messages))
                            messages.append(_Message(role.upper(), transcript, [offset], at))
            note = transcript.companion(transcript.name.rpartition(".")[0] + ".note")
            title = title if note is None else note.decode()
        if session_id is None or not messages:
            return None
        derived = [self._message(message) for message in messages]
        first = next((one for one in derived if one.role == "USER"), None)
        return DerivedSession(
            id=session_id,
            source=self.source,
            workspace="/home/dev/shop",
            created_at=EPOCH,
            updated_at=EPOCH + timedelta(seconds=at),
            messages=derived,
            live=live,
            title=title,
            first_prompt=None if first is None else str(first.build()[0].get("text", "")),
            usage=TokenUsage(output=len(messages)),
            metadata={"lines": lines},
        )

    def _message(self, message: _Message) -> DerivedMessage:
        digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
        for offset in message.offsets:
            digest.update(message.transcript.line(offset))
        return DerivedMessage(
            message.role,
            digest.digest(),
            partial(self._build, message),
            created_at=EPOCH + timedelta(seconds=message.at),
            model="model-1" if message.role == "ASSISTANT" else None,
            usage=TokenUsage(output=1) if message.role == "ASSISTANT" else None,
        )

    def _build(self, message: _Message) -> list[dict[str, object]]:
        blocks: list[dict[str, object]] = []
        for offset in message.offsets:
            value = json.loads(message.transcript.line(offset))
            found = value.get("more", value.get(message.role.lower()))
            blocks += [{"type": "text", "text": found}] if isinstance(found, str) else found
        if self.shouts:
            blocks = [
                {**block, "text": str(block["text"]).upper()} if block["type"] == "text" else block for block in blocks
            ]
        return blocks


def _values(transcript: TranscriptReader) -> Iterator[tuple[int, dict[str, Any]]]:
    for offset, data in transcript.lines():
        try:
            value = json.loads(data)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield offset, value


def _read(transcript: TranscriptReader) -> Iterator[_Message]:
    for offset, value in _values(transcript):
        for role in ("user", "assistant", "tool"):
            if role in value:
                yield _Message(role.upper(), transcript, [offset], 0)


def line(**value: Any) -> bytes:
    """A line of a transcript."""
    return json.dumps(value).encode() + b"\n"


def lines(session_id: str, *texts: str, **more: Any) -> bytes:
    """A transcript in which a person and a model take turns."""
    roles = ("user", "assistant")
    return line(session=session_id, **more) + b"".join(
        line(**{roles[(number - 1) % 2]: text}, at=number) for number, text in enumerate(texts, 1)
    )


Write = Callable[[str, bytes], Path]
