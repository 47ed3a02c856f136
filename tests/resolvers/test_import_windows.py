"""No import takes a message away.

What a newer document lacks stays as an earlier window, and an older copy replaces nothing.
"""

import itertools
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import FILES, Document, message, user, zagens
from tests.support.examples import examples
from tests.support.searches import search
from tests.support.server import Served
from tests.support.sessions import delete_session, exported, import_session, imported, rows, session, strictly
from tests.support.statements import statements

TRANSCRIPT = """messageCount messages(first: 500) { totalCount nodes {
  position text content { __typename ... on CompactionBlock { summary } }
} }"""


def sample(name: str) -> Any:
    return json.loads((FILES / "windows" / f"{name}.json").read_text(encoding="utf-8"))


def version(minute: int, *texts: str) -> Document:
    return zagens("s", messages=[user(text) for text in texts], updated_at=f"2027-01-01T00:{minute:02}:00Z")


async def outcome(client: Client, document: Document) -> str:
    payload = await import_session(client, document)
    assert payload["userErrors"] == []
    result: str = payload["outcome"]
    return result


async def transcript(client: Client, id: str = "s") -> list[str]:
    """The texts of all windows in order."""
    found = await session(client, id, TRANSCRIPT)
    assert found is not None
    nodes = found["messages"]["nodes"]
    assert found["messageCount"] == found["messages"]["totalCount"] == len(nodes)
    assert [node["position"] for node in nodes] == list(range(len(nodes)))
    return [node["text"] for node in nodes]


async def test_an_older_copy_is_outdated_and_writes_nothing(serve: Serve) -> None:
    server = await serve(seed=False)
    newer, older = sample("newer"), sample("older")
    await imported(server.client, newer)
    before = await rows(server)

    with statements(server) as ran:
        payload = await import_session(server.client, older)

    assert payload["outcome"] == "OUTDATED"
    assert payload["session"]["messageCount"] == 4
    assert ran.writes == []
    assert await rows(server) == before
    assert await outcome(server.client, newer) == "UNCHANGED"
    assert strictly(await exported(server, newer["metadata"]["id"])) == strictly(newer)
    assert await outcome(server.client, older) == "OUTDATED"


