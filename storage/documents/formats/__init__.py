"""How each agent writes a session down: one module a format, all giving a `storage.documents.document.Document`."""

from storage.documents.document import Document
from storage.documents.formats import agent_json
from storage.errors import InvalidDocument
from storage.json_codec import type_name


def read_document(value: object, source: str | None = None) -> Document:
    """The session in a JSON value that came from a file or a client, all text storable.

    `source` is the agent that wrote it; told from the document when None. Raises InvalidDocument and InvalidId.
    """
    if source not in (None, *agent_json.SOURCES):
        raise InvalidDocument(f"Documents of {source} cannot be read yet.", ("source",))
    if not isinstance(value, dict):
        raise InvalidDocument(f"A session document is a JSON object, and this is a {type_name(value)}.")
    return agent_json.read(value, source)
