"""What of a conversation arrives in the first request of the program that continues it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from storage.handoff.conversation import Call, Injected, Picture, Summary, Text
from tests.agents.model_server.conversation import Item, as_json
from tests.agents.side_by_side.sessions import Given

IN_KIND, AS_TEXT, LOST = "in kind", "as text", "lost"


def arrived(given: Given, sent: Sequence[Item]) -> Counter[tuple[str, str]]:
    """Counts of what was said by its kind and by how it arrived, and of what should not have arrived."""
    texts = "\n".join(item.text for item in sent if item.kind == "text")
    calls = [item for item in sent if item.kind == "call"]
    results = [item.text for item in sent if item.kind == "result"]
    counts: Counter[tuple[str, str]] = Counter()
    for kind, words in _said(given):
        if kind == "texts":
            counts[kind, IN_KIND if words in texts else LOST] += 1
        elif kind == "pictures":
            counts[kind, IN_KIND if any(words in item.text for item in sent if item.kind == "image") else LOST] += 1
        elif kind == "calls":
            is_call = any(words in item.text or _escaped(words) in item.text for item in calls)
            counts[kind, IN_KIND if is_call else AS_TEXT if words in texts else LOST] += 1
        else:
            is_result = any(words in result for result in results)
            counts[kind, IN_KIND if is_result else AS_TEXT if words in texts else LOST] += 1
    counts["taken-back texts sent", ""] += sum(words in texts for words in given.undone)
    of_user = "\n".join(item.text for item in sent if item.kind == "text" and item.role == "user")
    counts["injected texts sent as the user's", ""] += sum(words in of_user for words in given.injected)
    return counts


def _said(given: Given) -> Iterator[tuple[str, str]]:
    for message in given.conversation.messages:
        for part in message.parts:
            match part:
                case Text(text) | Summary(text):
                    yield "texts", text
                case Picture():
                    yield "pictures", part.data
                case Call(_, value, answer):
                    yield "calls", _telling(value)
                    for content in () if answer is None else answer.content:
                        if isinstance(content, Text) and content.text.strip():
                            yield "answers", content.text.strip().splitlines()[-1]
                        elif isinstance(content, Picture):
                            yield "pictures", content.data
                case Injected():
                    pass


def _telling(value: object) -> str:
    """A string of a call's input by which the call is known: the last one, such as the new text of an edit."""
    if isinstance(value, str):
        return value
    strings = [one for one in value.values() if isinstance(one, str) and one] if isinstance(value, dict) else []
    return strings[-1] if strings else as_json(value)


def _escaped(words: str) -> str:
    return as_json([words])[2:-2]
