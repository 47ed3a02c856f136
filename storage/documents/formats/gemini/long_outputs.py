"""Long outputs of tools, which Gemini CLI keeps in files of their own: the model got their beginning and end."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block, with_whole_content
from storage.documents.formats.json_values import as_list, as_object, as_text
from storage.documents.formats.named_files import Companion, NamedFiles, text_of

_MARK = "Output too large. Showing "
_FOLDER = "tmp"
_PATH = re.compile(rf"{_FOLDER}[/\\]+([\w.-]+)[/\\]+(tool-outputs)[/\\]+(session-[\w-]+)[/\\]+([\w.-]+\.txt)", re.ASCII)
_PATH_BYTES = re.compile(_PATH.pattern.encode())


def long_outputs(home: Path) -> NamedFiles:
    """The files of long outputs below a home."""
    return NamedFiles(home, _FOLDER, _PATH_BYTES)


class WholeOutputs:
    """The whole outputs of results. `companions` are those of the session's transcripts."""

    def __init__(self, companions: Iterable[Companion]) -> None:
        self._companions = list(companions)

    def blocks(self, blocks: Iterable[Block]) -> list[Block]:
        """The blocks, with whole outputs in results that have only a part of them."""
        return [self._whole(block) for block in blocks]

    def digest(self, digest: bytes, blocks: Iterable[Block]) -> bytes:
        """The digest of blocks, which changes with their long outputs."""
        outputs = [output for block in blocks if (output := self._output(block)) is not None]
        return blake2b(b"".join((digest, *outputs)), digest_size=DIGEST_SIZE).digest() if outputs else digest

    def _whole(self, block: Block) -> Block:
        output = self._output(block)
        if output is None:
            return block
        text: object = text_of(output)
        content = block["content"]
        if isinstance(content, list):
            text = [{**as_object(content[0]), "text": text}, *content[1:]]
        return with_whole_content(block, text)

    def _output(self, block: Block) -> bytes | None:
        if block["type"] != "tool_result":
            return None
        content = block["content"]
        text = content if isinstance(content, str) else as_text(as_object((as_list(content) or [{}])[0]).get("text"))
        path = _PATH.search(text) if text.startswith(_MARK) else None
        if path is None:
            return None
        name = "/".join((_FOLDER, *path.groups()))
        return next((output for one in self._companions if (output := one(name)) is not None), None)
