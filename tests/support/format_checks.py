"""Checks that hold for every format of transcripts, whatever they contain."""

import json
import random
import sys

import orjson

from storage.documents.derived_session import DIGEST_SIZE, DerivedMessage, DerivedSession
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.json_codec import dump
from storage.records.token_usage import MAX_TOKENS, stored_counts
from storage.transcripts.derived_rows import build_rows, places, row_digests, session_head
from tests.support.stored_transcript import StoredTranscript

Shown = tuple[str, list[str]]


def shown(session: DerivedSession | None) -> list[Shown]:
    """The messages without those that were put in: the role, and each block as `kind: words`."""
    assert session is not None
    return [(message.role, [_brief(block) for block in message.build()]) for message in _talk(session)]


def _talk(session: DerivedSession) -> list[DerivedMessage]:
    return [message for message in session.messages if not message.is_injected]


def _brief(block: dict[str, object]) -> str:
    kind = block["type"]
    match kind:
        case "text" | "thinking":
            return f"{kind}: {block[kind]}"
        case "tool_use":
            return f"call {block['name']}: {dump(block['input'])}"
        case "tool_result":
            mark = "failed" if block.get("is_error") else "result"
            content = block["content"]
            parts = content if isinstance(content, list) else []
            texts = content if isinstance(content, str) else [part.get("text", part["type"]) for part in parts]
            return f"{mark} {block['tool_use_id']}: {texts}"
        case "compaction":
            return f"compaction: {block['summary']}"
    return str(kind)


def check(session: DerivedSession | None) -> None:
    """Assert what must hold for every derived session."""
    if session is None:
        return
    assert session.messages
    assert session.created_at <= session.updated_at
    assert len(set(session.live)) == len(session.live)
    assert all(0 <= index < len(session.messages) for index in session.live)
    dump(session.metadata)
    for message in session.messages:
        assert message.role in {"USER", "ASSISTANT", "SYSTEM", "TOOL"}
        assert len(message.digest) == DIGEST_SIZE
        blocks = message.build()
        assert all(isinstance(block["type"], str) for block in blocks)
        if message.is_injected and message.role == "USER":
            # Threads and handoffs go by the marks of the blocks.
            assert all(block.get("is_injected") for block in blocks if block["type"] == "text")
        dump(blocks)
    _check_rows(session)


def _check_rows(session: DerivedSession) -> None:
    head = session_head(session, version=1)
    assert isinstance(total := head.columns["total_tokens"], int)
    assert total <= MAX_TOKENS
    [batch] = build_rows(session.messages, row_digests(session, 1), places(session), 0, sys.maxsize)
    for row in batch.rows:
        assert row.message.usage is None or stored_counts(row.message.usage).total_tokens <= MAX_TOKENS


def check_every_prefix(format_: TranscriptFormat, transcript: StoredTranscript) -> None:
    """Assert that a transcript which is cut after any line derives, and that what stood before keeps its digest."""
    ends = [place + 1 for place, byte in enumerate(transcript.data) if byte == 0x0A]
    for end in ends:
        part = transcript.cut(end)
        format_.session_id(part)
        check(format_.derive([part]))


def check_mutations(format_: TranscriptFormat, transcript: StoredTranscript, count: int = 300) -> None:
    """Assert that a transcript derives in which values were replaced by others and bytes were changed."""
    chance = random.Random(7)
    lines = transcript.data.splitlines()
    for _ in range(count):
        changed = list(lines)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(changed))
            changed[place] = _mutate(chance, changed[place])
        part = transcript.with_data(b"\n".join(changed) + b"\n")
        format_.session_id(part)
        check(format_.derive([part]))


_STRANGE: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1e300,
    2**70,
    "",
    "text",
    [],
    {},
    [[]],
    [{}],
    {"type": "text"},
    ["text"],
    "\ud800",
)


def _mutate(chance: random.Random, line: bytes) -> bytes:
    if chance.random() < 0.2:
        place = chance.randrange(len(line) + 1)
        return line[:place] + bytes([chance.randrange(11, 256)]) + line[place + chance.randrange(2) :]
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    places: list[tuple[object, object]] = []
    _collect(value, places)
    if places:
        holder, key = chance.choice(places)
        if chance.random() < 0.3:
            del holder[key]  # type: ignore[attr-defined]  # a dict or a list
        else:
            holder[key] = chance.choice(_STRANGE)  # type: ignore[index]  # a dict or a list
    return json.dumps(value).encode()


def _collect(value: object, places: list[tuple[object, object]]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        places.append((value, key))
        _collect(item, places)
