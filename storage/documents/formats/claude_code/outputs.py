"""Outputs of tools that lie in files of their own: long ones, of which the line has only the beginning and a path, and
the pictures of a server's resources, of which it has the path.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from storage.documents.formats.blocks import Block, image_block
from storage.documents.formats.claude_code.layout import place_of
from storage.documents.formats.json_values import as_list, as_object, as_text, parse_json
from storage.documents.formats.named_files import text_of
from storage.documents.formats.transcript_format import TranscriptReader

MARK = "<persisted-output>"
SAVED = "blobSavedTo"
"""The field with the path of a file in the answer of a server's resource."""
_MARKS = (MARK.encode(), SAVED.encode())
_FOLDER = r"(?:([0-9a-fA-F-]{36})[/\\]+)?tool-results[/\\]+"
_TEXTS, _PICTURES = "txt|json", "png|jpe?g|gif|webp"
_PATH = re.compile(rf"{_FOLDER}([A-Za-z0-9_.-]+\.(?:{_TEXTS}))")
_PICTURE = re.compile(rf"{_FOLDER}([A-Za-z0-9_.-]+\.(?:{_PICTURES}))")
_SHOWN_BYTES = re.compile(rf"{_FOLDER}([A-Za-z0-9_.-]+\.(?:{_TEXTS}|{_PICTURES}))".encode())
_MAX_PICTURE_BYTES = 5 * 2**20
"""Size beyond which a picture is not shown, which no model would take."""


class PersistedOutputs:
    """The long outputs that the results in a transcript name.

    The path in a line is of the machine that wrote it. The file is found by its name: in the folder of the session, or
    in that of the session that is named in the path, which a fork or a subagent shares.
    """

    def __init__(self, transcript: TranscriptReader, session: str | None) -> None:
        self._transcript = transcript
        place = place_of(transcript.name)
        # The name of an older subagent's file does not have its session.
        self._place = place if place.session or not session else place._replace(folder=f"{place.folder}/{session}")

    def named_in(self, line: bytes) -> Iterator[bytes]:
        """The outputs that stand for a result in a line."""
        if not any(mark in line for mark in _MARKS):
            return
        for session, name in dict.fromkeys(match.groups() for match in _SHOWN_BYTES.finditer(line)):
            output = self._read(session.decode() if session else "", name.decode())
            if output is not None:
                yield output

    def content(self, preview: str) -> str | list[object] | None:
        """The whole output by the text that stands for it; None if it is not there.

        The outputs of a server's tool are stored as a list of blocks.
        """
        match = _PATH.search(preview)
        output = self._read(match[1] or "", match[2]) if match else None
        if match is None or output is None:
            return None
        blocks = as_list(parse_json(output)) if match[2].endswith(".json") else []
        if blocks and all(as_text(as_object(block).get("type")) for block in blocks):
            return blocks
        return text_of(output)

    def pictures(self, answer: str) -> list[Block]:
        """The pictures that the answer of a server's resource names."""
        found = []
        for resource in map(as_object, as_list(as_object(parse_json(answer.encode(errors="replace"))).get("contents"))):
            match = _PICTURE.search(as_text(resource.get(SAVED)))
            picture = self._read(match[1] or "", match[2]) if match else None
            if picture is not None and len(picture) <= _MAX_PICTURE_BYTES:
                found.append(image_block(as_text(resource.get("mimeType")), base64.b64encode(picture).decode()))
        return found

    def _read(self, session: str, name: str) -> bytes | None:
        output = self._transcript.companion(self._place.tool_result(name))
        if output is not None or not session or (session == self._place.session and self._place.agent is None):
            return output
        base = self._transcript.base(session)
        if base is not None:
            return base.companion(place_of(base.name).tool_result(name))
        # The session was deleted: what continues it has what it needs of it. Forks lie beside their sources.
        beside = self._place._replace(folder=f"{PurePosixPath(self._place.folder).parent}/{session}")
        return self._transcript.companion(beside.tool_result(name))
