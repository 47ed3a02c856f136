"""Types resolve from plain rows, and compute only what is selected."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

import resolvers.message
import resolvers.resume_task
import resolvers.session
import resolvers.thread
from schema.build import create_schema
from tests.support.subscriptions import started

SCHEMA = create_schema()


@dataclass
class Page:
    nodes: list[Any]
    calls: list[str] = field(default_factory=list)
    start_cursor: str | None = "start"
    end_cursor: str | None = None

    @property
    def edges(self) -> list[Any]:
        return [SimpleNamespace(cursor=f"cursor {place}", node=node) for place, node in enumerate(self.nodes)]

    async def has_next_page(self) -> bool:
        self.calls.append("has_next_page")
        return True

    async def has_previous_page(self) -> bool:
        self.calls.append("has_previous_page")
        return False

    async def total_count(self) -> int:
        self.calls.append("total_count")
        return 7


def returning(value: object, calls: list[dict[str, Any]] | None = None) -> Any:
    async def resolver(*_args: object, **kwargs: object) -> object:
        if calls is not None:
            calls.append(kwargs)
        return value

    return resolver


async def data(query: str, **variables: object) -> dict[str, Any]:
    result = await SCHEMA.execute(query, variables)
    assert result.errors is None
    assert result.data is not None
    # As a client decodes it: JSON values may be fragments of text.
    read: dict[str, Any] = orjson.loads(orjson.dumps(result.data))
    return read


@pytest.mark.parametrize("state", ["QUEUED", "SEEDING", "READY", "ERROR", "CANCELED"])
async def test_strings_in_rows_are_serialized_as_enum_values(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setattr(resolvers.resume_task, "resume_task", returning(SimpleNamespace(state=state)))

    assert await data('{ resumeTask(threadId: "t") { state } }') == {"resumeTask": {"state": state}}


async def test_enum_arguments_reach_the_resolvers_as_plain_names(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(resolvers.session, "sessions", returning(Page([]), calls))
    monkeypatch.setattr(resolvers.resume_task, "resume_tasks", returning(Page([]), calls))

    await data("query ($order: SessionOrder!) { sessions(orderBy: $order) { nodes { id } } }", order={"field": "TITLE"})
    await data("{ sessions(filter: {archived: ANY, sources: [CODEX]}) { nodes { id } } }")
    await data("query ($states: [ResumeState!]) { resumeTasks(states: $states) { nodes { id } } }", states=["READY"])

    assert calls[0]["order_by"] == ("TITLE", "DESC")
    assert calls[1]["filter"] == resolvers.session.SessionFilter(
        archived="ANY",
        title_contains=None,
        workspaces=None,
        models=None,
        sources=["CODEX"],
        created_at=None,
        updated_at=None,
    )
    assert calls[2]["states"] == ["READY"]


@pytest.mark.parametrize("arguments", ["", "(first: null, after: null, last: null, before: null, filter: null)"])
async def test_arguments_left_out_and_null_reach_the_resolvers_as_none(
    monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(resolvers.session, "sessions", returning(Page([]), calls))

    await data(f"{{ sessions{arguments} {{ nodes {{ id }} }} }}")

    nothing = dict.fromkeys(("first", "after", "last", "before", "filter"))
    assert calls == [nothing | {"order_by": ("UPDATED_AT", "DESC")}]


async def test_a_span_of_time_reaches_the_resolvers_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(resolvers.session, "sessions", returning(Page([]), calls))

    await data('{ sessions(filter: {createdAt: {from: "2026-06-11T02:00:00+02:00"}}) { nodes { id } } }')

    assert calls[0]["filter"].created_at == resolvers.session.Span(start=datetime(2026, 6, 11, tzinfo=UTC), until=None)


async def test_a_page_computes_counts_and_neighbours_only_when_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page([SimpleNamespace(id="one")])
    monkeypatch.setattr(resolvers.session, "sessions", returning(page))

    plain = await data("{ sessions { nodes { id } edges { cursor node { id } } pageInfo { startCursor endCursor } } }")
    assert plain["sessions"] == {
        "nodes": [{"id": "one"}],
        "edges": [{"cursor": "cursor 0", "node": {"id": "one"}}],
        "pageInfo": {"startCursor": "start", "endCursor": None},
    }
    assert page.calls == []

    asked = await data("{ sessions { totalCount pageInfo { hasNextPage } } }")
    assert asked["sessions"] == {"totalCount": 7, "pageInfo": {"hasNextPage": True}}
    assert sorted(page.calls) == ["has_next_page", "total_count"]


async def test_blocks_and_items_are_resolved_by_their_typename(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [
        SimpleNamespace(typename="TextBlock", position=0, text="hello"),
        SimpleNamespace(typename="ToolUseBlock", position=1, tool_use_id="call", name="bash", input={"a": [1]}),
    ]
    item = SimpleNamespace(typename="ToolCallItem", id="i", kind="FILE_CHANGE", status="FAILED")
    monkeypatch.setattr(resolvers.session, "session", returning(SimpleNamespace()))
    monkeypatch.setattr(resolvers.session, "messages", returning(Page([SimpleNamespace()])))
    monkeypatch.setattr(resolvers.message, "content", lambda _row, **_: blocks)
    monkeypatch.setattr(resolvers.thread, "thread", returning(SimpleNamespace()))
    monkeypatch.setattr(resolvers.thread, "events", returning([SimpleNamespace(seq=2**40, item=item)]))

    result = await data(
        """{
          session(id: "s") { messages { nodes { content {
            __typename position ... on TextBlock { text } ... on ToolUseBlock { toolUseId input }
          } } } }
          thread(id: "t") { events { seq item { __typename status ... on ToolCallItem { kind } } } }
        }"""
    )

    assert result["session"]["messages"]["nodes"][0]["content"] == [
        {"__typename": "TextBlock", "position": 0, "text": "hello"},
        {"__typename": "ToolUseBlock", "position": 1, "toolUseId": "call", "input": {"a": [1]}},
    ]
    assert result["thread"]["events"] == [
        {"seq": 2**40, "item": {"__typename": "ToolCallItem", "status": "FAILED", "kind": "FILE_CHANGE"}}
    ]


async def test_a_document_may_be_a_literal_with_variables_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    documents: list[object] = []

    async def import_session(_context: object, source: str | None, document: object, _text: str | None) -> object:
        documents.append((source, document))
        return SimpleNamespace(outcome="CREATED", user_errors=[])

    monkeypatch.setattr(resolvers.session, "import_session", import_session)
    query = """mutation ($when: DateTime, $rest: JSON, $none: JSON) {
      importSession(input: {document: {when: $when, list: [$rest, $none], none: $none, pi: 3.5}}) { outcome }
    }"""

    result = await data(query, when="2026-06-11T09:00:00+02:00", rest={"a": [1, None, "x"]})

    assert result == {"importSession": {"outcome": "CREATED"}}
    assert documents == [
        (None, {"when": "2026-06-11T09:00:00+02:00", "list": [{"a": [1, None, "x"]}, None], "pi": 3.5})
    ]


async def test_a_subscription_gives_each_row_of_the_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    async def watch(_context: object, thread_id: str) -> AsyncIterator[object]:
        for revision in (1, 2):
            yield SimpleNamespace(thread_id=thread_id, revision=revision)

    monkeypatch.setattr(resolvers.resume_task, "task_updates", started(watch))
    results = await SCHEMA.subscribe('subscription { resumeTask(threadId: "t") { threadId revision } }')

    assert [result.data async for result in results] == [
        {"resumeTask": {"threadId": "t", "revision": 1}},
        {"resumeTask": {"threadId": "t", "revision": 2}},
    ]
