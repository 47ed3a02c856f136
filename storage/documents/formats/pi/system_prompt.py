"""The system prompt of a pi session: entries state it by sections, and later ones change some of them."""

from collections.abc import Iterable

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_list, as_object, as_text


def system_prompt_of(statements: Iterable[Block]) -> str | None:
    """The prompt after all statements in order, None when it is empty."""
    instructions: list[str] = []
    sections: dict[str, str] = {}
    for statement in statements:
        if text := _text(statement.get("content")):
            instructions.append(text)
        for name, section in as_object(statement.get("sections")).items():
            # One without a text removes it.
            sections[name] = as_text(section)
    return "\n\n".join(filter(None, [*instructions, *sections.values()])) or None


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(filter(None, (as_text(as_object(part).get("text")) for part in as_list(content))))
