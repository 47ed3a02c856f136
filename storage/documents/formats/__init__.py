"""The document formats of the agents: one module a format, each parses to `storage.documents.document.Document`."""

from storage.documents.document import Document
from storage.documents.formats import agent_json
from storage.errors import InvalidDocument
from storage.json_codec import type_name


def read_document(value: object, source: str | None = None) -> Document:
    """Parse the JSON value of a session document, whose texts must be storable.

    `source` is the agent that wrote it; None detects it from the document. Raises InvalidDocument and InvalidId.
    """
    if not isinstance(value, dict):
        raise InvalidDocument(f"A session document must be a JSON object, not a {type_name(value)}.")
    return agent_json.read(value, source)
