"""The conversation in a request to a model, in one form for all providers."""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "thinking", "call", "result", "image", "other"]


@dataclass(frozen=True)
class Item:
    """A text, thought, call, result or image. `text` of a call is its input as JSON, of an image its data."""

    role: str
    kind: Kind
    text: str
    name: str = ""
    id: str = ""


@dataclass(frozen=True)
class Expected:
    """An item that a conversation must hold: of this kind, with this text in it, and the role, name and id if given."""

    kind: Kind
    text: str
    role: str = ""
    name: str = ""
    id: str = ""

    def fits(self, item: Item) -> bool:
        return (
            item.kind == self.kind
            and self.text in item.text
            and self.role in ("", item.role)
            and self.name in ("", item.name)
            and self.id in ("", item.id)
        )


def missing(conversation: Sequence[Item], expected: Iterable[Expected]) -> list[Expected]:
    """The expected items that a conversation does not hold in their order.

    Neighbouring results may stand in any order, as programs send those of parallel calls in the order of their arrival.
    The search for each item starts behind the last one found, so that one missing item hides no other.
    """
    lost, start = [], 0
    for is_result, group in itertools.groupby(expected, key=lambda item: item.kind == "result"):
        behind = start
        for item in group:
            found = next((place for place in range(start, len(conversation)) if item.fits(conversation[place])), None)
            if found is None:
                lost.append(item)
                continue
            behind = max(behind, found + 1)
            if not is_result:
                start = behind
        start = behind
    return lost


def as_json(value: Any) -> str:
    """A call's input as one JSON text, equal for equal values; strings as they are."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def as_list(content: Any) -> list[Mapping[str, Any]]:
    """Content that is a string, absent or a list of parts, as a list of parts."""
    if not content:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
