"""The session that a scan of its lines gives."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from storage.documents.derived_session import (
    DIGEST_SIZE,
    FORK,
    MAIN,
    MAX_FIRST_PROMPT_LENGTH,
    SUBAGENT,
    DerivedMessage,
    DerivedSession,
)
from storage.documents.formats.blocks import Block
from storage.documents.formats.claude_code.content import build_content
from storage.documents.formats.claude_code.draft import (
    CHANGED_INPUT,
    NOTE,
    RAW,
    REPLY,
    SUMMARY,
    LineDraft,
    MessageLine,
)
from storage.documents.formats.claude_code.layout import TranscriptName, meta_name, place_of, subagent_id
from storage.documents.formats.claude_code.live_view import LiveView, live_view
from storage.documents.formats.claude_code.outputs import PersistedOutputs
from storage.documents.formats.claude_code.scan import Scan
from storage.documents.formats.json_values import as_amount, as_id, as_object, as_text, as_time, parse_json
from storage.documents.formats.transcript_format import TranscriptReader
from storage.json_codec import storable, storable_text
from storage.records.plain_text import strip_controls
from storage.records.token_usage import TokenUsage

_ROLES = {REPLY: "ASSISTANT"} | dict.fromkeys((SUMMARY, NOTE, RAW, CHANGED_INPUT), "SYSTEM")
_TIME_LENGTH = len("2026-06-11T07:52:10.123Z")
_MAX_KEPT_LINE = 65_536
"""Bytes of a line that is put into the metadata."""


def session_of(
    source: str,
    id: str,
    place: TranscriptName,
    scan: Scan,
    transcripts: Sequence[TranscriptReader],
    outputs: PersistedOutputs,
) -> DerivedSession:
    """The session of scanned transcripts."""
    facts = scan.facts
    view = live_view(scan)
    messages = [_message(draft, transcripts, outputs) for draft in scan.drafts]
    usages = [message.usage for message in messages if message.usage is not None]
    created_at, updated_at = _times(scan, messages, transcripts[-1].modified_at)
    meta = _agent_meta(transcripts[-1]) if place.agent is not None else {}
    kind, parent_id = _origin(scan, transcripts[-1], place, meta)
    return DerivedSession(
        id=id,
        source=source,
        workspace=storable_text(facts.workspace),
        created_at=created_at,
        updated_at=updated_at,
        messages=messages,
        live=view.live,
        kind=kind,
        parent_id=parent_id,
        title=_title(scan, transcripts[-1], place, meta),
        first_prompt=_first_prompt(scan, view),
        model=scan.replies.last_model,
        mode=_storable(facts.permission_mode),
        agent_version=_storable(facts.version),
        # Without version control the program records HEAD.
        git_branch=None if facts.git_branch == "HEAD" else _storable(facts.git_branch),
        usage=TokenUsage(*map(sum, zip(*usages, strict=True))),
        recorded_cost=None if scan.own_cost is None else as_amount(scan.own_cost),
        is_automated=facts.is_automated,
        metadata=_metadata(scan, view, transcripts, meta),
    )


def _message(draft: LineDraft, transcripts: Sequence[TranscriptReader], outputs: PersistedOutputs) -> DerivedMessage:
    parts = draft.ordered_parts()
    hashed = b"".join([bytes((draft.kind, draft.is_injected)), *[part.digest for part in parts]])
    return DerivedMessage(
        role=_ROLES.get(draft.kind, "USER"),
        digest=hashlib.blake2b(hashed, digest_size=DIGEST_SIZE).digest(),
        build=partial(_build, draft.kind, draft.is_injected, parts, transcripts, outputs),
        created_at=_time(draft.created_at),
        model=draft.model,
        # The session that a reply was copied from counts its tokens.
        usage=None if draft.is_copied or draft.usage is None else draft.usage.total(),
        is_injected=draft.is_injected,
    )


def _storable(value: str | None) -> str | None:
    return storable_text(value) if value else None


def _time(value: str | int | float | None) -> datetime | None:
    # The program writes all times in one form, which needs no further check.
    if isinstance(value, str) and len(value) == _TIME_LENGTH and value[-1] == "Z":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    return as_time(value)


def _build(
    kind: int,
    is_injected: bool,
    parts: Sequence[MessageLine],
    transcripts: Sequence[TranscriptReader],
    outputs: PersistedOutputs,
) -> list[Block]:
    lines = (transcripts[part.transcript].line(part.offset) for part in parts)
    return build_content(kind, is_injected, lines, outputs)


def _times(scan: Scan, messages: Sequence[DerivedMessage], modified_at: datetime) -> tuple[datetime, datetime]:
    """The times of the first and the last line; of the file if no line has one."""
    created_at = as_time(scan.facts.first_timestamp)
    if created_at is None:
        modified_at = modified_at.astimezone(UTC)
        return modified_at, modified_at
    last = as_time(scan.facts.last_timestamp)
    if last is None:
        last = max((message.created_at for message in messages if message.created_at), default=created_at)
    return created_at, max(created_at, last)


def _agent_meta(transcript: TranscriptReader) -> dict[str, object]:
    return as_object(parse_json(transcript.companion(meta_name(transcript.name)) or b""))


def _origin(
    scan: Scan, transcript: TranscriptReader, place: TranscriptName, meta: dict[str, object]
) -> tuple[str, str | None]:
    """The kind of the session, and its parent."""
    if place.agent is None and scan.copies.origin is not None:
        return FORK, as_id(scan.copies.origin)
    if place.agent is None and scan.facts.team is not None:
        lead = transcript.base(scan.facts.team)
        return SUBAGENT, None if lead is None else as_id(place_of(lead.name).session)
    if place.agent is None:
        return MAIN, None
    session = as_id(place.session or scan.session)
    agent = as_text(meta.get("parentAgentId"))
    return SUBAGENT, subagent_id(session, f"agent-{agent}") if agent and session else session


def _title(scan: Scan, transcript: TranscriptReader, place: TranscriptName, meta: dict[str, object]) -> str | None:
    """The person's title before the program's own."""
    facts = scan.facts
    title = facts.custom_title
    if title is None and place.agent is None:
        file = as_object(parse_json(transcript.companion(place.custom_title()) or b""))
        title = as_text(file.get("customTitle"))
    summaries = (summary for leaf, summary in reversed(facts.summaries) if scan.graph.node(leaf) >= 0)
    candidates = (title, facts.ai_title, as_text(meta.get("description")), *summaries)
    titles = (" ".join(strip_controls(candidate).split()) for candidate in candidates if candidate)
    return next(filter(None, titles), None)


def _first_prompt(scan: Scan, view: LiveView) -> str | None:
    """The person's first prompt. A prompt that was taken back counts only if there is no other."""
    prompts = [text for index, text in scan.prompts if index not in view.left] or [text for _, text in scan.prompts]
    texts = (strip_controls(text).strip()[:MAX_FIRST_PROMPT_LENGTH] for text in prompts)
    return next(filter(None, texts), None)


def _metadata(
    scan: Scan, view: LiveView, transcripts: Sequence[TranscriptReader], meta: dict[str, object]
) -> dict[str, object]:
    facts = scan.facts
    metadata: dict[str, object] = {}
    for kind, (transcript, offset) in facts.last_lines.items():
        data = transcripts[transcript].line(offset)
        if len(data) <= _MAX_KEPT_LINE:
            value = as_object(parse_json(data))
            metadata[kind] = {key: item for key, item in value.items() if key not in ("type", "sessionId")}
    metadata |= facts.run
    if meta:
        metadata["agent"] = meta
    if facts.compactions:
        metadata["compactions"] = facts.compactions
    if view.branches:
        metadata["branches"] = [branch._asdict() for branch in view.branches]
    if scan.line_counts:
        metadata["lineCounts"] = dict(scan.line_counts)
    return as_object(storable(metadata))
