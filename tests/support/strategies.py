"""Hypothesis strategies for conversations that either agent could save, and for unusual documents."""

import functools
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support import documents
from tests.support.documents import Block, Document, Message

# Both are replaced on import, so only conversations that ask for them hold any.
_REPLACED = "\x00\ud800\udfff"
TOOL_NAMES = ("read_file", "exec_shell", "bash", "apply_patch", "write_file", "edit", "grep_files", "ünïcode 工具")


@dataclass(frozen=True)
class Said:
    text: str


@dataclass(frozen=True)
class Thought:
    thinking: str


@dataclass(frozen=True)
class Answer:
    """What a tool gave back; `is_error` None where the agent left it out."""

    content: str
    is_error: bool | None


@dataclass(frozen=True)
class Called:
    """A tool call; `answer` None where the session ends, or went on, without one."""

    name: str
    input: Any
    answer: Answer | None


@dataclass(frozen=True)
class Turn:
    """What the person said, none or several texts, and what the model replied, a tuple of parts for each message."""

    texts: tuple[str, ...]
    replies: tuple[tuple[Said | Thought | Called, ...], ...]


Conversation = tuple[Turn, ...]


def texts(*, hostile: bool = False, max_size: int = 40) -> SearchStrategy[str]:
    """Unicode text, now and then empty or of several lines; with NUL and lone surrogates if `hostile`."""
    plain = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
    characters = st.one_of(plain, st.sampled_from("\n\t é漢ש👍"))
    if hostile:
        characters = st.one_of(characters, st.sampled_from(_REPLACED))
    return st.text(characters, max_size=max_size)


@functools.cache
def json_values() -> SearchStrategy[Any]:
    """JSON values of any shape, numbers within what a 64-bit reader takes."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        texts(max_size=12),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts(max_size=8), inner, max_size=3)),
        max_leaves=6,
    )


def conversations(*, hostile: bool = False) -> SearchStrategy[Conversation]:
    """Conversations of a few turns; `hostile` puts NUL and lone surrogates into their texts."""
    said = texts(hostile=hostile)
    answers = st.builds(Answer, said, st.sampled_from([None, False, True]))
    called = st.builds(Called, st.sampled_from(TOOL_NAMES), json_values(), st.none() | answers)
    part = st.one_of(st.builds(Said, said), st.builds(Thought, said), called)
    reply = st.lists(part, max_size=4).map(tuple)
    turn = st.builds(Turn, st.lists(said, max_size=2).map(tuple), st.lists(reply, max_size=3).map(tuple))
    return st.lists(turn, max_size=4).map(tuple)


def as_zagens(conversation: Conversation, id: str = "conversation") -> Document:
    """Each tool's answer stands right after its call, in the same message."""
    messages: list[Message] = []
    ids = _tool_ids()
    for turn in conversation:
        messages += _prompt(turn)
        for reply in turn.replies:
            parts = [_blocks(part, ids) for part in reply]
            messages.append(documents.assistant(*(block for said, answers in parts for block in (said, *answers))))
    return documents.zagens(id, messages=messages)


def as_codewhale(conversation: Conversation, id: str = "conversation") -> Document:
    """All answers to the calls of one message stand in a user message after it."""
    messages: list[Message] = []
    ids = _tool_ids()
    for turn in conversation:
        messages += _prompt(turn)
        for reply in turn.replies:
            parts = [_blocks(part, ids) for part in reply]
            messages.append(documents.assistant(*(said for said, _ in parts)))
            if answers := [answer for _, answers in parts for answer in answers]:
                messages.append(documents.user(*answers))
    return documents.codewhale(id, messages=messages)


def _tool_ids() -> Iterator[str]:
    return (f"call_{number}" for number in count())


def _prompt(turn: Turn) -> list[Message]:
    return [documents.user(*turn.texts)] if turn.texts else []


