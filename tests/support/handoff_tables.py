"""The tables of docs/handoff.md, which are the results of handoffs of the fixtures."""

from collections import Counter
from datetime import UTC, datetime

from storage.documents.agents import known_agents
from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import (
    Answer,
    Call,
    Conversation,
    ConversationMessage,
    Part,
    Picture,
    Summary,
    Text,
    Thinking,
)
from storage.handoff.copy_check import messages_of
from storage.handoff.handoff import NoHandoff, make_handoff
from storage.handoff.targets import TARGETS
from tests.support.handoffs import PICTURE, fixture_conversations, lost, read_back

NAMES = {agent.source: agent.name for agent in known_agents()}
_DOT = Picture("image/png", PICTURE)
_DONE = Answer((Text("done"),))
_FAILED = Answer((Text("failed"), _DOT), is_error=True)
_TRIED: dict[str, Part] = {
    "texts": Text("words"),
    "reasoning": Thinking("a thought"),
    "pictures": _DOT,
    "pictures by address": Picture("", "", "https://shop.example/dot.png"),
    "calls with answers": Call("till_price", {"tea": "mint"}, _DONE),
    "failed calls": Call("till_price", {"tea": "mint"}, Answer((Text("failed"),), is_error=True)),
    "pictures in answers": Call("look", {}, Answer((Text("done"), _DOT))),
    "pictures in failed calls": Call("look", {}, _FAILED),
    "arguments that are no object": Call("apply_patch", "*** Begin Patch", _DONE),
    "the summary of a compaction": Summary("The shop was opened."),
}
_OF_MODEL = (Thinking, Call)


def carried() -> str:
    """For each agent, what a handoff carries in its own form and what as text, and the version it was tried with."""
    rows = [["", *(NAMES[to] for to in TARGETS)], ["---"] * (len(TARGETS) + 1)]
    rows.append(["version tried", *(FORMATS[to].tried_version for to in TARGETS)])
    rows += [[name, *(_how(part, to) for to in TARGETS)] for name, part in _TRIED.items()]
    rows.append(["title", *(_title(to) for to in TARGETS)])
    return _table(rows)


def changes() -> str:
    """For each agent that a session comes from and each that it is handed over to, what changes in the fixtures."""
    conversations = list(fixture_conversations())
    sources = [source for source in NAMES if any(one.source == source for one in conversations)]
    rows = [["from", *(f"to {NAMES[to]}" for to in TARGETS)], ["---"] * (len(TARGETS) + 1)]
    for source in sources:
        of_source = [one for one in conversations if one.source == source]
        rows.append([NAMES[source], *(_changes(of_source, to) for to in TARGETS)])
    return _table(rows)


def _conversation(*messages: ConversationMessage) -> Conversation:
    began = datetime(2026, 11, 28, tzinfo=UTC)
    return Conversation("5e55", "ZAGENS", "Tea", "/home/dev/shop", began, began, messages)


def _how(part: Part, to: str) -> str:
    said = ConversationMessage("ASSISTANT" if isinstance(part, _OF_MODEL) else "USER", (part,))
    asked, answer = (
        ConversationMessage("USER", (Text("question"),)),
        ConversationMessage("ASSISTANT", (Text("answer"),)),
    )
    order = (said, asked, answer) if isinstance(part, Summary) else (asked, said, answer)
    copy = read_back(make_handoff(_conversation(*order), to, None))
    found = [part for message in messages_of(copy) for part in message.parts]
    if part in found:
        return "in kind"
    if isinstance(part, Call):
        return "text, without pictures" if _DOT in (part.answer or _DONE).content else "in an object"
    return "as text"


def _title(to: str) -> str:
    losses = make_handoff(_conversation(ConversationMessage("USER", (Text("question"),))), to, None).losses
    return "in the first line only" if any(loss.code == "TITLE" for loss in losses) else "in kind"


def _changes(conversations: list[Conversation], to: str) -> str:
    if conversations[0].source == to:
        return "its own files"
    counted: Counter[str] = Counter()
    tried = 0
    for conversation in conversations:
        try:
            handoff = make_handoff(conversation, to, None)
        except NoHandoff:
            continue
        assert lost(handoff) is None, conversation.session_id
        tried += 1
        for loss in handoff.losses:
            counted[loss.code] += loss.count
    changed = ", ".join(f"{counted[code]} `{code}`" for code in sorted(counted))
    return f"{tried} sessions: {changed or 'no change'}" if tried != 1 else f"1 session: {changed or 'no change'}"


def _table(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
