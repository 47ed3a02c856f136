"""Ids of nodes, the objects that clients can read by their ids alone: the type that an id tells, and the row's key."""

import re
from typing import Any, NamedTuple

from storage.records.identifier import is_session_id
from storage.records.thread_item import ItemKey, TurnKey

SESSION = "Session"
MESSAGE = "Message"
THREAD = "Thread"
TURN = "Turn"
ITEM = "ThreadItem"
RESUME_TASK = "ResumeTask"

_POSITION = "(?:0|[1-9][0-9]{0,8})"
_OF_MESSAGE = re.compile(f"([^:]+):({_POSITION})")
_OF_THREAD = re.compile(f"(thr|tsk|turn|item)_([0-9a-f]{{32}})((?:_{_POSITION})*)")


class NodeKey(NamedTuple):
    """A type of nodes, and the key of a row: a session or thread id, or the key of a message, a turn or an item."""

    kind: str
    key: Any


def node_key(id: str) -> NodeKey | None:
    """The key of the node with an id; None when no node can have that id."""
    if message := _OF_MESSAGE.fullmatch(id):
        session_id, position = message.groups()
        return NodeKey(MESSAGE, (session_id, int(position))) if is_session_id(session_id) else None
    if is_session_id(id):
        return NodeKey(SESSION, id)
    part = _OF_THREAD.fullmatch(id)
    if part is None:
        return None
    prefix, digits, rest = part.groups()
    thread_id = f"thr_{digits}"
    match prefix, [int(position) for position in rest.split("_")[1:]]:
        case "thr", []:
            return NodeKey(THREAD, thread_id)
        case "tsk", []:
            return NodeKey(RESUME_TASK, thread_id)
        case "turn", [turn]:
            return NodeKey(TURN, TurnKey(thread_id, turn))
        case "item", [turn, position]:
            return NodeKey(ITEM, ItemKey(thread_id, turn, position))
    return None
