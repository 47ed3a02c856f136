"""Resuming sessions through GraphQL."""

import json
from typing import Any

from tests.support.client import Client
from tests.support.documents import Document

Task = dict[str, Any]
Payload = dict[str, Any]

TASK = """
fragment Task on ResumeTask {
  id threadId sessionId state itemsWritten itemsTotal progress queuePosition error { code message }
  attempt revision createdAt startedAt finishedAt
  session { id }
  thread { id title model mode taskType workspace systemPrompt }
}
"""
IMPORT = """
mutation ($document: JSON!) { importSession(input: { document: $document }) { session { id } userErrors { message } } }
"""
RESUME = (
    TASK
    + """
mutation ($input: ResumeSessionInput!) {
  resumeSession(input: $input) {
    resumeTask { ...Task } isReused messageCount userErrors { code message path }
  }
}
"""
)
CANCEL = (
    TASK
    + """
mutation ($threadId: ID!) {
  cancelResume(input: { threadId: $threadId }) { resumeTask { ...Task } userErrors { code message path } }
}
"""
)
DELETE = """
mutation ($id: ID!) { deleteSession(input: { sessionId: $id }) { deletedSessionId userErrors { code } } }
"""
READ = TASK + "query ($threadId: ID!) { resumeTask(threadId: $threadId) { ...Task } }"
WATCH = TASK + "subscription ($threadId: ID!) { resumeTask(threadId: $threadId) { ...Task } }"
ITEM = """
fragment Item on ThreadItem {
  __typename id position status summary
  ... on UserMessageItem { text }
  ... on AgentMessageItem { text }
  ... on ReasoningItem { text }
  ... on ToolCallItem { kind name toolUseId input output }
  ... on OtherItem { blockKind raw }
}
"""
TURNS = (
    ITEM
    + """
query ($threadId: ID!) {
  thread(id: $threadId) {
    turns(first: 50) { nodes { id position status summary items(first: 50) { nodes { ...Item } } } }
  }
}
"""
)
EVENTS = (
    ITEM
    + """
query ($threadId: ID!, $since: BigInt!, $first: Int!) {
  thread(id: $threadId) {
    events(sinceSeq: $since, first: $first) { seq event timestamp turnId itemId item { ...Item } payload }
  }
}
"""
)


async def save(client: Client, document: Document) -> str:
    """Import a document; return its session's id."""
    payload = (await client.data(IMPORT, document=document))["importSession"]
    assert payload["userErrors"] == []
    id: str = payload["session"]["id"]
    return id


async def resume(client: Client, session_id: str, **wishes: Any) -> Payload:
    """The payload of resumeSession."""
    payload: Payload = (await client.data(RESUME, input={"sessionId": session_id, **wishes}))["resumeSession"]
    return payload


async def resumed(client: Client, session_id: str, **wishes: Any) -> Task:
    """The task of a resume that must succeed."""
    payload = await resume(client, session_id, **wishes)
    assert payload["userErrors"] == []
    task: Task = payload["resumeTask"]
    return task


async def cancel(client: Client, thread_id: str) -> Payload:
    """The payload of cancelResume."""
    payload: Payload = (await client.data(CANCEL, threadId=thread_id))["cancelResume"]
    return payload


async def delete(client: Client, session_id: str) -> None:
    """Delete a session that must exist."""
    payload = (await client.data(DELETE, id=session_id))["deleteSession"]
    assert payload == {"deletedSessionId": session_id, "userErrors": []}


async def read(client: Client, thread_id: str) -> Task:
    """The current state of a task."""
    task: Task = (await client.data(READ, threadId=thread_id))["resumeTask"]
    return task


async def follow(client: Client, thread_id: str) -> list[Task]:
    """The states that the subscription sends until it completes."""
    return [payload["data"]["resumeTask"] async for payload in client.subscribe(WATCH, {"threadId": thread_id})]


async def turns(client: Client, thread_id: str) -> list[dict[str, Any]]:
    """The thread's turns with their items, at most 50 of each."""
    nodes: list[dict[str, Any]] = (await client.data(TURNS, threadId=thread_id))["thread"]["turns"]["nodes"]
    return nodes


async def events(client: Client, thread_id: str, page: int) -> list[dict[str, Any]]:
    """The thread's whole log, `page` entries at a time."""
    log: list[dict[str, Any]] = []
    while True:
        since = log[-1]["seq"] if log else 0
        data = await client.data(EVENTS, threadId=thread_id, since=since, first=page)
        log += data["thread"]["events"]
        if len(data["thread"]["events"]) < page:
            return log


def anonymous(value: Any, thread_id: str) -> Any:
    """A JSON value with the thread's id taken out of all the ids in it."""
    return json.loads(json.dumps(value).replace(thread_id.removeprefix("thr_"), "THREAD"))
