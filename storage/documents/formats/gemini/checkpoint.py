"""Checkpoints: conversations that a person saved under a name with `/chat save`, beside the project's sessions.

A checkpoint is the history as it is sent to the model: it has neither an id nor times, and does not name its session.
"""

import hashlib
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from storage.documents.formats.gemini.entry_content import MODEL, USER
from storage.documents.formats.gemini.workspace import PROJECT_ROOT, project_folder
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text, without
from storage.documents.formats.record_reader import whole_document
from storage.documents.formats.transcript_format import TranscriptReader

_NAME = re.compile(r"checkpoint(?:-(?P<tag>.+))?\.json")
_ID_BYTES = 16


def is_checkpoint(name: str) -> bool:
    """Whether a transcript, or a file of a project's folder, is a checkpoint by its name."""
    return _NAME.fullmatch(PurePosixPath(name).name) is not None


def tag_of(name: str) -> str:
    """The name that the person gave; empty in old versions, which had one checkpoint a project."""
    found = _NAME.fullmatch(PurePosixPath(name).name)
    return unquote(as_text(found["tag"])) if found else ""


def checkpoint_id(transcript: TranscriptReader) -> str | None:
    """An id of the workspace and the tag: a checkpoint that is saved again stays the same session."""
    return _id(transcript, _history(whole_document(transcript)))


def _id(transcript: TranscriptReader, history: list[object]) -> str | None:
    if not history:
        return None
    root = transcript.companion(f"{project_folder(transcript.name)}/{PROJECT_ROOT}") or b""
    place = json_text([root.decode(errors="replace").strip(), transcript.name])
    return f"{hashlib.blake2b(place.encode(), digest_size=_ID_BYTES).hexdigest()}-checkpoint"


def checkpoint_records(transcript: TranscriptReader) -> list[dict[str, object]]:
    """The history in the form of a session's records, behind a header."""
    document = whole_document(transcript)
    history = _history(document)
    others = without(as_object(document), "history")
    header = {"sessionId": _id(transcript, history), "checkpoint": tag_of(transcript.name)}
    records: list[dict[str, object]] = [{**others, **header}]
    for place, value in enumerate(history):
        content = as_object(value)
        kind = {"user": USER, "model": MODEL}.get(as_text(content.get("role")))
        known = {"id": f"content-{place}", "content": content.get("parts")}
        records.append({**known, "type": kind} if kind else {**content, **known})
    return records


def _history(document: object) -> list[object]:
    """The contents, which old versions wrote without an object around them."""
    return as_list(document if isinstance(document, list) else as_object(document).get("history"))
