"""Shortcuts for tests of sessions, through the API where possible."""

import json
from typing import Any

import sqlalchemy as sa

from storage.documents.exports import export_document
from storage.documents.formats import read_document
from storage.documents.imports import import_document, import_documents
from storage.documents.outcomes import CREATED
from tests.support.client import Client
from tests.support.documents import Document
from tests.support.server import Served

Payload = dict[str, Any]

SESSION = """
  id source title workspace model mode systemPrompt isArchived messageCount totalTokens createdAt updatedAt
"""
_IMPORT = f"""
mutation ($document: JSON!, $source: SessionSource) {{
  importSession(input: {{document: $document, source: $source}}) {{
    outcome
    session {{ {SESSION} }}
    userErrors {{ code message path }}
  }}
}}
"""
_UPDATE = f"""
mutation ($input: UpdateSessionInput!) {{
  updateSession(input: $input) {{ session {{ {SESSION} }} userErrors {{ code message path }} }}
}}
"""
_DELETE = """
mutation ($id: ID!) {
  deleteSession(input: {sessionId: $id}) { deletedSessionId userErrors { code message path } }
}
"""


async def import_session(client: Client, document: object, source: str | None = None) -> Payload:
    """The payload of importSession."""
    payload: Payload = (await client.data(_IMPORT, document=document, source=source))["importSession"]
    return payload


async def imported(client: Client, *documents: object) -> list[Payload]:
    """Import documents, which must succeed; return their sessions."""
    payloads = [await import_session(client, document) for document in documents]
    assert [payload["userErrors"] for payload in payloads] == [[]] * len(payloads)
    return [payload["session"] for payload in payloads]


async def saved(server: Served, *documents: Document) -> None:
    """Save many documents without the requests."""
    for document in documents:
        await import_document(server.app.state.database, read_document(document))


async def saved_together(server: Served, *documents: Document) -> None:
    """Save documents in one transaction, as an import of files does: for hundreds of them."""
    outcomes = await import_documents(server.app.state.database, [read_document(document) for document in documents])
    assert set(outcomes) == {CREATED}


async def update_session(client: Client, id: str, **changes: Any) -> Payload:
    """The payload of updateSession; `changes` under the API's names."""
    data = await client.data(_UPDATE, input={"sessionId": id, **changes})
    payload: Payload = data["updateSession"]
    return payload


async def delete_session(client: Client, id: str) -> Payload:
    """The payload of deleteSession."""
    payload: Payload = (await client.data(_DELETE, id=id))["deleteSession"]
    return payload


async def session(client: Client, id: str, fields: str = SESSION) -> Payload | None:
    """A session as the API gives it."""
    data = await client.data(f"query ($id: ID!) {{ session(id: $id) {{ {fields} }} }}", id=id)
    found: Payload | None = data["session"]
    return found


async def exported(server: Served, id: str) -> Document:
    """The exported document of an existing session."""
    document = await export_document(server.app.state.database, id)
    assert document is not None
    return document


async def rows(server: Served, *tables: str) -> list[Any]:
    """All rows of tables: by default of those that an import writes."""
    found: list[Any] = []
    async with server.app.state.database.snapshot() as connection:
        for table in tables or ("session", "message"):
            found += sorted((await connection.execute(sa.text(f"SELECT * FROM {table}"))).all(), key=repr)
    return found


async def run_sql(server: Served, statement: str, **values: Any) -> None:
    """Change rows without the server's knowledge."""
    async with server.app.state.database.write() as transaction:
        await transaction.execute(sa.text(statement), values)


def strictly(value: object) -> str:
    """Text that is equal for equal JSON values only: 1 is not 1.0, true is not 1."""
    return json.dumps(value, sort_keys=True)
