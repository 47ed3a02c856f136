"""Long outputs of tools, which Qwen Code keeps in files of their own: the response has their beginning and end."""

import re
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block
from storage.documents.formats.google_content import SENT_OUTPUT, is_response
from storage.documents.formats.json_values import as_list, as_object, as_text
from storage.documents.formats.message_draft import Records
from storage.documents.formats.named_files import Companion, NamedFiles, text_of

_MARK = "Tool output was too large and has been truncated."
_FOLDER = "tmp"
# The folders of projects are named by a hash of their paths.
_PATH = re.compile(rf"{_FOLDER}[/\\]+([0-9a-f]{{64}})[/\\]+([\w.-]+\.output)", re.ASCII)
_PATH_BYTES = re.compile(_PATH.pattern.encode())


def long_outputs(home: Path) -> NamedFiles:
    """The files of long outputs below a home."""
    return NamedFiles(home, _FOLDER, _PATH_BYTES)


class WholeRecords:
    """The records of a transcript, with whole outputs in the responses that have only a part of them.

    `companion` is that of the transcript.
    """

    def __init__(self, records: Records, companion: Companion) -> None:
        self._records = records
        self._companion = companion

    def record(self, offset: int) -> Block:
        """The record at an offset. It must not be changed."""
        record = self._records.record(offset)
        if record.get("type") != "tool_result":
            return record
        message = as_object(record.get("message"))
        parts = as_list(message.get("parts"))
        return {**record, "message": {**message, "parts": list(map(self._whole, parts))}}

    def digests(self, record: Block) -> Iterator[bytes]:
        """The digests of the long outputs of a record as it was written."""
        if record.get("type") == "tool_result":
            for part in as_list(as_object(record.get("message")).get("parts")):
                if (output := self._output(part)) is not None:
                    yield blake2b(output, digest_size=DIGEST_SIZE).digest()

    def _whole(self, part: object) -> object:
        output = self._output(part)
        if output is None:
            return part
        response = as_object(as_object(part)["functionResponse"])
        sent = as_object(response["response"])["output"]
        return {
            **as_object(part),
            "functionResponse": {**response, "response": {"output": text_of(output)}, SENT_OUTPUT: sent},
        }

    def _output(self, part: object) -> bytes | None:
        if not is_response(part):
            return None
        response = as_object(as_object(as_object(part)["functionResponse"]).get("response"))
        text = as_text(response.get("output"))
        path = _PATH.search(text) if text.startswith(_MARK) else None
        return self._companion("/".join((_FOLDER, path[1], path[2]))) if path else None
