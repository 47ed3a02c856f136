"""What a person wrote in a line under the user's role."""

from storage.documents.formats.claude_code import injected
from storage.documents.formats.claude_code.line import Block, Content


def own_text(content: Content) -> tuple[str, bool]:
    """What the person wrote of a content, and whether all of it is the program's."""
    if isinstance(content, str):
        texts, has_others = [content], False
    else:
        blocks: list[Block] = content or []
        texts = [block.text for block in blocks if block.type == "text"]
        has_others = len(texts) < len(blocks)
    pieces = [piece for text in texts for piece in injected.split(text)]
    own = "\n".join(piece.text for piece in pieces if not piece.is_injected).strip()
    return own, bool(pieces) and not own and not has_others


def is_command(content: Content) -> bool:
    """Whether the content is the echo of a slash command."""
    if isinstance(content, list):
        return bool(content) and injected.is_command_echo(content[0].text)
    return content is not None and injected.is_command_echo(content)
