"""The document formats of the agents: one module for each, which parses to `storage.documents.document.Document`."""

from typing import TYPE_CHECKING

from storage.errors import InvalidDocument
from storage.json_codec import type_name

if TYPE_CHECKING:
    from storage.documents.document import Document


def read_document(value: object, source: str | None = None) -> "Document":
    """Parse the JSON value of a session document, whose texts must be storable.

    `source` is the agent that wrote it; None detects it from the document. Raises InvalidDocument and InvalidId.
    """
    # Imported here: without it, finding transcripts, which is in this package too, takes a fraction of the time.
    from storage.documents.formats import agent_json

    if not isinstance(value, dict):
        raise InvalidDocument(f"A session document must be a JSON object, not a {type_name(value)}.")
    return agent_json.read(value, source)
