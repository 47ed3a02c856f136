"""Mutations that organise sessions: stars, tags, notes, and changes of many sessions at once."""

from typing import Any

from tests.support.client import Client

MARKS = "title isArchived isStarred tags note"
_UPDATE = f"""
mutation ($input: UpdateSessionInput!) {{
  updateSession(input: $input) {{ session {{ {MARKS} }} userErrors {{ code path }} }}
}}
"""
_UPDATE_MANY = """
mutation ($input: UpdateSessionsInput!) {
  updateSessions(input: $input) { sessions { id isArchived isStarred tags } userErrors { code path } }
}
"""
_DELETE_MANY = """
mutation ($input: DeleteSessionsInput!) {
  deleteSessions(input: $input) { deletedSessionIds userErrors { code path } }
}
"""
_DELETE_THREAD = """
mutation ($id: ID!) { deleteThread(input: {threadId: $id}) { deletedThreadId userErrors { code path } } }
"""

Payload = dict[str, Any]


async def organize(client: Client, id: str, **changes: Any) -> Payload:
    """The payload of updateSession, with what a person gave the session."""
    payload: Payload = (await client.data(_UPDATE, input={"sessionId": id, **changes}))["updateSession"]
    return payload


async def update_sessions(client: Client, ids: list[str], **changes: Any) -> Payload:
    """The payload of updateSessions."""
    payload: Payload = (await client.data(_UPDATE_MANY, input={"sessionIds": ids, **changes}))["updateSessions"]
    return payload


async def delete_sessions(client: Client, ids: list[str], **how: Any) -> Payload:
    """The payload of deleteSessions."""
    payload: Payload = (await client.data(_DELETE_MANY, input={"sessionIds": ids, **how}))["deleteSessions"]
    return payload


async def delete_thread(client: Client, id: str) -> Payload:
    """The payload of deleteThread."""
    payload: Payload = (await client.data(_DELETE_THREAD, id=id))["deleteThread"]
    return payload


async def marks(client: Client, id: str) -> Payload:
    """What a person gave a session."""
    session: Payload = (await client.data(f"query ($id: ID!) {{ session(id: $id) {{ {MARKS} }} }}", id=id))["session"]
    return session


async def listed(client: Client, **chosen: Any) -> str:
    """The ids of the sessions that pass a filter, sorted and together."""
    data = await client.data(
        "query ($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes { id } } }", filter=chosen
    )
    ids = sorted(node["id"] for node in data["sessions"]["nodes"])
    assert len(ids) == data["sessions"]["totalCount"]
    return "".join(ids)