def _blocks(part: Said | Thought | Called, ids: Iterator[str]) -> tuple[Block, list[Block]]:
    """The part's own block and, for a call that was answered, the block of the answer."""
    match part:
        case Said(text):
            return documents.text(text), []
        case Thought(thinking):
            return documents.thinking(thinking), []
        case Called(name, input, answer):
            id = next(ids)
            answers = [] if answer is None else [documents.tool_result(id, answer.content, answer.is_error)]
            return {"type": "tool_use", "id": id, "name": name, "input": input}, answers


_KNOWN_BLOCKS = frozenset({"text", "thinking", "tool_use", "tool_result", "server_tool_use", "image_url"})


def json_documents() -> SearchStrategy[Document]:
    """Documents that an import must take, with unknown keys at every level and unknown blocks and roles.

    Nothing in them is replaced on import: an export must give an equal JSON value.
    """
    metadata = _with_unknown_keys(
        {
            "id": st.from_regex(r"[A-Za-z0-9_-]{1,200}", fullmatch=True),
            "title": texts(),
            "created_at": timestamps(),
            "updated_at": timestamps(),
            "message_count": st.integers(0, 2**31 - 1),
            "total_tokens": st.integers(0, 2**53 - 1),
            "model": texts(),
            "workspace": texts(),
        },
        {"mode": st.none() | texts(), "archived": st.booleans(), "model_provider": texts(), "cost": json_values()},
    )
    role = st.sampled_from(["user", "assistant", "system", "assistant_interrupted", "tool", "narrator"])
    message = _with_unknown_keys({"role": role, "content": texts() | st.lists(json_blocks(), max_size=4)})
    return _with_unknown_keys(
        {"metadata": metadata, "messages": st.lists(message, max_size=5)},
        {"schema_version": st.just(1), "system_prompt": st.none() | texts(), "context_references": st.just([])},
    )


def json_blocks() -> SearchStrategy[Block]:
    """Blocks of every known kind and of unknown ones, each with unknown keys."""
    tool_ids = st.sampled_from(["call_0", "call_1", "call_2"])
    call = {"id": tool_ids, "name": st.sampled_from(TOOL_NAMES), "input": json_values()}
    answer = {"tool_use_id": tool_ids, "content": texts()}
    return st.one_of(
        _with_unknown_keys({"type": st.just("text"), "text": texts()}),
        _with_unknown_keys({"type": st.just("thinking"), "thinking": texts()}, {"signature": texts()}),
        _with_unknown_keys({"type": st.just("tool_use"), **call}),
        _with_unknown_keys({"type": st.just("server_tool_use"), **call}),
        _with_unknown_keys({"type": st.just("tool_result"), **answer}, {"is_error": st.booleans()}),
        _with_unknown_keys({"type": st.just("image_url"), "image_url": st.fixed_dictionaries({"url": texts()})}),
        _with_unknown_keys({"type": texts(max_size=12).filter(lambda kind: kind not in _KNOWN_BLOCKS)}),
    )


def timestamps() -> SearchStrategy[str]:
    """RFC 3339, in UTC or with an offset, down to the nanoseconds that Rust programs write."""
    # Hypothesis wants bounds without a zone.
    seconds = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.isoformat("T", "seconds"))  # noqa: DTZ001
    fractions = st.sampled_from(["", ".118", ".118204", ".118204033", ".000", ".999999999"])
    offsets = st.sampled_from(["Z", "+00:00", "+05:45", "-08:00"])
    return st.builds("{}{}{}".format, seconds, fractions, offsets)


def _with_unknown_keys(
    required: dict[str, SearchStrategy[Any]], optional: dict[str, SearchStrategy[Any]] | None = None
) -> SearchStrategy[dict[str, Any]]:
    # Theirs are all made of lower-case letters and underscores, so none of these has a meaning to an agent.
    strange = texts(max_size=10).filter(lambda key: not re.fullmatch("[a-z_]+", key))
    unknown = st.dictionaries(strange | st.sampled_from(["reasoning_effort", "hologram"]), json_values(), max_size=2)
    known: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(required, optional=optional or {})
    # The unknown first: where a key stands in its object means nothing.
    return st.builds(operator.or_, unknown, known)
