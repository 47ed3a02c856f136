"""Long outputs of tools, which Gemini CLI and Qwen Code keep in files of their own: the model got a part of them."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block, with_whole_content
from storage.documents.formats.json_values import as_list, as_object, as_text
from storage.documents.formats.named_files import Companion, FileNames, text_of


class LongOutputs(NamedTuple):
    """An agent's long outputs: `mark` begins each text that the model got instead, which names one of the `files`."""

    mark: str
    files: FileNames


class WholeOutputs:
    """Replaces long outputs in results by the whole ones. `companions` are those of the session's transcripts."""

    def __init__(self, kind: LongOutputs, companions: Iterable[Companion]) -> None:
        self._kind = kind
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
        name = self._kind.files.first_in(text) if text.startswith(self._kind.mark) else None
        if name is None:
            return None
        return next((output for companion in self._companions if (output := companion(name)) is not None), None)
