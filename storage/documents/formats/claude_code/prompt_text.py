"""What a person wrote in a line under the user's role."""

from storage.documents.formats.claude_code import injected
from storage.documents.formats.claude_code.line import Content, LineBlock


def own_text(content: Content) -> tuple[str, bool]:
    """The part of a content that the person wrote, and whether the program wrote all of it."""
    if isinstance(content, str):
        texts, has_others = [content], False
    else:
        blocks: list[LineBlock] = content or []
        texts = [block.text for block in blocks if block.type == "text"]
        has_others = len(texts) < len(blocks)
    pieces = [piece for text in texts for piece in injected.split(text)]
    own = "\n".join(piece.text for piece in pieces if not piece.is_injected).strip()
    return own, bool(pieces) and not own and not has_others


def typed_command(content: Content) -> str | None:
    """The slash command with its arguments, of which the content is the echo; None for another content."""
    if isinstance(content, list):
        return injected.typed_command(content[0].text) if content else None
    return None if content is None else injected.typed_command(content)
