"""Derives a session from the rollouts of a thread."""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import datetime

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats.codex.conversation import Reading, RolloutConversation
from storage.documents.formats.codex.copied_lines import CopiedLines
from storage.documents.formats.codex.draft import LineReader
from storage.documents.formats.codex.entries import Entry
from storage.documents.formats.codex.header import Header
from storage.documents.formats.codex.home import ARCHIVED
from storage.documents.formats.codex.lineage import Lineage, keys_of, lineage, newest
from storage.documents.formats.codex.rollout import Rollout, first_header, thread_id_of
from storage.documents.formats.codex.rollout_name import parse_rollout_name, time_of_id
from storage.documents.formats.codex.thread_names import INDEX, thread_name
from storage.documents.formats.derived_values import first_prompt_of, time_span
from storage.documents.formats.transcript_format import Continued, TranscriptReader

SOURCE = "CODEX"


def session_id(transcript: TranscriptReader) -> str | None:
    """The id of the session that a rollout belongs to; None when it has no line yet."""
    header, line_count = first_header(transcript)
    return thread_id_of(transcript, header) or None if line_count else None


def session_keys(transcript: TranscriptReader) -> list[str]:
    """The ids by which another rollout names this one."""
    return keys_of(Rollout(transcript))


def continued(transcript: TranscriptReader) -> list[Continued]:
    """The rollouts that a fork or a revert continues, each up to the line at which it was left."""
    rollout = Rollout(transcript)
    found = []
    for base, end in lineage(rollout, [rollout]).stretches[:-1]:
        last = deque(base.entries() if end is None else _entries_below(base.entries(), end, []), maxlen=1)
        if last:
            offset = last[0].place.offset
            size = offset + len(base.transcript.line(offset)) + 1
            found.append(Continued(keys_of(base)[0], base.transcript, size))
    return found