async def test_a_copy_with_the_same_clock_and_fewer_messages_is_outdated(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    assert await outcome(client, version(1, "a", "b", "c")) == "CREATED"
    assert await outcome(client, version(1, "a", "b")) == "OUTDATED"
    assert await transcript(client) == ["a", "b", "c"]


async def test_two_copies_with_one_clock_do_not_replace_each_other_for_ever(serve: Serve) -> None:
    server = await serve(seed=False)
    one, other = version(1, "a", "b", "c"), version(1, "a", "b", "x")
    assert [await outcome(server.client, document) for document in (one, other)] == ["CREATED", "UPDATED"]
    for _ in range(2):
        assert [await outcome(server.client, document) for document in (one, other)] == ["OUTDATED", "UNCHANGED"]
    assert await transcript(server.client) == ["a", "b", "c", "x"]
    assert strictly(await exported(server, "s")) == strictly(other)


async def test_two_copies_that_differ_beside_their_messages_do_not_replace_each_other_for_ever(serve: Serve) -> None:
    server = await serve(seed=False)
    one, other = zagens("s", messages=[user("a")], model="m"), zagens("s", messages=[user("a")], model="n")
    assert [await outcome(server.client, document) for document in (one, other)] == ["CREATED", "UPDATED"]
    for _ in range(2):
        assert [await outcome(server.client, document) for document in (one, other)] == ["OUTDATED", "UNCHANGED"]
    assert strictly(await exported(server, "s")) == strictly(other)
    later = version(1, "a")
    assert [await outcome(server.client, document) for document in (later, one)] == ["UPDATED", "OUTDATED"]
    longer = version(1, "a", "b")
    assert [await outcome(server.client, document) for document in (longer, later)] == ["UPDATED", "OUTDATED"]


async def test_each_of_several_compactions_keeps_messages_that_stand_once(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    def compacted(minute: int, summary: str, *texts: str) -> Document:
        document = version(minute, *texts)
        document["messages"].insert(0, message("system", f"[compaction summary] {summary}"))
        return document

    await imported(client, version(1, "a", "b", "c"))
    await imported(client, compacted(2, "1", "c", "d"))
    await imported(client, compacted(3, "1", "c", "d", "e", "f"))
    await imported(client, compacted(4, "2", "f", "g"))
    # Nothing was kept.
    await imported(client, compacted(5, "3", "f"))

    mark = "[compaction summary] "
    assert await transcript(client) == ["a", "b", f"{mark}1", "c", "d", "e", f"{mark}2", "f", "g", f"{mark}3", "f"]
    for words, position in (("c", 3), ("e", 5), ("g", 8)):
        hits = await search(client, words)
        assert [hit["message"]["position"] for hit in hits["nodes"]] == [position]


async def test_compacted_messages_stay_readable_and_searchable_before_the_compaction(serve: Serve) -> None:
    server = await serve(seed=False)
    before, after = sample("before-compaction"), sample("after-compaction")
    id = after["metadata"]["id"]
    said = [entry["message"]["content"][0]["text"] for entry in after["journal"]["entries"]]
    # The journal of the compacted document holds everything that the earlier one said, and twice what was kept.
    assert said[4:6] == said[7:9]
    del said[4:6]

    for documents in ([before, after], [after], [after, before]):
        await delete_session(server.client, id)
        for document in documents:
            await import_session(server.client, document)

        assert await transcript(server.client, id) == said
        found = await session(server.client, id, TRANSCRIPT)
        assert found is not None
        blocks = [node["content"][0] for node in found["messages"]["nodes"]]
        assert blocks[4] == {"__typename": "CompactionBlock", "summary": "uploader retries were added"}
        assert [block["__typename"] for block in blocks].count("TextBlock") == 6
        hits = await search(server.client, "kinkajou")
        assert [hit["message"]["position"] for hit in hits["nodes"]] == [2]
        assert strictly(await exported(server, id)) == strictly(after)
        assert await outcome(server.client, after) == "UNCHANGED"
        assert await outcome(server.client, before) == "OUTDATED"


async def test_a_compaction_leaves_positions_and_cursors_as_they_are(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, version(1, "a", "b", "c", "d"))
    page = "messages(first: 2, after: $after) { nodes { id text } pageInfo { endCursor } }"
    query = f'query ($after: String) {{ session(id: "s") {{ {page} }} }}'
    first = (await client.data(query, after=None))["session"]["messages"]

    await imported(client, version(2, "summary", "d", "e"))

    second = (await client.data(query, after=first["pageInfo"]["endCursor"]))["session"]["messages"]
    assert [node["text"] for node in second["nodes"]] == ["c", "d"]
    assert [node["id"] for node in second["nodes"]] == ["s:2", "s:3"]
    assert await transcript(client) == ["a", "b", "c", "d", "summary", "d", "e"]


async def test_an_abandoned_branch_stays_before_the_one_that_replaced_it(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, version(1, "a", "b", "c", "d"))
    rewound = version(2, "a", "b", "x")

    assert await outcome(server.client, rewound) == "UPDATED"

    assert await transcript(server.client) == ["a", "b", "c", "d", "x"]
    assert strictly(await exported(server, "s")) == strictly(rewound)


async def test_messages_that_were_cut_from_the_front_stay(serve: Serve) -> None:
    server = await serve(seed=False)
    texts = [f"message {number}" for number in range(12)]
    for end in range(4, 13):
        document = version(end, *texts[max(0, end - 4) : end])
        assert await outcome(server.client, document) == ("CREATED" if end == 4 else "UPDATED")
        assert strictly(await exported(server, "s")) == strictly(document)
    assert await transcript(server.client) == texts


async def test_an_older_copy_adds_messages_that_were_never_seen_as_an_earlier_window(serve: Serve) -> None:
    server = await serve(seed=False)
    compacted = version(5, "summary", "c", "d")
    await imported(server.client, compacted)

    payload = await import_session(server.client, version(4, "a", "zyzzyva", "c"))

    assert payload["outcome"] == "OUTDATED"
    assert payload["session"]["messageCount"] == 5
    assert payload["session"]["updatedAt"] == "2027-01-01T00:05:00.000000Z"
    assert await transcript(server.client) == ["a", "zyzzyva", "summary", "c", "d"]
    assert strictly(await exported(server, "s")) == strictly(compacted)
    for words, position in (("zyzzyva", 1), ("summary", 2), ("d", 4)):
        hits = await search(server.client, words)
        assert [hit["message"]["position"] for hit in hits["nodes"]] == [position]


async def test_messages_that_are_scattered_over_a_session_take_few_statements(serve: Serve) -> None:
    server = await serve(seed=False)
    texts = [f"{word} {number}" for number in range(100) for word in ("lost", "kept")]
    await imported(server.client, version(5, *texts[1::2]))

    with statements(server) as older:
        assert await outcome(server.client, version(4, *texts)) == "OUTDATED"
    assert await transcript(server.client) == texts
    with statements(server) as newer:
        assert await outcome(server.client, version(6, *texts[::2])) == "UPDATED"

    assert await transcript(server.client) == texts
    assert strictly(await exported(server, "s")) == strictly(version(6, *texts[::2]))
    assert len(older.writes) + len(newer.writes) < 40


async def test_journal_entries_of_every_kind_are_readable(serve: Serve) -> None:
    server = await serve(seed=False)
    entries: list[Any] = [
        {"id": "0", "kind": "user", "text": "asked"},
        {"id": "1", "kind": "assistant", "text": "answered"},
        {"id": "2", "kind": "compaction", "summary": "in short"},
        {"id": "3", "kind": "branch_summary", "summary": "left", "branch_id": "b"},
        {"id": "4", "kind": "system", "content": "noted"},
        {"id": "5", "kind": "message", "message": message("user", "now")},
        {"id": "6", "kind": "message", "message": {"role": 7}},
        {"id": "7", "kind": "later"},
        "loose",
    ]
    document = {**zagens("s", messages=[message("user", "now")]), "journal": {"entries": entries}}
    await imported(server.client, document)

    texts = ["asked", "answered", "[compaction summary] in short", "left", "noted", "now"]
    assert await transcript(server.client) == texts
    assert strictly(await exported(server, "s")) == strictly(document)


TEXTS = st.lists(st.sampled_from("abcdef"), max_size=5)


# Drawn before the test runs: a draw within an asynchronous test may end anyio's runner.
ORDERS = st.lists(TEXTS, min_size=1, max_size=4).flatmap(
    lambda versions: st.tuples(st.just(versions), st.permutations(range(len(versions))))
)


@examples(8)
@given(ORDERS)
async def test_in_any_order_every_message_stays_and_the_newest_document_is_exported(
    server: Served, drawn: tuple[list[list[str]], list[int]]
) -> None:
    versions, order = drawn
    documents = [version(minute, *texts) for minute, texts in enumerate(versions)]
    await delete_session(server.client, "s")
    newest = -1
    for number in order:
        expected = "CREATED" if newest < 0 else "UPDATED" if number > newest else "OUTDATED"
        assert await outcome(server.client, documents[number]) == expected
        newest = max(newest, number)
        assert strictly(await exported(server, "s")) == strictly(documents[newest])
    texts = await transcript(server.client)
    for said in versions:
        assert all(texts.count(text) >= said.count(text) for text in said)
    for text in set(itertools.chain.from_iterable(versions)):
        found = await search(server.client, text, first=100)
        assert sorted(hit["message"]["position"] for hit in found["nodes"]) == [
            position for position, one in enumerate(texts) if one == text
        ]