def derive(transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
    """The session of a thread's rollouts, oldest first; None when nothing was said in them."""
    rollouts = [rollout for rollout in map(Rollout, transcripts) if rollout.has_lines]
    if not rollouts:
        return None
    rollout = newest(rollouts)
    line = lineage(rollout, rollouts)
    conversation = _read(line, rollouts)
    if not rollout.thread_id or all(draft.is_injected for draft in conversation.drafts):
        return None
    return _session(rollout, rollouts, line, conversation)


def _read(line: Lineage, rollouts: Sequence[Rollout]) -> RolloutConversation:
    """Read all rollouts. Those that the newest does not continue are abandoned branches, before what is newer."""
    conversation = RolloutConversation()
    chained = [stretch.rollout for stretch in line.stretches]
    others = [rollout for rollout in rollouts if rollout not in chained]
    known = {_line_key(entry) for rollout in chained for entry in rollout.entries()} if others else set()
    for rollout, end in line.stretches:
        while others and rollout in rollouts and rollouts.index(others[0]) < rollouts.index(rollout):
            _read_other(conversation, others.pop(0), known)
        _read_stretch(conversation, rollout, end, is_own=rollout in rollouts)
    for other in others:
        _read_other(conversation, other, known)
    return conversation


def _read_stretch(conversation: RolloutConversation, rollout: Rollout, end: int | None, *, is_own: bool) -> None:
    """Read the lines of a rollout that the thread has; of the thread's own rollouts also abandoned ones."""
    reading = _reading(rollout)
    entries = rollout.entries()
    rest: list[Entry] = []
    conversation.add(reading, entries if end is None else _entries_below(entries, end, rest), is_own=is_own)
    if rest and is_own:
        conversation.add_branch(reading, itertools.chain(rest, entries))


def _entries_below(entries: Iterator[Entry], end: int, rest: list[Entry]) -> Iterator[Entry]:
    """The entries with an ordinal below an end. The first one after it is put into `rest`.

    Older versions continue a numbered rollout with lines without ordinals: these are beyond every end.
    """
    has_ordinals = False
    for entry in entries:
        ordinal = entry.place.ordinal
        has_ordinals = has_ordinals or ordinal is not None
        if ordinal >= end if ordinal is not None else has_ordinals:
            rest.append(entry)
            return
        yield entry


def _read_other(conversation: RolloutConversation, rollout: Rollout, known: Set[object]) -> None:
    """Read a rollout apart from the thread, without the lines that the thread's rollouts have as well."""
    entries = (entry for entry in rollout.entries() if _line_key(entry) not in known)
    conversation.add_branch(_reading(rollout), entries)


def _reading(rollout: Rollout) -> Reading:
    return Reading(rollout.thread_id, LineReader(rollout.transcript), CopiedLines(rollout))


def _line_key(entry: Entry) -> object:
    """Equal for equal lines."""
    return entry.place.digest or repr(replace(entry, place=replace(entry.place, offset=0)))


def _session(
    rollout: Rollout, rollouts: Sequence[Rollout], line: Lineage, conversation: RolloutConversation
) -> DerivedSession:
    header = rollout.header or Header(thread_id=rollout.thread_id)
    thread_id = rollout.thread_id
    times = [time for other in rollouts for time in _times(other)]
    began = [
        head.created_at for other in rollouts if (head := other.header) is not None and head.created_at is not None
    ]
    started_at = min(began, default=None if times else time_of_id(thread_id))
    created_at, updated_at = time_span(started_at, times, rollout.transcript.modified_at)
    kind, parent_id = _kind(rollout, header)
    has_sent = any(draft.is_sent for draft in conversation.drafts)
    # Nothing was sent to a model: what was said is all that there is to continue from.
    live = conversation.live if has_sent else _said(conversation)
    messages = conversation.messages()
    return DerivedSession(
        id=thread_id,
        source=SOURCE,
        # People resume a thread in another directory, where the program then finds it.
        workspace=conversation.settings.workspace or header.workspace,
        created_at=created_at,
        updated_at=updated_at,
        messages=messages,
        live=live,
        kind=kind,
        parent_id=parent_id,
        title=_title(rollouts, header, thread_id),
        first_prompt=first_prompt_of(messages),
        model=conversation.settings.model,
        mode=conversation.settings.mode or None,
        agent_version=header.agent_version,
        git_branch=header.git_branch,
        system_prompt=header.system_prompt,
        is_archived=rollout.transcript.name.startswith(f"{ARCHIVED}/"),
        usage=conversation.usage.total,
        is_automated=header.is_automated,
        metadata=_metadata(header, line, conversation),
    )


def _times(rollout: Rollout) -> list[datetime]:
    places = (rollout.first, rollout.last)
    return [place.time for place in places if place is not None and place.time is not None]


def _said(conversation: RolloutConversation) -> list[int]:
    return [position for position, draft in enumerate(conversation.drafts) if not draft.is_injected]


def _kind(rollout: Rollout, header: Header) -> tuple[str, str | None]:
    """The kind of a session, and the id of the session that it came from."""
    if header.handed_over_from is not None:
        return FORK, header.handed_over_from
    source = header.forked_from
    name = parse_rollout_name(rollout.transcript.name)
    is_revert = header.forked_from is None and name is not None and name.segment_id is not None
    if source is None and header.base is not None and not is_revert:
        source = header.base.key
    if source is not None and (transcript := rollout.transcript.base(source)) is not None:
        # It may be named by the id of a segment, which is no session.
        source = session_id(transcript)
    if source == rollout.thread_id:
        source = None
    if header.subagent is not None:
        return SUBAGENT, header.spawned_by or source
    return (MAIN, None) if source is None else (FORK, source)


def _title(rollouts: Sequence[Rollout], header: Header, thread_id: str) -> str | None:
    names = (thread_name(rollout.transcript.companion(INDEX), thread_id) for rollout in reversed(rollouts))
    return next(filter(None, names), None) or header.nickname or header.handed_over_title


def _metadata(header: Header, line: Lineage, conversation: RolloutConversation) -> dict[str, object]:
    metadata = dict(header.values)
    if line.missing is not None:
        metadata["missing_history_base"] = line.missing
    if conversation.branches:
        metadata["branches"] = [branch._asdict() for branch in conversation.branches]
    if conversation.snapshots:
        metadata["ghost_commits"] = conversation.snapshots
    return metadata
